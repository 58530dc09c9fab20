package cobertura

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/xmlscan"
)

// rateTolerance is how far line-rate may be from the lines: tools round it to two
// digits or more.
const rateTolerance = 0.0051

// maxRepeats is how often, on average, a root may count each line. Some tools count
// the lines of a file once for every class that shares them.
const maxRepeats = 2

// checkRoot warns where the root element tells another story than the lines, as
// where its rates are wrong. It fails where lines must be missing: coverage.py
// writes the root from those very lines, and others count about as many. Gcovr
// counts each instance of a template, however many.
func checkRoot(set *hits.Set, head xmlscan.Head) error {
	root := head.Attrs
	covered, total := set.Count()
	what := []string{"lines"}
	if set.Metric() == hits.MetricLinesAndBranches {
		what = append(what, "branches")
	}
	c, knowsCovered := sum(root, what, "-covered")
	t, knowsTotal := sum(root, what, "-valid")
	rate, err := strconv.ParseFloat(root["line-rate"], 64)
	lacks := knowsTotal && t > maxRepeats*total
	if isCoveragePy(head) {
		lacks = knowsTotal && knowsCovered && set.Lacks(c, t)
	}
	switch {
	case lacks && !strings.HasPrefix(root["version"], "gcovr"):
		return fmt.Errorf("%w: the root says %s/%d %s covered, its lines are %d/%d", hits.ErrContradiction, text(c, knowsCovered), t, set.Metric(), covered, total)
	case knowsCovered && c != covered, knowsTotal && t != total:
		set.Warn("the root says %s/%s %s covered, its lines are %d/%d; the lines count",
			text(c, knowsCovered), text(t, knowsTotal), set.Metric(), covered, total)
	case !knowsTotal && err == nil && total > 0 && math.Abs(rate-float64(covered)/float64(total)) > rateTolerance:
		set.Warn("the root says line-rate %s, its lines are %d/%d; the lines count", root["line-rate"], covered, total)
	}
	return nil
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
