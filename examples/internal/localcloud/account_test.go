package localcloud_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
)

// stacks drives the stacks of a cloud without plans.
type stacks struct {
	*testing.T
	cloud *localcloud.Cloud
	api   *cloudformation.Client
}

func newStacks(t *testing.T, opts localcloud.Options) stacks {
	t.Helper()
	cloud := localcloud.New(opts)
	return stacks{t, cloud, cloudformation.NewFromConfig(cloud.Config())}
}

// rest waits until nothing happens to a stack and returns its status and the reasons
// of what has failed.
func (s stacks) rest(id *string) (status, reasons string) {
	s.Helper()
	time.Sleep(time.Hour)
	out, err := s.api.DescribeStacks(s.Context(), &cloudformation.DescribeStacksInput{StackName: id})
	if err != nil {
		s.Fatal(err)
	}
	events, err := s.api.DescribeStackEvents(s.Context(), &cloudformation.DescribeStackEventsInput{StackName: id})
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range events.StackEvents {
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") {
			reasons += aws.ToString(e.ResourceStatusReason) + "\n"
		}
	}
	return string(out.Stacks[0].StackStatus), reasons
}

func (s stacks) create(name, body string) (status, reasons string) {
	s.Helper()
	out, err := s.api.CreateStack(s.Context(), &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: &body, Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
		Tags: []cfntypes.Tag{{Key: new("Environment"), Value: new("demo")}},
	})
	if err != nil {
		s.Fatal(err)
	}
	return s.rest(out.StackId)
}

func (s stacks) delete(name string) (status, reasons string) {
	s.Helper()
	made, _ := s.cloud.Stacks().Stack(name)
	if _, err := s.api.DeleteStack(s.Context(), &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		s.Fatal(err)
	}
	return s.rest(&made.ID)
}

func TestAClusterOfAStackIsThatOfECS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{})
		if status, why := s.create("demo", `
Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      CapacityProviders: [FARGATE, FARGATE_SPOT]
      DefaultCapacityProviderStrategy: [{CapacityProvider: FARGATE, Weight: '2', Base: 1}]
      ClusterSettings: [{Name: containerInsights, Value: enabled}]
      Tags: [{Key: Team, Value: voice}]
`); status != "CREATE_COMPLETE" {
			t.Fatal(status, why)
		}
		name := s.cloud.Stacks().Resources("demo")[0].PhysicalID
		out, err := awsecs.NewFromConfig(s.cloud.Config()).DescribeClusters(t.Context(), &awsecs.DescribeClustersInput{
			Clusters: []string{name}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldTags, ecstypes.ClusterFieldSettings},
		})
		if err != nil || len(out.Clusters) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		c := out.Clusters[0]
		item := c.DefaultCapacityProviderStrategy[0]
		tags := make(map[string]string)
		for _, tag := range c.Tags {
			tags[*tag.Key] = *tag.Value
		}
		if len(c.CapacityProviders) != 2 || item.Weight != 2 || item.Base != 1 || *c.Settings[0].Value != "enabled" {
			t.Errorf("cluster %+v", c)
		}
		if d := cmp.Diff(map[string]string{"Environment": "demo", "Team": "voice"}, tags); d != "" {
			t.Errorf("tags (-want +got):\n%s", d)
		}
		// One that somebody else has deleted does not hold the stack.
		if _, err := awsecs.NewFromConfig(s.cloud.Config()).DeleteCluster(t.Context(), &awsecs.DeleteClusterInput{Cluster: &name}); err != nil {
			t.Fatal(err)
		}
		if status, why := s.delete("demo"); status != "DELETE_COMPLETE" || len(s.cloud.Leftovers()) > 0 {
			t.Errorf("%s %s, left %q", status, why, s.cloud.Leftovers())
		}
	})
}

func TestWhatAnAccountRefusesToAStack(t *testing.T) {
	tests := map[string]struct {
		body   string
		before func(s stacks) // of the creation; nil is nothing
		while  func(s stacks) // the stack is there, before it is deleted; nil does not delete it
		status string
		want   string
	}{
		"a cluster that is there": {
			body:   "Resources: {C: {Type: AWS::ECS::Cluster, Properties: {ClusterName: taken}}}",
			before: func(s stacks) { s.cloud.Containers().AddCluster("taken") },
			status: "ROLLBACK_COMPLETE", want: "Cluster taken already exists",
		},
		"a capacity provider that is not there": {
			body:   "Resources: {C: {Type: AWS::ECS::Cluster, Properties: {CapacityProviders: [none]}}}",
			status: "ROLLBACK_COMPLETE", want: "The specified capacity provider 'none' was not found.",
		},
		"a bucket that is there": {
			body:   "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: taken}}}",
			before: func(s stacks) { s.cloud.Objects().AddBucket("taken") },
			status: "ROLLBACK_COMPLETE", want: "taken already exists",
		},
		"to delete a bucket with an object": {
			body: "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: full}}}",
			while: func(s stacks) {
				if err := second(s3.NewFromConfig(s.cloud.Config()).PutObject(s.Context(), &s3.PutObjectInput{Bucket: new("full"), Key: new("k"), Body: strings.NewReader("v")})); err != nil {
					s.Fatal(err)
				}
			},
			status: "DELETE_FAILED", want: "The bucket you tried to delete is not empty",
		},
		"to delete a repository with an image": {
			body:   "Resources: {R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: full}}}",
			while:  func(s stacks) { s.cloud.Images().AddImage("full", ecrtest.Image{}) },
			status: "DELETE_FAILED", want: "RepositoryNotEmptyException",
		},
		"not to delete one that is to be emptied": {
			body:   "Resources: {R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: full, EmptyOnDelete: true}}}",
			while:  func(s stacks) { s.cloud.Images().AddImage("full", ecrtest.Image{}) },
			status: "DELETE_COMPLETE",
		},
		"to delete a load balancer that is protected": {
			body:   "Resources: {L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: web, LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: 'true'}]}}}",
			while:  func(stacks) {},
			status: "DELETE_FAILED", want: "cannot be deleted because deletion protection is enabled",
		},
		"what is injected": {
			body: "Resources: {T: {Type: AWS::SNS::Topic}}",
			before: func(s stacks) {
				s.cloud.Inject(localcloud.Fault{Kind: localcloud.StackFault, Subject: "T", Name: "delete"})
			},
			while:  func(stacks) {},
			status: "DELETE_FAILED", want: "has a dependent object",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStacks(t, localcloud.Options{})
				if tt.before != nil {
					tt.before(s)
				}
				status, why := s.create("demo", tt.body)
				if tt.while != nil {
					if status != "CREATE_COMPLETE" {
						t.Fatal(status, why)
					}
					tt.while(s)
					status, why = s.delete("demo")
				}
				if status != tt.status || !strings.Contains(why, tt.want) {
					t.Errorf("%s: %s; want %s: %s", status, why, tt.status, tt.want)
				}
			})
		})
	}
}

func TestWhatOutlivesItsStackIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{})
		s.create("demo", `
Resources:
  Logs: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: demo}}
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: demo, VersioningConfiguration: {Status: Enabled}}}
  Names: {Type: AWS::ServiceDiscovery::PrivateDnsNamespace, DeletionPolicy: Retain, Properties: {Name: demo.local, Vpc: vpc-1}}
  Repository: {Type: AWS::ECR::Repository, DeletionPolicy: Retain, Properties: {RepositoryName: automation/demo}}
  Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}
  Web: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, DeletionPolicy: Retain}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, DeletionPolicy: Retain}
  Gone: {Type: AWS::SNS::Topic}
`)
		ids := make(map[string]string)
		for _, r := range s.cloud.Stacks().Resources("demo") {
			ids[r.LogicalID] = r.PhysicalID
		}
		lb, topic, group := ids["Web"], ids["Topic"], ids["Group"]
		if d := cmp.Diff([]string{"stack demo"}, s.cloud.Leftovers()); d != "" {
			t.Errorf("with the stack (-want +got):\n%s", d)
		}
		if status, why := s.delete("demo"); status != "DELETE_COMPLETE" {
			t.Fatal(status, why)
		}
		want := []string{
			"cloud map namespace ns-0000000000000001", "load balancer " + lb, "log group demo", "s3 bucket demo (0 objects)", "sns topic " + topic, "target group " + group,
		}
		if d := cmp.Diff(want, s.cloud.Leftovers()); d != "" {
			t.Errorf("without it (-want +got):\n%s", d)
		}
		if got := s.cloud.Images().Images("automation/demo"); got != nil {
			t.Errorf("images %v", got)
		}
		out, err := awsecr.NewFromConfig(s.cloud.Config()).DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{})
		if err != nil || len(out.Repositories) != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestTasksStartWithImagesOfTheRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := localcloud.New(localcloud.Options{Clusters: []string{"c"}, RegistryHost: "127.0.0.1:5000"})
		digest := cloud.Images().AddImage("automation/notifier", ecrtest.Image{Tags: []string{"1"}})
		cloud.Images().AddImage("automation/web", ecrtest.Image{Tags: []string{"latest"}})
		api := awsecs.NewFromConfig(cloud.Config())
		tests := map[string]bool{
			"127.0.0.1:5000/automation/notifier:1":            true,
			"127.0.0.1:5000/automation/notifier:2":            false,
			"127.0.0.1:5000/automation/notifier":              false,
			"127.0.0.1:5000/automation/web":                   true,
			"127.0.0.1:5000/automation/notifier@" + digest:    true,
			"127.0.0.1:5000/automation/notifier:9@" + digest:  true,
			"127.0.0.1:5000/automation/web@" + digest:         false,
			"127.0.0.1:5000/automation/none:1":                false,
			"public.ecr.aws/nats/nats:2":                      true,
			ecrtest.DefaultHost + "/automation/notifier:9":    true, // this registry has another name
			"127.0.0.1:50001/automation/whatever-is-there:10": true,
		}
		for image := range tests {
			out, err := api.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
				Family: new("f"), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: new("app"), Image: &image, Memory: new(int32(64))}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := api.RunTask(t.Context(), &awsecs.RunTaskInput{Cluster: new("c"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn, Group: &image}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Minute)
		for image, runs := range tests {
			running := "ecs task c/" + image
			if got := strings.Contains("\n"+strings.Join(cloud.Leftovers(), "\n")+"\n", "\n"+running+"\n"); got != runs {
				t.Errorf("%s runs: %v, want %v", image, got, runs)
			}
		}
	})
}

func TestFaultsStrikeWhatTheyName(t *testing.T) {
	var faults localcloud.Faults
	for _, text := range []string{"notifier=crash", "stack:T=create"} {
		if err := faults.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if faults.String() != "" || !strings.Contains(localcloud.FaultUsage(), "SERVICE=crash") {
		t.Errorf("the flag says %q and %q", faults.String(), localcloud.FaultUsage())
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{Faults: faults})
		if status, why := s.create("demo", "Resources: {T: {Type: AWS::SNS::Topic}}"); status != "ROLLBACK_COMPLETE" || !strings.Contains(why, "NotStabilized") {
			t.Errorf("%s: %s", status, why)
		}
	})
}

func TestSpeedIsThatOfEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := localcloud.New(localcloud.Options{Speed: 1000})
		if got := cloud.Scaled(time.Minute); got != 60*time.Millisecond {
			t.Errorf("a minute is %v", got)
		}
		api := cloudformation.NewFromConfig(cloud.Config())
		if _, err := api.CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: new("demo"), TemplateBody: new("Resources: {C: {Type: AWS::ElastiCache::ReplicationGroup}}"),
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // which it takes minutes to make
		if s, _ := cloud.Stacks().Stack("demo"); s.Status != "CREATE_COMPLETE" {
			t.Errorf("the stack is %s", s.Status)
		}
	})
}

// TestManyUseItAtOnce looks for locks that are taken in different orders.
func TestManyUseItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStacks(t, localcloud.Options{Speed: 100, Buckets: []string{"b"}, Clusters: []string{"c"}})
		image := ecrtest.DefaultHost + "/automation/notifier:1"
		s.cloud.Images().AddImage("automation/notifier", ecrtest.Image{Tags: []string{"1"}})
		containers, objects, images := awsecs.NewFromConfig(s.cloud.Config()), s3.NewFromConfig(s.cloud.Config()), awsecr.NewFromConfig(s.cloud.Config())
		if err := second(containers.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
			Family: new("f"), ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: new("app"), Image: &image, Memory: new(int32(64))}},
		})); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for i := range 8 {
			name := fmt.Sprint("demo", i)
			body := "Resources: {C: {Type: AWS::ECS::Cluster}, B: {Type: AWS::S3::Bucket}, R: {Type: AWS::ECR::Repository}, N: {Type: AWS::ServiceDiscovery::PrivateDnsNamespace, Properties: {Name: " + name + "}}}"
			group.Go(func() {
				if err := second(s.api.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body})); err != nil {
					t.Error(err)
				}
				for range 20 {
					time.Sleep(50 * time.Millisecond)
					for _, err := range []error{
						second(containers.RunTask(t.Context(), &awsecs.RunTaskInput{Cluster: new("c"), TaskDefinition: new("f"), Count: new(int32(2))})),
						second(objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("b"), Key: &name, Body: strings.NewReader("v")})),
						second(images.DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{})),
					} {
						if err != nil {
							t.Error(err)
						}
					}
					s.cloud.Leftovers()
				}
				if err := second(s.api.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &name})); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		time.Sleep(time.Hour)
		if left := s.cloud.Leftovers(); len(left) != 1 || left[0] != "ecs task c/family:f" {
			t.Errorf("left: %q", left)
		}
	})
}
