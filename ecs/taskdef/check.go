package taskdef

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// FaultError is one fault of a task definition.
type FaultError struct {
	Container string // empty where the fault is of the task as a whole
	Err       error
}

func (e *FaultError) Error() string {
	if e.Container == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("container %s: %v", e.Container, e.Err)
}

// Unwrap returns the fault without its place.
func (e *FaultError) Unwrap() error { return e.Err }

// Check returns the faults of td that ECS would refuse, or that would keep its
// tasks from starting: each a [*FaultError], all joined; nil if it finds none.
//
// It knows the rules that need nothing but the definition: names, essential
// containers, dependencies, volumes, ports, health checks, memory, what needs an
// execution role, and what Fargate takes where RequiresCompatibilities has
// FARGATE. It cannot know whether an image, a role or a secret exists.
//
// Source: ECS API reference, RegisterTaskDefinition and ContainerDefinition.
func Check(td *awsecs.RegisterTaskDefinitionInput) error {
	if td == nil {
		return &FaultError{Err: errors.New("no task definition")}
	}
	c := &checker{td: td, containers: make(map[string]types.ContainerDefinition)}
	if !validName(ptr.Value(td.Family)) {
		c.fault("", "family %q: want 1 to 255 letters, digits, hyphens and underscores", ptr.Value(td.Family))
	}
	c.names()
	for i, def := range td.ContainerDefinitions {
		name := ptr.Value(def.Name)
		if name == "" {
			name = fmt.Sprintf("#%d", i+1)
		}
		c.container(name, def)
	}
	c.order()
	c.bridgePorts()
	c.volumes()
	c.memory()
	if slices.Contains(td.RequiresCompatibilities, types.CompatibilityFargate) {
		c.fargate()
	}
	return errors.Join(c.errs...)
}

type checker struct {
	td         *awsecs.RegisterTaskDefinitionInput
	containers map[string]types.ContainerDefinition
	errs       []error
}

func (c *checker) fault(container, format string, args ...any) {
	c.errs = append(c.errs, &FaultError{Container: container, Err: fmt.Errorf(format, args...)})
}

// validName reports whether ECS takes name for a family or a container.
// Source: ECS API reference, RegisterTaskDefinition, "family"; ContainerDefinition, "name".
func validName(name string) bool {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}
	return name != "" && len(name) <= 255 && !strings.ContainsFunc(name, other)
}

func essential(def types.ContainerDefinition) bool { return def.Essential == nil || *def.Essential }

// names checks what the containers are called, and that one is essential.
func (c *checker) names() {
	anyEssential := false
	for i, def := range c.td.ContainerDefinitions {
		name := ptr.Value(def.Name)
		if _, twice := c.containers[name]; twice && name != "" {
			c.fault(name, "defined twice")
		}
		if !validName(name) {
			c.fault("", "container %d: name %q: want 1 to 255 letters, digits, hyphens and underscores", i+1, name)
		}
		c.containers[name] = def
		anyEssential = anyEssential || essential(def)
	}
	switch {
	case len(c.td.ContainerDefinitions) == 0:
		c.fault("", "no containers")
	case !anyEssential:
		c.fault("", "no essential container: at least one must be")
	}
}

// container checks what can be said of one container alone.
func (c *checker) container(name string, def types.ContainerDefinition) {
	if ptr.Value(def.Image) == "" {
		c.fault(name, "no image")
	}
	for _, p := range def.PortMappings {
		c.port(name, p)
	}
	c.health(name, def.HealthCheck)
	c.secrets(name, def)
	if log := def.LogConfiguration; log != nil && log.LogDriver == types.LogDriverAwsfirelens &&
		!slices.ContainsFunc(c.td.ContainerDefinitions, func(d types.ContainerDefinition) bool { return d.FirelensConfiguration != nil }) {
		c.fault(name, "log driver awsfirelens, but no container has a firelensConfiguration")
	}
	if hard, soft := ptr.Value(def.Memory), ptr.Value(def.MemoryReservation); hard > 0 && hard < soft {
		c.fault(name, "memory %d MiB is less than memoryReservation %d MiB", hard, soft)
	}
	for _, m := range def.MountPoints {
		volume := ptr.Value(m.SourceVolume)
		if volume != "" && !slices.ContainsFunc(c.td.Volumes, func(v types.Volume) bool { return ptr.Value(v.Name) == volume }) {
			c.fault(name, "mounts unknown volume %q", volume)
		}
	}
	for _, v := range def.VolumesFrom {
		if _, known := c.containers[ptr.Value(v.SourceContainer)]; !known {
			c.fault(name, "takes the volumes of unknown container %q", ptr.Value(v.SourceContainer))
		}
	}
}

// port checks one port mapping. Source: ECS API reference, PortMapping.
func (c *checker) port(name string, p types.PortMapping) {
	container, host := ptr.Value(p.ContainerPort), ptr.Value(p.HostPort)
	mode := c.td.NetworkMode
	switch {
	case mode == types.NetworkModeNone:
		c.fault(name, "port %d with network mode none", container)
	case p.ContainerPort == nil && p.ContainerPortRange == nil:
		c.fault(name, "port mapping without a containerPort")
	case p.ContainerPort != nil && (container < 1 || container > 65535):
		c.fault(name, "container port %d: want 1 to 65535", container)
	case host < 0 || host > 65535:
		c.fault(name, "host port %d: want 0 to 65535", host)
	case (mode == types.NetworkModeAwsvpc || mode == types.NetworkModeHost) && p.ContainerPort != nil && host != 0 && host != container:
		c.fault(name, "host port %d differs from container port %d, which network mode %s does not allow; leave hostPort out", host, container, mode)
	}
}

// bridgePorts finds host ports that two mappings want: such a task never starts.
func (c *checker) bridgePorts() {
	if c.td.NetworkMode != "" && c.td.NetworkMode != types.NetworkModeBridge {
		return
	}
	owner := make(map[string]string)
	for _, def := range c.td.ContainerDefinitions {
		for _, p := range def.PortMappings {
			if ptr.Value(p.HostPort) == 0 {
				continue
			}
			protocol := types.TransportProtocolTcp
			if p.Protocol == types.TransportProtocolUdp {
				protocol = p.Protocol
			}
			port := fmt.Sprintf("%d/%s", *p.HostPort, protocol)
			if other, taken := owner[port]; taken {
				c.fault(ptr.Value(def.Name), "host port %s is also that of container %s", port, other)
			}
			owner[port] = ptr.Value(def.Name)
		}
	}
}

// health checks a health check. Source: ECS API reference, HealthCheck.
func (c *checker) health(name string, h *types.HealthCheck) {
	if h == nil {
		return
	}
	switch {
	case len(h.Command) == 0:
		c.fault(name, "health check without a command")
	case !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, h.Command[0]):
		c.fault(name, "the command of the health check must begin with CMD or CMD-SHELL")
	case len(h.Command) == 1 && h.Command[0] != "NONE":
		c.fault(name, "the command of the health check is only %s", h.Command[0])
	}
	for _, limit := range []struct {
		name        string
		value       *int32
		least, most int32
	}{
		{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 60}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300},
	} {
		if v := limit.value; v != nil && (*v < limit.least || *v > limit.most) {
			c.fault(name, "%s %d of the health check: want %d to %d", limit.name, *v, limit.least, limit.most)
		}
	}
}

// secrets checks secrets, by their names alone.
func (c *checker) secrets(name string, def types.ContainerDefinition) {
	if len(def.Secrets) > 0 && ptr.Value(c.td.ExecutionRoleArn) == "" {
		c.fault(name, "secrets need an executionRoleArn, which reads them")
	}
	seen := make(map[string]bool)
	for _, e := range def.Environment {
		seen[ptr.Value(e.Name)] = true
	}
	for _, s := range def.Secrets {
		if seen[ptr.Value(s.Name)] {
			c.fault(name, "secret %s has the name of another secret or variable", ptr.Value(s.Name))
		}
		seen[ptr.Value(s.Name)] = true
	}
}

// order checks the dependencies between containers.
// Source: ECS API reference, ContainerDependency.
func (c *checker) order() {
	nodes := make([]dag.Node, 0, len(c.td.ContainerDefinitions))
	added := make(map[string]bool)
	for _, def := range c.td.ContainerDefinitions {
		name := ptr.Value(def.Name)
		node := dag.Node{Name: name}
		for _, d := range def.DependsOn {
			on := ptr.Value(d.ContainerName)
			other, known := c.containers[on]
			if !known {
				c.fault(name, "depends on unknown container %q", on)
				continue
			}
			node.Needs = append(node.Needs, on)
			switch {
			case d.Condition == types.ContainerConditionHealthy && other.HealthCheck == nil:
				c.fault(name, "waits until %s is HEALTHY, which has no healthCheck", on)
			case (d.Condition == types.ContainerConditionComplete || d.Condition == types.ContainerConditionSuccess) && essential(other):
				c.fault(name, "waits for %s of %s, which is essential: its end would end the task", d.Condition, on)
			case d.Condition == "":
				c.fault(name, "depends on %s without a condition", on)
			}
		}
		if name != "" && !added[name] {
			nodes = append(nodes, node)
			added[name] = true
		}
	}
	_, err := dag.New(nodes)
	for _, cycle := range dag.Cycles(err) {
		c.fault(cycle.Path[0], "dependsOn goes round in a circle: %s", strings.Join(cycle.Path, " -> "))
	}
}

func (c *checker) volumes() {
	seen := make(map[string]bool)
	for _, v := range c.td.Volumes {
		if name := ptr.Value(v.Name); seen[name] {
			c.fault("", "volume %q is defined twice", name)
		}
		seen[ptr.Value(v.Name)] = true
	}
}
