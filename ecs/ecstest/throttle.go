package ecstest

import (
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/throttle"
)

// buckets are what an account may call in a region, by kind of call.
type buckets struct {
	reads, services, definitions *throttle.Bucket
}

// documented are the rates of ECS: so many calls a second, and so many at once.
// Source: Amazon ECS API reference, "Request throttling for the Amazon ECS API".
func documented() *buckets {
	return &buckets{
		reads:       throttle.New(20, 100),
		services:    throttle.New(5, 50),
		definitions: throttle.New(1, 20),
	}
}

// take counts a call of operation op. It reports whether the rate allows it;
// what is neither a read of ECS nor a write that a rollout makes is not counted.
func (b *buckets) take(op string, now time.Time) bool {
	switch {
	case op == "CreateService", op == "UpdateService", op == "DeleteService":
		return b.services.Take(now)
	case op == "RegisterTaskDefinition", op == "DeregisterTaskDefinition":
		return b.definitions.Take(now)
	case !strings.Contains(op, ":") && (strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "List")):
		return b.reads.Take(now)
	}
	return true
}
