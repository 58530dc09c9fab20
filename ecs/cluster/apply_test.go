package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
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

const name = "automation-8527fec8"

// lab is an ECS in memory and a manager of its clusters.
type lab struct {
	*testing.T
	*cluster.Manager
	cloud  *ecstest.Cloud
	events progress.Recorder
}

// newLab must be called inside a bubble of synctest.
func newLab(t *testing.T, cloud ecstest.Options, opts cluster.Options) *lab {
	t.Helper()
	l := &lab{T: t, cloud: ecstest.New(cloud)}
	if opts.Environment == "" {
		opts.Environment = name
	}
	opts.Progress = l.events.Record
	l.Manager = cluster.New(l.cloud.Client(), opts)
	return l
}

func (l *lab) mustPlan(spec cluster.Spec) cluster.Plan {
	l.Helper()
	plan, err := l.Plan(l.Context(), spec)
	if err != nil {
		l.Fatal(err)
	}
	return plan
}

func (l *lab) mustApply(spec cluster.Spec) {
	l.Helper()
	if err := l.Apply(l.Context(), l.mustPlan(spec)); err != nil {
		l.Fatal(err)
	}
}

func (l *lab) writes() (n int) {
	for _, op := range []string{"CreateCluster", "UpdateCluster", "PutClusterCapacityProviders", "TagResource", "DeleteService", "StopTask", "DeleteCluster"} {
		n += l.cloud.Calls(op)
	}
	return n
}

// states are the states of a subject, in the order in which they came.
func (l *lab) states(subject string) []progress.State {
	var states []progress.State
	for _, e := range l.events.Events() {
		if e.Subject == subject && e.Op == "ecs.cluster" {
			states = append(states, e.State)
		}
	}
	return states
}

func spec() cluster.Spec {
	return cluster.Spec{
		Name: name, Insights: cluster.Enhanced, CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"},
		Strategy: []cluster.Share{{Provider: "FARGATE_SPOT", Weight: 1}}, Tags: map[string]string{"Environment": name, "Project": "automation"},
	}
}

func TestApplyMakesAClusterAndKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		plan := l.mustPlan(spec())
		want := `cluster automation-8527fec8: create
  container insights: enhanced
  capacity providers: FARGATE, FARGATE_SPOT
  default strategy: FARGATE_SPOT weight 1
  tag Environment: "automation-8527fec8"
  tag Project: "automation"
`
		if d := cmp.Diff(want, plan.String()); d != "" {
			t.Errorf("plan (-want +got):\n%s", d)
		}
		if l.writes() != 0 {
			t.Error("planning wrote")
		}
		if err := l.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]progress.State{progress.Running, progress.Done}, l.states(name)); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		before := l.writes()
		again := l.mustPlan(spec())
		if !again.Empty() || again.Action != cluster.Unchanged {
			t.Errorf("a second plan: %v", again)
		}
		if err := l.Apply(t.Context(), again); err != nil || l.writes() != before {
			t.Errorf("a plan without changes made %d writes, %v", l.writes()-before, err)
		}
		b, err := json.Marshal(plan)
		if err != nil || !strings.Contains(string(b), `"action":"create"`) {
			t.Errorf("JSON %s, %v", b, err)
		}
		var copied cluster.Plan
		if err := json.Unmarshal(b, &copied); err != nil {
			t.Fatal(err)
		}
		if err := l.Apply(t.Context(), copied); !errors.Is(err, cluster.ErrNotPlanned) {
			t.Errorf("a plan from JSON was applied: %v", err)
		}
	})
}

func TestApplyReconcilesDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.cloud.AddCapacityProvider("asg")
		l.mustApply(spec())
		changed := spec()
		changed.Insights = cluster.Disabled
		changed.CapacityProviders, changed.Strategy = []string{"FARGATE", "asg"}, []cluster.Share{{Provider: "asg", Weight: 1}}
		changed.Tags = map[string]string{"Project": "other"}
		began := time.Now()
		l.mustApply(changed)
		if waited := time.Since(began); waited < 20*time.Second {
			t.Errorf("it did not wait for the capacity provider: %s", waited)
		}
		plan := l.mustPlan(changed)
		if !plan.Empty() {
			t.Errorf("it still differs: %v", plan)
		}
		out, err := l.cloud.Client().DescribeClusters(t.Context(), &awsecs.DescribeClustersInput{Clusters: []string{name}, Include: []types.ClusterField{types.ClusterFieldTags}})
		if err != nil || len(out.Clusters[0].Tags) != 2 {
			t.Errorf("the other tag did not stay: %v, %v", out, err)
		}
		l.mustApply(spec()) // and back
		for _, op := range []string{"UpdateCluster", "TagResource"} {
			if n := l.cloud.Calls(op); n != 2 {
				t.Errorf("%d calls of %s, want 2", n, op)
			}
		}
	})
}

func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.mustApply(spec())
		tagged := spec()
		tagged.Tags["Owner"] = "me"
		before := l.writes()
		l.mustApply(tagged)
		if n := l.writes() - before; n != 1 || l.cloud.Calls("TagResource") != 1 {
			t.Errorf("%d writes, want one TagResource", n)
		}
	})
}

func TestADeletedClusterIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		l.mustApply(spec())
		if _, err := l.cloud.Client().DeleteCluster(t.Context(), &awsecs.DeleteClusterInput{Cluster: new(name)}); err != nil {
			t.Fatal(err)
		}
		plan := l.mustPlan(spec())
		if plan.Action != cluster.Recreate || plan.Detail[0] != "was inactive" {
			t.Errorf("plan %v", plan)
		}
		if err := l.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if again := l.mustPlan(spec()); !again.Empty() {
			t.Errorf("plan %v", again)
		}
	})
}

func TestTheServiceLinkedRoleIsWaitedFor(t *testing.T) { // T51
	role := &ecstest.Error{Code: "InvalidParameterException", Message: "Unable to assume the service linked role. Please verify that the ECS service linked role exists."}
	tests := map[string]struct {
		refusals int // of CreateCluster
		ok       bool
	}{
		"for half a minute": {5, true},
		"not for ever":      {1 << 30, false},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, ecstest.Options{Before: func(op string, n int) *ecstest.Error {
					if op == "CreateCluster" && n <= tt.refusals {
						return role
					}
					return nil
				}}, cluster.Options{})
				began := time.Now()
				err := l.Apply(t.Context(), l.mustPlan(spec()))
				if (err == nil) != tt.ok {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); took > 75*time.Second || !tt.ok && took < 55*time.Second {
					t.Errorf("it took %s", took)
				}
				if err != nil && !strings.Contains(err.Error(), "create-service-linked-role") {
					t.Errorf("error %v names no remedy", err)
				}
			})
		})
	}
}

func TestThrottlingIsSatOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{Before: func(_ string, n int) *ecstest.Error {
			if n%5 != 0 {
				return ecstest.Throttled()
			}
			return nil
		}}, cluster.Options{})
		l.mustApply(spec())
		if plan := l.mustPlan(spec()); !plan.Empty() {
			t.Errorf("plan %v", plan)
		}
	})
}

func TestApplySaysWhatItCouldNotDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		denied := &ecstest.Error{Code: "AccessDeniedException", Message: "not you"}
		l := newLab(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
			if op == "UpdateCluster" || op == "TagResource" {
				return denied
			}
			return nil
		}}, cluster.Options{})
		l.cloud.AddCluster(name)
		err := l.Apply(t.Context(), l.mustPlan(spec()))
		if err == nil || strings.Count(err.Error(), "not you") != 2 || !strings.Contains(err.Error(), "set container insights") || !strings.Contains(err.Error(), "tag: ") {
			t.Errorf("error %v", err)
		}
		if l.cloud.Calls("PutClusterCapacityProviders") != 1 {
			t.Error("a failed write stopped another")
		}
		unknown := spec()
		unknown.CapacityProviders = append(unknown.CapacityProviders, "ghost")
		unknown.Name = "other"
		if err := l.Apply(t.Context(), l.mustPlan(unknown)); err == nil || !strings.Contains(err.Error(), "create cluster other: ") || !strings.Contains(err.Error(), "'ghost' was not found") {
			t.Errorf("error %v", err)
		}
		if _, err := l.Plan(t.Context(), cluster.Spec{}); err == nil || !strings.Contains(err.Error(), "plan cluster without a name: name") {
			t.Errorf("error %v", err)
		}
	})
}

// TestAClusterThatSomebodyElseMakesMeanwhileIsNoSuccess relies on CreateCluster
// giving back an existing cluster as it is.
func TestAClusterThatSomebodyElseMakesMeanwhileIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, ecstest.Options{}, cluster.Options{})
		plan := l.mustPlan(spec())
		l.cloud.AddCluster(name)
		if err := l.Apply(t.Context(), plan); !errors.Is(err, cluster.ErrStale) || !strings.Contains(err.Error(), "container insights: disabled -> enhanced") {
			t.Errorf("error %v", err)
		}
	})
}

// scripted answers DescribeClusters from a script, the last of which stays.
type scripted struct {
	cluster.API
	script []types.Cluster
}

func (s *scripted) DescribeClusters(context.Context, *awsecs.DescribeClustersInput, ...func(*awsecs.Options)) (*awsecs.DescribeClustersOutput, error) {
	out := &awsecs.DescribeClustersOutput{Clusters: []types.Cluster{s.script[0]}}
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	return out, nil
}

func (s *scripted) CreateCluster(context.Context, *awsecs.CreateClusterInput, ...func(*awsecs.Options)) (*awsecs.CreateClusterOutput, error) {
	return &awsecs.CreateClusterOutput{}, nil
}

func TestApplyWaitsForTheStatusOfACluster(t *testing.T) {
	state := func(status, attachments string) types.Cluster {
		return types.Cluster{
			ClusterName: new(name), Status: &status, AttachmentsStatus: &attachments,
			Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: new("enabled")}},
		}
	}
	gone, ready := state("INACTIVE", ""), state("ACTIVE", "UPDATE_COMPLETE")
	tests := map[string]struct {
		script []types.Cluster
		want   error
	}{
		"a stale read after the creation":      {[]types.Cluster{gone, gone, gone, ready}, nil},
		"capacity providers that are set up":   {[]types.Cluster{gone, state("PROVISIONING", ""), state("ACTIVE", "UPDATE_IN_PROGRESS"), ready}, nil},
		"capacity providers that take forever": {[]types.Cluster{gone, state("ACTIVE", "UPDATE_IN_PROGRESS")}, cluster.ErrTimeout},
		"capacity providers that fail":         {[]types.Cluster{gone, state("ACTIVE", "UPDATE_FAILED")}, cluster.ErrFailed},
		"a cluster that fails":                 {[]types.Cluster{gone, state("FAILED", "")}, cluster.ErrFailed},
		"one that is still being deleted":      {[]types.Cluster{state("DEPROVISIONING", ""), state("DEPROVISIONING", ""), gone, ready}, nil},
		"one that is being deleted for ever":   {[]types.Cluster{state("DEPROVISIONING", "")}, cluster.ErrTimeout},
		"one that never shows":                 {[]types.Cluster{gone}, cluster.ErrStale},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := cluster.New(&scripted{script: slices.Clone(tt.script)}, cluster.Options{})
				plan, err := m.Plan(t.Context(), cluster.Spec{Name: name})
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Apply(t.Context(), plan); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
			})
		})
	}
	m := cluster.New(&scripted{script: []types.Cluster{state("FAILED", "")}}, cluster.Options{})
	if _, err := m.Plan(t.Context(), cluster.Spec{Name: name}); !errors.Is(err, cluster.ErrFailed) {
		t.Errorf("a failed cluster was planned: %v", err)
	}
}
