package cobertura

import (
	"fmt"
	"math"
	"strconv"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// rateTolerance is how far line-rate may be from the lines: tools round it to two
// digits or more.
const rateTolerance = 0.0051

// checkRoot warns where the root element tells another story than the lines, as
// where a tool counts each instance of a template, or where its rates are wrong.
func checkRoot(set *hits.Set, root map[string]string) {
	covered, total := set.Count()
	what := []string{"lines"}
	if set.Metric() == hits.MetricLinesAndBranches {
		what = append(what, "branches")
	}
	c, knowsCovered := sum(root, what, "-covered")
	t, knowsTotal := sum(root, what, "-valid")
	rate, err := strconv.ParseFloat(root["line-rate"], 64)
	switch {
	case knowsCovered && c != covered, knowsTotal && t != total:
		set.Warn("the root says %s/%s %s covered, its lines are %d/%d; the lines count",
			text(c, knowsCovered), text(t, knowsTotal), set.Metric(), covered, total)
	case !knowsTotal && err == nil && total > 0 && math.Abs(rate-float64(covered)/float64(total)) > rateTolerance:
		set.Warn("the root says line-rate %s, its lines are %d/%d; the lines count", root["line-rate"], covered, total)
	}
}

// sum adds up an attribute of the root, such as lines-valid, of each thing in what.
func sum(root map[string]string, what []string, suffix string) (n int64, known bool) {
	for _, w := range what {
		units, err := hits.Units([]byte(root[w+suffix]))
		if err != nil {
			return 0, false
		}
		n += units
	}
	return n, true
}

func text(n int64, known bool) string {
	if !known {
		return "?"
	}
	return fmt.Sprint(n)
}
