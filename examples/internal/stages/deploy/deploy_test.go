package deploy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
	"github.com/mettel-automation/delivery/examples/internal/stages/systemtest"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

const (
	automation  = "../../../pipeline/automation.yaml"
	branch      = "dev/feature/velocloud-retries"
	environment = "automation-c721e158"
)

// deployed calls then in a system in which the branch has been deployed once.
func deployed(t *testing.T, then func(*testing.T, *systemtest.System, *job.Job)) {
	t.Helper()
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		if _, _, err := run(t, s, j, deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		then(t, s, j)
	})
}

// ready calls then, on virtual time, in a system in which a branch has its network, its
// roles and its images.
func ready(t *testing.T, branch string, then func(*testing.T, *systemtest.System, *job.Job)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := systemtest.New(t, automation)
		s.Basics(branch)
		then(t, s, s.Job(branch, t.TempDir()))
	})
}

func run(t *testing.T, s *systemtest.System, j *job.Job, o deploy.Options) (string, map[string]report.Stage, error) {
	t.Helper()
	return s.Do(t.Context(), j, deploy.Stages(options(s, o))...)
}

func options(s *systemtest.System, o deploy.Options) deploy.Options {
	o.Connect, o.Images = s.Connect, s.Images
	return o
}

func TestAFirstDeploymentBringsEverything(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		out, done, err := run(t, s, j, deploy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"stack automation-c721e158: create\n", "cluster automation-c721e158: 28 to create", "critical path: nats-server ", "> dispatch-portal-frontend ",
			"timeline: ", "+ search [dispatch portal] - logs in [automation-c721e158] - dev/feature/velocloud-retries logs: automation-c721e158 AND dispatch-portal-frontend\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("it does not say %q:\n%s", want, out)
			}
		}
		rollout := done[deploy.Rollout].Rollout
		if rollout == nil || len(rollout.Services) != 28 || rollout.Cluster != environment || rollout.Services[0].State != progress.Done || !strings.Contains(rollout.Services[0].Image, "@sha256:") {
			t.Errorf("rollout %+v", rollout)
		}
		if stacks := done[deploy.Stack].Stacks; len(stacks) != 1 || stacks[0].Status != "CREATE_COMPLETE" || stacks[0].Outputs["Cluster"] != environment {
			t.Errorf("stacks %+v", stacks)
		}
		if len(done[deploy.Rollout].Events) == 0 || len(done[deploy.Logs].Changes) != 34 {
			t.Errorf("%d events, %d log changes", len(done[deploy.Rollout].Events), len(done[deploy.Logs].Changes))
		}
		picture, err := os.ReadFile(filepath.Join(string(j.Dir), deploy.Timeline))
		if err != nil || !strings.Contains(string(picture), "<svg") {
			t.Errorf("timeline %.100s, %v", picture, err)
		}
		if portal, there := s.Cloud.Containers().Service(environment, "dispatch-portal-frontend"); !there || portal.Running != 1 {
			t.Errorf("portal %+v", portal)
		}
	})
}

func TestASecondDeploymentWritesNothing(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System, j *job.Job) {
		before := s.Cloud.Calls()
		_, done, err := run(t, s, j, deploy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]int{}, s.Writes(before)); d != "" {
			t.Errorf("it writes (-want +got):\n%s", d)
		}
		summaries := []string{done[deploy.Stack].Summary, done[deploy.Rollout].Summary, done[deploy.Logs].Summary}
		if d := cmp.Diff([]string{"unchanged", "28 unchanged", "0 changed, 34 unchanged"}, summaries); d != "" {
			t.Errorf("summaries (-want +got):\n%s", d)
		}
	})
}

func TestAChangedImageRollsItsServicesAlone(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System, j *job.Job) {
		s.Build(j, "service-outage-monitor", 2)
		before := s.Cloud.Calls()
		_, done, err := run(t, s, j, deploy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"ecs:RegisterTaskDefinition": 5, "ecs:UpdateService": 5} // the monitors and their triage
		if d := cmp.Diff(want, s.Writes(before)); d != "" {
			t.Errorf("writes (-want +got):\n%s", d)
		}
		if got := done[deploy.Rollout].Summary; got != "5 healthy, 23 unchanged" {
			t.Errorf("summary %q", got)
		}
	})
}

func TestACrashRollsBackAndSaysWhy(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System, j *job.Job) {
		s.Cloud.Containers().Inject("notifier", ecstest.Crash)
		s.Cloud.Containers().Log("notifier", "Traceback (most recent call last):", "KeyError: 'SLACK_WEBHOOK'")
		s.Build(j, "notifier", 2)
		out, done, err := run(t, s, j, deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "roll out notifier: tasks fail") {
			t.Fatal(err)
		}
		failures := done[deploy.Rollout].Failures
		if len(failures) != 1 || failures[0].Subject != "notifier" || !slices.Contains(failures[0].Logs, "KeyError: 'SLACK_WEBHOOK'") {
			t.Fatalf("failures %+v", failures)
		}
		if got := done[deploy.Rollout].Summary; len(failures[0].After) > 0 || got != "1 rolled back, 17 not reached, 10 unchanged" {
			t.Errorf("%s; never started, though they run: %q", got, failures[0].After)
		}
		if !strings.Contains(out, "the last lines of notifier:\n  Traceback") || !strings.Contains(out, "critical path: ") {
			t.Errorf("it says\n%s", out)
		}
		if logs := done[deploy.Logs]; logs.State != progress.Skipped || logs.Summary != "rollout was not done" {
			t.Errorf("logs: %s, %s", logs.State, logs.Summary)
		}
		s.Cloud.Containers().Inject("notifier", "")
		s.Build(j, "notifier", 3)
		if _, _, err := run(t, s, j, deploy.Options{}); err != nil {
			t.Errorf("after it was mended: %v", err)
		}
	})
}

func TestOfAFirstDeploymentThatFailsNobodyIsStarted(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		s.Cloud.Containers().Inject("nats-server-2", ecstest.ImageMissing)
		_, done, err := run(t, s, j, deploy.Options{})
		if err == nil {
			t.Fatal("it succeeds")
		}
		failures := done[deploy.Rollout].Failures
		if len(failures) != 1 || len(failures[0].After) != 25 || done[deploy.Rollout].Summary != "3 rolled back, 25 not reached" {
			t.Errorf("failures %+v, %s", failures, done[deploy.Rollout].Summary)
		}
	})
}

// killed runs the stages, and is killed in the middle of the rollout.
func killed(t *testing.T, s *systemtest.System, j *job.Job) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	_, done, err := s.Do(ctx, j, deploy.Stages(options(s, deploy.Options{}))...)
	if !errors.Is(err, context.DeadlineExceeded) || done[deploy.Rollout].State != progress.Failed {
		t.Fatalf("it is not killed in the rollout: %v, %s", err, done[deploy.Rollout].State)
	}
}

func TestAKilledDeploymentGoesOn(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		killed(t, s, j)
		begun := s.Cloud.Calls()["ecs:CreateService"]
		if begun == 0 || begun == 28 {
			t.Fatalf("%d services were begun", begun)
		}
		if _, _, err := run(t, s, j, deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		if calls := s.Cloud.Calls(); calls["ecs:CreateService"] != 28 || calls["ecs:UpdateService"] != 0 {
			t.Errorf("%d services made, %d updated", calls["ecs:CreateService"], calls["ecs:UpdateService"])
		}
	})
}

func TestWhatAKilledDeploymentBeganIsRolledBackBeforeAnother(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, j *job.Job) {
		killed(t, s, j)
		s.Build(j, "nats-server", 2)
		_, done, err := run(t, s, j, deploy.Options{})
		if err != nil || !strings.HasPrefix(strings.Join(done[deploy.Rollout].Notes, ""), "an earlier rollout of other images was left unfinished") {
			t.Fatalf("%v, %+v", err, done[deploy.Rollout].Notes)
		}
		if _, _, err := run(t, s, j, deploy.Options{}); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsMadeForServicesThatCannotRun(t *testing.T) {
	missing := errors.New("no image")
	tests := map[string]struct {
		edit   []string
		images func(context.Context, *cloud.Cloud, *job.Job) (map[string]string, error)
		want   string
	}{
		"a size that Fargate has not": {edit: []string{"  - name: notifier\n    depends_on", "  - name: notifier\n    cpu: 300\n    depends_on"}, want: "service notifier: cpu 300: Fargate has"},
		"an image that is missing":    {images: func(context.Context, *cloud.Cloud, *job.Job) (map[string]string, error) { return nil, missing }, want: "no image"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ready(t, branch, func(t *testing.T, s *systemtest.System, _ *job.Job) {
				s.Edit(tt.edit...)
				o := options(s, deploy.Options{})
				if tt.images != nil {
					o.Images = tt.images
				}
				before := s.Cloud.Calls()
				_, _, err := s.Do(t.Context(), s.Job(branch, t.TempDir()), deploy.Stages(o)...)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v lacks %q", err, tt.want)
				}
				if d := cmp.Diff(map[string]int{}, s.Writes(before)); d != "" {
					t.Errorf("writes (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestWhatIsMissingNamesTheJobThatMakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := systemtest.New(t, automation)
		_, done, err := run(t, s, s.Job(branch, t.TempDir()), deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), `run the job "basic-infra -network" first`) {
			t.Errorf("without a network: %v", err)
		}
		if d := cmp.Diff(map[string]int{}, s.Writes(nil)); d != "" {
			t.Errorf("it writes (-want +got):\n%s", d)
		}
		if done[deploy.Rollout].State != progress.Skipped {
			t.Errorf("the rollout is %s", done[deploy.Rollout].State)
		}
	})
}

func TestDataIsNotLostWithoutConsent(t *testing.T) {
	deployed(t, func(t *testing.T, s *systemtest.System, j *job.Job) {
		s.Edit("    - {name: outages, node_type: cache.t4g.small}\n", "")
		j = s.Job(branch, string(j.Dir))
		before := s.Cloud.Calls()
		_, _, err := run(t, s, j, deploy.Options{})
		if err == nil || !strings.Contains(err.Error(), "where its data may go, say so: -consent CacheOutagesGroup") {
			t.Errorf("it is not refused with its remedy: %v", err)
		}
		if d := cmp.Diff(map[string]int{}, s.Writes(before)); d != "" {
			t.Errorf("it writes (-want +got):\n%s", d)
		}
		if _, done, err := run(t, s, j, deploy.Options{Consent: []string{"CacheOutagesGroup"}}); err != nil || done[deploy.Stack].Stacks[0].Status != "UPDATE_COMPLETE" {
			t.Errorf("with consent: %v", err)
		}
	})
}

func TestProductionIsProtected(t *testing.T) {
	ready(t, "master", func(t *testing.T, s *systemtest.System, j *job.Job) {
		if _, _, err := run(t, s, j, deploy.Options{}); err != nil {
			t.Fatal(err)
		}
		there, _ := s.Cloud.Stacks().Stack(j.Env.Name)
		if !there.Protected || there.Outputs["DeletionProtection"] != "true" {
			t.Errorf("stack %+v", there)
		}
		if _, done, err := run(t, s, j, deploy.Options{Unprotected: true}); err != nil || done[deploy.Stack].Stacks[0].Outputs["DeletionProtection"] != "false" {
			t.Errorf("unprotected: %v", err)
		}
	})
}

func TestLogSearchesAreSkippedWhereTheyCannotBe(t *testing.T) {
	ready(t, branch, func(t *testing.T, s *systemtest.System, _ *job.Job) {
		s.Offline = true
		stages := deploy.Stages(options(s, deploy.Options{}))[2:]
		_, done, err := s.Do(t.Context(), s.Job(branch, t.TempDir()), stages...)
		if got := done[deploy.Logs]; err != nil || got.State != progress.Skipped || got.Summary != "PAPERTRAIL_API_TOKEN is not set" {
			t.Errorf("without a token: %s, %s, %v", got.State, got.Summary, err)
		}
		text, err := os.ReadFile(s.File)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(text), "\npapertrail:")
		section, _, _ = strings.Cut(section, "\n#")
		s.Edit("\npapertrail:"+section, "")
		_, done, err = s.Do(t.Context(), s.Job(branch, t.TempDir()), stages...)
		if got := done[deploy.Logs]; err != nil || got.Summary != "delivery.yaml has no section papertrail" {
			t.Errorf("without a section: %s, %v", got.Summary, err)
		}
	})
}
