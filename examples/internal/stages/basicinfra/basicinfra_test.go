package basicinfra_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/basicinfra"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

const system = `
project: automation
account: "123456789012"
modules:
  - {name: bridge, paths: [bridge]}
  - {name: notifier, paths: [notifier]}
images:
  policy: policy.json
  modules: [{module: bridge}, {module: notifier}]
infrastructure:
  network: {cidr: 10.20.0.0/16, zone_names: [us-east-1a, us-east-1b]}
  secrets: ['arn:aws:secretsmanager:us-east-1:123456789012:secret:automation/*']
services:
  - {name: bridge, count: 3}
  - name: notifier
    cpu: 512
    memory: 1024
    depends_on: [bridge]
    statements: [{actions: ['ses:SendEmail'], resources: ['*']}]
`

// policy lets others of the organisation pull.
const policy = `{"Version":"2012-10-17","Statement":[{"Sid":"pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}`

func newSystem(t *testing.T) *systemtest.System {
	t.Helper()
	return systemtest.Of(t, localcloud.Options{}, map[string]string{"delivery.yaml": system, "policy.json": policy})
}

func stages(s *systemtest.System) []job.Stage {
	return basicinfra.Stages(s.Connect, basicinfra.Options{})
}

func network(t *testing.T, s *systemtest.System, branch string) systemtest.Run {
	t.Helper()
	run := s.Run(branch, basicinfra.Network(s.Connect, basicinfra.Options{}))
	if run.Err != nil {
		t.Fatalf("%v\n%s", run.Err, run.Printed)
	}
	return run
}

// actions are what happened to the stacks and the other things of a stage.
func actions(s report.Stage) map[string]string {
	all := map[string]string{}
	for _, stack := range s.Stacks {
		all[stack.Name] = stack.Action
	}
	for _, c := range s.Changes {
		all[c.Name] = c.Action
	}
	return all
}

func TestAnEmptyAccountGetsAllThatABuildNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		made := network(t, s, systemtest.Branch).Stages[basicinfra.NetworkName]
		if d := cmp.Diff(map[string]string{"automation-ephemeral-network": "create"}, actions(made)); d != "" || made.Stacks[0].Status != "CREATE_COMPLETE" {
			t.Errorf("network (-want +got):\n%s%+v", d, made.Stacks)
		}
		run := s.Run(systemtest.Branch, stages(s)...)
		if run.Err != nil {
			t.Fatalf("%v\n%s", run.Err, run.Printed)
		}
		want := map[string]map[string]string{
			basicinfra.RepositoriesName: {"automation/bridge": "create", "automation/notifier": "create"},
			basicinfra.RolesName:        {"automation-8527fec8-roles": "create"},
			basicinfra.CapacityName:     {},
		}
		got := map[string]map[string]string{}
		for name := range want {
			got[name] = actions(run.Stages[name])
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if got := run.Stages[basicinfra.RepositoriesName].Summary; got != "2 created" {
			t.Error(got)
		}
		if got := run.Stages[basicinfra.CapacityName].Summary; got != "a rollout of 2 services fits" {
			t.Error(got)
		}
		checkRepository(t, s)
		for _, part := range []string{"+ repository automation/bridge", "automation-8527fec8-roles"} {
			if !strings.Contains(run.Printed, part) {
				t.Errorf("the plan lacks %q:\n%s", part, run.Printed)
			}
		}
	})
}

// checkRepository looks at how a repository was made.
func checkRepository(t *testing.T, s *systemtest.System) {
	t.Helper()
	client, name := awsecr.NewFromConfig(s.Cloud.Config()), "automation/bridge"
	out, err := client.DescribeRepositories(t.Context(), &awsecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	var exclusions []string
	for _, f := range out.Repositories[0].ImageTagMutabilityExclusionFilters {
		exclusions = append(exclusions, *f.Filter)
	}
	if got := string(out.Repositories[0].ImageTagMutability); got != "IMMUTABLE_WITH_EXCLUSION" || strings.Join(exclusions, " ") != "cache* latest*" {
		t.Errorf("tags are %s but for %q", got, exclusions)
	}
	access, err := client.GetRepositoryPolicy(t.Context(), &awsecr.GetRepositoryPolicyInput{RepositoryName: &name})
	if err != nil || !strings.Contains(*access.PolicyText, "999999999999") {
		t.Errorf("policy: %v", err)
	}
	life, err := client.GetLifecyclePolicy(t.Context(), &awsecr.GetLifecyclePolicyInput{RepositoryName: &name})
	if err != nil || !strings.Contains(*life.LifecyclePolicyText, `"latest-*"`) {
		t.Errorf("lifecycle policy: %v", err)
	}
}

func TestASecondRunWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		network(t, s, systemtest.Branch)
		if run := s.Run(systemtest.Branch, stages(s)...); run.Err != nil {
			t.Fatal(run.Err)
		}
		again := s.Run(systemtest.Branch, append(stages(s), basicinfra.Network(s.Connect, basicinfra.Options{}))...)
		if again.Err != nil || len(again.Writes) != 0 {
			t.Errorf("%v, writes %v:\n%s", again.Err, again.Writes, again.Printed)
		}
		for name, want := range map[string]string{
			basicinfra.RepositoriesName: "2 unchanged", basicinfra.RolesName: "unchanged", basicinfra.NetworkName: "unchanged",
		} {
			if got := again.Stages[name].Summary; got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestAPlanAloneWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		network(t, s, systemtest.Branch)
		run := s.Run(systemtest.Branch, basicinfra.Stages(s.Connect, basicinfra.Options{PlanOnly: true})...)
		if _, there := s.Cloud.Stacks().Stack("automation-8527fec8-roles"); run.Err != nil || there || len(s.Cloud.Images().Images("automation/bridge")) > 0 {
			t.Errorf("%v, stack %v:\n%s", run.Err, there, run.Printed)
		}
		if got := run.Stages[basicinfra.RolesName]; got.Summary != "planned only" || len(got.Stacks[0].Changes) == 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestProductionHasANetworkOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		network(t, s, systemtest.Branch)
		network(t, s, "dev/fix/other")
		network(t, s, "master")
		for name, protected := range map[string]bool{"automation-ephemeral-network": false, "automation-master-network": true} {
			got, there := s.Cloud.Stacks().Stack(name)
			if !there || got.Protected != protected {
				t.Errorf("%s: there %v, protected %v", name, there, got.Protected)
			}
		}
		if n := len(s.Cloud.Stacks().Stacks()); n != 2 {
			t.Errorf("there are %d stacks, want 2", n)
		}
	})
}

func TestWithoutANetworkItIsSaidWhoMakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		run := s.Run(systemtest.Branch, stages(s)...)
		code, line := run.Exit(t.Context())
		want := `stack automation-ephemeral-network: there is no such stack: run the job "basic-infra -network" first, which makes it`
		if code != cli.ExitFailed || !strings.Contains(line, want) {
			t.Errorf("exit code %d, %s", code, line)
		}
		if got := run.Stages[basicinfra.RolesName].State; got != progress.Done {
			t.Errorf("the roles, which need no network, are %s", got)
		}
	})
}

func TestAnotherAccountIsRefusedBeforeAnyWrite(t *testing.T) {
	s := newSystem(t)
	s.Write("delivery.yaml", strings.Replace(system, "123456789012", "210987654321", 1))
	for name, value := range map[string]string{
		"AWS_REGION": localcloud.Region, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(s.Cloud)
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	run := s.Run(systemtest.Branch, basicinfra.Stages(cloud.AWS(), basicinfra.Options{})...)
	code, line := run.Exit(t.Context())
	if want := "the credentials are those of AWS account 123456789012, and delivery.yaml is for 210987654321"; code != cli.ExitFailed || !strings.Contains(line, want) || len(run.Writes) != 0 {
		t.Errorf("exit code %d, writes %v: %s", code, run.Writes, line)
	}
}

func TestInputThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct{ from, to, want string }{
		"a policy that is not there":       {"policy.json", "lost.json", "images: policy: open "},
		"a policy that is none":            {"policy.json", "delivery.yaml", "automation/bridge"},
		"too few images":                   {"images:", "images:\n  newest: 3", "images: newest: "},
		"a network that is none":           {"10.20.0.0/16", "10.20.0.0/8", "10.20.0.0/8"},
		"a statement without a service":    {"ses:SendEmail", "*", "role of service notifier"},
		"an environment that is not sound": {"name: notifier\n", "name: notifier\n    error_pattern: '{'\n", "notifier"},
		"a template too large for a call":  {"services:\n", "services:\n" + many(40), "set infrastructure.template_bucket in delivery.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			s.Write("delivery.yaml", strings.Replace(system, tt.from, tt.to, 1))
			run := s.Run(systemtest.Branch, stages(s)...)
			if code, line := run.Exit(t.Context()); code != cli.ExitUsage || !strings.Contains(line, tt.want) {
				t.Errorf("exit code %d, want 2 and %q: %s", code, tt.want, line)
			}
			if calls := s.Cloud.Calls(); calls["cloudformation:CreateChangeSet"] != 0 {
				t.Errorf("a stack was planned: %v", calls)
			}
		})
	}
}

// many are services, enough for a large template.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("  - {name: extra-" + strings.Repeat("x", i+1) + ", image: nats}\n")
	}
	return b.String()
}

func TestRoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		fault, err := localcloud.ParseFault("stack:TaskRole")
		if err != nil {
			t.Fatal(err)
		}
		s.Cloud.Inject(fault)
		network(t, s, systemtest.Branch)
		run := s.Run(systemtest.Branch, stages(s)...)
		stage := run.Stages[basicinfra.RolesName]
		code, _ := run.Exit(t.Context())
		if code != cli.ExitFailed || stage.State != progress.Failed || len(stage.Failures) == 0 || stage.Failures[0].Subject != "automation-8527fec8-roles/TaskRole" {
			t.Errorf("exit code %d, %s: %+v", code, stage.State, stage.Failures)
		}
		if len(stage.Stacks) != 1 || stage.Stacks[0].Error == "" || stage.Summary != "" {
			t.Errorf("%+v", stage)
		}
		s.Cloud.Stacks().Heal("TaskRole")
		if again := s.Run(systemtest.Branch, stages(s)...); again.Err != nil || actions(again.Stages[basicinfra.RolesName])["automation-8527fec8-roles"] != "recreate" {
			t.Errorf("after a failure: %v\n%s", again.Err, again.Printed)
		}
	})
}

func TestWhatRunsIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		s.Cloud.Images().AddRepository("automation/bridge")
		old := s.Cloud.Images().AddImage("automation/bridge", ecrtest.Image{Tags: []string{"inputs-1"}, Pushed: time.Now().Add(-time.Hour)})
		for i := range 30 {
			s.Cloud.Images().AddImage("automation/bridge", ecrtest.Image{Tags: []string{fmt.Sprintf("inputs-%d", i+2)}})
		}
		s.Write("delivery.yaml", strings.Replace(system, "images:", "images:\n  newest: 51", 1))
		deploy(t, s, "automation-master", "bridge", ecrtest.DefaultHost+"/automation/bridge@"+old)
		run := s.Run(systemtest.Branch, stages(s)[0])
		if code, line := run.Exit(t.Context()); code != cli.ExitFailed || !strings.Contains(line, "lifecycle policy") || !strings.Contains(line, "automation/bridge") {
			t.Errorf("exit code %d: %s", code, line)
		}
		s.Write("delivery.yaml", system)
		run = s.Run(systemtest.Branch, stages(s)[0])
		if got := run.Stages[basicinfra.RepositoriesName].Summary; run.Err != nil || got != "1 created, 1 updated" {
			t.Errorf("with room: %s, %v", got, run.Err)
		}
	})
}

// deploy makes a cluster with one service.
func deploy(t *testing.T, s *systemtest.System, cluster, service, image string) {
	t.Helper()
	client := awsecs.NewFromConfig(s.Cloud.Config())
	if _, err := client.CreateCluster(t.Context(), &awsecs.CreateClusterInput{ClusterName: &cluster}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
		Family: &service, Cpu: new("256"), Memory: new("512"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{Name: &service, Image: &image}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateService(t.Context(), &awsecs.CreateServiceInput{
		Cluster: &cluster, ServiceName: &service, TaskDefinition: &service, DesiredCount: new(int32(2)), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
	}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Minute)
}

func TestCapacity(t *testing.T) {
	tests := map[string]struct {
		limit   string // of tasks, in the file
		limits  func(ctx context.Context, c *cloud.Cloud, supply *capacity.Supply, demands []capacity.Demand) error
		own     bool // the environment runs two tasks of bridge
		code    int
		summary string
		want    string // in the line, the notes or the failures
	}{
		"room for all":                       {"", nil, false, 0, "a rollout of 2 services fits", ""},
		"as many tasks as there may be":      {"6", nil, false, 0, "a rollout of 2 services fits", ""},
		"a task too many":                    {"5", nil, false, 1, "a rollout of 2 services does not fit", "bridge, notifier: 4 more tasks, the limit of the project leaves 3: 1 too many"},
		"what runs already needs no room":    {"6", nil, true, 0, "a rollout of 2 services fits", ""},
		"a quota that is too small":          {"", quota(1024 + 1279), false, 1, "a rollout of 2 services does not fit", "Fargate"},
		"a quota that is not read is a note": {"", nil, false, 0, "a rollout of 2 services fits", "vCPU"},
		"limits that cannot be read are one": {"", unreadable, false, 0, "a rollout of 2 services fits", "not all limits of the account could be read: context deadline exceeded"},
		"subnets are those of the network":   {"", subnets, false, 1, "a rollout of 2 services does not fit", "subnet addresses"},
		"a quota that is just enough":        {"", quota(1024 + 1280), false, 0, "a rollout of 2 services fits", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				if tt.limit != "" {
					s.Write("delivery.yaml", strings.Replace(system, "infrastructure:\n", "infrastructure:\n  task_limit: "+tt.limit+"\n", 1))
				}
				network(t, s, systemtest.Branch)
				deploy(t, s, "automation-master", "bridge", "nats:2")
				deploy(t, s, "other-master", "bridge", "nats:2")
				if tt.own {
					deploy(t, s, systemtest.Environment, "bridge", "nats:2")
				}
				run := s.Run(systemtest.Branch, basicinfra.Stages(s.Connect, basicinfra.Options{Limits: tt.limits})[2])
				code, line := run.Exit(t.Context())
				stage := run.Stages[basicinfra.CapacityName]
				told := line + strings.Join(stage.Notes, "\n")
				for _, f := range stage.Failures {
					told += "\n" + f.Subject + ": " + f.Cause
				}
				if code != tt.code || stage.Summary != tt.summary || !strings.Contains(told, tt.want) {
					t.Errorf("exit code %d, %q, want %q:\n%s", code, stage.Summary, tt.want, told)
				}
			})
		})
	}
}

// quota is a vCPU quota of Fargate, of which the neighbours use 1024 units and a
// rollout takes 1280.
func quota(units int) func(context.Context, *cloud.Cloud, *capacity.Supply, []capacity.Demand) error {
	return func(_ context.Context, _ *cloud.Cloud, supply *capacity.Supply, _ []capacity.Demand) error {
		supply.OnDemand.Limit = &units
		return nil
	}
}

func unreadable(context.Context, *cloud.Cloud, *capacity.Supply, []capacity.Demand) error {
	return context.DeadlineExceeded
}

// subnets are full, but for those that nobody asks for.
func subnets(_ context.Context, _ *cloud.Cloud, supply *capacity.Supply, demands []capacity.Demand) error {
	supply.Subnets = map[string]int{"subnet-other": 100}
	for _, d := range demands {
		for _, id := range d.Subnets {
			supply.Subnets[id] = 1
		}
	}
	return nil
}
