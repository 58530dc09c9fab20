package stacktest

import (
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/throttle"
)

// rates are what an account may call in a region.
type rates struct {
	reads, writes *throttle.Bucket
}

func newRates() *rates {
	return &rates{
		reads:  throttle.New(10, 20),
		writes: throttle.New(2, 5),
	}
}

// take counts a call of operation op, and reports whether the rate allows it.
func (r *rates) take(op string, now time.Time) bool {
	for _, prefix := range []string{"Describe", "List", "Get"} {
		if strings.HasPrefix(op, prefix) {
			return r.reads.Take(now)
		}
	}
	return r.writes.Take(now)
}
