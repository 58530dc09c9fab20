package capacity

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// rollout is one attempt to go through a rollout in an order.
type rollout struct {
	order
	supply   Supply
	services []*service
	waves    waves
	scale    amounts // of the largest instance
	subnets  map[string]int
	short    map[string]Shortage // services whose tasks found no room at the last try
	grown    map[string]int      // instances to start, by capacity provider
	started  []*bin              // these instances
	rooms    map[string][]*bin   // left by stopped tasks of a service, who knows where
}

func newRollout(o order, w waves, demands []Demand, supply Supply) *rollout {
	r := &rollout{
		order: o, supply: supply, waves: w, subnets: maps.Clone(supply.Subnets),
		short: map[string]Shortage{}, grown: map[string]int{}, rooms: map[string][]*bin{},
	}
	instances, byName := r.bins()
	anywhere := unlimited("an instance") // where the instances were not read
	for _, d := range demands {
		s := &service{Demand: d, need: d.Task.amounts(), old: d.located(supply, byName)}
		s.keep, s.most = d.limits()
		for _, p := range d.fargate() {
			s.bins = append(s.bins, byName[p])
		}
		for _, b := range instances {
			if d.ec2() && b.instance.eligible(d) {
				s.bins = append(s.bins, b)
			}
		}
		if d.ec2() && supply.Instances == nil {
			s.bins = append(s.bins, anywhere)
		}
		for _, o := range s.old {
			if o.bin != nil {
				o.bin.tenants[d.Service]++
			}
		}
		r.services = append(r.services, s)
	}
	slices.SortStableFunc(r.services, func(a, b *service) int { return cmp.Compare(r.size(r, b), r.size(r, a)) })
	return r
}

// bins makes the bins of the supply, all of them by name too, and sets the scale.
func (r *rollout) bins() (instances []*bin, byName map[string]*bin) {
	byName = make(map[string]*bin)
	for i := range r.supply.Instances {
		in := &r.supply.Instances[i]
		b := instanceBin(in, in.Free)
		for _, p := range in.TCP {
			b.tcp[p] = true
		}
		for _, p := range in.UDP {
			b.udp[p] = true
		}
		byName[b.name] = b
		instances = append(instances, b)
		for d, n := range []int{in.Total.CPU, in.Total.Memory, in.Total.GPUs} {
			r.scale[d] = max(r.scale[d], n, b.free[d])
		}
	}
	for _, name := range []string{onFargate, fargateSpot} {
		byName[name] = fargateBin(name, r.supply.quota(name))
	}
	return instances, byName
}

// share is how much of the largest instance a task of s takes in a dimension.
func (r *rollout) share(s *service, dimension int) float64 {
	return float64(s.need[dimension]) / float64(max(r.scale[dimension], 1))
}

// which returns the services that satisfy keep, in the order of the attempt.
func (r *rollout) which(keep func(*service) bool) []*service {
	var out []*service
	for _, s := range r.services {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

// atOnce reports whether every task finds room the moment that the percentages
// let it start, however the services overtake one another.
func (r *rollout) atOnce() bool {
	for i := range r.waves.count {
		over := r.which(func(s *service) bool { return r.waves.last[s.Service] < i && !s.done() })
		if !r.complete(over) {
			return false
		}
		if r.start(r.which(func(s *service) bool { return r.waves.level[s.Service] == i })); len(r.short) > 0 {
			return false
		}
	}
	return r.complete(r.services)
}

// complete carries services to their end as long as no task must wait.
func (r *rollout) complete(services []*service) bool {
	for {
		started := r.start(services)
		if len(r.short) > 0 {
			return false
		}
		if !r.stop(services) && !started {
			return true
		}
	}
}

// inBatches goes from wave to wave, where tasks wait until others have stopped.
// It reports whether all of them found room in the end.
func (r *rollout) inBatches() bool {
	for i := range r.waves.count {
		wave := r.which(func(s *service) bool { return r.waves.level[s.Service] == i })
		for {
			started, stopped := r.start(wave), r.stop(wave)
			if !started && !stopped {
				break
			}
		}
	}
	return len(r.short) == 0
}

// start starts the tasks that services may start, and reports whether any was.
func (r *rollout) start(services []*service) bool {
	started := false
	for _, s := range services {
		delete(r.short, s.Service)
		for n := s.startable(); n > 0; n-- {
			if !r.place(s) {
				r.short[s.Service] = r.shortage(s, n)
				break
			}
			started = true
		}
	}
	return started
}

// stop stops the tasks that services may stop, and reports whether any was.
func (r *rollout) stop(services []*service) bool {
	stopped := false
	for _, s := range services {
		for range s.stoppable() {
			stopped = true
			r.release(s, s.old[0])
			s.old = s.old[1:]
		}
	}
	return stopped
}

// place puts one more task of s somewhere.
func (r *rollout) place(s *service) bool {
	subnet, ok := r.address(s)
	if !ok {
		return false
	}
	best := cmp.Or(r.left(s), r.cheapest(s), r.startedFor(s))
	if best == nil {
		if best = r.grow(s); best == nil {
			return false
		}
	}
	best.add(s.Service, &s.Task)
	switch {
	case subnet != "":
		r.subnets[subnet]--
	case s.spare > 0:
		s.spare--
	}
	s.new = append(s.new, spot{bin: best, subnet: subnet})
	return true
}

// left returns the room of a stopped task of s that takes another.
func (r *rollout) left(s *service) *bin {
	for _, b := range r.rooms[s.Service] {
		if b.takes(s) {
			return b
		}
	}
	return nil
}

// cheapest returns the bin of the supply where a task of s costs least.
func (r *rollout) cheapest(s *service) *bin {
	var best *bin
	cost := math.Inf(1)
	for _, b := range s.bins {
		if c := r.cost(r, b, s); c < cost && b.takes(s) {
			best, cost = b, c
		}
	}
	return best
}

// startedFor returns an instance that was started meanwhile and takes s too.
func (r *rollout) startedFor(s *service) *bin {
	for _, b := range r.started {
		if b.takes(s) && b.instance.eligible(s.Demand) {
			return b
		}
	}
	return nil
}

// address returns the subnet of s that has most addresses free, or "" where
// none is needed or known, or where a stopped task has left one.
func (r *rollout) address(s *service) (subnet string, ok bool) {
	if !s.Task.ENI || s.spare > 0 {
		return "", true
	}
	most := 0
	for _, id := range s.Subnets {
		n, known := r.subnets[id]
		if !known {
			return "", true
		}
		if n > most {
			subnet, most = id, n
		}
	}
	return subnet, most > 0 || len(s.Subnets) == 0
}

// release frees what an old task of s takes.
func (r *rollout) release(s *service, o spot) {
	if s.Old.ENI {
		s.spare++
	}
	if o.bin != nil {
		o.bin.remove(s.Service, s.Old)
		return
	}
	room := newBin("where a task of "+s.Service+" ran", s.Old.amounts())
	if len(s.fargate()) > 0 {
		room.free[1] = plenty // Fargate has a quota of CPU alone
	}
	r.rooms[s.Service] = append(r.rooms[s.Service], room)
}

// grow has a capacity provider of s start an instance that takes its task, and
// returns that; nil where none does.
func (r *rollout) grow(s *service) *bin {
	for _, p := range s.Providers {
		if !slices.Contains(r.supply.Growing, p) {
			continue
		}
		var largest *Instance
		for i := range r.supply.Instances {
			if in := &r.supply.Instances[i]; in.Provider == p && (largest == nil || in.Total.Memory > largest.Total.Memory) {
				largest = in
			}
		}
		if largest == nil {
			r.grown[p] += 0 // none to tell the size by
			return unlimited("a new instance of " + p)
		}
		fresh := *largest
		fresh.Status, fresh.Connected, fresh.TaskENIs = "ACTIVE", true, new(int)
		b := instanceBin(&fresh, fresh.Total)
		b.name = "a new instance of " + p
		if fresh.eligible(s.Demand) && b.takes(s) {
			r.grown[p]++
			r.started = append(r.started, b)
			return b
		}
	}
	return nil
}
