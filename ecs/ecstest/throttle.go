package ecstest

import (
	"strings"
	"time"
)

// buckets are what an account may call in a region, by kind of call.
type buckets struct {
	reads, services, definitions bucket
}

// documented are the rates of ECS: so many calls a second, and so many at once.
// Source: Amazon ECS API reference, "Request throttling for the Amazon ECS API".
func documented() *buckets {
	return &buckets{
		reads:       bucket{perSecond: 20, size: 100, tokens: 100},
		services:    bucket{perSecond: 5, size: 50, tokens: 50},
		definitions: bucket{perSecond: 1, size: 20, tokens: 20},
	}
}

// take counts a call of operation op. It reports whether the rate allows it;
// what is neither a read of ECS nor a write that a rollout makes is not counted.
func (b *buckets) take(op string, now time.Time) bool {
	switch {
	case op == "CreateService", op == "UpdateService", op == "DeleteService":
		return b.services.take(now)
	case op == "RegisterTaskDefinition", op == "DeregisterTaskDefinition":
		return b.definitions.take(now)
	case !strings.Contains(op, ":") && (strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "List")):
		return b.reads.take(now)
	}
	return true
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
