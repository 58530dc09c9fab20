package capacity

import "slices"

// service is a demand within one attempt at the rollout.
type service struct {
	Demand
	need       amounts
	keep, most int    // tasks, during the rollout
	bins       []*bin // those of the supply that may take its tasks
	old, new   []spot // its tasks
	spare      int    // addresses of its stopped tasks
}

// spot is where a task runs. The bin is nil where that is not known.
type spot struct {
	bin    *bin
	subnet string
}

// limits returns how many tasks must stay healthy and how many there may be
// while d is deployed. Source: ECS API reference, DeploymentConfiguration: the
// minimum is rounded up, the maximum down.
func (d Demand) limits() (keep, most int) {
	least, top := 100, 200
	if d.MinPercent != nil {
		least = *d.MinPercent
	}
	if d.MaxPercent != nil {
		top = max(*d.MaxPercent, 100) // ECS refuses less
	}
	return (d.Desired*least + 99) / 100, d.Desired * top / 100
}

// stuck reports whether d could never replace its tasks: none may be more than
// desired, and none less.
func (d Demand) stuck() bool {
	keep, most := d.limits()
	return d.Running > 0 && d.Desired > 0 && keep >= d.Desired && most <= d.Desired
}

func (s *service) done() bool { return len(s.old) == 0 && len(s.new) == s.Desired }

// startable is how many tasks the scheduler would start now.
func (s *service) startable() int {
	return max(min(s.most-len(s.old)-len(s.new), s.Desired-len(s.new)), 0)
}

// stoppable is how many old tasks the scheduler would stop now, if all the
// others are healthy.
func (s *service) stoppable() int {
	return max(min(len(s.old)+len(s.new)-s.keep, len(s.old)), 0)
}

// located returns where the old tasks of d run: where the supply tells, or else
// where only one instance comes into question.
func (d Demand) located(supply Supply, bins map[string]*bin) []spot {
	old := make([]spot, d.Running)
	if f := d.fargate(); len(f) == 1 && !d.ec2() {
		for i := range old {
			old[i].bin = bins[f[0]]
		}
		return old
	}
	told := supply.Placed[d.Service]
	deduced := d.deduced(supply)
	for i := range old {
		if i < len(told) {
			old[i].bin = bins[told[i]]
		} else if supply.Placed == nil {
			old[i].bin = bins[deduced]
		}
	}
	return old
}

// deduced names the only instance on which the old tasks of d can run, by the
// resources and ports in use; "" where there are several.
func (d Demand) deduced(supply Supply) string {
	found := ""
	for _, i := range supply.Instances {
		if i.Total.CPU-i.Free.CPU < d.Old.CPU || i.Total.Memory-i.Free.Memory < d.Old.Memory ||
			!contains(i.TCP, d.Old.TCP) || !contains(i.UDP, d.Old.UDP) {
			continue
		}
		if found != "" {
			return ""
		}
		found = i.ID
	}
	return found
}

func contains(all, some []int) bool {
	return !slices.ContainsFunc(some, func(n int) bool { return !slices.Contains(all, n) })
}
