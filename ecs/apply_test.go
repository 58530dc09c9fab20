package ecs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

const cluster = "automation-test"

// svc is a service of one checked container; image tells versions apart.
func svc(name, image string, needs ...string) ecs.Service {
	return ecs.Service{
		Name: name, DependsOn: needs,
		TaskDefinition: &awsecs.RegisterTaskDefinitionInput{
			Family: new("test-" + name),
			ContainerDefinitions: []types.ContainerDefinition{{
				Name: new(name), Image: new(image), Memory: new(int32(128)),
				HealthCheck: &types.HealthCheck{Command: []string{"CMD", "true"}},
			}},
		},
		Settings: &awsecs.CreateServiceInput{DeploymentConfiguration: &types.DeploymentConfiguration{
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		}},
	}
}

// diamond is a, then b and c, then d.
func diamond(image string) []ecs.Service {
	return []ecs.Service{svc("a", image), svc("b", image, "a"), svc("c", image, "a"), svc("d", image, "b", "c")}
}

// lab is a cloud with a deployer that is watched.
type lab struct {
	t     *testing.T
	cloud *ecstest.Cloud
	seen  progress.Recorder
	*ecs.Deployer
}

func newLab(t *testing.T, copts ecstest.Options, opts ecs.Options) *lab {
	t.Helper()
	l := &lab{t: t, cloud: ecstest.New(copts)}
	l.cloud.AddCluster(cluster)
	opts.Cluster, opts.Progress = cluster, l.seen.Record
	l.Deployer = ecs.New(l.cloud.Client(), opts)
	return l
}

// roll plans and applies services.
func (l *lab) roll(services []ecs.Service) (ecs.Result, error) {
	l.t.Helper()
	plan, err := l.Plan(l.t.Context(), services)
	if err != nil {
		l.t.Fatalf("plan: %v", err)
	}
	return l.Apply(l.t.Context(), plan)
}

func (l *lab) mustRoll(services []ecs.Service) ecs.Result {
	l.t.Helper()
	r, err := l.roll(services)
	if err != nil {
		l.t.Fatalf("roll out: %v", err)
	}
	return r
}

func states(r ecs.Result) map[string]progress.State {
	m := make(map[string]progress.State)
	for _, o := range r.Services {
		m[o.Service] = o.State
	}
	return m
}

func wantStates(t *testing.T, r ecs.Result, want map[string]progress.State) {
	t.Helper()
	if d := cmp.Diff(want, states(r)); d != "" {
		t.Errorf("states (-want +got):\n%s\n%s", d, r)
	}
}

func find(r ecs.Result, name string) ecs.Outcome {
	i := slices.IndexFunc(r.Services, func(o ecs.Outcome) bool { return o.Service == name })
	return r.Services[i]
}

func TestDiamondStartsEachServiceWhenItsOwnNeedsAreHealthy(t *testing.T) { // T1, T2
	synctest.Test(t, func(t *testing.T) {
		timing := func(service string) ecstest.Timing {
			if service == "c" {
				return ecstest.DefaultTiming().Scale(5)
			}
			return ecstest.DefaultTiming()
		}
		l := newLab(t, ecstest.Options{Timing: timing}, ecs.Options{})
		services := append(diamond("v1"), svc("e", "v1", "b"))
		r := l.mustRoll(services)
		wantStates(t, r, map[string]progress.State{"a": "done", "b": "done", "c": "done", "d": "done", "e": "done"})
		if e, c := find(r, "e"), find(r, "c"); !e.Started.Before(c.Ended) {
			t.Errorf("e started at %v, after the slow c that it does not need was healthy at %v", e.Started, c.Ended)
		}
		for _, o := range r.Services {
			if o.TaskDefinition != "arn:aws:ecs:us-east-1:123456789012:task-definition/test-"+o.Service+":1" || !strings.HasPrefix(o.Deployment, "ecs-svc/") {
				t.Errorf("%s: task definition %q, deployment %q", o.Service, o.TaskDefinition, o.Deployment)
			}
		}
		for name, last := range map[string]string{"b": "a", "e": "b", "d": "c"} {
			if wait := find(r, name).Started.Sub(find(r, last).Ended); wait != 0 {
				t.Errorf("%s started %v after %s was healthy, want at once", name, wait, last)
			}
		}
	})
}

func TestAFaultStopsDependantsAndRollsBackInReverseOrder(t *testing.T) {
	tests := map[ecstest.Fault]struct {
		err    error
		reason string
	}{
		ecstest.Crash:        {ecs.ErrTasksFail, "container b exited with code 1 (3 tasks)"},
		ecstest.ImageMissing: {ecs.ErrTasksFail, "failed to resolve ref v1: not found (2 tasks)"},
		ecstest.NeverHealthy: {ecs.ErrDeploymentFailed, "Task failed container health checks (3 tasks)"},
		ecstest.NoCapacity:   {ecs.ErrNoCapacity, "unable to place a task because no container instance met all of its requirements"},
	}
	for fault, tt := range tests {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, ecs.Options{})
				l.cloud.Inject("b", fault)
				start := time.Now()
				r, err := l.roll(diamond("v1"))
				wantStates(t, r, map[string]progress.State{"a": "rolled back", "b": "rolled back", "c": "rolled back", "d": "skipped"})
				var failure *ecs.ServiceError
				if !errors.As(err, &failure) || failure.Service != "b" || !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.reason) {
					t.Errorf("error %v, want one of b that is %v and says %q", err, tt.err, tt.reason)
				}
				if a, b := find(r, "a"), find(r, "b"); !a.Ended.After(b.Ended) {
					t.Errorf("a was gone at %v, before b that needs it at %v", a.Ended, b.Ended)
				}
				if m := find(r, "d").Message; m != "needs b, which failed" {
					t.Errorf("d was skipped since %q", m)
				}
				for _, name := range []string{"a", "b", "c"} {
					if s, ok := l.cloud.Service(cluster, name); ok && s.Status == "ACTIVE" {
						t.Errorf("%s is left behind: %+v", name, s)
					}
				}
				if took := time.Since(start); took > 15*time.Minute {
					t.Errorf("took %v of virtual time", took)
				}
			})
		})
	}
}
