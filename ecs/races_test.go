package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// running returns family:revision of what a service runs.
func (l *lab) running(name string) string {
	s, ok := l.cloud.Service(cluster, name)
	if !ok {
		return "nothing"
	}
	return s.TaskDefinition[strings.LastIndexByte(s.TaskDefinition, '/')+1:]
}

func TestAnUpdateThatFailsReturnsToTheBaseline(t *testing.T) { // T57, T62
	for _, fault := range ecstest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{})
				l.mustRoll(diamond("v1"))
				l.cloud.Inject("d", fault)
				r, err := l.roll(diamond("v2"))
				if err == nil {
					t.Fatal("rolled out in spite of the fault")
				}
				wantStates(t, r, map[string]progress.State{"a": "rolled back", "b": "rolled back", "c": "rolled back", "d": "rolled back"})
				for _, name := range []string{"a", "b", "c", "d"} {
					if got, want := l.running(name), "test-"+name+":1"; got != want {
						t.Errorf("%s runs %s, want its baseline %s", name, got, want)
					}
				}
				if d, b, a := find(r, "d"), find(r, "b"), find(r, "a"); !d.Ended.Before(b.Ended) || !b.Ended.Before(a.Ended) {
					t.Errorf("rolled back d at %v, b at %v, a at %v: want this order", d.Ended, b.Ended, a.Ended)
				}
			})
		})
	}
}

func TestNothingToDoMakesNoWrite(t *testing.T) { // T7, T49, T53
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		services := diamond("v1")
		for i := range 30 {
			services = append(services, svc(fmt.Sprintf("leaf-%02d", i), "v1", "d"))
		}
		l.mustRoll(services)
		writes := func() (n int) {
			for _, op := range []string{"RegisterTaskDefinition", "CreateService", "UpdateService", "DeleteService"} {
				n += l.cloud.Calls(op)
			}
			return n
		}
		before, polls := writes(), l.cloud.Calls("DescribeServices")
		r := l.mustRoll(services)
		if n := writes() - before; n != 0 {
			t.Errorf("%d writes for nothing to do", n)
		}
		if done := r.Names(progress.Unchanged); len(done) != len(services) {
			t.Errorf("%d of %d services are unchanged: %s", len(done), len(services), r)
		}
		// Planning reads 34 services in 4 calls; then two polls for each of 4 levels, the last in 3 batches.
		if n := l.cloud.Calls("DescribeServices") - polls; n != 4+2+2+2+2*3 {
			t.Errorf("%d DescribeServices calls, want %d", n, 4+2+2+2+2*3)
		}
	})
}

func TestAnUnchangedServiceThatIsUnhealthyBlocksItsDependants(t *testing.T) { // T5
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{Timeout: 3 * time.Minute})
		l.cloud.Inject("a", ecstest.NeverHealthy)
		bare := svc("a", "v1") // without a health check ECS never gives it up
		bare.TaskDefinition.ContainerDefinitions[0].HealthCheck = nil
		if _, err := newDeployer(l, ecs.Options{KeepFailed: true, Timeout: time.Minute}).apply(t, []ecs.Service{bare}); !errors.Is(err, ecs.ErrTimeout) {
			t.Fatalf("error %v, want a time-out", err)
		}
		r, err := l.roll([]ecs.Service{bare, svc("b", "v1", "a")})
		if !errors.Is(err, ecs.ErrTimeout) {
			t.Errorf("error %v, want that a is not healthy in time", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "failed", "b": "skipped"})
	})
}

type deployer struct{ *ecs.Deployer }

func newDeployer(l *lab, opts ecs.Options) deployer {
	opts.Cluster = cluster
	return deployer{ecs.New(l.cloud.Client(), opts)}
}

func (d deployer) apply(t *testing.T, services []ecs.Service) (ecs.Result, error) {
	t.Helper()
	plan, err := d.Plan(t.Context(), services)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return d.Apply(t.Context(), plan)
}

func TestStaleReadsAreNoSuccess(t *testing.T) { // T8, T9
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{Lag: 4}, ecs.Options{})
		l.mustRoll(diamond("v1"))
		l.mustRoll(diamond("v1")) // reads the lag away
		l.cloud.Inject("d", ecstest.ImageMissing)
		r, err := l.roll(diamond("v2"))
		if !errors.Is(err, ecs.ErrTasksFail) {
			t.Errorf("error %v, want that the tasks of d fail: %s", err, r)
		}
	})
}

func TestADeploymentThatIsTakenOverIsNoSuccess(t *testing.T) { // T14, T15, T16
	tests := map[string]struct {
		meddle func(ctx context.Context, l *lab) error
		err    error
		runs   string // afterwards
	}{
		"by somebody else's, which is then left alone": {
			meddle: func(ctx context.Context, l *lab) error {
				td := svc("b", "theirs").TaskDefinition
				out, err := l.cloud.Client().RegisterTaskDefinition(ctx, td)
				if err != nil {
					return err
				}
				_, err = l.cloud.Client().UpdateService(ctx, &awsecs.UpdateServiceInput{
					Cluster: new(cluster), Service: new("b"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn,
				})
				return err
			},
			err: ecs.ErrSuperseded, runs: "test-b:3",
		},
		"by a rollback to what ran before": {
			meddle: func(ctx context.Context, l *lab) error {
				_, err := l.cloud.Client().UpdateService(ctx, &awsecs.UpdateServiceInput{
					Cluster: new(cluster), Service: new("b"), TaskDefinition: new("test-b:1"),
				})
				return err
			},
			err: ecs.ErrRolledBack, runs: "test-b:1",
		},
		"by its deletion": {
			meddle: func(ctx context.Context, l *lab) error {
				_, err := l.cloud.Client().DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: new("b"), Force: new(true)})
				return err
			},
			err: ecs.ErrGone,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{})
				services := []ecs.Service{svc("a", "v1"), svc("b", "v1")}
				l.mustRoll(services)
				start := time.Now()
				go func() {
					time.Sleep(30*time.Second + time.Millisecond)
					if err := tt.meddle(t.Context(), l); err != nil {
						t.Error(err)
					}
				}()
				r, err := l.roll([]ecs.Service{svc("a", "v2"), svc("b", "v2")})
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v, want %v", err, tt.err)
				}
				failed := slices.IndexFunc(l.seen.Events(), func(e progress.Event) bool { return e.State == progress.Failed })
				if noticed := l.seen.Events()[failed].Time.Sub(start); noticed > 40*time.Second {
					t.Errorf("noticed %v after the start, want it at the second poll", noticed)
				}
				if find(r, "a").State != progress.RolledBack {
					t.Errorf("a is %s, want it rolled back", find(r, "a").State)
				}
				if got := l.running("b"); tt.runs != "" && got != tt.runs {
					t.Errorf("b runs %s, want %s", got, tt.runs)
				}
			})
		})
	}
}

func TestTheCircuitBreakersOwnRollbackIsAdopted(t *testing.T) { // T14
	synctest.Test(t, func(t *testing.T) {
		odd := func(string) ecstest.Timing { return ecstest.DefaultTiming().Scale(0.97) } // so that nothing falls on a poll
		l := newLab(t, ecstest.Options{Timing: odd}, ecs.Options{MaxStops: 100})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		l.cloud.Inject("a", ecstest.NeverHealthy)
		r, err := l.roll([]ecs.Service{svc("a", "v2")})
		if !errors.Is(err, ecs.ErrRolledBack) && !errors.Is(err, ecs.ErrDeploymentFailed) {
			t.Errorf("error %v, want that ECS has rolled back", err)
		}
		if !strings.Contains(err.Error(), "failed container health checks") {
			t.Errorf("error %v does not say why the tasks stopped", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "rolled back"})
		begun := slices.IndexFunc(l.seen.Events(), func(e progress.Event) bool { return e.State == progress.RollingBack })
		out, err := l.cloud.Client().DescribeServices(t.Context(), &awsecs.DescribeServicesInput{Cluster: new(cluster), Services: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		if d := out.Services[0].Deployments[0]; !d.CreatedAt.Before(l.seen.Events()[begun].Time) {
			t.Error("the rollback that ECS had begun was done again")
		}
	})
}

func TestThrottlingAndServerFaultsOnlyDelay(t *testing.T) { // T44, T45, T46, T47
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := newLab(t, ecstest.Options{
			Before: func(op string, n int) *ecstest.Error {
				switch {
				case op == "RegisterTaskDefinition" && n%3 == 1:
					return &ecstest.Error{Code: "ClientException", Message: "Too many concurrent attempts to create a new revision of the specified family."}
				case n%2 == 0 && time.Since(start) < 2*time.Minute, op == "DescribeServices" && n > 6 && n < 40:
					return ecstest.Throttled()
				}
				return nil
			},
			After: func(op string, n int) *ecstest.Error {
				if op == "CreateService" && n%2 == 1 {
					return ecstest.Unavailable()
				}
				return nil
			},
		}, ecs.Options{Timeout: 4 * time.Minute})
		r := l.mustRoll(diamond("v1"))
		if done := r.Names(progress.Done); len(done) != 4 {
			t.Errorf("healthy: %v, want all 4", done)
		}
	})
}

func TestADrainingServiceIsCreatedAnew(t *testing.T) { // T47, T48
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		services := []ecs.Service{svc("a", "v1")}
		l.mustRoll(services)
		if _, err := l.cloud.Client().DeleteService(t.Context(), &awsecs.DeleteServiceInput{Cluster: new(cluster), Service: new("a"), Force: new(true)}); err != nil {
			t.Fatal(err)
		}
		plan, err := l.Plan(t.Context(), services)
		if err != nil || plan.Changes[0].Action != ecs.Recreate {
			t.Fatalf("plan %v, %v; want to recreate a", plan, err)
		}
		if _, err := l.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if s, _ := l.cloud.Service(cluster, "a"); s.Status != "ACTIVE" || s.Healthy != 1 {
			t.Errorf("a is %+v", s)
		}
	})
}

func TestWithoutTheRightToReadTasksTheRolloutIsStillCorrect(t *testing.T) { // T50
	synctest.Test(t, func(t *testing.T) {
		deny := func(op string, _ int) *ecstest.Error {
			if op == "ListTasks" {
				return &ecstest.Error{Code: "AccessDeniedException", Message: "not authorized to perform: ecs:ListTasks"}
			}
			return nil
		}
		l := newLab(t, ecstest.Options{Before: deny}, ecs.Options{})
		l.mustRoll([]ecs.Service{svc("a", "v1")})
		l.cloud.Inject("a", ecstest.ImageMissing)
		_, err := l.roll([]ecs.Service{svc("a", "v2")})
		if !errors.Is(err, ecs.ErrDeploymentFailed) && !errors.Is(err, ecs.ErrRolledBack) || !strings.Contains(err.Error(), "ecs:ListTasks") {
			t.Errorf("error %v, want the circuit breaker's verdict and the missing right", err)
		}
	})
}

func TestServicesOfOneFamilyShareARevision(t *testing.T) { // T52
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		var services []ecs.Service
		for i := range 5 {
			s := svc(fmt.Sprintf("monitor-%d", i), "v1")
			s.TaskDefinition = svc("monitor", "v1").TaskDefinition
			services = append(services, s)
		}
		l.mustRoll(services)
		if n := l.cloud.Calls("RegisterTaskDefinition"); n != 1 {
			t.Errorf("%d registrations of one content", n)
		}
	})
}

func TestARollbackThatFailsNamesTheCommands(t *testing.T) { // T58
	synctest.Test(t, func(t *testing.T) {
		armed := false
		refuse := func(op string, _ int) *ecstest.Error {
			if op == "UpdateService" && armed {
				return &ecstest.Error{Code: "AccessDeniedException", Message: "not now"}
			}
			return nil
		}
		l := newLab(t, ecstest.Options{Before: refuse}, ecs.Options{})
		chain := func(image string) []ecs.Service {
			return []ecs.Service{svc("a", image), svc("b", image, "a"), svc("c", image, "b")}
		}
		l.mustRoll(chain("v1"))
		l.cloud.Inject("c", ecstest.Crash)
		go func() { time.Sleep(5 * time.Minute); armed = true }()
		r, err := l.roll(chain("v2"))
		wantStates(t, r, map[string]progress.State{"a": "failed", "b": "failed", "c": "failed"})
		for _, name := range []string{"a", "b", "c"} {
			command := "aws ecs update-service --cluster automation-test --service " + name + " --task-definition arn:aws:ecs:us-east-1:123456789012:task-definition/test-" + name + ":1"
			if err == nil || !strings.Contains(err.Error(), command) {
				t.Errorf("error %v does not name %q", err, command)
			}
		}
	})
}

func TestCancellingLeavesEachServiceWithAWord(t *testing.T) { // T61
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, ecs.Options{})
		plan, err := l.Plan(t.Context(), diamond("v1"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		r, err := l.Apply(ctx, plan)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "ECS goes on with b, c") {
			t.Errorf("error %v, want that ECS goes on with b and c", err)
		}
		wantStates(t, r, map[string]progress.State{"a": "done", "b": "running", "c": "running", "d": "skipped"})
	})
}
