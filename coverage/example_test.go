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
