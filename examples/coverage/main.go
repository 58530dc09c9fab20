// Command coverage fails where the tests of a module cover too little of it.
//
//	coverage -min 80 -report billing=billing/cover.out -report web=web/coverage/lcov.info
//
// Each -report names a module and the report that its tests wrote: a Go cover
// profile, Cobertura XML or LCOV, told apart by content. A module may be named
// more than once; its reports are then merged. -min is the percentage that each
// module must reach; 80 if it is not given, and it may have decimals, as in 80.5.
//
// It prints a table, or with -json an object:
//
//	{
//	  "pass": false,                     // whether every module passes
//	  "modules": [                       // in the order of the flags
//	    {
//	      "name": "billing",
//	      "format": "go",                // go, cobertura or lcov; "" if not recognised
//	      "covered": 3203,               // statements (go) or lines (cobertura, lcov)
//	      "total": 4004,
//	      "percent": 79.99,              // rounded down to two decimals
//	      "pass": false,
//	      "message": "79.99% of statements (3203/4004), minimum 80%: 1 more statement needed"
//	    }
//	  ]
//	}
//
// Exit codes: 0 every module passes; 1 one does not, since it is below the
// minimum or its report is missing, empty or lists nothing; 2 wrong use, or a
// report that is there and cannot be read. The verdicts are printed in each case
// but wrong use. What is odd about a report stands below the table, and on stderr
// where JSON is printed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const about = `Usage: coverage [-min PERCENT] [-json] -report MODULE=FILE ...

Fails where the tests of a module cover too little of it. Reads Go cover
profiles, Cobertura XML and LCOV.

Exit codes: 0 pass, 1 the gate failed, 2 wrong use or an unreadable report.`

func main() { cli.Main("coverage", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var gate coverage.Gate
	var inputs []coverage.Input
	flags := cli.NewFlags("coverage", about, stdout)
	flags.Var(&gate.Minimum, "min", "`percentage` that each module must reach (default 80)")
	flags.Func("report", "`MODULE=FILE`, a report of a module; once or more", func(s string) error {
		module, path, _ := strings.Cut(s, "=")
		if module == "" || path == "" {
			return errors.New("want MODULE=FILE")
		}
		inputs = append(inputs, coverage.Input{Module: module, Path: path})
		return nil
	})
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(inputs) == 0 {
		return errors.New("-report is required (-h lists the flags)")
	}
	result, err := gate.Check(ctx, inputs)
	if err != nil {
		return err
	}
	if err := show(stdout, result, *asJSON); err != nil {
		return err
	}
	if *asJSON { // the table has them
		warn(stderr, result)
	}
	return failure(result)
}

func show(w io.Writer, result coverage.Result, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprint(w, result)
		return err
	}
	out := report{Pass: result.Pass(), Modules: []module{}}
	for _, v := range result.Verdicts {
		out.Modules = append(out.Modules, module{
			Name: v.Module, Format: v.Format, Covered: v.Covered, Total: v.Total,
			Percent: json.Number(v.Percent()), Pass: v.Outcome == coverage.Pass, Message: v.Message,
		})
	}
	return cli.PrintJSON(w, out)
}

func warn(w io.Writer, result coverage.Result) {
	for _, v := range result.Verdicts {
		for _, warning := range v.Warnings {
			fmt.Fprintf(w, "coverage: warning: %s: %s\n", v.Module, warning)
		}
	}
}

type report struct {
	Pass    bool     `json:"pass"`
	Modules []module `json:"modules"`
}

type module struct {
	Name    string          `json:"name"`
	Format  coverage.Format `json:"format"`
	Covered int64           `json:"covered"`
	Total   int64           `json:"total"`
	Percent json.Number     `json:"percent"`
	Pass    bool            `json:"pass"`
	Message string          `json:"message"`
}

// failure turns a result into the error that says it in one line, and that
// decides the exit code.
func failure(result coverage.Result) error {
	if err := result.Err(); err != nil {
		return err
	}
	failed := result.Failed()
	if len(failed) == 0 {
		return nil
	}
	names := make([]string, len(failed))
	for i, v := range failed {
		names[i] = fmt.Sprintf("%s (%s)", v.Module, v.Outcome)
	}
	return cli.Failed(fmt.Errorf("%d of %d modules failed: %s", len(failed), len(result.Verdicts), strings.Join(names, ", ")))
}
