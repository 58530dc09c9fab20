package ecstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/ecs/internal/short"
)

// Instance describes a container instance for [Cloud.AddInstance].
type Instance struct {
	// CPU is in units of 1/1024 vCPU, Memory in MiB; both are what tasks can take.
	CPU, Memory int
	GPUs        int
	// ENIs is how many tasks in awsvpc mode the instance takes; 0 is no limit.
	ENIs int
	// TCP and UDP are host ports that something else on the instance uses. The
	// ports of SSH, Docker and the agent need not be given: 22, 2375, 2376, 51678
	// and 51679 are always in use, as ECS reports them.
	TCP, UDP []int
	// Attributes are added to those that every instance has: "ecs.os-type",
	// "ecs.cpu-architecture" and "ecs.instance-type".
	Attributes map[string]string
	// Provider is the capacity provider that the instance belongs to.
	Provider string
	// Status is ACTIVE where it is empty; tasks are placed on no other.
	Status string
	// Disconnected is an instance whose agent ECS has lost.
	Disconnected bool
}

// instance is a container instance and what its tasks leave of it.
type instance struct {
	Instance
	cluster *cluster
	id      string
}

// AddInstance adds a container instance to a cluster, which is made if need
// be, and returns its ID. From the first one on, the tasks of services that
// name no other launch type or capacity provider are placed on instances:
// on the one with the least memory left that takes them, as binpack does.
// A cluster without instances has room for everything. Tasks that are not on Fargate
// take their CPU, memory, host ports, GPUs and network interfaces; where no instance has
// room, the service says so in the event that ECS has for it.
func (c *Cloud) AddInstance(clusterName string, in Instance) (id string) {
	c.AddCluster(clusterName)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	cl := c.clusters[clusterName]
	i := &instance{Instance: in, cluster: cl, id: fmt.Sprintf("%032x", c.serial)}
	i.TCP = append([]int{22, 2375, 2376, 51678, 51679}, in.TCP...)
	i.Attributes = map[string]string{"ecs.os-type": "linux", "ecs.cpu-architecture": "x86_64", "ecs.instance-type": "m5.large"}
	maps.Copy(i.Attributes, in.Attributes)
	if i.Status == "" {
		i.Status = statusActive
	}
	cl.instances = append(cl.instances, i)
	return i.id
}

// SetInstanceStatus gives an instance another status, such as DRAINING. Its
// tasks run on. It does nothing where there is no such instance.
func (c *Cloud) SetInstanceStatus(clusterName, id, status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cl := c.clusters[clusterName]; cl != nil {
		for _, i := range cl.instances {
			if i.id == short.Name(id) {
				i.Status = status
			}
		}
	}
}

// load is what tasks take of an instance.
type load struct {
	cpu, memory, gpus, enis int
	tcp, udp                []int
}

// load returns what a task of td takes of an instance: the size of the task,
// or else of its containers, of which the memory reservation counts where there
// is one. Source: ECS API reference, ContainerDefinition, "memoryReservation".
func (td *taskDefinition) load() load {
	var l load
	mode, _ := td.fields["networkMode"].(string)
	if mode == "awsvpc" {
		l.enis = 1
	}
	for _, def := range td.containers() {
		l.cpu += number(def["cpu"])
		memory, reserved := def["memoryReservation"]
		if !reserved {
			memory = def["memory"]
		}
		l.memory += number(memory)
		for _, r := range objects(def["resourceRequirements"]) {
			if r["type"] == "GPU" {
				l.gpus += number(r["value"])
			}
		}
		for _, p := range objects(def["portMappings"]) {
			port := number(p["hostPort"])
			if port == 0 && mode == "host" {
				port = number(p["containerPort"])
			}
			switch {
			case port == 0 || mode == "awsvpc":
			case p["protocol"] == "udp":
				l.udp = append(l.udp, port)
			default:
				l.tcp = append(l.tcp, port)
			}
		}
	}
	if n := number(td.fields["cpu"]); n > 0 {
		l.cpu = n
	}
	if n := number(td.fields["memory"]); n > 0 {
		l.memory = n
	}
	return l
}

// used is what the tasks on i take, those included that are stopping.
func (i *instance) used() load {
	l := load{tcp: slices.Clone(i.TCP), udp: slices.Clone(i.UDP)}
	for _, t := range i.cluster.tasks {
		if t.instance != i || t.status == stopped {
			continue
		}
		own := t.deployment.definition.load()
		l.cpu, l.memory, l.gpus, l.enis = l.cpu+own.cpu, l.memory+own.memory, l.gpus+own.gpus, l.enis+own.enis
		l.tcp, l.udp = append(l.tcp, own.tcp...), append(l.udp, own.udp...)
	}
	return l
}

// lacks says in the words of ECS why i does not take want; "" if it does. The
// shortfall is how much memory, or else CPU, is missing.
// Source: ECS developer guide, "Amazon ECS service event messages".
func (i *instance) lacks(want load) (why string, shortfall int) {
	used := i.used()
	clash := func(wanted, taken []int) bool {
		return slices.ContainsFunc(wanted, func(p int) bool { return slices.Contains(taken, p) })
	}
	switch {
	case i.Status != statusActive || i.Disconnected:
		return `encountered error "AGENT"`, 1 << 30
	case want.memory > i.Memory-used.memory:
		return "has insufficient memory available", want.memory - (i.Memory - used.memory)
	case want.cpu > i.CPU-used.cpu:
		return "has insufficient CPU units available", want.cpu - (i.CPU - used.cpu)
	case want.gpus > i.GPUs-used.gpus:
		return `encountered error "RESOURCE:GPU"`, 0
	case want.enis > 0 && i.ENIs > 0 && want.enis > i.ENIs-used.enis:
		return `encountered error "RESOURCE:ENI"`, 0
	case clash(want.tcp, used.tcp) || clash(want.udp, used.udp):
		return "is already using a port required by your task", 0
	}
	return "", 0
}

// onInstances reports whether the tasks of s are placed on the instances of
// its cluster.
func (s *service) onInstances() bool {
	return len(s.cluster.instances) > 0 && s.launchType() == "EC2"
}

// launchType is FARGATE for tasks of its capacity providers too.
func (s *service) launchType() string {
	launchType, _ := s.passed["launchType"].(string)
	if slices.ContainsFunc(s.providers(), fargate) {
		launchType = "FARGATE"
	}
	return cmp.Or(launchType, "EC2")
}

func fargate(provider string) bool { return strings.HasPrefix(provider, "FARGATE") }

func (s *service) providers() []string {
	var names []string
	for _, item := range objects(s.passed["capacityProviderStrategy"]) {
		if name, _ := item["capacityProvider"].(string); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// instanceFor returns the instance for a task of td, nil where the service needs
// none, or else the event that says why there is no room.
func (s *service) instanceFor(td *taskDefinition) (best *instance, event string) {
	if !s.onInstances() {
		return nil, ""
	}
	const unable = "was unable to place a task because no container instance met all of its requirements. "
	want, providers := td.load(), s.providers()
	event = unable + "Reason: No Container Instances were found in your capacity provider."
	least, closest := 0, 0
	for _, i := range s.cluster.instances {
		if len(providers) > 0 && !slices.Contains(providers, i.Provider) {
			continue
		}
		why, shortfall := i.lacks(want)
		left := i.Memory - i.used().memory
		switch {
		case why == "" && (best == nil || left < least):
			best, least = i, left
		case why != "" && (closest == 0 || shortfall < closest):
			closest = max(shortfall, 1)
			event = unable + fmt.Sprintf("The closest matching (container-instance %s) %s.", i.id, why)
		}
	}
	if best != nil {
		event = ""
	}
	return best, event
}

// number reads a JSON number, or one that is written as a string.
func number(v any) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case string:
		n, _ := strconv.Atoi(v) // what is no number takes nothing
		return n
	}
	return 0
}

func objects(v any) []object {
	list, _ := v.([]any)
	var out []object
	for _, item := range list {
		if o, ok := item.(object); ok {
			out = append(out, o)
		}
	}
	return out
}
