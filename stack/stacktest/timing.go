package stacktest

import (
	"time"

	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// Timing is how long the resources of a type take.
type Timing struct {
	Create, Update, Delete time.Duration
}

// DefaultTiming is how long a resource usually takes in AWS: a role 15 seconds, a
// load balancer 2 minutes, a cache 6, an EKS cluster 10.
func DefaultTiming(resourceType string) Timing {
	kind := catalog.Lookup(resourceType)
	return Timing{Create: kind.Create, Update: kind.Update, Delete: kind.Delete}
}

// Faster returns a Timing for Options: each resource takes 1/factor of its time.
// Options.Speed also hastens the rest.
func Faster(factor float64) func(resourceType string) Timing {
	return func(resourceType string) Timing { return DefaultTiming(resourceType).Scale(1 / factor) }
}

// Scale returns t with every time multiplied by factor.
func (t Timing) Scale(factor float64) Timing {
	for _, d := range []*time.Duration{&t.Create, &t.Update, &t.Delete} {
		*d = time.Duration(float64(*d) * factor)
	}
	return t
}

// expressTime is the most that a resource takes in express mode, in which
// nothing is waited for once its configuration is applied.
const expressTime = 5 * time.Second

// initiated is when within its time the creation of a resource is under way, so
// that it has a physical id; no more than a second.
func initiated(whole time.Duration) time.Duration { return min(whole/4, time.Second) }
