package stack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

type progressEvent = progress.Event

func TestStalePlans(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		mine := plan(t, m, s)
		s.Parameters["Days"] = "60"
		theirs := plan(t, m, s)
		if _, err := m.Apply(t.Context(), theirs); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Apply(t.Context(), mine); !errors.Is(err, stack.ErrStale) {
			t.Errorf("the stack has changed since: %v", err)
		}
		mine = plan(t, m, demo())
		theirs = plan(t, m, func() stack.Stack { s := demo(); s.Parameters["Days"] = "90"; return s }())
		execute(t, cloud, theirs.ChangeSet)
		if _, err := m.Apply(t.Context(), mine); !errors.Is(err, stack.ErrStale) {
			t.Errorf("the stack is being changed: %v", err)
		}
	})
}

// execute does what the console does.
func execute(t *testing.T, cloud *stacktest.Cloud, changeSet string) {
	t.Helper()
	if _, err := cloud.Client().ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: &changeSet}); err != nil {
		t.Fatal(err)
	}
}

func TestPlanExecutedInTheConsole(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Hour} {
		bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
			m := manager(cloud)
			p := plan(t, m, demo())
			execute(t, cloud, p.ChangeSet)
			time.Sleep(wait)
			r, err := m.Apply(t.Context(), p)
			if err != nil || r.Status != "CREATE_COMPLETE" || r.Outputs["Redis"] != "demo-redis" {
				t.Errorf("after %s: %+v, error %v", wait, r, err)
			}
		})
		bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
			m := manager(cloud)
			cloud.Inject("Logs", stacktest.Fault{Reason: "no"})
			p := plan(t, m, demo())
			execute(t, cloud, p.ChangeSet)
			time.Sleep(wait)
			if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrFailed) {
				t.Errorf("after %s: error %v", wait, err)
			}
		})
	}
}

func TestPlanThatFailedBeforeALaterSuccess(t *testing.T) {
	bubble(t, stacktest.Options{PageSize: 5}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		cloud.Inject("Logs", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Times: 1})
		p := plan(t, m, s)
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrFailed) {
			t.Fatal(err)
		}
		deploy(t, m, s)
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) {
			t.Errorf("what came of another plan is taken for what came of this one: %v", err)
		}
		cloud.Inject("Logs", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Times: 1})
		p = plan(t, m, demo())
		execute(t, cloud, p.ChangeSet)
		time.Sleep(time.Hour)
		deploy(t, m, demo())
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) {
			t.Errorf("what came of another plan is taken for what came of one in the console: %v", err)
		}
	})
}

func TestPlanThatSucceededBeforeALaterFailure(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		p, _ := deploy(t, m, demo())
		if r, err := m.Apply(t.Context(), p); err != nil || r.Status != "CREATE_COMPLETE" {
			t.Errorf("applied again: %+v, error %v", r, err)
		}
		s := demo()
		s.Parameters["Days"] = "30"
		cloud.Inject("Logs", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Times: 1})
		if err := run(t.Context(), m, s); !errors.Is(err, stack.ErrFailed) {
			t.Fatal(err)
		}
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) {
			t.Errorf("the failure of another plan is taken for that of this one: %v", err)
		}
	})
}

func TestPlanAgainFindsItsChangeSet(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		first, second := plan(t, manager(cloud), demo()), plan(t, manager(cloud), demo())
		if first.ChangeSet != second.ChangeSet || first.ID != second.ID || first.String() != second.String() {
			t.Errorf("planned twice:\n%s %s\n%s %s", first.ChangeSet, first, second.ChangeSet, second)
		}
	})
}

func TestPlansWithSecretsDoNotDisturbOneAnother(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		deploy(t, manager(cloud), demo())
		s := demo()
		s.Parameters["Token"] = "given"
		var plans []stack.Plan
		for range 3 {
			before := cloud.Calls("CreateChangeSet")
			plans = append(plans, plan(t, manager(cloud), s))
			if n := cloud.Calls("CreateChangeSet") - before; n != 1 {
				t.Errorf("%d change sets made for one plan", n)
			}
		}
		if all := changeSets(t, cloud, "demo"); len(all) != 3 {
			t.Errorf("the plans wait with %v", all)
		}
		if _, err := manager(cloud).Apply(t.Context(), plans[0]); err != nil {
			t.Error("a plan that others were made after:", err)
		}
		_, err := manager(cloud).Apply(t.Context(), plans[1])
		if !errors.Is(err, stack.ErrStale) {
			t.Errorf("a plan that another was executed before: %v", err)
		}
	})
}

func TestPlanWhoseChangeSetIsGone(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		p := plan(t, m, s)
		if err := m.Discard(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		const want = "apply stack demo: the change set of the plan is gone, deleted by somebody, or since another one was executed: plan again"
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrStale) || err.Error() != want {
			t.Errorf("error %v", err)
		}
		if err := m.Discard(t.Context(), p); err != nil {
			t.Errorf("what is discarded already: %v", err)
		}
	})
}

func TestOldChangeSetsAreSweptAway(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		foreign := &cloudformation.CreateChangeSetInput{
			StackName: new("demo"), ChangeSetName: new("delivery-of-somebody-else"), TemplateBody: new(environment + "  More: {Value: x}\n"),
			Parameters: []types.Parameter{{ParameterKey: new("Environment"), ParameterValue: new("demo")}},
		}
		if _, err := cloud.Client().CreateChangeSet(t.Context(), foreign); err != nil {
			t.Fatal(err)
		}
		s := demo()
		s.Parameters["Token"] = "given"
		first := plan(t, m, s)
		time.Sleep(6 * 24 * time.Hour)
		second := plan(t, m, s)
		time.Sleep(2 * 24 * time.Hour)
		third := plan(t, m, s)
		want := []string{"delivery-of-somebody-else", nameOf(second), nameOf(third)}
		got := changeSets(t, cloud, "demo")
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("left are %v, want %v without %s", got, want, nameOf(first))
		}
	})
}

// nameOf is the name in the ARN of the change set of p.
func nameOf(p stack.Plan) string { return strings.Split(p.ChangeSet, "/")[1] }

func TestProgressTellsWhatWaitsForWhat(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		var recorder progress.Recorder
		m := stack.New(cloud.Client(), stack.Options{Progress: recorder.Record})
		deploy(t, m, demo())
		needs, states := map[string][]string{}, map[string][]progress.State{}
		for _, e := range recorder.Events() {
			if e.Op != "stack.apply" {
				continue
			}
			if len(states[e.Subject]) > 0 && e.Needs != nil {
				t.Errorf("%s: its needs come late", e.Subject)
			}
			if e.Needs != nil {
				needs[e.Subject] = e.Needs
			}
			if all := states[e.Subject]; len(all) == 0 || all[len(all)-1] != e.State {
				states[e.Subject] = append(states[e.Subject], e.State)
			}
		}
		if got := needs["demo/Alarm"]; !slices.Equal(got, []string{"demo/Cache", "demo/Topic"}) {
			t.Errorf("the alarm needs %v", got)
		}
		if got := states["demo/Cache"]; !slices.Equal(got, []progress.State{progress.Waiting, progress.Running, progress.Done}) {
			t.Errorf("the cache: %v", got)
		}
		if got := states["demo"]; !slices.Equal(got, []progress.State{progress.Running, progress.Done}) {
			t.Errorf("the stack: %v", got)
		}
	})
}
