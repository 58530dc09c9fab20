package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

func TestWhatOthersDeployedSinceAKillIsTheNewBaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		l.dieAt(journal, []ecs.Service{svc("a", "v2")}, "UpdateService", 1, false)
		theirs(t, l)
		time.Sleep(10 * time.Minute)
		l.mustRoll([]ecs.Service{svc("a", "v2")})
		if _, err := l.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
		if got := l.running("a"); got != "test-a:3" {
			t.Errorf("a runs %s after a rollback, want theirs, which the plan has shown", got)
		}
	})
}

func TestAServiceThatOthersHaveTakenOverDoesNotBlockTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := journalled(t)
		pair := func(image string) []ecs.Service { return []ecs.Service{svc("a", image), svc("b", image)} }
		l.mustRoll(pair("v1"))
		l.mustRoll(pair("v2"))
		theirs(t, l)
		time.Sleep(5 * time.Minute)
		r, err := l.Rollback(t.Context())
		if !errors.Is(err, ecs.ErrSuperseded) || !errors.Is(err, ecs.ErrNotRolledBack) || strings.Contains(err.Error(), "by hand") {
			t.Errorf("error %v, want that a is superseded, and no command that would undo theirs", err)
		}
		if find(r, "b").State != progress.RolledBack || l.running("a") != "test-a:3" {
			t.Errorf("b is %s, a runs %s", find(r, "b").State, l.running("a"))
		}
		l.mustRoll(pair("v3"))
	})
}

// controlled is an ECS whose services something else deploys.
type controlled struct{ ecs.API }

func (c controlled) DescribeServices(ctx context.Context, in *awsecs.DescribeServicesInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeServicesOutput, error) {
	out, err := c.API.DescribeServices(ctx, in, opts...)
	if err == nil {
		for i := range out.Services {
			out.Services[i].Deployments = nil
			out.Services[i].DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeCodeDeploy}
		}
	}
	return out, err
}

func TestServicesOfAnotherControllerAreRefusedAndNeverDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.Deployer = ecs.New(controlled{l.cloud.Client()}, ecs.Options{Cluster: cluster})
		plan, err := l.Plan(t.Context(), []ecs.Service{svc("a", "v1")})
		if err != nil {
			t.Fatal(err)
		}
		theirOwn(t, l)
		if _, err = l.Apply(t.Context(), plan); err == nil {
			t.Error("created what was there")
		}
		if s, _ := l.cloud.Service(cluster, "a"); s.Status != "ACTIVE" {
			t.Errorf("their service is %s", s.Status)
		}
		if _, err = l.Plan(t.Context(), []ecs.Service{svc("a", "v2")}); !errors.Is(err, ecs.ErrController) || !strings.Contains(err.Error(), "CODE_DEPLOY") {
			t.Errorf("error %v, want that CodeDeploy deploys it", err)
		}
	})
}

// past adds tasks of a deployment that stopped long ago.
type past struct {
	ecs.API
	deployment string
}

func (p past) ListTasks(ctx context.Context, in *awsecs.ListTasksInput, opts ...func(*awsecs.Options)) (*awsecs.ListTasksOutput, error) {
	if in.DesiredStatus == types.DesiredStatusStopped && *in.ServiceName == "a" {
		return &awsecs.ListTasksOutput{TaskArns: []string{"x/1", "x/2", "x/3"}}, nil
	}
	return p.API.ListTasks(ctx, in, opts...)
}

func (p past) DescribeTasks(ctx context.Context, in *awsecs.DescribeTasksInput, opts ...func(*awsecs.Options)) (*awsecs.DescribeTasksOutput, error) {
	if in.Tasks[0] != "x/1" {
		return p.API.DescribeTasks(ctx, in, opts...)
	}
	out := &awsecs.DescribeTasksOutput{}
	for _, arn := range in.Tasks {
		out.Tasks = append(out.Tasks, types.Task{
			TaskArn: new(arn), StartedBy: &p.deployment, StopCode: types.TaskStopCodeEssentialContainerExited, LastStatus: new("STOPPED"),
		})
	}
	return out, nil
}

func TestStopsBeforeTheRolloutDoNotCount(t *testing.T) { // T36, T37
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		first := l.mustRoll([]ecs.Service{svc("a", "v1"), svc("b", "v1")})
		time.Sleep(24 * time.Hour)
		l.Deployer = ecs.New(past{l.cloud.Client(), find(first, "a").Deployment}, ecs.Options{Cluster: cluster})
		r := l.mustRoll([]ecs.Service{svc("a", "v1"), svc("b", "v2")})
		wantStates(t, r, map[string]progress.State{"a": "unchanged", "b": "done"})
	})
}

// forgetful lists no service deployments, as ECS does after some months.
type forgetful struct{ ecs.API }

func (forgetful) ListServiceDeployments(context.Context, *awsecs.ListServiceDeploymentsInput, ...func(*awsecs.Options)) (*awsecs.ListServiceDeploymentsOutput, error) {
	return &awsecs.ListServiceDeploymentsOutput{}, nil
}

func TestAnOldBlueGreenDeploymentIsStillHealthy(t *testing.T) { // T18
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		l.mustRoll(blueGreen("v1"))
		l.Deployer = ecs.New(forgetful{l.cloud.Client()}, ecs.Options{Cluster: cluster})
		l.mustRoll(append(blueGreen("v1"), svc("c", "v1")))
	})
}

func TestReadsThatAreRefusedStopTheRolloutWhereItIs(t *testing.T) {
	for refusals, stops := range map[int]bool{2: false, 1000: true} {
		t.Run(fmt.Sprint(refusals), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				left, from := 0, time.Time{}
				l := newLab(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
					if op == "DescribeServices" && left > 0 && time.Now().After(from) {
						left--
						return &ecstest.Error{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
					}
					return nil
				}}, ecs.Options{Journal: &memory{}})
				l.mustRoll(diamond("v1"))
				left, from = refusals, time.Now().Add(30*time.Second)
				r, err := l.roll(diamond("v2"))
				if stopped := err != nil && strings.Contains(err.Error(), "ExpiredToken"); stopped != stops {
					t.Fatalf("error %v: %s", err, r)
				}
				if len(r.Names(progress.RolledBack))+len(r.Names(progress.Failed)) > 0 {
					t.Errorf("rolled back without being able to read: %s", r)
				}
				left = 0
				l.mustRoll(diamond("v2")) // with new credentials it goes on
			})
		})
	}
}

func TestADeadlineIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		var services []ecs.Service
		for i := range 60 { // more than the documented rates allow in this time
			services = append(services, svc(fmt.Sprintf("s%02d", i), "v1"))
		}
		plan, err := l.Plan(t.Context(), services)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := l.Apply(ctx, plan)
		if bad := len(r.Names(progress.Failed)) + len(r.Names(progress.RolledBack)); bad > 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d services failed or were rolled back, %v", bad, err)
		}
	})
}

// late is a log whose lines arrive ten seconds after they were asked for first.
type late struct{ first time.Time }

func (l *late) Tail(context.Context, types.ContainerDefinition, string, int) ([]string, error) {
	if l.first.IsZero() {
		l.first = time.Now()
	}
	if time.Since(l.first) < 10*time.Second {
		return nil, nil
	}
	return []string{"panic: no redis"}, nil
}

func TestAFailureWaitsForTheLastLines(t *testing.T) { // T35
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{Logs: &late{}})
		s := svc("a", "v1")
		s.Settings.DesiredCount = new(int32(4)) // all of which crash at once
		l.cloud.Inject("a", ecstest.Crash)
		if r, err := l.roll([]ecs.Service{s}); !errors.Is(err, ecs.ErrTasksFail) || len(r.Logs()) != 1 {
			t.Errorf("%v with logs %v", err, r.Logs())
		}
	})
}

func TestADocumentThatIsNoJournalIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, document := range []string{"services:\n  - name: a\n", `{"version":2,"run":"x","cluster":"` + cluster + `","services":[]}`, `{"name": "portal"}`, "[]"} {
			journal := &memory{document: []byte(document)}
			l := newLab(t, ecstest.Options{}, ecs.Options{Journal: journal})
			if _, err := l.roll([]ecs.Service{svc("a", "v1")}); !errors.Is(err, ecs.ErrNoJournal) || string(journal.document) != document || l.cloud.Calls("CreateService") > 0 {
				t.Errorf("%s: %v, and now %s", document, err, journal.document)
			}
		}
		l, journal := journalled(t)
		l.cloud.AddCluster("other")
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		d := ecs.New(l.cloud.Client(), ecs.Options{Cluster: "other", Journal: journal})
		if _, err := (deployer{d}).apply(t, []ecs.Service{svc("a", "v1")}); !errors.Is(err, ecs.ErrOtherCluster) {
			t.Errorf("the journal of another cluster: %v", err)
		}
	})
}

func TestApplyDoesNotChangeThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		l.mustRoll(diamond("v1"))
		l.dieAt(journal, diamond("v2"), "UpdateService", 3, true)
		plan, err := l.Plan(t.Context(), diamond("v2"))
		if err != nil {
			t.Fatal(err)
		}
		before := plan.String()
		if _, err := l.Apply(t.Context(), plan); err != nil || plan.String() != before {
			t.Errorf("%v; the plan was\n%sand is\n%s", err, before, plan)
		}
	})
}
