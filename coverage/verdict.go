package coverage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Outcome is the result of holding one module against its minimum.
type Outcome string

// The outcomes. Only Pass passes.
const (
	Pass          Outcome = "pass"
	Below         Outcome = "below"          // measured, and less than the minimum
	NoData        Outcome = "no data"        // the report is empty or lists nothing
	MissingReport Outcome = "missing report" // there is no file
	Unreadable    Outcome = "unreadable"     // there is a file, and it is no whole report
)

// Verdict is what a [Gate] says of one module.
type Verdict struct {
	Module   string
	Outcome  Outcome
	Format   Format     // "" where no report could be recognised
	Metric   Metric     // what Count counts; "" where nothing was counted
	Count               // 0/0 where nothing was counted
	Minimum  Percentage // of this module
	Missing  int64      // how many more units must be covered to pass, of the same Total; only for Below
	Message  string     // a sentence for people; never empty
	Reports  []string   // the paths that were read; empty from Judge
	Worst    []File     // up to five files with most left to cover, the worst first; only for Below
	Warnings []string   // those of the report
	Err      error      // why the report is missing, empty or unreadable; a *ParseError
}

// MarshalJSON writes v as an object with the keys name, outcome, format, metric,
// covered, total, percent (a number, rounded down to two decimals), minimum (a
// number), missing, pass, message and, where there are any, reports, worst
// (objects with path, covered, total) and warnings.
func (v Verdict) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string  `json:"name"`
		Outcome Outcome `json:"outcome"`
		Format  Format  `json:"format"`
		Metric  Metric  `json:"metric"`
		Count
		Percent  json.Number `json:"percent"`
		Minimum  json.Number `json:"minimum"`
		Missing  int64       `json:"missing"`
		Pass     bool        `json:"pass"`
		Message  string      `json:"message"`
		Reports  []string    `json:"reports,omitempty"`
		Worst    []File      `json:"worst,omitempty"`
		Warnings []string    `json:"warnings,omitempty"`
	}{
		v.Module, v.Outcome, v.Format, v.Metric, v.Count,
		json.Number(v.Percent()), json.Number(v.Minimum.String()), v.Missing, v.Outcome == Pass, v.Message,
		v.Reports, v.Worst, v.Warnings,
	})
}

// Result is the verdicts of a check, in the order of its inputs.
type Result struct {
	Verdicts []Verdict
}

// Pass reports whether every module passes. A result without verdicts does not.
func (r Result) Pass() bool { return len(r.Verdicts) > 0 && len(r.Failed()) == 0 }

// Failed returns the verdicts that are no pass.
func (r Result) Failed() []Verdict {
	return slices.DeleteFunc(slices.Clone(r.Verdicts), func(v Verdict) bool { return v.Outcome == Pass })
}

// Err joins the errors of the [Unreadable] reports, and is nil where there are
// none. A program can tell by it a broken input from code that is not tested enough.
func (r Result) Err() error {
	var errs []error
	for _, v := range r.Verdicts {
		if v.Outcome == Unreadable {
			errs = append(errs, v.Err)
		}
	}
	return errors.Join(errs...)
}

// MarshalJSON writes r as an object with the keys pass and modules, the latter
// an array of verdicts.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Pass    bool      `json:"pass"`
		Modules []Verdict `json:"modules"`
	}{r.Pass(), append([]Verdict{}, r.Verdicts...)})
}

// String shows the verdicts as an aligned table for people, a line a module.
// Below it stand the worst files of each module that is below its minimum, and the
// warnings.
func (r Result) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MODULE\tCOVERED\tPERCENT\tMINIMUM\tVERDICT")
	for _, v := range r.Verdicts {
		covered, percent := "-", "-"
		if v.Total > 0 {
			covered, percent = v.fraction()+" "+string(v.Metric), v.Percent()+"%"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s%%\t%s\n", clean(v.Module), covered, percent, v.Minimum, v.summary())
	}
	_ = table.Flush() // a strings.Builder takes everything
	for _, v := range r.Verdicts {
		v.details(&b)
	}
	return b.String()
}

// summary is the last column: the outcome, without what the other columns say.
func (v Verdict) summary() string {
	switch v.Outcome {
	case Pass:
		return "pass"
	case Below:
		return fmt.Sprintf("below: %d more %s needed", v.Missing, v.Metric.unit(v.Missing))
	}
	return clean(v.Message)
}

func (v Verdict) details(b *strings.Builder) {
	if len(v.Worst) > 0 {
		fmt.Fprintf(b, "\n%s has most left to cover in:\n", clean(v.Module))
		table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		for _, f := range v.Worst {
			fmt.Fprintf(table, "  %s\t%s\t%d %s not covered\n", clean(f.Path), f.fraction(), f.uncovered(), v.Metric.unit(f.uncovered()))
		}
		_ = table.Flush()
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(b, "\nwarning: %s: %s\n", clean(v.Module), clean(w))
	}
}

// clean keeps text from a report from steering a terminal: what is not
// printable is shown as Go writes it.
func clean(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		quoted := strconv.Quote(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
}
