package ekstest

import "time"

// Timing is how long EKS takes.
type Timing struct {
	Create, Update, Delete time.Duration // a cluster: its configuration; a version takes twice as long
	// NodegroupCreate and so on are of a node group.
	NodegroupCreate, NodegroupUpdate, NodegroupDelete time.Duration
}

// DefaultTiming is about what the service takes: ten minutes for a cluster, and three
// for a node group.
func DefaultTiming() Timing {
	return Timing{
		Create: 10 * time.Minute, Update: 3 * time.Minute, Delete: 5 * time.Minute,
		NodegroupCreate: 3 * time.Minute, NodegroupUpdate: time.Minute, NodegroupDelete: 4 * time.Minute,
	}
}

// Instant lets everything happen at the next call: for tests and demonstrations in real
// time.
func Instant() Timing {
	return Timing{
		Create: time.Nanosecond, Update: time.Nanosecond, Delete: time.Nanosecond,
		NodegroupCreate: time.Nanosecond, NodegroupUpdate: time.Nanosecond, NodegroupDelete: time.Nanosecond,
	}
}
