package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

// output is what run prints; it is the object of -json.
type output struct {
	Plan   *ecr.Plan   `json:"plan,omitempty"`
	Result *ecr.Result `json:"result,omitempty"`
	Logs   []stepLog   `json:"logs,omitempty"`
	Error  string      `json:"error"`
	err    error
}

// stepLog are the last lines that a step wrote before it failed.
type stepLog struct {
	Module string   `json:"module"`
	Step   string   `json:"step"`
	Lines  []string `json:"lines"`
}

func (o output) print(w io.Writer, asJSON bool) error {
	if o.err != nil {
		o.Error = o.err.Error()
		o.Logs = logs(o.err)
	}
	if asJSON {
		return cli.PrintJSON(w, o)
	}
	fmt.Fprint(w, o.Plan)
	if o.Result == nil {
		return nil
	}
	if n := len(o.Result.Images); n > 0 {
		fmt.Fprintf(w, "\npublished (%d):\n", n)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, i := range o.Result.Images {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", i.Module, i.Outcome, i.URI)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, l := range o.Logs {
		fmt.Fprintf(w, "\nlast lines of %s of %s:\n  %s\n", l.Step, l.Module, strings.Join(l.Lines, "\n  "))
	}
	return nil
}

// logs are those of all failed builds in err, which may be joined.
func logs(err error) (all []stepLog) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // each by itself
		for _, e := range joined.Unwrap() {
			all = append(all, logs(e)...)
		}
		return all
	}
	failed, ok := errors.AsType[*ecr.BuildError](err)
	if !ok || len(failed.Lines) == 0 {
		return nil
	}
	return []stepLog{{Module: failed.Subject, Step: fmt.Sprintf("step %d of %d (%s)", failed.Step, failed.Steps, failed.Command), Lines: failed.Lines}}
}
