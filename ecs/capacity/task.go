package capacity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/tasksize"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Task is what one task takes.
type Task struct {
	Resources
	// TCP and UDP are the host ports that it binds, without those that the host
	// chooses.
	TCP []int `json:"tcp,omitempty"`
	UDP []int `json:"udp,omitempty"`
	// ENI tells that it has a network interface of its own: awsvpc mode.
	ENI bool `json:"eni,omitempty"`
	// OS and Arch are what an instance must have as the attributes "ecs.os-type"
	// ("linux", "windows") and "ecs.cpu-architecture" ("x86_64", "arm64"); empty is any.
	OS   string `json:"os,omitempty"`
	Arch string `json:"arch,omitempty"`
	// MemberOf holds expressions of the cluster query language.
	MemberOf []string `json:"memberOf,omitempty"`
}

// TaskOf returns what a task of td takes.
//
// CPU and memory are those of the task where they are given, else the sums over
// its containers; of a container counts the memory reservation where there is
// one, else its limit. Source: ECS API reference, ContainerDefinition, "memoryReservation".
// It fails where CPU, memory or a number of GPUs cannot be understood.
func TaskOf(td *awsecs.RegisterTaskDefinitionInput) (Task, error) {
	if td == nil {
		return Task{}, nil
	}
	return taskOf(&types.TaskDefinition{
		Cpu: td.Cpu, Memory: td.Memory, NetworkMode: td.NetworkMode, ContainerDefinitions: td.ContainerDefinitions,
		RuntimePlatform: td.RuntimePlatform, PlacementConstraints: td.PlacementConstraints,
	})
}

func taskOf(td *types.TaskDefinition) (Task, error) {
	var t Task
	var err error
	if t.CPU, err = tasksize.CPU(ptr.Value(td.Cpu)); err != nil {
		return Task{}, err
	}
	if t.Memory, err = tasksize.Memory(ptr.Value(td.Memory)); err != nil {
		return Task{}, err
	}
	for _, c := range td.ContainerDefinitions {
		if td.Cpu == nil {
			t.CPU += int(c.Cpu)
		}
		if td.Memory == nil {
			t.Memory += memoryOf(c)
		}
		gpus, err := gpusOf(c)
		if err != nil {
			return Task{}, fmt.Errorf("container %s: %w", ptr.Value(c.Name), err)
		}
		t.GPUs += gpus
		t.bind(c.PortMappings, td.NetworkMode)
	}
	slices.Sort(t.TCP)
	slices.Sort(t.UDP)
	t.ENI = td.NetworkMode == types.NetworkModeAwsvpc
	t.platform(td.RuntimePlatform)
	for _, c := range td.PlacementConstraints {
		if c.Type == types.TaskDefinitionPlacementConstraintTypeMemberOf {
			t.MemberOf = append(t.MemberOf, ptr.Value(c.Expression))
		}
	}
	return t, nil
}

func memoryOf(c types.ContainerDefinition) int {
	if c.MemoryReservation != nil {
		return int(*c.MemoryReservation)
	}
	return int(ptr.Value(c.Memory))
}

func gpusOf(c types.ContainerDefinition) (int, error) {
	sum := 0
	for _, r := range c.ResourceRequirements {
		if r.Type != types.ResourceTypeGpu {
			continue
		}
		n, err := strconv.Atoi(ptr.Value(r.Value))
		if err != nil || n < 0 {
			return 0, fmt.Errorf("number of GPUs %q: want a whole number", ptr.Value(r.Value))
		}
		sum += n
	}
	return sum, nil
}

// bind notes the host ports that are fixed. In host mode a container port is a
// host port; in awsvpc mode ports are those of the task's own interface.
// Source: ECS API reference, PortMapping, "hostPort".
func (t *Task) bind(ports []types.PortMapping, mode types.NetworkMode) {
	if mode == types.NetworkModeAwsvpc || mode == types.NetworkModeNone {
		return
	}
	for _, p := range ports {
		port := int(ptr.Value(p.HostPort))
		if port == 0 && mode == types.NetworkModeHost {
			port = int(ptr.Value(p.ContainerPort))
		}
		switch {
		case port == 0:
		case p.Protocol == types.TransportProtocolUdp:
			t.UDP = append(t.UDP, port)
		default:
			t.TCP = append(t.TCP, port)
		}
	}
}

// platform sets OS and Arch from values such as "WINDOWS_SERVER_2022_CORE" and "ARM64".
func (t *Task) platform(p *types.RuntimePlatform) {
	if p == nil {
		return
	}
	if os := strings.ToLower(string(p.OperatingSystemFamily)); os != "" {
		t.OS, _, _ = strings.Cut(os, "_")
	}
	t.Arch = strings.ToLower(string(p.CpuArchitecture))
}

// Creating returns the demand of a service that is to be created with settings
// (nil is a service of one task) and to run td.
func Creating(name string, td *awsecs.RegisterTaskDefinitionInput, settings *awsecs.CreateServiceInput) (Demand, error) {
	task, err := TaskOf(td)
	if err != nil {
		return Demand{}, fmt.Errorf("capacity for %s: %w", name, err)
	}
	d := Demand{Service: name, Task: task, Desired: 1}
	if settings == nil {
		return d, nil
	}
	if settings.DesiredCount != nil {
		d.Desired = int(*settings.DesiredCount)
	}
	d.LaunchType = string(settings.LaunchType)
	d.Daemon = settings.SchedulingStrategy == types.SchedulingStrategyDaemon
	d.place(settings.CapacityProviderStrategy, settings.NetworkConfiguration, settings.PlacementConstraints)
	d.percents(settings.DeploymentConfiguration)
	return d, nil
}

// Updating returns the demand of service s, which is there already, with its
// own settings, and is to run td instead of old. Where old is nil, its tasks
// count as large as the new ones.
func Updating(s types.Service, td *awsecs.RegisterTaskDefinitionInput, old *types.TaskDefinition) (Demand, error) {
	name := ptr.Value(s.ServiceName)
	task, err := TaskOf(td)
	if err != nil {
		return Demand{}, fmt.Errorf("capacity for %s: %w", name, err)
	}
	d := Demand{
		Service: name, Task: task, Desired: int(s.DesiredCount), Running: int(s.RunningCount + s.PendingCount),
		LaunchType: string(s.LaunchType), Daemon: s.SchedulingStrategy == types.SchedulingStrategyDaemon,
	}
	if old != nil {
		before, err := taskOf(old)
		if err != nil {
			return Demand{}, fmt.Errorf("capacity for %s: its present task definition: %w", name, err)
		}
		d.Old = &before
	}
	d.place(s.CapacityProviderStrategy, s.NetworkConfiguration, s.PlacementConstraints)
	d.percents(s.DeploymentConfiguration)
	return d, nil
}

func (d *Demand) place(strategy []types.CapacityProviderStrategyItem, network *types.NetworkConfiguration, constraints []types.PlacementConstraint) {
	for _, item := range strategy {
		d.Providers = append(d.Providers, ptr.Value(item.CapacityProvider))
	}
	if len(d.Providers) > 0 {
		d.LaunchType = "" // services with a strategy have none
	}
	if network != nil && network.AwsvpcConfiguration != nil {
		d.Subnets = slices.Clone(network.AwsvpcConfiguration.Subnets)
	}
	for _, c := range constraints {
		switch c.Type {
		case types.PlacementConstraintTypeDistinctInstance:
			d.DistinctInstance = true
		case types.PlacementConstraintTypeMemberOf:
			d.MemberOf = append(d.MemberOf, ptr.Value(c.Expression))
		}
	}
}

func (d *Demand) percents(c *types.DeploymentConfiguration) {
	if c == nil {
		return
	}
	if c.MinimumHealthyPercent != nil {
		n := int(*c.MinimumHealthyPercent)
		d.MinPercent = &n
	}
	if c.MaximumPercent != nil {
		n := int(*c.MaximumPercent)
		d.MaxPercent = &n
	}
}
