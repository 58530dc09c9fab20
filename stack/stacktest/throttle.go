package stacktest

import (
	"strings"
	"time"
)

// rates are what an account may call in a region.
type rates struct {
	reads, writes bucket
}

func newRates() *rates {
	return &rates{
		reads:  bucket{perSecond: 10, size: 20, tokens: 20},
		writes: bucket{perSecond: 2, size: 5, tokens: 5},
	}
}

// take counts a call of operation op, and reports whether the rate allows it.
func (r *rates) take(op string, now time.Time) bool {
	for _, prefix := range []string{"Describe", "List", "Get"} {
		if strings.HasPrefix(op, prefix) {
			return r.reads.take(now)
		}
	}
	return r.writes.take(now)
}

// bucket refills with time, and each call takes a token.
type bucket struct {
	perSecond, size, tokens float64
	last                    time.Time
}

func (b *bucket) take(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(b.size, b.tokens+b.perSecond*now.Sub(b.last).Seconds())
	}
	b.last = now
	const rounding = 1e-6
	if b.tokens < 1-rounding {
		return false
	}
	b.tokens--
	return true
}
