package ecstest

import (
	"slices"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
)

// Elsewhere is what a Cloud asks about the rest of the account. Its methods are
// called while the Cloud is locked, which they must not call back.
type Elsewhere interface {
	// Image reports whether the image that a container names can be pulled. A task
	// with one that cannot fails to start, with a CannotPullContainerError.
	Image(ref string) bool
	// TargetGroup reports whether there is a target group of that ARN. A service
	// that names one that is not there is refused.
	TargetGroup(arn string) bool
	// LogGroup reports whether there is a log group of that name. A task that would
	// write to one that is not there fails to start, unless it makes it.
	LogGroup(name string) bool
}

// quickened is how long something takes that is no task.
func (c *Cloud) quickened(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.opts.Speed)
}

// unstartable says why a task of td cannot start, as ECS does; "" where it can.
func (c *Cloud) unstartable(td *taskDefinition) string {
	if c.opts.Elsewhere == nil {
		return ""
	}
	for _, def := range td.containers() {
		if image, _ := def["image"].(string); !c.opts.Elsewhere.Image(image) {
			return unpullable(image)
		}
		config, _ := def["logConfiguration"].(object)
		options, _ := config["options"].(object)
		group, _ := options["awslogs-group"].(string)
		if config["logDriver"] == "awslogs" && options["awslogs-create-group"] != "true" && !c.opts.Elsewhere.LogGroup(group) {
			return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: " +
				"failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
		}
	}
	return ""
}

func unpullable(image string) string {
	return "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": not found"
}

// knownTies refuses registries and target groups that do not exist.
func (c *Cloud) knownTies(t ties) *Error {
	for _, r := range t.Registries {
		if c.registry.services[short.Name(r.ARN)] == nil {
			return invalid("The service registry " + r.ARN + " does not exist.")
		}
	}
	for _, lb := range t.LoadBalancers {
		if c.opts.Elsewhere != nil && !c.opts.Elsewhere.TargetGroup(lb.TargetGroup) {
			return invalid("The specified target group " + lb.TargetGroup + " does not exist.")
		}
	}
	return nil
}

// RemoveNamespace deletes a namespace of Cloud Map, unless there are services in
// it. Where there is no such namespace, it does nothing.
func (c *Cloud) RemoveNamespace(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agenda.CatchUp(time.Now())
	for _, s := range c.registry.services {
		if s.namespace.id == id {
			return &Error{Code: "ResourceInUse", Message: "Namespace has associated services; delete the services before deleting the namespace"}
		}
	}
	c.registry.namespaces = slices.DeleteFunc(c.registry.namespaces, func(ns *namespace) bool { return ns.id == id })
	return nil
}
