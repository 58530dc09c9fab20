package deploy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/infra"
)

// place is where services run: what the stacks of the environment have made.
type place struct {
	env        envname.Environment
	region     string
	in         infra.EnvironmentOutputs
	roles      infra.RolesOutputs
	images     map[string]string // by module, with digests
	registries map[string]types.ServiceRegistry
}

// Times that services are given.
const (
	// startPeriod is how many seconds after its start a container may fail its health
	// check without it counting.
	startPeriod = 60
	// gracePeriod is the same for the health checks of the load balancer, which ask
	// later.
	gracePeriod = 90
)

// names are the services that others find by name: those with a port.
func names(services []config.Service) []discovery.Service {
	var named []discovery.Service
	for _, s := range services {
		if s.Port != 0 {
			named = append(named, discovery.Service{Name: s.Name})
		}
	}
	return named
}

// services are those of the file as they are to run there.
func (p place) services(services []config.Service) ([]ecs.Service, error) {
	desired := make([]ecs.Service, len(services))
	for i, s := range services {
		family, err := p.env.ResourceName(envname.TaskFamily, s.Name)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", s.Name, err)
		}
		desired[i] = ecs.Service{
			Name: s.Name, DependsOn: s.DependsOn,
			TaskDefinition: p.taskDefinition(s, family), Settings: p.settings(s),
		}
	}
	return desired, nil
}

func (p place) taskDefinition(s config.Service, family string) *awsecs.RegisterTaskDefinitionInput {
	return &awsecs.RegisterTaskDefinitionInput{
		Family:                  &family,
		Cpu:                     new(fmt.Sprint(cmp.Or(s.CPU, 256))),
		Memory:                  new(fmt.Sprint(cmp.Or(s.Memory, 512))),
		NetworkMode:             types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ExecutionRoleArn:        &p.roles.ExecutionRole,
		TaskRoleArn:             new(cmp.Or(p.roles.ServiceRoles[s.Name], p.roles.TaskRole)),
		ContainerDefinitions:    []types.ContainerDefinition{p.container(s)},
		Tags:                    p.tags(),
	}
}

func (p place) container(s config.Service) types.ContainerDefinition {
	c := types.ContainerDefinition{
		Name: &s.Name, Image: new(p.image(s)), Essential: new(true),
		Environment: p.environment(s),
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": p.in.LogGroup, "awslogs-region": p.region, "awslogs-stream-prefix": s.Name,
		}},
	}
	if s.Port != 0 {
		c.PortMappings = []types.PortMapping{{ContainerPort: &s.Port}}
	}
	if s.HealthCheck != "" {
		c.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", s.HealthCheck}, StartPeriod: new(int32(startPeriod))}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		c.Secrets = append(c.Secrets, types.Secret{Name: &name, ValueFrom: new(s.Secrets[name])})
	}
	return c
}

// image is the one of the file, or that of the module with its digest.
func (p place) image(s config.Service) string { return cmp.Or(s.Image, p.images[s.ImageOf()]) }

// environment are the variables of a container: which environment it is in, the domain
// in which it finds others, the URLs of the caches, and its own, which win.
func (p place) environment(s config.Service) []types.KeyValuePair {
	all := map[string]string{"ENVIRONMENT_NAME": p.env.Name, "SERVICES_DOMAIN": p.in.NamespaceName}
	for name, url := range p.in.Caches {
		all[cacheVariable(name)] = url
	}
	maps.Copy(all, s.Environment)
	pairs := make([]types.KeyValuePair, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, secret := s.Secrets[name]; !secret { // ECS takes a name once
			pairs = append(pairs, types.KeyValuePair{Name: &name, Value: new(all[name])})
		}
	}
	return pairs
}

// cacheVariable is the variable that holds the URL of a cache: REDIS_URL of the one
// without a name, REDIS_OUTAGES_URL of outages.
func cacheVariable(name string) string {
	if name == "" {
		return "REDIS_URL"
	}
	return "REDIS_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_URL"
}

// settings are those with which a service is made.
func (p place) settings(s config.Service) *awsecs.CreateServiceInput {
	set := &awsecs.CreateServiceInput{
		DesiredCount: new(cmp.Or(s.Count, 1)),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: p.in.Subnets, SecurityGroups: []string{p.in.SecurityGroup}, AssignPublicIp: types.AssignPublicIpDisabled,
		}},
		DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		},
		EnableECSManagedTags: true, PropagateTags: types.PropagateTagsService, Tags: p.tags(),
	}
	if registry, has := p.registries[s.Name]; has {
		set.ServiceRegistries = []types.ServiceRegistry{registry}
	}
	if group := p.in.TargetGroups[s.Name]; group != "" {
		set.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: &s.Name, ContainerPort: &s.Port}}
		set.HealthCheckGracePeriodSeconds = new(int32(gracePeriod))
	}
	return set
}

func (p place) tags() (tags []types.Tag) {
	all := p.env.Tags()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		tags = append(tags, types.Tag{Key: &key, Value: new(all[key])})
	}
	return tags
}
