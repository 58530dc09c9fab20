package ecs

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/taskdef"
	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Service is one desired service.
type Service struct {
	// Name is at most 255 letters, digits, hyphens and underscores.
	Name string
	// DependsOn names the services of the same plan that must be healthy before
	// this one starts.
	DependsOn []string
	// TaskDefinition is what the service is to run. It is registered only if it
	// differs from what the service runs already.
	TaskDefinition *awsecs.RegisterTaskDefinitionInput
	// Settings are used where the service is created: desired count (default 1),
	// launch type, network, load balancers and all else. Cluster, ServiceName,
	// TaskDefinition and ClientToken are filled in and must be left out. An
	// existing service keeps its settings; its desired count belongs to whoever
	// scales it. Nil is a service of one task with ECS's defaults.
	Settings *awsecs.CreateServiceInput
	// Force deploys the service anew even if its task definition is unchanged: for
	// an image tag that has moved. Images given by digest do not need it.
	Force bool
}

// nameRule is that of services. Source: ECS API reference, CreateService, "serviceName".
const nameRule = `^[A-Za-z0-9_-]{1,255}$`

// check returns the graph of services, or all of their faults joined.
func check(services []Service) (*dag.Graph, error) {
	nodes := make([]dag.Node, len(services))
	for i, s := range services {
		nodes[i] = dag.Node{Name: s.Name, Needs: s.DependsOn}
	}
	graph, err := dag.New(nodes)
	errs := []error{err}
	rule := regexp.MustCompile(nameRule)
	for i, s := range services {
		if s.Name != "" && !rule.MatchString(s.Name) {
			errs = append(errs, fmt.Errorf("%s: a service name is 1 to 255 letters, digits, hyphens and underscores", s.Name))
		}
		for _, fault := range s.faults() {
			errs = append(errs, fmt.Errorf("%s: %w", cmp.Or(s.Name, fmt.Sprintf("service %d", i+1)), fault))
		}
	}
	return graph, errors.Join(errs...)
}

func (s Service) faults() []error {
	var errs []error
	if td := s.TaskDefinition; td == nil {
		errs = append(errs, errors.New("no task definition"))
	} else {
		errs = append(errs, each(taskdef.Check(s.launched()))...)
	}
	set := s.Settings
	if set == nil {
		return errs
	}
	if set.Cluster != nil || set.ServiceName != nil || set.TaskDefinition != nil || set.ClientToken != nil {
		errs = append(errs, errors.New("settings must leave out Cluster, ServiceName, TaskDefinition and ClientToken"))
	}
	if n := ptr.Value(set.DesiredCount); n < 0 {
		errs = append(errs, fmt.Errorf("desired count %d is negative", n))
	}
	return append(errs, percentFaults(set)...)
}

// launched returns the task definition with the launch type of the settings
// among those that it must be compatible with.
func (s Service) launched() *awsecs.RegisterTaskDefinitionInput {
	td := *s.TaskDefinition
	if s.Settings != nil && s.Settings.LaunchType == types.LaunchTypeFargate && !slices.Contains(td.RequiresCompatibilities, types.CompatibilityFargate) {
		td.RequiresCompatibilities = append(slices.Clip(td.RequiresCompatibilities), types.CompatibilityFargate)
	}
	return &td
}

// each takes joined errors apart, so that each gets the name of its service.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// percentFaults finds rollouts that could never move: with no task allowed
// beyond the desired ones and none to spare, ECS can neither start nor stop one.
// Source: ECS API reference, DeploymentConfiguration: the maximum rounds down,
// the minimum rounds up.
func percentFaults(set *awsecs.CreateServiceInput) []error {
	c := set.DeploymentConfiguration
	if c == nil || set.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return nil
	}
	least, most := int32(100), int32(200)
	if c.MinimumHealthyPercent != nil {
		least = *c.MinimumHealthyPercent
	}
	if c.MaximumPercent != nil {
		most = *c.MaximumPercent
	}
	if least < 0 || least > 100 || most < 100 {
		return []error{fmt.Errorf("minimum healthy %d %% and maximum %d %%: want 0 to 100, and 100 or more", least, most)}
	}
	n := desiredCount(set)
	if n > 0 && n*most/100 <= n && (n*least+99)/100 >= n {
		return []error{fmt.Errorf("minimum healthy %d %% and maximum %d %% of %d tasks allow no task to start or stop: an update could never progress", least, most, n)}
	}
	return nil
}

func desiredCount(set *awsecs.CreateServiceInput) int32 {
	if set == nil || set.DesiredCount == nil {
		return 1
	}
	return *set.DesiredCount
}

// essentials returns the containers whose end ends the task: all that are not
// marked otherwise. Source: ECS API reference, ContainerDefinition, "essential".
func essentials(all []types.ContainerDefinition) []types.ContainerDefinition {
	var out []types.ContainerDefinition
	for _, c := range all {
		if c.Essential == nil || *c.Essential {
			out = append(out, c)
		}
	}
	return out
}

// checked names the essential containers of td that have a health check.
func checked(all []types.ContainerDefinition) []string {
	var names []string
	for _, c := range essentials(all) {
		if c.HealthCheck != nil {
			names = append(names, ptr.Value(c.Name))
		}
	}
	return names
}
