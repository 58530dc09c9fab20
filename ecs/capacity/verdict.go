package capacity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Outcome is what a rollout can expect of its cluster.
type Outcome string

// The outcomes, from best to worst.
const (
	// Fits: all tasks that may start together find room.
	Fits Outcome = "fits"
	// FitsInBatches: some tasks wait until others have stopped. The rollout is
	// slower, and ECS may report meanwhile that it cannot place a task.
	FitsInBatches Outcome = "fits in batches"
	// DoesNotFit: some tasks never find room.
	DoesNotFit Outcome = "does not fit"
	// CannotProgress: minimum and maximum percent let a service neither start a
	// task nor stop one, whatever room there is.
	CannotProgress Outcome = "cannot progress"
)

func (o Outcome) rank() int {
	return slices.Index([]Outcome{Fits, FitsInBatches, DoesNotFit, CannotProgress}, o)
}

// Dimension is what there is too little of.
type Dimension string

// The dimensions of a shortage. The numbers of a [Shortage] are in their units.
const (
	DimCPU       Dimension = "CPU"                  // CPU units of one instance, 1024 a vCPU
	DimMemory    Dimension = "memory"               // MiB of one instance
	DimGPU       Dimension = "GPU"                  // GPUs of one instance
	DimENI       Dimension = "network interfaces"   // slots of one instance
	DimPort      Dimension = "host port"            // Shortage.Port, of one instance
	DimInstances Dimension = "instances"            // instances that take the task at all
	DimVCPU      Dimension = "Fargate vCPU"         // CPU units of the region's quota
	DimAddresses Dimension = "subnet addresses"     // free addresses of the service's subnets
	DimTasks     Dimension = "tasks of the project" // running and pending, in all its clusters
	DimPercent   Dimension = "deployment percent"   // tasks that may start or stop
)

// Shortage is one reason why a service does not find room, or not at once.
//
// For what an instance shares out, Needed is what one task needs and Available
// what the instance has free that comes closest to taking it; Tasks such tasks
// do not find room. For all else, Needed is what these tasks need together.
type Shortage struct {
	Service string `json:"service"` // of the simple rule over tasks: services, comma-separated
	// Outcome is what it means for the service: FitsInBatches, DoesNotFit or CannotProgress.
	Outcome   Outcome   `json:"outcome"`
	Dimension Dimension `json:"dimension"`
	Port      string    `json:"port,omitempty"` // "80/tcp", where the dimension is DimPort
	Tasks     int       `json:"tasks"`          // that find no room
	Needed    int       `json:"needed"`
	Available int       `json:"available"`
	Missing   int       `json:"missing"` // Needed less Available
	// Instance is the one that comes closest, and FreeInAll what all instances
	// that may take the task have free together.
	Instance  string `json:"instance,omitempty"`
	FreeInAll int    `json:"freeInAll,omitempty"`
}

// String tells the shortage in a line.
func (s Shortage) String() string {
	where := fmt.Sprintf("%s: ", s.Service)
	waits := fmt.Sprintf("%d %s", s.Tasks, plural(s.Tasks, "task"))
	switch s.Outcome {
	case DoesNotFit:
		waits += " without room"
	default:
		waits += " must wait for room"
	}
	switch s.Dimension {
	case DimPercent:
		return where + "minimum and maximum percent allow no task to start or stop: lower the minimum or raise the maximum"
	case DimTasks:
		return where + fmt.Sprintf("%d more tasks, the limit of the project leaves %d: %d too many", s.Needed, s.Available, s.Missing)
	case DimInstances:
		return where + waits + ": no other instance is active, connected, and of the capacity provider, platform and placement constraints that they want"
	case DimPort:
		return where + waits + fmt.Sprintf(": host port %s is in use on every instance that could take it, such as %s", s.Port, s.Instance)
	case DimVCPU:
		return where + waits + fmt.Sprintf(": they need %s of Fargate, the quota leaves %s: %s missing", vcpu(s.Needed), vcpu(s.Available), vcpu(s.Missing))
	case DimAddresses:
		return where + waits + fmt.Sprintf(": they need %d subnet addresses, %d are free: %d missing", s.Needed, s.Available, s.Missing)
	}
	return where + waits + fmt.Sprintf(": each needs %s, the largest gap has %d (on %s; all together %d): %d missing",
		s.amount(s.Needed), s.Available, s.Instance, s.FreeInAll, s.Missing)
}

func (s Shortage) amount(n int) string {
	switch s.Dimension {
	case DimCPU:
		return fmt.Sprintf("%d CPU units", n)
	case DimMemory:
		return fmt.Sprintf("%d MiB of memory", n)
	case DimGPU:
		return fmt.Sprintf("%d %s", n, plural(n, "GPU"))
	}
	return fmt.Sprintf("%d %s", n, plural(n, "network interface"))
}

func vcpu(units int) string { return fmt.Sprintf("%g vCPU", float64(units)/1024) }

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// Verdict is what [Check] found. Its warnings tell what is not known, such as
// what could not be read or a placement expression that is not understood; in
// their light, the true outcome may be worse. So it may where a spread strategy, or
// whoever else uses the cluster meanwhile, leaves less room.
type Verdict struct {
	Outcome   Outcome    `json:"outcome"` // the worst of its shortages; Fits without any
	Shortages []Shortage `json:"shortages,omitempty"`
	Warnings  []string   `json:"warnings,omitempty"`
}

// OK reports whether the rollout can come to its end, if in batches.
func (v Verdict) OK() bool { return v.Outcome == Fits || v.Outcome == FitsInBatches }

// String shows the verdict as people read it: the outcome, then a line a
// shortage and a warning.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "capacity: %s\n", v.Outcome)
	for _, s := range v.Shortages {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(&b, "  warning: %s\n", w)
	}
	return b.String()
}

func (v *Verdict) warn(format string, args ...any) {
	v.Warnings = append(v.Warnings, fmt.Sprintf(format, args...))
}

// finish sorts v and tells its outcome from its shortages.
func (v *Verdict) finish() {
	slices.SortStableFunc(v.Shortages, func(a, b Shortage) int {
		return cmp.Or(b.Outcome.rank()-a.Outcome.rank(), strings.Compare(a.Service, b.Service))
	})
	slices.Sort(v.Warnings)
	v.Warnings = slices.Compact(v.Warnings)
	v.Outcome = Fits
	if len(v.Shortages) > 0 {
		v.Outcome = v.Shortages[0].Outcome
	}
}
