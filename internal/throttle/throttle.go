// Package throttle counts calls against a rate, as AWS does, for the services in
// memory. What calls AWS keeps to rates with golang.org/x/time/rate; this one is never
// a rounding error short of what that allows.
package throttle

import "time"

// Bucket holds tokens, of which each call takes one, and refills with time.
type Bucket struct {
	perSecond, size, tokens float64
	last                    time.Time
}

// New returns a full Bucket for perSecond calls a second, and size of them at once.
func New(perSecond, size float64) *Bucket {
	return &Bucket{perSecond: perSecond, size: size, tokens: size}
}

// Take counts a call at now, and reports whether the rate allows it.
func (b *Bucket) Take(now time.Time) bool {
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
