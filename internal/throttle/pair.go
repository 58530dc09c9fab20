package throttle

import (
	"strings"
	"time"
)

// Pair has a Bucket for the calls that read and one for those that write.
type Pair struct{ Reads, Writes *Bucket }

// Take counts a call of operation op, such as "DescribeStacks", at now, and reports
// whether the rate allows it.
func (p Pair) Take(op string, now time.Time) bool {
	for _, prefix := range []string{"Describe", "List", "Get"} {
		if strings.HasPrefix(op, prefix) {
			return p.Reads.Take(now)
		}
	}
	return p.Writes.Take(now)
}
