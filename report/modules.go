package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// How many lines of a table are shown, and how many of them in sight.
const (
	mostRows    = 300
	rowsInSight = 25
)

// modules are those of the repository.
type modules struct {
	Figure   string
	Selected rows[module]
	Others   rows[module]
	Summary  string
}

type module struct {
	Name    string
	Sign    sign
	Reasons []string
}

// modulesOf returns the modules of all stages, each once; nil for none.
func modulesOf(r Run) *modules {
	var selected, others []module
	seen := map[string]bool{}
	for _, s := range r.Stages {
		for _, m := range s.Modules {
			if seen[m.Name] {
				continue
			}
			seen[m.Name] = true
			v := module{Name: m.Name, Reasons: most(m.Reasons, 8, "reasons")}
			if m.Status != "" {
				v.Sign = signOf(m.Status)
			}
			if m.Selected {
				selected = append(selected, v)
			} else {
				others = append(others, v)
			}
		}
	}
	if len(seen) == 0 {
		return nil
	}
	v := &modules{
		Figure:   fmt.Sprintf("%s of %s", number(len(selected)), number(len(seen))),
		Selected: rowsOf(selected, rowsInSight, mostRows, "more selected modules"),
		Others:   rowsOf(others, len(others), mostRows, ""),
	}
	v.Summary = fmt.Sprintf("%s of %s selected.", number(len(selected)), plural(len(seen), "module", "modules"))
	return v
}

// findings are those of all checks, errors first.
type findings struct {
	Figure, Label, Slug string
	Summary             string
	Rows                rows[finding]
}

type finding struct {
	Mark    mark
	Module  string
	Place   string
	Check   string
	Rule    string
	Message string
}

func findingsOf(r Run) *findings {
	var all []Finding
	for _, s := range r.Stages {
		all = append(all, s.Findings...)
	}
	if len(all) == 0 {
		return nil
	}
	severity := func(f Finding) int {
		if i := slices.Index([]string{"error", "warning", "note"}, f.Severity); i >= 0 {
			return i
		}
		return 3
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(severity(a)-severity(b), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Path, b.Path), a.Line-b.Line)
	})
	var found []finding
	in := map[string]int{}
	for _, f := range all {
		in[f.Severity]++
		place := f.Path
		if f.Line > 0 {
			place += ":" + strconv.Itoa(f.Line)
		}
		found = append(found, finding{
			Mark: markOfSeverity(f.Severity), Module: f.Module, Place: place,
			Check: f.Check, Rule: f.Rule, Message: strings.TrimSpace(f.Message),
		})
	}
	v := &findings{Figure: number(len(all)), Label: "findings", Rows: rowsOf(found, rowsInSight, mostRows, "more findings")}
	if errs := in["error"]; errs > 0 {
		v.Figure, v.Label, v.Slug = number(errs), "errors found", "failed"
	}
	var said []string
	for _, s := range []struct{ key, one, many string }{{"error", "error", "errors"}, {"warning", "warning", "warnings"}, {"note", "note", "notes"}} {
		if n := in[s.key]; n > 0 {
			said = append(said, plural(n, s.one, s.many))
			delete(in, s.key)
		}
	}
	others := 0
	for _, n := range in {
		others += n
	}
	if others > 0 {
		said = append(said, plural(others, "other finding", "other findings"))
	}
	v.Summary = strings.Join(said, ", ") + "."
	return v
}

// coverage is what the gates say, failures first.
type coverage struct {
	Figure, Slug string
	Summary      string
	Rows         rows[covered]
}

type covered struct {
	Mark    mark
	Module  string
	Gate    string
	Percent string
	Minimum string
	Counted string
	Message string
	// Bar and Limit are in percent, for a style sheet; empty is none.
	Bar, Limit string
}

func coverageOf(r Run) *coverage {
	var all []covered
	failed := 0
	for _, s := range r.Stages {
		for _, c := range s.Coverage {
			if !c.Pass {
				failed++
			}
			all = append(all, coveredOf(c))
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b covered) int {
		rank := func(c covered) int { return slices.Index([]string{"failed", "done", "unchanged"}, c.Mark.Slug) }
		return rank(a) - rank(b)
	})
	v := &coverage{
		Figure: fmt.Sprintf("%s of %s", number(len(all)-failed), number(len(all))), Slug: "done",
		Rows: rowsOf(all, max(failed, rowsInSight), mostRows, "more modules"),
	}
	v.Summary = plural(len(all), "gate", "gates") + " passed."
	if failed > 0 {
		v.Slug = "failed"
		v.Summary = fmt.Sprintf("%s of %s below its minimum or without a figure.", number(failed), plural(len(all), "gate", "gates"))
	}
	return v
}

func coveredOf(c Coverage) covered {
	v := covered{
		Mark: mark{"done", "pass"}, Module: c.Module, Gate: c.Gate,
		Percent: c.Percent, Minimum: c.Minimum, Message: c.Message, Limit: limit(c.Minimum),
	}
	switch {
	case !c.Pass:
		v.Mark = mark{"failed", "fail"}
	case c.Total <= 0:
		v.Mark = mark{"unchanged", "pass"}
	}
	if c.Total > 0 {
		share := float64(max(0, c.Covered)) / float64(c.Total)
		v.Bar = percent(int(1000 * min(1, share)))
		v.Counted = strings.TrimSpace(fmt.Sprintf("%s of %s %s", number(int(c.Covered)), number(int(c.Total)), c.Unit))
		v.Percent = cmp.Or(v.Percent, fmt.Sprintf("%.2f%%", 100*share))
	}
	return v
}

// limit reads "80%" for a style sheet; what it cannot read is none.
func limit(minimum string) string {
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(minimum), "%")), 64)
	if err != nil || !(n > 0 && n <= 100) {
		return ""
	}
	return percent(int(10 * n))
}
