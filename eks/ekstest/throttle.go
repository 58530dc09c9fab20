package ekstest

import (
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/throttle"
)

// rates are what an account may call in a region, by kind of call.
type rates struct{ reads, writes *throttle.Bucket }

func newRates() *rates { return &rates{reads: throttle.New(10, 20), writes: throttle.New(5, 10)} }

// take counts a call of operation op, and reports whether the rate allows it.
func (r *rates) take(op string, now time.Time) bool {
	if strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "List") {
		return r.reads.Take(now)
	}
	return r.writes.Take(now)
}
