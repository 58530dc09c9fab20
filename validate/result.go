package validate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/english"
)

// Verdict is what one check said of one module.
type Verdict struct {
	Module string `json:"module"`
	Check  string `json:"check"`
	Dir    string `json:"dir"` // of the module
	// File is a file of the module, for reports that must name one where a finding
	// is about the module; Dir where there is none.
	File string `json:"-"`
	// Outcome says how the check ended; Reason, in one line, why, unless it is
	// Clean or Findings.
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	// Findings are sorted by place. There may be some beside any outcome: mild
	// ones where it is Clean, those from before a crash where it is Crashed.
	Findings []Finding `json:"findings"`
	// Known are findings that the baseline has, Elsewhere those that are not on
	// changed lines.
	Known     []Finding     `json:"known"`
	Elsewhere []Finding     `json:"elsewhere"`
	Notes     []string      `json:"notes"`
	Output    []string      `json:"output"` // last lines of what a program printed, where no finding can be told from it
	Elapsed   time.Duration `json:"-"`
	Err       error         `json:"-"` // what Reason is the text of; nil for Clean, Findings and Nothing
}

// Result is what a run came to.
type Result struct {
	Verdicts []Verdict       // one for each module and check, in the order in which they were given
	Stale    []BaselineEntry // of the baseline: what is not found any more
	Notes    []string        // what a reader of the verdicts should know
}

// Pass reports whether every verdict passes. A result without one does not:
// nothing was validated. (Whether that is fine where nothing was to be, only the
// caller can tell.)
func (r Result) Pass() bool { return len(r.Verdicts) > 0 && len(r.Failed()) == 0 }

// Failed returns the verdicts that do not pass.
func (r Result) Failed() []Verdict {
	var failed []Verdict
	for _, v := range r.Verdicts {
		if !v.Outcome.Pass() {
			failed = append(failed, v)
		}
	}
	return failed
}

// Findings returns those of all verdicts, without known ones and those elsewhere.
func (r Result) Findings() []Finding {
	var fs []Finding
	for _, v := range r.Verdicts {
		fs = append(fs, v.Findings...)
	}
	return fs
}

// Baseline returns what a baseline must hold for the same run to have no
// findings. It fails where a check did not do its work or nothing was validated,
// since what is there is not known, and where a finding is a blanket one.
func (r Result) Baseline() (*Baseline, error) {
	var all []Finding
	var errs []error
	if len(r.Verdicts) == 0 {
		errs = append(errs, errors.New("make baseline: nothing was validated"))
	}
	for _, v := range r.Verdicts {
		fs := slices.Concat(v.Findings, v.Known, v.Elsewhere)
		for _, f := range fs {
			if f.Blanket {
				errs = append(errs, fmt.Errorf("make baseline: %s of module %s: %q stands for findings that cannot be told apart; mend it, declare a format, or leave the check out", v.Check, v.Module, f.Message))
			}
		}
		all = append(all, fs...)
		if v.Outcome != Findings && !v.Outcome.Pass() {
			errs = append(errs, fmt.Errorf("make baseline: %s of module %s: %s", v.Check, v.Module, v.Outcome))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return NewBaseline(all), nil
}

// String shows the result as people read it: each finding, what went wrong with
// a check, then a table with a line for each module and check. It is safe to print.
func (r Result) String() string {
	var b strings.Builder
	for _, v := range r.Verdicts {
		v.write(&b)
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	if len(r.Verdicts) == 0 {
		b.WriteString("nothing was validated\n")
		return b.String()
	}
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "MODULE\tCHECK\tOUTCOME")
	for _, v := range r.Verdicts {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", clean.Text(v.Module), clean.Text(v.Check), v.Summary())
	}
	_ = tw.Flush() // a strings.Builder takes everything
	for _, note := range slices.Concat(r.Notes, r.notes()) {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	for _, e := range r.Stale {
		fmt.Fprintf(&b, "note: not found any more, take it out of the baseline: %s\n", e)
	}
	return b.String()
}

func (v Verdict) write(b *strings.Builder) {
	for _, f := range v.Findings {
		fmt.Fprintln(b, f)
	}
	if len(v.Output) > 0 {
		fmt.Fprintf(b, "%s of %s printed, at the end:\n", clean.Text(v.Check), clean.Text(v.Module))
		for _, line := range v.Output {
			fmt.Fprintf(b, "  | %s\n", line)
		}
	}
}

// Summary is the outcome with what there is to say about it in one line: "2
// findings, 3 known", "nothing to validate: no Python file".
func (v Verdict) Summary() string {
	var parts []string
	switch v.Outcome {
	case Findings:
		parts = append(parts, english.Count(len(v.Findings), "finding"))
	case Nothing:
		parts = append(parts, "nothing to validate: "+v.Reason)
	case Clean:
		parts = append(parts, "clean")
		if n := len(v.Findings); n > 0 {
			parts = append(parts, fmt.Sprintf("%s too mild to fail", english.Count(n, "finding")))
		}
	default:
		parts = append(parts, string(v.Outcome)+": "+v.Reason)
		if n := len(v.Findings); n > 0 {
			parts = append(parts, english.Count(n, "finding")+" all the same")
		}
	}
	if n := len(v.Known); n > 0 {
		parts = append(parts, fmt.Sprintf("%d known", n))
	}
	if n := len(v.Elsewhere); n > 0 {
		parts = append(parts, fmt.Sprintf("%d not on changed lines", n))
	}
	return strings.Join(parts, ", ")
}

// notes returns what the checks remarked, each remark once.
func (r Result) notes() []string {
	var notes []string
	seen := map[string]bool{}
	for _, v := range r.Verdicts {
		for _, n := range v.Notes {
			text := fmt.Sprintf("%s: %s", clean.Text(v.Check), n)
			if !seen[text] {
				seen[text] = true
				notes = append(notes, text)
			}
		}
	}
	return notes
}
