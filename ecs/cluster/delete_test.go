package cluster_test

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
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/cluster"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/progress"
)

// fill makes a cluster with services of two tasks each, and with tasks of none.
func (l *lab) fill(clusterName, environment string, services, tasks int) {
	l.Helper()
	client := l.cloud.Client()
	must := func(_ any, err error) {
		l.Helper()
		if err != nil {
			l.Fatal(err)
		}
	}
	in := &awsecs.CreateClusterInput{ClusterName: &clusterName}
	if environment != "" {
		in.Tags = []types.Tag{{Key: new("Environment"), Value: &environment}}
	}
	must(client.CreateCluster(l.Context(), in))
	must(client.RegisterTaskDefinition(l.Context(), &awsecs.RegisterTaskDefinitionInput{
		Family: new("web"), ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: new("app:1")}},
	}))
	for i := range services {
		must(client.CreateService(l.Context(), &awsecs.CreateServiceInput{
			Cluster: &clusterName, ServiceName: new(fmt.Sprintf("s%02d", i)), TaskDefinition: new("web"), DesiredCount: new(int32(2)),
		}))
	}
	for range tasks {
		must(client.RunTask(l.Context(), &awsecs.RunTaskInput{Cluster: &clusterName, TaskDefinition: new("web")}))
	}
	time.Sleep(5 * time.Minute)
}

func (l *lab) mustPlanDelete() cluster.Deletion {
	l.Helper()
	d, err := l.PlanDelete(l.Context(), name)
	if err != nil {
		l.Fatal(err)
	}
	return d
}

func (l *lab) status() string {
	l.Helper()
	out, err := l.cloud.Client().DescribeClusters(l.Context(), &awsecs.DescribeClustersInput{Clusters: []string{name}})
	if err != nil {
		l.Fatal(err)
	}
	if len(out.Clusters) == 0 {
		return *out.Failures[0].Reason
	}
	return *out.Clusters[0].Status
}

func TestDeletingNamesEverythingAndDoesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.fill(name, name, 12, 1)
		before := l.writes()
		d := l.mustPlanDelete()
		if l.writes() != before {
			t.Error("planning wrote")
		}
		text := d.String()
		for _, want := range []string{
			"cluster automation-8527fec8: delete, with 12 services and 1 task of no service\n", "  - service s00 (2 tasks)\n", "  - service s11 (2 tasks)\n",
			"  - task " + d.Tasks[0].ID + " (family:web)\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("plan\n%sdoes not say %q", text, want)
			}
		}
		began := time.Now()
		done, err := l.ApplyDelete(t.Context(), d)
		if err != nil || !done.Cluster || len(done.Services) != 12 || len(done.Tasks) != 1 {
			t.Errorf("deleted %+v, %v", done, err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %s", took)
		}
		if got := l.status(); got != "INACTIVE" {
			t.Errorf("cluster is %s", got)
		}
		if d := cmp.Diff([]progress.State{progress.Waiting, progress.Running, progress.Done}, l.states("s05")); d != "" {
			t.Errorf("events of a service (-want +got):\n%s", d)
		}
		if got := l.states(name); got[len(got)-1] != progress.Done {
			t.Errorf("events of the cluster: %v", got)
		}
		again := l.mustPlanDelete()
		if !again.Gone || again.String() != "cluster automation-8527fec8: does not exist\n" {
			t.Errorf("plan %v", again)
		}
		before = l.writes()
		if done, err := l.ApplyDelete(t.Context(), again); err != nil || !done.Cluster || l.writes() != before {
			t.Errorf("deleting again: %+v, %v, %d writes", done, err, l.writes()-before)
		}
	})
}

func TestWhatMustNotBeDeletedIsRefused(t *testing.T) {
	tests := map[string]struct {
		cluster, tag string
		opts         cluster.Options
		want         error
	}{
		"its own":                                     {name, name, cluster.Options{}, nil},
		"a neighbour whose name begins alike":         {name, name + "0", cluster.Options{}, cluster.ErrNotOwned},
		"a neighbour whose name ends alike":           {name, "x" + name, cluster.Options{}, cluster.ErrNotOwned},
		"a neighbour in other letters":                {name, strings.ToUpper(name), cluster.Options{}, cluster.ErrNotOwned},
		"a neighbour under the name":                  {name, "automation-8527fec9", cluster.Options{}, cluster.ErrNotOwned},
		"a cluster without a tag":                     {name, "", cluster.Options{}, cluster.ErrNotOwned},
		"a cluster of another environment":            {name, name, cluster.Options{Environment: "-"}, cluster.ErrNotOwned},
		"production by its name":                      {"automation-master", "automation-master", cluster.Options{Environment: "automation-master"}, cluster.ErrProduction},
		"production in other letters":                 {"Production_2", "x", cluster.Options{Environment: "x"}, cluster.ErrProduction},
		"production by its tag":                       {name, "production", cluster.Options{Environment: "production"}, cluster.ErrProduction},
		"production by a word of one's own":           {"live", "live", cluster.Options{Environment: "live", Production: []string{"live"}}, cluster.ErrProduction},
		"production that is allowed":                  {"automation-master", "automation-master", cluster.Options{Environment: "automation-master", AllowProduction: "automation-master"}, nil},
		"production where another one is allowed":     {"automation-master", "automation-master", cluster.Options{Environment: "automation-master", AllowProduction: "automation-main"}, cluster.ErrProduction},
		"allowed production of another environment":   {"automation-master", "automation-master", cluster.Options{AllowProduction: "automation-master"}, cluster.ErrNotOwned},
		"a word that only contains one of production": {"productions-mastery", "domain", cluster.Options{Environment: "domain"}, nil},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{}, tt.opts)
				l.fill(tt.cluster, tt.tag, 1, 0)
				before := l.writes()
				_, err := l.PlanDelete(t.Context(), tt.cluster)
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("plan: %v, want %v", err, tt.want)
				}
				// A plan from elsewhere is refused as well.
				done, err := l.ApplyDelete(t.Context(), cluster.Deletion{Cluster: tt.cluster, Services: []cluster.Service{{Name: "s00"}}})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || done.Cluster != (tt.want == nil) {
					t.Errorf("apply: %v, want %v", err, tt.want)
				}
				if tt.want != nil && l.writes() != before {
					t.Error("something was written")
				}
			})
		})
	}
	m := cluster.New(ecstest.New(ecstest.Options{}).Client(), cluster.Options{})
	if _, err := m.PlanDelete(t.Context(), name); !errors.Is(err, cluster.ErrNoEnvironment) {
		t.Errorf("without an environment: %v", err)
	}
	if _, err := m.ApplyDelete(t.Context(), cluster.Deletion{}); !errors.Is(err, cluster.ErrNotPlanned) {
		t.Errorf("without a plan: %v", err)
	}
}

func TestWhatThePlanDoesNotNameIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.fill(name, name, 1, 0)
		d := l.mustPlanDelete()
		l.fill(name, "", 0, 1)
		before := l.writes()
		_, err := l.ApplyDelete(t.Context(), d)
		if !errors.Is(err, cluster.ErrStale) || !strings.Contains(err.Error(), "there is also task ") || l.writes() != before {
			t.Errorf("error %v, %d writes", err, l.writes()-before)
		}
	})
	synctest.Test(t, func(t *testing.T) { // and what comes while services drain
		var l *lab
		late := true
		l = newLab(t, ecstest.Options{After: func(op string, _ int) *ecstest.Error {
			if op == "DeleteService" && late {
				late = false
				go func() {
					_, err := l.cloud.Client().RunTask(t.Context(), &awsecs.RunTaskInput{Cluster: new(name), TaskDefinition: new("web")})
					if err != nil {
						t.Error(err)
					}
				}()
			}
			return nil
		}}, cluster.Options{})
		l.fill(name, name, 1, 0)
		done, err := l.ApplyDelete(t.Context(), l.mustPlanDelete())
		if !errors.Is(err, cluster.ErrStale) || !strings.Contains(err.Error(), "there is now task ") || done.Cluster {
			t.Errorf("deleted %+v, %v", done, err)
		}
	})
}

func TestContainerInstancesAreReportedAndNotStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.fill(name, name, 1, 0)
		l.cloud.AddInstance(name, ecstest.Instance{CPU: 1024, Memory: 2048})
		d := l.mustPlanDelete()
		if len(d.Instances) != 1 || !strings.Contains(d.String(), "  ! container instance "+d.Instances[0]+" must be stopped first\n") {
			t.Errorf("plan %v", d)
		}
		done, err := l.ApplyDelete(t.Context(), d)
		if !errors.Is(err, cluster.ErrInstances) || !strings.HasSuffix(err.Error(), ": "+d.Instances[0]) || done.Cluster || len(done.Services) != 1 {
			t.Errorf("deleted %+v, %v", done, err)
		}
	})
}

func TestADeletionThatWasKilledAnywhereGoesOn(t *testing.T) {
	ended, kills := false, 0
	for kill := 1; !ended; kill++ {
		kills = kill - 1
		synctest.Test(t, func(t *testing.T) {
			calls, cancel := -1<<30, context.CancelFunc(nil)
			l := newLab(t, ecstest.Options{Before: func(string, int) *ecstest.Error {
				if calls++; calls == kill {
					cancel()
				}
				return nil
			}}, cluster.Options{})
			l.fill(name, name, 11, 2)
			d := l.mustPlanDelete()
			ctx, stop := context.WithCancelCause(t.Context())
			cancel = func() { stop(errors.New("killed")) }
			calls = 0
			first, err := l.ApplyDelete(ctx, d)
			calls = -1 << 30
			stop(nil)
			ended = err == nil
			d = l.mustPlanDelete()
			if d.Gone {
				return
			}
			second, err := l.ApplyDelete(t.Context(), d)
			if err != nil || l.status() != "INACTIVE" {
				t.Errorf("killed at call %d: deleted %+v, then %+v, %v", kill, first, second, err)
			}
			if n := l.cloud.Calls("DeleteService"); n > 12 { // the one in whose call it was killed may be twice
				t.Errorf("killed at call %d: %d calls of DeleteService", kill, n)
			}
		})
	}
	if kills < 20 {
		t.Errorf("it was killed at %d calls only", kills)
	}
}

func TestDeletingWaitsOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := func(string) ecstest.Timing {
			timing := ecstest.DefaultTiming()
			timing.Stop = 24 * time.Hour
			return timing
		}
		l := newLab(t, ecstest.Options{Timing: stuck}, cluster.Options{Timeout: 10 * time.Minute})
		l.fill(name, name, 2, 0)
		began := time.Now()
		done, err := l.ApplyDelete(t.Context(), l.mustPlanDelete())
		if !errors.Is(err, cluster.ErrTimeout) || !strings.Contains(err.Error(), "still waiting for s00 (draining, ") || done.Cluster {
			t.Errorf("deleted %+v, %v", done, err)
		}
		if took := time.Since(began); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %s", took)
		}
		if d := l.mustPlanDelete(); d.Services[0].Status != "DRAINING" {
			t.Errorf("plan %v", d)
		}
	})
}

func TestDeletingSitsOutThrottlingAndSaysWhatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := map[string]*ecstest.Error{}
		l := newLab(t, ecstest.Options{Before: func(op string, n int) *ecstest.Error {
			if fault := refuse[op]; fault != nil && n%4 != 0 {
				return fault
			}
			return nil
		}}, cluster.Options{})
		l.fill(name, name, 3, 1)
		denied := &ecstest.Error{Code: "AccessDeniedException", Message: "not you"}
		refuse["DeleteService"], refuse["StopTask"] = denied, denied
		done, err := l.ApplyDelete(t.Context(), l.mustPlanDelete())
		if err == nil || strings.Count(err.Error(), "not you") != 4 || !strings.Contains(err.Error(), "delete service s02: ") || len(done.Services) != 0 {
			t.Errorf("deleted %+v, %v", done, err)
		}
		if got := l.states("s01"); !slices.Contains(got, progress.Failed) {
			t.Errorf("events of a service: %v", got)
		}
		for _, op := range []string{"DescribeClusters", "ListServices", "DescribeServices", "ListTasks", "DescribeTasks", "DeleteService", "StopTask", "DeleteCluster"} {
			refuse[op] = ecstest.Throttled()
		}
		done, err = l.ApplyDelete(t.Context(), l.mustPlanDelete())
		if err != nil || !done.Cluster || len(done.Services) != 3 {
			t.Errorf("deleted %+v, %v", done, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
			if op == "DeleteCluster" {
				return &ecstest.Error{Code: "ClusterContainsCapacityProviderException", Message: "It has capacity providers."}
			}
			return nil
		}}, cluster.Options{})
		l.fill(name, name, 0, 0)
		if _, err := l.ApplyDelete(t.Context(), l.mustPlanDelete()); !errors.Is(err, cluster.ErrProviders) {
			t.Errorf("error %v", err)
		}
	})
}
