package taskdef

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// leastMemory is what Docker reserves at least for a container, in MiB; from
// version 19.03.13 back it was this little.
// Source: ECS API reference, ContainerDefinition, "memory".
const leastMemory = 4

// memory checks that the containers have memory, and fit into that of the task.
func (c *checker) memory() {
	c.sizes()
	none := ptr.Value(c.td.Memory) == ""
	task, known := sizeIn(ptr.Value(c.td.Memory), "gb")
	sum := 0
	for _, def := range c.td.ContainerDefinitions {
		name, hard, soft := ptr.Value(def.Name), int(ptr.Value(def.Memory)), int(ptr.Value(def.MemoryReservation))
		for _, m := range []int{hard, soft} {
			if m != 0 && m < leastMemory {
				c.fault(name, "memory of %d MiB: want at least %d", m, leastMemory)
			}
		}
		switch {
		case none && hard == 0 && soft == 0:
			c.fault(name, "no memory: the task has none either, so that the container needs memory or memoryReservation")
		case known && hard > task:
			c.fault(name, "memory %d MiB is more than the %d MiB of the task", hard, task)
		default:
			sum += cmp.Or(soft, hard)
		}
	}
	if known && sum > task {
		c.fault("", "the containers reserve %d MiB, the task has %d MiB", sum, task)
	}
}

// sizes checks that those of the task can be read.
func (c *checker) sizes() {
	if memory := ptr.Value(c.td.Memory); memory != "" {
		if _, ok := sizeIn(memory, "gb"); !ok {
			c.fault("", `memory %q: want MiB, such as "512", or GB, such as "2 GB"`, memory)
		}
	}
	if cpu := ptr.Value(c.td.Cpu); cpu != "" {
		if _, ok := sizeIn(cpu, "vcpu"); !ok {
			c.fault("", `cpu %q: want units, such as "256", or vCPUs, such as "1 vCPU"`, cpu)
		}
	}
}

// fargate checks what only Fargate asks for.
// Source: ECS developer guide, "Task definition differences for Fargate".
func (c *checker) fargate() {
	if c.td.NetworkMode != types.NetworkModeAwsvpc {
		c.fault("", "Fargate needs network mode awsvpc, not %s", cmp.Or(string(c.td.NetworkMode), "bridge (the default)"))
	}
	if c.td.PidMode == types.PidModeHost {
		c.fault("", "Fargate takes no pidMode host")
	}
	if c.td.IpcMode != "" {
		c.fault("", "Fargate takes no ipcMode")
	}
	if len(c.td.PlacementConstraints) > 0 {
		c.fault("", "Fargate takes no placementConstraints")
	}
	c.fargateSize()
	for _, v := range c.td.Volumes {
		if v.DockerVolumeConfiguration != nil || v.Host != nil && ptr.Value(v.Host.SourcePath) != "" {
			c.fault("", "volume %q: Fargate takes no Docker volumes and no paths of the host", ptr.Value(v.Name))
		}
	}
	for _, def := range c.td.ContainerDefinitions {
		c.fargateContainer(def)
	}
}

func (c *checker) fargateSize() {
	cpu, cpuOK := sizeIn(ptr.Value(c.td.Cpu), "vcpu")
	memory, memoryOK := sizeIn(ptr.Value(c.td.Memory), "gb")
	if ptr.Value(c.td.Cpu) == "" || ptr.Value(c.td.Memory) == "" {
		c.fault("", "Fargate needs cpu and memory of the task")
		return
	}
	if !cpuOK || !memoryOK {
		return // said already
	}
	windows := c.td.RuntimePlatform != nil && strings.HasPrefix(string(c.td.RuntimePlatform.OperatingSystemFamily), "WINDOWS")
	sizes := fargateSizes()
	if windows {
		sizes = slices.DeleteFunc(sizes, func(s fargateSize) bool { return !s.windows })
	}
	i := slices.IndexFunc(sizes, func(s fargateSize) bool { return s.cpu == cpu })
	switch {
	case i < 0:
		offers := make([]string, len(sizes))
		for j, s := range sizes {
			offers[j] = fmt.Sprint(s.cpu)
		}
		c.fault("", "cpu %d: Fargate has %s", cpu, strings.Join(offers, ", "))
	case !sizes[i].takes(memory):
		c.fault("", "memory %d MiB does not go with cpu %d: Fargate has %s", memory, cpu, sizes[i].offer())
	}
	used := 0
	for _, def := range c.td.ContainerDefinitions {
		used += int(def.Cpu)
	}
	if used > cpu {
		c.fault("", "the containers have cpu %d, the task has %d", used, cpu)
	}
}

func (c *checker) fargateContainer(def types.ContainerDefinition) {
	name := ptr.Value(def.Name)
	role := ptr.Value(c.td.ExecutionRoleArn) != ""
	if log := def.LogConfiguration; log != nil {
		drivers := []types.LogDriver{types.LogDriverAwslogs, types.LogDriverSplunk, types.LogDriverAwsfirelens}
		switch {
		case !slices.Contains(drivers, log.LogDriver):
			c.fault(name, "log driver %s: Fargate has awslogs, splunk and awsfirelens", log.LogDriver)
		case log.LogDriver == types.LogDriverAwslogs:
			if !role {
				c.fault(name, "log driver awslogs needs an executionRoleArn on Fargate")
			}
			if log.Options["awslogs-stream-prefix"] == "" {
				c.fault(name, "log driver awslogs needs the option awslogs-stream-prefix on Fargate")
			}
		}
	}
	if registry, _, _ := strings.Cut(ptr.Value(def.Image), "/"); !role && strings.Contains(registry, ".dkr.ecr.") {
		c.fault(name, "an image in ECR needs an executionRoleArn on Fargate")
	}
	if ptr.Value(def.Privileged) {
		c.fault(name, "Fargate runs no privileged containers")
	}
	if len(def.Links) > 0 {
		c.fault(name, "Fargate takes no links")
	}
	if t := ptr.Value(def.StopTimeout); t > 120 {
		c.fault(name, "stopTimeout %d: Fargate has at most 120 seconds", t)
	}
	if t := ptr.Value(def.StartTimeout); t > 120 {
		c.fault(name, "startTimeout %d: Fargate has at most 120 seconds", t)
	}
}
