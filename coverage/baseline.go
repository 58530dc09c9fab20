package coverage

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
)

// Baseline is what modules covered once, in exact counts, so that a later run can
// be held against it. It is kept as JSON: [ReadBaseline] and [Baseline.Write].
type Baseline struct {
	Modules map[string]Mark
}

// Mark is what one module covered.
type Mark struct {
	Metric Metric `json:"metric"`
	Count
}

// baselineVersion is that of the JSON.
const baselineVersion = 1

type baselineFile struct {
	Version int             `json:"version"`
	Modules map[string]Mark `json:"modules"`
}

// ReadBaseline reads what [Baseline.Write] wrote. It fails on anything else, such as a
// key that is missing or there twice: a baseline that was damaged would hold nothing.
func ReadBaseline(r io.Reader) (Baseline, error) {
	text, err := io.ReadAll(r)
	if err == nil {
		err = checkKeys(text)
	}
	var file baselineFile
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		return Baseline{}, fmt.Errorf("read baseline: %w", err)
	}
	if file.Version != baselineVersion {
		return Baseline{}, fmt.Errorf("read baseline: its version is %d, and only %d is known", file.Version, baselineVersion)
	}
	for _, module := range slices.Sorted(maps.Keys(file.Modules)) {
		if m := file.Modules[module]; module == "" || m.Metric == "" || m.Covered < 0 || m.Total < 1 || m.Covered > m.Total {
			return Baseline{}, fmt.Errorf("read baseline: module %q: covered %d, total %d, metric %q make no sense", module, m.Covered, m.Total, m.Metric)
		}
	}
	return Baseline{Modules: file.Modules}, nil
}

// Write writes b as JSON, with sorted modules, a module a few lines, so that it
// can be kept in version control.
func (b Baseline) Write(w io.Writer) error {
	modules := b.Modules
	if modules == nil {
		modules = map[string]Mark{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(baselineFile{baselineVersion, modules}); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

// With returns b with what the modules of r cover now. Modules that r does not
// measure keep the mark that they have, and so do those that fell within
// Gate.Tolerance: else a module could fall by that much with every run.
func (b Baseline) With(r Result) Baseline {
	next := Baseline{Modules: make(map[string]Mark, len(b.Modules)+len(r.Verdicts))}
	maps.Copy(next.Modules, b.Modules)
	held := map[string]bool{}
	if r.Baseline != nil {
		for _, v := range r.Baseline.Modules {
			held[v.Module] = v.Outcome == Pass
		}
	}
	for _, v := range r.Verdicts {
		old := b.Modules[v.Module]
		fell := old.Metric == v.Metric && v.Covered < (Gate{}).floor(old.Count, v.Total)
		if v.measured() && (!fell || !held[v.Module]) {
			next.Modules[v.Module] = Mark{v.Metric, v.Count}
		}
	}
	return next
}

// Comparison is a run beside its baseline.
type Comparison struct {
	// Modules has a verdict on each module of the run, but for those that have no
	// whole report and fail by that. Verdict.Before is what the baseline has.
	Modules []Verdict
	Gone    []string // modules of the baseline that are not in the run, sorted; they fail nothing
}

func (g Gate) compare(verdicts []Verdict) *Comparison {
	if g.Baseline == nil {
		return nil
	}
	out := &Comparison{}
	gone := maps.Clone(g.Baseline.Modules)
	for _, v := range verdicts {
		delete(gone, v.Module)
		if v.measured() || v.Outcome == NoData {
			out.Modules = append(out.Modules, g.against(v, g.Baseline.Modules[v.Module]))
		}
	}
	out.Gone = slices.Sorted(maps.Keys(gone))
	return out
}

// against holds what v measured against mark.
func (g Gate) against(v Verdict, mark Mark) Verdict {
	now := Verdict{Gate: BaselineGate, Module: v.Module, Outcome: Pass, Format: v.Format, Metric: v.Metric, Count: v.Count, Before: mark.Count}
	was := fmt.Sprintf("baseline %s%% (%s)", mark.Percent(), mark.fraction())
	if g.Tolerance != nil {
		was += fmt.Sprintf(" less %s", g.Tolerance)
	}
	switch need := g.floor(mark.Count, v.Total); {
	case mark.Total == 0:
		now.Message = "new: the baseline does not have it"
	case v.Outcome == NoData:
		now.Outcome = NoData
		now.Message = fmt.Sprintf("no data, and %s", was)
	case v.Metric != mark.Metric:
		now.Outcome = Incomparable
		now.Message = fmt.Sprintf("it counts %s, and the baseline %s, which do not compare: write a new baseline", v.Metric.unit(0), mark.Metric.unit(0))
	case v.Covered < need:
		now.Outcome, now.Missing, now.Worst = Below, need-v.Covered, worst(v.Files)
		now.Message = fmt.Sprintf("%s%% of %s (%s), %s: %d more %s needed",
			v.Percent(), v.Metric.unit(0), v.fraction(), was, now.Missing, v.Metric.unit(now.Missing))
	default:
		now.Message = fmt.Sprintf("%s%% of %s, %s", v.Percent(), v.Metric.unit(0), was)
	}
	return now
}

// floor returns the smallest number of total that is no smaller a share than
// before, less the tolerance.
func (g Gate) floor(before Count, total int64) int64 {
	if before.Total <= 0 || total <= 0 {
		return 0
	}
	// covered/total >= before.Covered/before.Total - tolerance/hundredPercent, exactly.
	share := big.NewRat(before.Covered, before.Total)
	if g.Tolerance != nil {
		share.Sub(share, big.NewRat(g.Tolerance.millionths(), hundredPercent))
	}
	share.Mul(share, new(big.Rat).SetInt64(total))
	n, rest := new(big.Int).DivMod(share.Num(), share.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	return max(0, n.Int64())
}
