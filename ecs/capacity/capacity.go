// Package capacity tells before a rollout whether its tasks will find room.
//
// [Check] compares what the services of a rollout demand with what a cluster
// can supply. It is pure; a [Reader] reads the supply from ECS:
//
//	supply, err := capacity.NewReader(client, capacity.Options{Tasks: client}).Supply(ctx, "automation-master")
//	if err != nil { ... }
//	verdict := capacity.Check(demands, supply)
//	fmt.Print(verdict)
//
// It goes through the rollout as the scheduler would, wave by wave and within
// minimum and maximum percent, and places each task on an instance that has
// the CPU, memory, host ports, GPUs and network interfaces for it, within the
// vCPU quota of Fargate and the free addresses of the subnets. A shortage is
// named with the service, the dimension and the number that is missing.
//
// A verdict is about the best case: see [Verdict]. It neither adds capacity nor looks at
// daemon services, external instances and strategies other than rolling updates.
// Package capacity/limits completes a supply with what only other APIs know.
package capacity

import (
	"slices"
	"strings"
)

// Demand is what one service of a rollout asks for. [Creating] and [Updating]
// make one from the values of the SDK.
type Demand struct {
	// Service is its name. Each name stands once in a rollout.
	Service string `json:"service"`
	// Needs names the services that must be healthy before this one starts.
	// Names that are not in the rollout are ignored.
	Needs []string `json:"needs,omitempty"`
	// Unchanged services run already what they shall run: they demand nothing.
	Unchanged bool `json:"unchanged,omitempty"`

	// Task is what each new task takes.
	Task Task `json:"task"`
	// Desired is how many tasks there shall be.
	Desired int `json:"desired"`
	// Running is how many tasks there are now, pending ones included.
	Running int `json:"running,omitempty"`
	// Old is what each of these takes; nil means as much as Task.
	Old *Task `json:"old,omitempty"`
	// MinPercent and MaxPercent are the minimum healthy and maximum percent of
	// Desired during the rollout; nil are the defaults of ECS, 100 and 200.
	MinPercent *int `json:"minPercent,omitempty"`
	MaxPercent *int `json:"maxPercent,omitempty"`

	// LaunchType is "EC2", "FARGATE" or "EXTERNAL". Empty means Providers, else
	// the default providers of the cluster, else EC2.
	LaunchType string `json:"launchType,omitempty"`
	// Providers names the capacity providers of the service. Its tasks may run on
	// any of them: weights and bases are not looked at.
	Providers []string `json:"providers,omitempty"`
	// Subnets holds the IDs of those that tasks in awsvpc mode get addresses from.
	Subnets []string `json:"subnets,omitempty"`
	// DistinctInstance asks that no two tasks of the service share an instance.
	DistinctInstance bool `json:"distinctInstance,omitempty"`
	// MemberOf holds expressions of the cluster query language that an instance
	// must satisfy; see [Verdict] for those that are not understood.
	MemberOf []string `json:"memberOf,omitempty"`
	// Daemon services run one task an instance. They are not checked.
	Daemon bool `json:"daemon,omitempty"`
}

// The launch types of a Demand, and the two capacity providers of Fargate.
const (
	onEC2       = "EC2"
	onFargate   = "FARGATE"
	onExternal  = "EXTERNAL"
	fargateSpot = "FARGATE_SPOT"
)

// Check compares demands with supply.
//
// Services that may be under way at the same time, in whatever order they
// become healthy, count together; those that must be healthy before count with
// what they leave behind. Where the needs form a cycle, or a service is given
// twice, all services count together.
//
// What supply does not know is never a reason to refuse: it is a warning.
func Check(demands []Demand, supply Supply) Verdict {
	v := Verdict{Warnings: slices.Clone(supply.Warnings)}
	var checked []Demand
	for _, d := range demands {
		d = d.settled(supply)
		switch {
		case d.Unchanged:
		case d.Daemon:
			v.warn("%s is a daemon service: whether each instance has room for it is not checked", d.Service)
		case d.LaunchType == onExternal:
			v.warn("%s runs on external instances: whether they have room for it is not checked", d.Service)
		default:
			checked = append(checked, d)
		}
	}
	v.unknowns(checked, supply)
	if s, short := taskLimit(checked, supply.Tasks); short {
		v.Shortages = append(v.Shortages, s)
	}
	best := pack(checked, wavesOf(demands), supply)
	v.Shortages = append(v.Shortages, best.shortages...)
	for provider, n := range best.grown {
		if n > 0 {
			v.warn("capacity provider %s must start about %d more %s: whether its group may grow so far was not read", provider, n, plural(n, "instance"))
		} else {
			v.warn("capacity provider %s must start instances first: how many was not told, since it has none yet", provider)
		}
	}
	v.Warnings = append(v.Warnings, best.warnings...)
	v.finish()
	return v
}

// settled is d with its defaults filled in.
func (d Demand) settled(supply Supply) Demand {
	if d.LaunchType == "" && len(d.Providers) == 0 {
		d.Providers = supply.DefaultProviders
	}
	if d.LaunchType == "" && len(d.Providers) == 0 {
		d.LaunchType = onEC2
	}
	if d.Old == nil {
		d.Old = &d.Task
	}
	d.Desired, d.Running = max(d.Desired, 0), max(d.Running, 0)
	return d
}

// fargate names the Fargate providers that may run d: FARGATE, FARGATE_SPOT.
func (d Demand) fargate() []string {
	if d.LaunchType == onFargate {
		return []string{onFargate}
	}
	if d.LaunchType != "" {
		return nil
	}
	var out []string
	for _, p := range d.Providers {
		if p == onFargate || p == fargateSpot {
			out = append(out, p)
		}
	}
	return out
}

// ec2 reports whether instances may run d.
func (d Demand) ec2() bool {
	return d.LaunchType == onEC2 || d.LaunchType == "" && len(d.fargate()) < len(d.Providers)
}

// taskLimit is the simple rule: the tasks of all clusters, plus those to
// deploy, less those of the same services that are there already, must not be
// more than the limit.
func taskLimit(demands []Demand, tasks TaskCount) (Shortage, bool) {
	if tasks.Limit == 0 || tasks.Used == nil {
		return Shortage{}, false
	}
	deploy, here := 0, 0
	var names []string
	for _, d := range demands {
		deploy += d.Desired
		here += d.Running
		if d.Desired > d.Running {
			names = append(names, d.Service)
		}
	}
	total := *tasks.Used + deploy - here
	if total <= tasks.Limit || deploy <= here {
		return Shortage{}, false
	}
	slices.Sort(names)
	return Shortage{
		Service: strings.Join(names, ", "), Outcome: DoesNotFit, Dimension: DimTasks, Tasks: total - tasks.Limit,
		Needed: deploy - here, Available: max(tasks.Limit-*tasks.Used, 0), Missing: deploy - here - max(tasks.Limit-*tasks.Used, 0),
	}, true
}
