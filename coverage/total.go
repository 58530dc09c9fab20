package coverage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrNoTotal is the error of adding up modules that do not add up.
var ErrNoTotal = errors.New("no total")

// Sum returns the counts of all modules, added up, and what they count. A file that
// two modules report counts in both.
//
// It fails with [ErrNoTotal] where a module has no whole report, since what it
// would add is not known, and where modules count different things.
func (r Result) Sum() (Count, Metric, error) {
	count, metric, _, err := sum(r.Verdicts)
	return count, metric, err
}

// sum returns the outcome of an error too.
func sum(verdicts []Verdict) (Count, Metric, Outcome, error) {
	var total Count
	var unknown []string
	by := map[Metric][]string{}
	for _, v := range verdicts {
		switch {
		case !v.measured() && !v.Pass():
			unknown = append(unknown, v.Module)
		case v.Total > 0:
			by[v.Metric] = append(by[v.Metric], v.Module)
			total = total.add(v.Count)
		}
	}
	metrics := slices.Sorted(maps.Keys(by))
	switch {
	case len(unknown) > 0:
		return Count{}, "", Incomplete, fmt.Errorf("%w: there is no whole report of %s", ErrNoTotal, listed(unknown))
	case len(metrics) > 1:
		parts := make([]string, len(metrics))
		for i, m := range metrics {
			parts[i] = fmt.Sprintf("%s counts %s", listed(by[m]), m.unit(0))
		}
		return Count{}, "", Incomparable, fmt.Errorf("%w: %s, which do not add up", ErrNoTotal, strings.Join(parts, ", "))
	case len(metrics) == 0:
		return Count{}, "", NoData, nil
	}
	return total, metrics[0], Pass, nil
}

// total is the verdict on all modules together; nil where there is no such gate.
func (g Gate) total(verdicts []Verdict) *Verdict {
	if g.Total == nil {
		return nil
	}
	v := Verdict{Gate: TotalGate, Minimum: *g.Total}
	count, metric, outcome, err := sum(verdicts)
	if outcome == Pass {
		files := Report{Metric: metric, Files: []File{{Count: count}}}
		v = Gate{Minimum: *g.Total}.Judge("", files)
		v.Gate, v.Files, v.Worst = TotalGate, nil, nil
		return &v
	}
	v.Outcome = outcome
	if err != nil {
		v.Message = err.Error()
		return &v
	}
	v.Message = "no data: no module has any"
	v.Allowed = len(verdicts) > 0 && !slices.ContainsFunc(verdicts, func(v Verdict) bool { return !v.Pass() })
	return &v
}
