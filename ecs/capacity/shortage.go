package capacity

import "slices"

// shortage tells why n tasks of s find no room now.
func (r *rollout) shortage(s *service, n int) Shortage {
	out := Shortage{Service: s.Service, Tasks: n}
	if _, ok := r.address(s); !ok {
		free := 0
		for _, id := range s.Subnets {
			free += r.subnets[id]
		}
		return out.lacks(DimAddresses, n, free)
	}
	var instances []*bin
	vcpu := 0
	for _, b := range s.bins {
		switch {
		case b.fargate:
			vcpu = max(vcpu, b.free[0])
		case !b.taken(s):
			instances = append(instances, b)
		}
	}
	if len(instances) == 0 && len(s.fargate()) > 0 {
		return out.lacks(DimVCPU, n*s.need[0], vcpu)
	}
	if len(instances) == 0 {
		return out.lacks(DimInstances, n, 0)
	}
	return out.on(s, instances)
}

func (s Shortage) lacks(d Dimension, needed, available int) Shortage {
	s.Dimension, s.Needed, s.Available, s.Missing = d, needed, available, needed-available
	return s
}

// on tells what the instance lacks that comes closest to taking a task of v.
func (s Shortage) on(v *service, instances []*bin) Shortage {
	closest, gap, dimension := instances[0], 2.0, -1
	for _, b := range instances {
		if g, d := b.gap(v); g < gap {
			closest, gap, dimension = b, g, d
		}
	}
	s.Instance = closest.name
	if dimension < 0 {
		s.Port = closest.conflict(v.Task)
		return s.lacks(DimPort, 1, 0)
	}
	for _, b := range instances {
		s.FreeInAll += max(b.free[dimension], 0)
	}
	return s.lacks(dimensions()[dimension], v.need[dimension], max(closest.free[dimension], 0))
}

// gap is how far b is from taking a task of s: the largest part of what the
// task needs that is missing, and the dimension of it. A port in use is as bad as all
// of something, and its dimension is -1.
func (b *bin) gap(s *service) (gap float64, dimension int) {
	for i, n := range s.need {
		if missing := n - max(b.free[i], 0); n > 0 && float64(missing)/float64(n) > gap {
			gap, dimension = float64(missing)/float64(n), i
		}
	}
	if b.conflict(s.Task) != "" {
		return max(gap, 1), -1
	}
	return gap, dimension
}

// sure reports whether s would remain wherever room has become free.
func (r *rollout) sure(short Shortage) bool {
	switch short.Dimension {
	case DimCPU, DimMemory, DimGPU, DimENI, DimPort:
	default:
		return true
	}
	for _, s := range r.services {
		if s.Service != short.Service {
			continue
		}
		return !slices.ContainsFunc(s.bins, func(b *bin) bool {
			if b.instance == nil {
				return false
			}
			t := b.instance.Total
			return t.CPU >= s.Task.CPU && t.Memory >= s.Task.Memory && t.GPUs >= s.Task.GPUs
		})
	}
	return true
}

// unsure warns of what is assumed of d in its favour.
func (d Demand) unsure(supply Supply) []string {
	var v Verdict
	for _, expr := range slices.Concat(d.MemberOf, d.Task.MemberOf) {
		if _, understood := (Instance{}).allows(expr); !understood && d.ec2() {
			v.warn("%s: the placement constraint %q is not understood: instances count as if they satisfied it", d.Service, expr)
		}
	}
	if d.DistinctInstance && d.Running > len(supply.Placed[d.Service]) && d.ec2() {
		v.warn("%s wants distinct instances: on which its present tasks run was not read", d.Service)
	}
	return v.Warnings
}
