package coverage

import (
	"fmt"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// adder merges files by path: what shards of one module cover, any of them covers.
type adder struct {
	report Report // all but the files
	set    hits.Set
}

// newAdder returns one that has no files, and is otherwise like r.
func newAdder(r Report) *adder {
	a := &adder{report: Report{Format: r.Format, Metric: r.Metric}}
	a.set.SetMetric(hits.Metric(r.Metric))
	return a
}

func (a *adder) add(path string, f File) error {
	h := f.hits
	if h == nil { // made by hand
		h = &hits.File{}
		count, branches := f.sane(), f.Branches.sane()
		h.Branch(0, branches.Covered, branches.Total)
		if err := h.SetTotals(count.Covered, count.Total); err != nil {
			return fmt.Errorf("merge %s: %w", path, err)
		}
	}
	if err := a.set.File(path).Merge(h); err != nil {
		return fmt.Errorf("merge %s: %w", path, err)
	}
	return nil
}

func (a *adder) addReport(r Report) error {
	for _, f := range r.Files {
		if err := a.add(f.Path, f); err != nil {
			return err
		}
	}
	a.report.Warnings = append(a.report.Warnings, r.Warnings...)
	return nil
}

func (a *adder) sum() Report {
	r := a.report
	for _, p := range a.set.Paths() {
		r.Files = append(r.Files, newFile(p, a.set.File(p)))
	}
	return r
}
