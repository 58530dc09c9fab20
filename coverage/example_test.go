package coverage_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
)

func ExampleGate_Check() {
	minimum, err := coverage.ParsePercentage("62.5")
	if err != nil {
		fmt.Println(err)
		return
	}
	gate := coverage.Gate{ByModule: map[string]coverage.Percentage{"atlas": minimum}}
	result, err := gate.Check(context.Background(), []coverage.Input{
		{Module: "atlas", Path: "testdata/go-coverpkg.out"},
		{Module: "shop", Path: "testdata/nyc.xml"},
		{Module: "mail", Path: "mail/coverage.xml"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(result)
	fmt.Println("pass:", result.Pass())
	// Output:
	// MODULE  COVERED           PERCENT  MINIMUM  VERDICT
	// atlas   10/16 statements  62.50%   62.5%    pass
	// shop    14/19 lines       73.68%   80%      below: 2 more lines needed
	// mail    -                 -        80%      missing report mail/coverage.xml: the tests did not write it, or the path is wrong
	//
	// shop has most left to cover in:
	//   lib/cart.js          11/15  4 lines not covered
	//   lib/price/format.js  3/4    1 line not covered
	// pass: false
}

func ExampleParse() {
	report, err := coverage.Parse(strings.NewReader("mode: set\n" +
		"example.com/atlas/geo.go:8.35,12.2 3 1\n" +
		"example.com/atlas/geo.go:15.31,16.9 1 0\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	count := report.Count()
	fmt.Printf("%s: %d of %d %s, %s%%\n", report.Format, count.Covered, count.Total, report.Metric, count.Percent())
	// Output: go: 3 of 4 statements, 75.00%
}

func ExampleGate_Judge() {
	report := coverage.Report{Metric: coverage.Lines, Files: []coverage.File{
		{Path: "app.py", Count: coverage.Count{Covered: 3203, Total: 4004}}, // 79.995 %
	}}
	verdict := coverage.Gate{}.Judge("billing", report)
	fmt.Println(verdict.Message)
	// Output: 79.99% of lines (3203/4004), minimum 80%: 1 more line needed
}

func ExampleParsePercentage() {
	p, err := coverage.ParsePercentage("80.50%")
	fmt.Println(p, err)
	_, err = coverage.ParsePercentage("eighty")
	fmt.Println(err)
	// Output:
	// 80.5 <nil>
	// parse percentage "eighty": not a number such as 80 or 80.5
}

func ExampleGate_Check_changedLines() {
	diff, err := coverage.ParseDiff(strings.NewReader(`diff --git a/web/lib/cart.js b/web/lib/cart.js
--- a/web/lib/cart.js
+++ b/web/lib/cart.js
@@ -24,0 +25,4 @@
+total(
+  cart) {
+  return 0
+}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	half, _ := coverage.ParsePercentage("50")
	gate := coverage.Gate{
		Minimum: half,
		Changed: diff,
		Sources: coverage.Sources{Files: []string{"web/lib/cart.js", "web/lib/price/format.js"}}, // or FindSources(ctx, ".")
	}
	result, err := gate.Check(context.Background(), []coverage.Input{{Module: "web", Path: "testdata/nyc.info", Root: "web"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(result)
	// Output:
	// MODULE  COVERED      PERCENT  MINIMUM  VERDICT
	// web     14/19 lines  73.68%   50%      pass
	//
	// CHANGED LINES  COVERED    PERCENT  MINIMUM  VERDICT
	// web            0/3 lines  0.00%    80%      below: 3 more lines needed
	//
	// changed and not covered:
	//   web/lib/cart.js:25-27
}

func ExampleBaseline() {
	before, err := coverage.ReadBaseline(strings.NewReader(`{"version": 1, "modules": {"web": {"metric": "lines", "covered": 15, "total": 19}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	one, _ := coverage.ParsePercentage("1")
	gate := coverage.Gate{Minimum: one, Baseline: &before}
	result, err := gate.Check(context.Background(), []coverage.Input{{Module: "web", Path: "testdata/nyc.info"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Baseline.Modules[0].Message)
	fmt.Println("now:", before.With(result).Modules["web"].Count)
	// Output:
	// 73.68% of lines (14/19), baseline 78.94% (15/19): 1 more line needed
	// now: {14 19}
}

func ExampleSources_Map() {
	sources := coverage.Sources{
		Files:    []string{"web/cart.js", "shop/cart.js"},
		Prefixes: map[string]string{"/usr/src/app": "web"}, // the container in which the tests ran
	}
	for _, path := range []string{"/usr/src/app/cart.js", "cart.js"} {
		report, err := coverage.Parse(strings.NewReader("SF:" + path + "\nDA:1,1\nend_of_record\n"))
		if err != nil {
			fmt.Println(err)
			return
		}
		mapped, err := sources.Map(report, "")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(mapped.Files[0].Path)
	}
	// Output:
	// web/cart.js
	// map cart.js: it may be any of shop/cart.js, web/cart.js: name the root of the report, or a prefix
}

func ExampleResult_TotalLine() {
	result, err := coverage.Gate{}.Check(context.Background(), []coverage.Input{
		{Module: "shop", Path: "testdata/nyc.xml"},
		{Module: "cli", Path: "testdata/c8.info"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(result.TotalLine())
	// Output: TOTAL  51/64 lines  79.68%
}
