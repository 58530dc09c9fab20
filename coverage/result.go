package coverage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Result is the verdicts of a check.
type Result struct {
	Verdicts []Verdict   // on each module, in the order of the inputs
	Total    *Verdict    // on all of them; nil without that gate
	Baseline *Comparison // nil without that gate
	Changed  *Changes    // nil without that gate

	mapped bool // paths are those of one repository
}

// All returns the verdicts of all gates, in the order of the fields.
func (r Result) All() []Verdict {
	all := slices.Clone(r.Verdicts)
	if r.Total != nil {
		all = append(all, *r.Total)
	}
	if r.Baseline != nil {
		all = append(all, r.Baseline.Modules...)
	}
	if r.Changed != nil {
		all = append(append(all, r.Changed.Modules...), r.Changed.Total)
	}
	return all
}

// Pass reports whether every gate passes. A result without verdicts does not.
func (r Result) Pass() bool { return len(r.Verdicts) > 0 && len(r.Failed()) == 0 }

// Failed returns the verdicts of all gates that do not pass. A module may have several.
func (r Result) Failed() []Verdict {
	return slices.DeleteFunc(r.All(), Verdict.Pass)
}

// Err joins the errors of the reports that are there and cannot be read, or were cut
// short, and is nil where there are none. A program can tell by it a broken input
// from code that is not tested enough.
func (r Result) Err() error {
	var errs []error
	for _, v := range r.Verdicts {
		if v.Outcome == Unreadable || v.Outcome == Incomplete {
			errs = append(errs, v.Err)
		}
	}
	return errors.Join(errs...)
}

// Files returns the files of all modules, sorted by path. Those that several
// modules report are merged where Gate.Sources told which file each is. Without
// Sources it fails on them: "app.py" of two modules may be two files.
func (r Result) Files() ([]File, error) {
	all := newAdder(Report{})
	from := map[string]string{}
	for _, v := range r.Verdicts {
		for _, f := range v.Files {
			other, known := from[f.Path]
			if known && !r.mapped {
				return nil, fmt.Errorf("%s is in the reports of %s and %s, and may be two files: map the paths to those of the repository (Sources)", f.Path, other, v.Module)
			}
			from[f.Path] = v.Module
			if err := all.add(f.Path, f); err != nil {
				return nil, err
			}
		}
	}
	return all.sum().Files, nil
}

// MarshalJSON writes r as an object with the keys pass and modules, the latter
// an array of verdicts. Further gates have keys of their own: total (a verdict),
// baseline (an object with modules and gone), and changed (an object with
// modules, total, unreported, and empty: whether the diff names no file).
func (r Result) MarshalJSON() ([]byte, error) {
	type comparison struct {
		Modules []Verdict `json:"modules"`
		Gone    []string  `json:"gone"`
	}
	type changes struct {
		Modules    []Verdict `json:"modules"`
		Total      Verdict   `json:"total"`
		Unreported []string  `json:"unreported"`
		Empty      bool      `json:"empty"`
	}
	out := struct {
		Pass     bool        `json:"pass"`
		Modules  []Verdict   `json:"modules"`
		Total    *Verdict    `json:"total,omitempty"`
		Baseline *comparison `json:"baseline,omitempty"`
		Changed  *changes    `json:"changed,omitempty"`
	}{Pass: r.Pass(), Modules: notNil(r.Verdicts), Total: r.Total}
	if c := r.Baseline; c != nil {
		out.Baseline = &comparison{notNil(c.Modules), notNil(c.Gone)}
	}
	if c := r.Changed; c != nil {
		out.Changed = &changes{notNil(c.Modules), c.Total, notNil(c.Unreported), c.Empty}
	}
	return json.Marshal(out)
}

// notNil returns s, whose JSON is an array and never null.
func notNil[T any](s []T) []T { return append([]T{}, s...) }

// TotalLine returns the line that GitLab's coverage keyword reads from a job log,
// with this regular expression of its documentation, and a newline:
//
//	coverage: '/TOTAL.*? (100(?:\.0+)?\%|[1-9]?\d(?:\.\d+)?\%)$/'
//
// Where modules do not add up ([Result.Sum]), it says so and holds no percentage.
func (r Result) TotalLine() string {
	count, metric, err := r.Sum()
	switch {
	case err != nil:
		reason := strings.TrimPrefix(err.Error(), ErrNoTotal.Error()+": ")
		return fmt.Sprintf("TOTAL  unknown: %s\n", clean.Text(strings.ReplaceAll(reason, "%", "")))
	case count.Total == 0:
		return "TOTAL  unknown: no data\n"
	}
	return fmt.Sprintf("TOTAL  %s %s  %s%%\n", count.fraction(), metric, count.Percent())
}
