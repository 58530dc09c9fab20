package localcloud_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/repository"
	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/cluster"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/ecs/targets"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// life is one environment on its way through an account.
type life struct {
	t     *testing.T
	cloud *localcloud.Cloud
	env   envname.Environment

	stacks     *stack.Manager
	containers *awsecs.Client
	names      *servicediscovery.Client

	network     infra.NetworkOutputs
	environment infra.Environment
	outputs     infra.EnvironmentOutputs
}

func newLife(t *testing.T, cloud *localcloud.Cloud, branch string) *life {
	t.Helper()
	env, err := envname.Rules{Project: "automation"}.Resolve(branch)
	if err != nil {
		t.Fatal(err)
	}
	cfg := cloud.Config()
	objects := s3.NewFromConfig(cfg)
	return &life{
		t: t, cloud: cloud, env: env,
		stacks: stack.New(cloudformation.NewFromConfig(cfg), stack.Options{
			Buckets:   bucket.New(objects, bucket.Options{}),
			Templates: bucket.Templates{API: objects, Bucket: "automation-templates", Region: localcloud.Region, Account: localcloud.Account},
		}),
		containers: awsecs.NewFromConfig(cfg), names: servicediscovery.NewFromConfig(cfg),
	}
}

func (l *life) owner() infra.Owner {
	return infra.Owner{
		Name: l.env.Name, Tags: l.env.Tags(),
		ResourceName: func(kind string, parts ...string) (string, error) {
			return l.env.ResourceName(envname.ResourceType(kind), parts...)
		},
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (l *life) apply(r infra.Rendered, err error) map[string]string {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	plan := must[stack.Plan](l.t)(l.stacks.Plan(l.t.Context(), stack.Stack{Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags}))
	return must[stack.Result](l.t)(l.stacks.Apply(l.t.Context(), plan)).Outputs
}

// build makes the stacks of the environment.
func (l *life) build() {
	l.t.Helper()
	network := infra.Network{Owner: l.owner()}
	l.network = must[infra.NetworkOutputs](l.t)(network.Read(l.apply(network.Render())))
	l.apply(infra.Roles{Owner: l.owner(), Repository: "automation", Services: []infra.ServiceRole{{Service: "notifier"}}}.Render())
	l.environment = infra.Environment{
		Owner: l.owner(), VPC: l.network.VPC, PublicSubnets: l.network.PublicSubnets, PrivateSubnets: l.network.PrivateSubnets,
		Services: []infra.Service{{Name: "nats-server"}, {Name: "notifier", Route: &infra.Route{Priority: 10}}},
	}
	l.outputs = must[infra.EnvironmentOutputs](l.t)(l.environment.Read(l.apply(l.environment.Render())))
}

// services are what the environment runs, with the images of ECR.
func (l *life) services(image func(module string) string) []ecs.Service {
	service := func(name string, settings awsecs.CreateServiceInput, needs ...string) ecs.Service {
		settings.NetworkConfiguration = &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: l.outputs.Subnets, SecurityGroups: []string{l.outputs.SecurityGroup},
		}}
		return ecs.Service{
			Name: name, DependsOn: needs, Settings: &settings,
			TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
				Family: new(l.env.Name + "-" + name), Cpu: new("256"), Memory: new("512"), NetworkMode: ecstypes.NetworkModeAwsvpc,
				ContainerDefinitions: []ecstypes.ContainerDefinition{{
					Name: &name, Image: new(image(name)), PortMappings: []ecstypes.PortMapping{{ContainerPort: new(int32(5000))}},
					LogConfiguration: &ecstypes.LogConfiguration{LogDriver: ecstypes.LogDriverAwslogs, Options: map[string]string{
						"awslogs-group": l.outputs.LogGroup, "awslogs-stream-prefix": name, "awslogs-region": localcloud.Region,
					}},
				}},
			},
		}
	}
	registries := must[map[string]ecstypes.ServiceRegistry](l.t)(l.discovery().Ensure(l.t.Context(), []discovery.Service{{Name: "notifier"}}))
	return []ecs.Service{
		service("nats-server", awsecs.CreateServiceInput{}),
		service("notifier", awsecs.CreateServiceInput{ServiceRegistries: []ecstypes.ServiceRegistry{registries["notifier"]}, LoadBalancers: []ecstypes.LoadBalancer{{
			TargetGroupArn: new(l.outputs.TargetGroups["notifier"]), ContainerName: new("notifier"), ContainerPort: new(int32(5000)),
		}}}, "nats-server"),
	}
}

func (l *life) discovery() *discovery.Namespace {
	return discovery.New(l.names, discovery.Options{Namespace: l.outputs.Namespace, Tags: l.env.Tags()})
}

func (l *life) rollout(services []ecs.Service) (ecs.Result, error) {
	l.t.Helper()
	deployer := ecs.New(l.containers, ecs.Options{
		Cluster: l.outputs.Cluster,
		Gates:   []ecs.Gate{targets.New(elb.NewFromConfig(l.cloud.Config()), targets.Options{})},
	})
	plan := must[ecs.Plan](l.t)(deployer.Plan(l.t.Context(), services))
	return deployer.Apply(l.t.Context(), plan)
}

// stackNames are those of the environment, in the order in which they go.
func (l *life) stackNames() []string {
	l.t.Helper()
	environment := must[string](l.t)(l.environment.StackName())
	roles := must[string](l.t)(infra.Roles{Owner: l.owner()}.StackName())
	network := must[string](l.t)(infra.Network{Owner: l.owner()}.StackName())
	return []string{environment, roles, network}
}

func (l *life) delete(ctx context.Context, name string, buckets ...string) error {
	l.t.Helper()
	plan, err := l.stacks.PlanDelete(ctx, stack.DeleteRequest{Name: name, EmptyBuckets: buckets, Tags: l.env.Tags()})
	if err != nil {
		return err
	}
	_, err = l.stacks.ApplyDelete(ctx, plan)
	return err
}

// destroy takes everything away.
func (l *life) destroy() {
	l.t.Helper()
	ctx := l.t.Context()
	clusters := cluster.New(l.containers, cluster.Options{Environment: l.env.Name})
	plan := must[cluster.Deletion](l.t)(clusters.PlanDelete(ctx, l.outputs.Cluster))
	if _, err := clusters.ApplyDelete(ctx, plan); err != nil {
		l.t.Fatal(err)
	}
	names := l.discovery()
	gone := must[discovery.Plan](l.t)(names.PlanDelete(ctx, "notifier"))
	if _, err := names.Apply(ctx, gone); err != nil {
		l.t.Fatal(err)
	}
	for i, name := range l.stackNames() {
		var buckets []string
		if i == 0 {
			buckets = []string{"Bucket"}
		}
		if err := l.delete(ctx, name, buckets...); err != nil {
			l.t.Fatal(err)
		}
	}
}

func TestAnEnvironmentLivesAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := localcloud.New(localcloud.Options{Buckets: []string{"automation-templates"}})
		ctx := t.Context()
		one, neighbour := newLife(t, cloud, "dev/feature-1"), newLife(t, cloud, "dev/feature-12")
		one.build()
		neighbour.build()
		neighboursOwn := slices.DeleteFunc(cloud.Leftovers(), func(l string) bool { return strings.Contains(l, one.env.Name) })

		registry := repository.New(awsecr.NewFromConfig(cloud.Config()), repository.Options{})
		wanted := must[repository.Plan](t)(registry.Plan(ctx, []repository.Repository{{Name: "automation/nats-server"}, {Name: "automation/notifier"}}))
		if _, err := registry.Apply(ctx, wanted); err != nil {
			t.Fatal(err)
		}
		digest := cloud.Images().AddImage("automation/notifier", ecrtest.Image{Tags: []string{"1"}})
		cloud.Images().AddImage("automation/nats-server", ecrtest.Image{Tags: []string{"1"}})
		image := func(module string) string {
			if module == "notifier" {
				return ecrtest.DefaultHost + "/automation/notifier@" + digest
			}
			return ecrtest.DefaultHost + "/automation/" + module + ":1"
		}
		if _, err := one.rollout(one.services(image)); err != nil {
			t.Fatal(err)
		}

		// The stack cannot go while its cluster is in use.
		environment := one.stackNames()[0]
		err := one.delete(ctx, environment)
		if err == nil || !strings.Contains(err.Error(), "The Cluster cannot be deleted while Services are active.") {
			t.Fatalf("the cluster went with its services: %v", err)
		}
		if d := cmp.Diff([]string{
			"cloud map service " + one.env.Name + ".local/notifier",
			"ecs service " + one.env.Name + "/nats-server", "ecs service " + one.env.Name + "/notifier",
			"stack " + environment, "stack " + one.stackNames()[2], "stack " + one.stackNames()[1],
		}, without(cloud.Leftovers(), neighboursOwn)); d != "" {
			t.Errorf("what is left (-want +got):\n%s", d)
		}

		one.destroy()
		if d := cmp.Diff(neighboursOwn, cloud.Leftovers()); d != "" {
			t.Errorf("the neighbour (-before +after):\n%s", d)
		}
		if _, err := neighbour.rollout(neighbour.services(image)); err != nil {
			t.Errorf("the neighbour cannot roll out any more: %v", err)
		}
		neighbour.destroy()
		if left := cloud.Leftovers(); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}
