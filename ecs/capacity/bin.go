package capacity

import (
	"math"
	"slices"
	"strconv"
)

// amounts are what a task takes of an instance, in the order of dimensions.
type amounts [4]int

func dimensions() [4]Dimension { return [4]Dimension{DimCPU, DimMemory, DimGPU, DimENI} }

// plenty is an amount that no rollout exhausts.
const plenty = math.MaxInt / 4

func (t Task) amounts() amounts {
	a := amounts{t.CPU, t.Memory, t.GPUs, 0}
	if t.ENI {
		a[3] = 1
	}
	return a
}

// bin is a place for tasks: an instance, one of Fargate's quotas, an instance
// that a capacity provider will start, or the room that a stopped task has left
// somewhere.
type bin struct {
	name     string
	instance *Instance // nil for Fargate and for room that was left somewhere
	fargate  bool
	shared   bool // stands for any number of instances: ports and tenants do not matter
	free     amounts
	tcp, udp map[int]bool   // in use
	tenants  map[string]int // tasks of services with distinct instances
}

func newBin(name string, free amounts) *bin {
	return &bin{name: name, free: free, tcp: map[int]bool{}, udp: map[int]bool{}, tenants: map[string]int{}}
}

func unlimited(name string) *bin {
	b := newBin(name, amounts{plenty, plenty, plenty, plenty})
	b.shared = true
	return b
}

func fargateBin(name string, q Quota) *bin {
	b := unlimited(name)
	b.fargate = true
	if q.Limit != nil && q.Used != nil {
		b.free[0] = *q.Limit - *q.Used
	}
	return b
}

func instanceBin(i *Instance, free Resources) *bin {
	b := newBin(i.ID, amounts{free.CPU, free.Memory, free.GPUs, plenty})
	b.instance = i
	if i.ENISlots != nil && i.TaskENIs != nil {
		b.free[3] = *i.ENISlots - *i.TaskENIs
	}
	return b
}

// takes reports whether one more task of s has room in b.
func (b *bin) takes(s *service) bool {
	for i, n := range s.need {
		if n > b.free[i] && n > 0 {
			return false
		}
	}
	return b.conflict(s.Task) == "" && !b.taken(s)
}

// taken reports whether a task of s is on b that lets no other of s come.
func (b *bin) taken(s *service) bool { return s.DistinctInstance && b.tenants[s.Service] > 0 }

// conflict returns a host port of t that is in use, as "80/tcp".
func (b *bin) conflict(t Task) string {
	for _, p := range t.TCP {
		if b.tcp[p] {
			return portName(p, "tcp")
		}
	}
	for _, p := range t.UDP {
		if b.udp[p] {
			return portName(p, "udp")
		}
	}
	return ""
}

// add counts a task of the named service on b.
func (b *bin) add(service string, t *Task) { b.count(service, t, 1) }

// remove takes a task of the named service off b.
func (b *bin) remove(service string, t *Task) { b.count(service, t, -1) }

func (b *bin) count(service string, t *Task, sign int) {
	for i, n := range t.amounts() {
		b.free[i] -= sign * n
	}
	if b.shared {
		return
	}
	for _, p := range t.TCP {
		b.tcp[p] = sign > 0
	}
	for _, p := range t.UDP {
		b.udp[p] = sign > 0
	}
	b.tenants[service] += sign
}

// leftover is how much of b is free once need is taken, as a sum of shares of
// the largest instance.
func (b *bin) leftover(need amounts, scale amounts) float64 {
	sum := 0.0
	for i := range 3 { // network interfaces cost nothing
		sum += float64(b.free[i]-need[i]) / float64(max(scale[i], 1))
	}
	return sum
}

// eligible reports whether tasks of d may run on i, if there is room.
func (i *Instance) eligible(d Demand) bool {
	if !i.Takes() {
		return false
	}
	if d.LaunchType == "" && !slices.Contains(d.Providers, i.Provider) {
		return false
	}
	if !i.matches("ecs.os-type", d.Task.OS) || !i.matches("ecs.cpu-architecture", d.Task.Arch) {
		return false
	}
	for _, expr := range slices.Concat(d.MemberOf, d.Task.MemberOf) {
		if ok, _ := i.allows(expr); !ok {
			return false
		}
	}
	return true
}

// matches reports whether i has the wanted value of an attribute; true where
// none is wanted or i does not tell.
func (i *Instance) matches(attribute, want string) bool {
	have, known := i.Attributes[attribute]
	return want == "" || !known || have == want
}

func portName(port int, protocol string) string { return strconv.Itoa(port) + "/" + protocol }
