package capacity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// order is a way to go through tasks and instances.
type order struct {
	size func(r *rollout, s *service) float64         // larger services first
	cost func(r *rollout, b *bin, s *service) float64 // cheaper bins first; those of equal cost as given
}

// orders are the ways that are tried before a rollout does not fit: first-fit
// decreasing by the largest share of an instance, and a few others.
func orders() []order {
	first := func(*rollout, *bin, *service) float64 { return 0 }
	tight := func(r *rollout, b *bin, s *service) float64 { return b.leftover(s.need, r.scale) }
	loose := func(r *rollout, b *bin, s *service) float64 { return -b.leftover(s.need, r.scale) }
	largest := func(r *rollout, s *service) float64 {
		return slices.Max([]float64{r.share(s, 0), r.share(s, 1), r.share(s, 2)})
	}
	cpu := func(r *rollout, s *service) float64 { return r.share(s, 0) }
	memory := func(r *rollout, s *service) float64 { return r.share(s, 1) }
	choosy := func(_ *rollout, s *service) float64 { return -float64(len(s.bins)) }
	return []order{{largest, first}, {largest, tight}, {memory, tight}, {cpu, tight}, {choosy, tight}, {largest, loose}}
}

// attempt is how a rollout goes.
type attempt struct {
	shortages []Shortage
	grown     map[string]int
	warnings  []string
}

// pack tries all orders and returns the best that came out. Services that can
// never progress keep what they have.
func pack(demands []Demand, w waves, supply Supply) attempt {
	var moving []Demand
	var stuck []Shortage
	var warnings []string
	for _, d := range demands {
		warnings = append(warnings, d.unsure(supply)...)
		if d.stuck() {
			stuck = append(stuck, Shortage{
				Service: d.Service, Outcome: CannotProgress, Dimension: DimPercent, Tasks: d.Desired, Needed: 1, Missing: 1,
			})
			continue
		}
		moving = append(moving, d)
	}
	best := bestOf(moving, w, supply)
	best.shortages = append(best.shortages, stuck...)
	best.warnings = append(best.warnings, warnings...)
	return best
}

func bestOf(demands []Demand, w waves, supply Supply) attempt {
	var grown, waiting, missing *rollout
	for _, o := range orders() {
		r := newRollout(o, w, demands, supply)
		switch fits := r.atOnce(); {
		case fits && len(r.grown) == 0:
			return attempt{}
		case fits && (grown == nil || sum(r.grown) < sum(grown.grown)):
			grown = r
		case !fits && (waiting == nil || len(r.short) < len(waiting.short)):
			waiting = r
		}
	}
	if grown != nil {
		return attempt{grown: grown.grown}
	}
	for _, o := range orders() {
		r := newRollout(o, w, demands, supply)
		if r.inBatches() {
			return attempt{shortages: waiting.shortages(FitsInBatches), grown: r.grown}
		}
		if missing == nil || len(r.short) < len(missing.short) {
			missing = r
		}
	}
	return missing.verdict(waiting)
}

// verdict tells what does not fit. Where room has become free and it was not
// read on which instances, only what would fit on no empty instance is sure; for
// the rest, what must wait for room in any case is told instead.
func (r *rollout) verdict(waiting *rollout) attempt {
	a := attempt{grown: r.grown}
	from := strings.Join(slices.Sorted(maps.Keys(r.rooms)), ", ")
	for _, s := range r.shortages(DoesNotFit) {
		if from == "" || r.sure(s) {
			a.shortages = append(a.shortages, s)
			continue
		}
		a.warnings = append(a.warnings, fmt.Sprintf("%s may find no room even when others have stopped: on which instances the tasks of %s run was not read", s.Service, from))
	}
	if len(a.shortages) == 0 {
		a.shortages = waiting.shortages(FitsInBatches)
	}
	return a
}

func (r *rollout) shortages(o Outcome) []Shortage {
	var out []Shortage
	for _, name := range slices.Sorted(maps.Keys(r.short)) {
		s := r.short[name]
		s.Outcome = o
		out = append(out, s)
	}
	return out
}

func sum(grown map[string]int) int {
	n := 0
	for _, m := range grown {
		n += m
	}
	return n
}
