package destroy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
	"github.com/mettel-automation/delivery/examples/internal/stages/destroy"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

const (
	automation  = "../../../pipeline/automation.yaml"
	branch      = "dev/feature/velocloud-retries"
	environment = "automation-c721e158"
	network     = "stack automation-ephemeral-network"
)

// deployed calls then, on virtual time, in a system in which branches are deployed.
func deployed(t *testing.T, then func(*testing.T, *systemtest.System), branches ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := systemtest.New(t, automation)
		for _, branch := range branches {
			s.Basics(branch)
			o := deploy.Options{Connect: s.Connect, Images: s.Images}
			if _, _, err := s.Do(t.Context(), s.Job(branch, t.TempDir()), deploy.Stages(o)...); err != nil {
				t.Fatal(err)
			}
		}
		then(t, s)
	})
}

// run destroys the environment of a branch, by a job of its own.
func run(ctx context.Context, t *testing.T, s *systemtest.System, branch string, o destroy.Options) (string, map[string]report.Stage, error) {
	t.Helper()
	j := s.Job(branch, t.TempDir())
	o.Connect = s.Connect
	return s.Do(ctx, j, destroy.Stages(j, o)...)
}

func summaries(done map[string]report.Stage) (all []string) {
	for _, name := range []string{destroy.Services, destroy.Stacks, destroy.Images, destroy.LogSearches} {
		all = append(all, string(done[name].State)+": "+done[name].Summary)
	}
	return all
}

func TestDestroying(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		objects(t, s, environment)
		before := s.Cloud.Calls()
		there := s.Cloud.Leftovers()
		out, done, err := run(t.Context(), t, s, branch, destroy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]int{}, s.Writes(before)); d != "" {
			t.Errorf("a plan writes (-want +got):\n%s", d)
		}
		if d := cmp.Diff(there, s.Cloud.Leftovers()); d != "" {
			t.Errorf("a plan changes what there is (-before +after):\n%s", d)
		}
		for _, want := range []string{
			"cluster automation-c721e158\n  - ECS service (28):\n      bruin-bridge (3 tasks), cts-bridge (1 task), ",
			"  - Cloud Map service (28):\n      bruin-bridge, ", "  - task definitions (28):\n      automation-c721e158-bruin-bridge,",
			"Bucket", "latest-c721e158", "[automation-c721e158] - dev/feature/velocloud-retries logs",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("the plan does not name %q:\n%s", want, out)
			}
		}
		want := []string{"done: 28 services to destroy", "done: 2 stacks to destroy", "done: 14 tags to destroy", "done: 34 groups and searches to destroy"}
		if d := cmp.Diff(want, summaries(done)); d != "" {
			t.Errorf("summaries of the plan (-want +got):\n%s", d)
		}

		if out, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if d := cmp.Diff([]string{network}, s.Cloud.Leftovers()); d != "" {
			t.Errorf("what is left (-want +got):\n%s", d)
		}
		if images := s.Cloud.Images().Images("automation/notifier"); len(images) > 0 {
			t.Errorf("images %+v", images)
		}

		before = s.Cloud.Calls()
		_, done, err = run(t.Context(), t, s, branch, destroy.Options{Yes: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(slices.Repeat([]string{"done: nothing to destroy"}, 4), summaries(done)); d != "" {
			t.Errorf("a second run (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]int{}, s.Writes(before)); d != "" {
			t.Errorf("a second run writes (-want +got):\n%s", d)
		}
	}, branch)
}

// objects puts some into the bucket of an environment.
func objects(t *testing.T, s *systemtest.System, environment string) {
	t.Helper()
	there, _ := s.Cloud.Stacks().Stack(environment)
	client := s3.NewFromConfig(s.Cloud.Config())
	for _, key := range []string{"a", "a", "b"} {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(there.Outputs["Bucket"]), Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
}

// neighbour is a branch whose environment has an id that begins as another's does.
const neighbour = "dev/feature/neighbour"

func TestNeighboursStay(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		// One that begins with the whole name of the environment, which envname never makes.
		s.Cloud.Containers().AddCluster(environment + "0")
		s.Cloud.Containers().AddCluster(environment + "-blue")
		s.Cloud.Images().AddImage("automation/notifier", ecrtest.Image{Tags: []string{"c721e1580-1", "c721e158-blue"}})
		before := s.Cloud.Leftovers()
		if _, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
			t.Fatal(err)
		}
		mine := func(name string) bool {
			return strings.Contains(name, environment) && !strings.Contains(name, environment+"0") && !strings.Contains(name, environment+"-blue") || strings.Contains(name, "papertrail search")
		}
		want, got := slices.DeleteFunc(before, mine), slices.DeleteFunc(s.Cloud.Leftovers(), mine)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("what others have (-before +after):\n%s", d)
		}
		var tags []string
		for _, image := range s.Cloud.Images().Images("automation/notifier") {
			tags = append(tags, image.Tags...)
		}
		slices.Sort(tags)
		other := s.Job(neighbour, t.TempDir()).Env.ID
		if d := cmp.Diff([]string{"c721e158-blue", "c721e1580-1", other + "-1", "latest-" + other}, tags); d != "" {
			t.Errorf("tags (-want +got):\n%s", d)
		}
		if _, there := s.Cloud.Containers().Service("automation-"+other, "notifier"); !there {
			t.Error("the neighbour's service is gone")
		}
	}, branch, neighbour)
}

func TestAnImageThatAnotherEnvironmentRunsStays(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		// The neighbour runs the image of the branch: the same inputs.
		other := s.Job(neighbour, t.TempDir())
		s.Basics(neighbour)
		s.Digests["notifier"] = s.Cloud.Images().AddImage("automation/notifier", ecrtest.Image{Tags: []string{"c721e158-2"}})
		o := deploy.Options{Connect: s.Connect, Images: s.Images}
		if _, _, err := s.Do(t.Context(), other, deploy.Stages(o)...); err != nil {
			t.Fatal(err)
		}
		if _, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(s.Cloud.Images().Images("automation/notifier"), func(i ecrtest.Image) bool { return i.Digest == s.Digests["notifier"] }) {
			t.Error("it is gone")
		}
	}, branch)
}

func TestProductionIsRefused(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		name := s.Job("master", t.TempDir()).Env.Name
		before := s.Cloud.Calls()
		_, _, err := run(t.Context(), t, s, "master", destroy.Options{Yes: true})
		if !errors.Is(err, destroy.ErrProduction) || !strings.HasSuffix(err.Error(), "-allow-production "+name) {
			t.Errorf("production: %v", err)
		}
		_, _, err = run(t.Context(), t, s, "master", destroy.Options{Yes: true, AllowProduction: "automation"})
		if err == nil || errors.Is(err, destroy.ErrProduction) || !strings.Contains(err.Error(), "the environment is "+name) {
			t.Errorf("another name: %v", err)
		}
		_, done, err := run(t.Context(), t, s, "master", destroy.Options{Yes: true, AllowProduction: name})
		if err == nil || !strings.Contains(err.Error(), "run deploy -unprotected first") {
			t.Errorf("a protected load balancer: %v", err)
		}
		writes := s.Writes(before)
		if d := cmp.Diff(map[string]int{}, writes); d != "" {
			t.Errorf("what is refused writes (-want +got):\n%s", d)
		}
		if done[destroy.Stacks].State != progress.Skipped || done[destroy.Images].State != progress.Skipped {
			t.Errorf("after the refusal: %q", summaries(done))
		}
		o := deploy.Options{Connect: s.Connect, Images: s.Images, Unprotected: true}
		if _, _, err := s.Do(t.Context(), s.Job("master", t.TempDir()), deploy.Stages(o)...); err != nil {
			t.Fatal(err)
		}
		if out, _, err := run(t.Context(), t, s, "master", destroy.Options{Yes: true, AllowProduction: name}); err != nil {
			t.Errorf("allowed: %v:\n%s", err, out)
		}
		for _, left := range s.Cloud.Leftovers() {
			if strings.Contains(left, "ecs ") || left == "stack "+name {
				t.Errorf("it has left %s", left)
			}
		}
	}, "master")
}

func TestAKilledRunGoesOn(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		for _, after := range []time.Duration{5 * time.Second, 30 * time.Second, time.Minute, 3 * time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, _, err := run(ctx, t, s, branch, destroy.Options{Yes: true})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Logf("killed after %v: %v", after, err)
			}
		}
		if out, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if d := cmp.Diff([]string{network}, s.Cloud.Leftovers()); d != "" {
			t.Errorf("what is left (-want +got):\n%s", d)
		}
	}, branch)
}

// TestWhatAKilledDeploymentLeftGoes kills a deployment at moments of its stack: before it is
// begun, when it has no tags, and while it is made, so that it has more than was planned.
func TestWhatAKilledDeploymentLeftGoes(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, 20 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := systemtest.New(t, automation)
			s.Basics(branch)
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			o := deploy.Options{Connect: s.Connect, Images: s.Images}
			_, _, _ = s.Do(ctx, s.Job(branch, t.TempDir()), deploy.Stages(o)...) // it may be done by then
			if out, _, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true}); err != nil {
				t.Errorf("killed after %v: %v:\n%s", after, err, out)
			}
			if d := cmp.Diff([]string{network}, s.Cloud.Leftovers()); d != "" {
				t.Errorf("killed after %v: what is left (-want +got):\n%s", after, d)
			}
		})
	}
}

func TestAStackThatStaysKeepsNothingElse(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System) {
		fault, err := localcloud.ParseFault("stack:LogGroup=delete")
		if err != nil {
			t.Fatal(err)
		}
		s.Cloud.Inject(fault)
		_, done, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true})
		if err == nil || len(done[destroy.Stacks].Failures) == 0 || done[destroy.Stacks].Failures[0].Subject != environment+"/LogGroup" {
			t.Errorf("%v, %+v", err, done[destroy.Stacks].Failures)
		}
		if done[destroy.Images].State != progress.Done || done[destroy.LogSearches].State != progress.Done {
			t.Errorf("after the failure: %q", summaries(done))
		}
	}, branch)
}

func TestTheClusterOfAnotherIsNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := systemtest.New(t, automation)
		s.Cloud.Containers().AddCluster(environment) // which says not whose it is
		_, done, err := run(t.Context(), t, s, branch, destroy.Options{Yes: true})
		if err == nil || !strings.Contains(err.Error(), "the cluster is not of this environment") {
			t.Errorf("error %v", err)
		}
		if done[destroy.Stacks].State != progress.Skipped || done[destroy.LogSearches].State != progress.Done {
			t.Errorf("after the refusal: %q", summaries(done))
		}
		if !slices.Contains(s.Cloud.Leftovers(), "ecs cluster "+environment) {
			t.Error("it is gone")
		}
	})
}
