package ecstest

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// Timing is how long the phases of a task's life last.
type Timing struct {
	Provision time.Duration // PROVISIONING, until an instance and its network are there
	Pull      time.Duration // PENDING, while images are pulled
	Start     time.Duration // RUNNING, until the container health check passes
	// MinUp is how long a task without a health check must run until the
	// scheduler counts it as healthy. Source: ECS developer guide, "Rolling update".
	MinUp time.Duration
	Stop  time.Duration // from the decision to stop until STOPPED
	Retry time.Duration // from a failed task until the scheduler starts another
	// Register is from RUNNING until the task is found in Cloud Map, and Target
	// until its targets are healthy, where its service has any.
	Register, Target time.Duration
	Log              time.Duration // from what a container writes until it can be read
}

// DefaultTiming is that of a middling service: healthy 90 seconds after its start.
func DefaultTiming() Timing {
	return Timing{
		Provision: 10 * time.Second,
		Pull:      40 * time.Second,
		Start:     40 * time.Second,
		MinUp:     40 * time.Second,
		Stop:      10 * time.Second,
		Retry:     10 * time.Second,
		Register:  5 * time.Second,
		Target:    30 * time.Second,
		Log:       5 * time.Second,
	}
}

// Scale returns t with every phase multiplied by factor.
func (t Timing) Scale(factor float64) Timing {
	for _, d := range []*time.Duration{&t.Provision, &t.Pull, &t.Start, &t.MinUp, &t.Stop, &t.Retry, &t.Register, &t.Target, &t.Log} {
		*d = time.Duration(float64(*d) * factor)
	}
	return t
}

// Varied returns a Timing for each service: DefaultTiming scaled by factor and
// by a lognormal deviate (sigma 0.4) that depends on seed and the service's name
// alone, so that runs repeat.
func Varied(seed uint64, factor float64) func(service string) Timing {
	return func(service string) Timing {
		h := fnv.New64a()
		_, _ = h.Write([]byte(service)) // a hash never fails
		deviate := rand.New(rand.NewPCG(seed, h.Sum64())).NormFloat64()
		return DefaultTiming().Scale(factor * math.Exp(0.4*deviate))
	}
}
