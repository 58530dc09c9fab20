package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// stick brings "demo" into UPDATE_ROLLBACK_FAILED: the update fails at Group, and
// its rollback at Topic and within Metrics.
func stick(y *yard) {
	y.Helper()
	y.cloud.AddTemplate("https://templates.s3.us-east-1.amazonaws.com/tagged.yaml", []byte(strings.Replace(metrics, "Properties: {", "Properties: {Tags: [{Key: a, Value: b}], ", 1)))
	y.cloud.Inject("demo/Group", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}, Reason: "no such tag", After: 5 * time.Minute})
	y.cloud.Inject("demo/Topic", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "Rate exceeded"})
	y.cloud.Inject("demo/Metrics/Thanos", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "busy", After: time.Minute})
	changed := strings.NewReplacer(
		"metrics.yaml", "tagged.yaml", "GroupDescription: all", "GroupDescription: all, Tags: [{Key: a, Value: b}]", "TopicName:", "DisplayName: Alarms, TopicName:",
	).Replace(house)
	m := stack.New(y.cloud.Client(), stack.Options{})
	p := plan(y.T, m, stack.Stack{Name: "demo", Body: []byte(changed), Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "demo"}})
	_, err := m.Apply(y.Context(), p)
	failed, ok := errors.AsType[*stack.OperationError](err)
	if !ok || failed.Status != "UPDATE_ROLLBACK_FAILED" || !errors.Is(err, stack.ErrRollbackFailed) {
		y.Fatalf("the update ended otherwise: %v", err)
	}
	if d := cmp.Diff([]string{"demo/Group"}, places(failed.Causes)); d != "" {
		y.Errorf("causes of the update (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"demo/Topic", "demo/Metrics/Thanos"}, places(failed.Rollback)); d != "" {
		y.Errorf("failures of the rollback (-want +got):\n%s", d)
	}
}

func places(causes []stack.Cause) (paths []string) {
	for _, c := range causes {
		paths = append(paths, c.Stack+"/"+c.LogicalID)
	}
	return paths
}

func (y *yard) recovery(skip ...string) stack.Recovery {
	y.Helper()
	p, err := y.m.PlanRecover(y.Context(), stack.RecoverRequest{Name: "demo", Skip: skip})
	if err != nil {
		y.Fatal(err)
	}
	return p
}

func TestRecoverEndsAStuckRollback(t *testing.T) {
	tests := map[string]struct {
		heal, skip []string
		plan       string // its end
	}{
		"when the causes were removed": {heal: []string{"demo/Topic", "demo/Metrics/Thanos"}},
		"without the resources that are skipped": {
			skip: []string{"Topic", "Metrics/Thanos", "Topic"},
			plan: "  ! skip Metrics/Thanos: it stays as it is and does not match the template any more; bring them in line before the next update\n" +
				"  ! skip Topic: it stays as it is and does not match the template any more; bring them in line before the next update\n",
		},
		"with one removed and one skipped": {
			heal: []string{"demo/Topic"}, skip: []string{"Metrics/Thanos"},
			plan: "  ! skip Metrics/Thanos: it stays as it is and does not match the template any more; bring them in line before the next update\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				stick(y)
				for _, id := range tt.heal {
					y.cloud.Heal(id)
				}
				before := writes(y.cloud)
				p := y.recovery(tt.skip...)
				want := "stack demo (UPDATE_ROLLBACK_FAILED): continue the rollback of its last update\n" +
					"  ! it failed at Topic (AWS::SNS::Topic): Rate exceeded; AWS throttled CloudFormation: run again\n" +
					"  ! it failed at Metrics/Thanos (AWS::S3::Bucket): busy\n" + tt.plan
				if d := cmp.Diff(want, p.String()); d != "" {
					y.Errorf("plan (-want +got):\n%s", d)
				}
				if writes(y.cloud) != before {
					y.Error("planning wrote")
				}
				b, err := json.Marshal(p)
				var read stack.Recovery
				if err != nil || json.Unmarshal(b, &read) != nil || !cmp.Equal(p, read) {
					y.Errorf("read back: %v\n%s", err, cmp.Diff(p, read))
				}
				r, err := y.m.ApplyRecover(y.Context(), read)
				if err != nil || y.status("demo") != "UPDATE_ROLLBACK_COMPLETE" || r.Unchanged || r.Ended.Before(r.Started) {
					y.Fatalf("%+v, %v: %s", r, err, y.status("demo"))
				}
				if d := cmp.Diff(p.Skip, r.Skipped); d != "" {
					y.Errorf("skipped (-want +got):\n%s", d)
				}
				last := y.events.Events()[len(y.events.Events())-1]
				if last.Op != "stack.recover" || last.Subject != "demo" || last.State != progress.RolledBack {
					y.Errorf("last event %+v", last)
				}
				// And once more: there is nothing to do.
				again := y.recovery("Topic")
				if !again.Empty() || again.String() != "stack demo: its rollback has ended (UPDATE_ROLLBACK_COMPLETE), nothing to recover\n" {
					y.Errorf("plan %s", again)
				}
				if r, err := y.m.ApplyRecover(y.Context(), again); err != nil || !r.Unchanged || y.cloud.Calls("ContinueUpdateRollback") != 1 {
					y.Errorf("%+v, %v", r, err)
				}
				if _, err := y.m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{})); err != nil {
					y.Errorf("what was recovered cannot be deleted: %v", err)
				}
			})
		})
	}
}

func TestRecoverThatFailsAgain(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		stick(y)
		y.cloud.Heal("demo/Topic")
		_, err := y.m.ApplyRecover(y.Context(), y.recovery())
		if !errors.Is(err, stack.ErrRollbackFailed) || !errors.Is(err, stack.ErrFailed) {
			y.Fatalf("error %v", err)
		}
		want := "recover stack demo: Metrics/Thanos (AWS::S3::Bucket): busy; the rollback is stuck again (UPDATE_ROLLBACK_FAILED): remove the cause, or skip the resource, and recover once more"
		if d := cmp.Diff(want, err.Error()); d != "" {
			y.Errorf("error (-want +got):\n%s", d)
		}
		// What is skipped must still fail.
		p := y.recovery("Metrics/Thanos")
		if d := cmp.Diff([]string{"demo/Metrics/Thanos"}, places(p.Failed)); d != "" {
			y.Errorf("failed (-want +got):\n%s", d)
		}
		p.Skip = []string{"Topic"}
		if _, err := y.m.ApplyRecover(y.Context(), p); !errors.Is(err, stack.ErrStale) || !strings.Contains(err.Error(), "the rollback does not fail at Topic any more") {
			y.Errorf("error %v", err)
		}
		if _, err := y.m.ApplyRecover(y.Context(), y.recovery("Metrics/Thanos")); err != nil {
			y.Errorf("error %v", err)
		}
	})
}

func TestRecoverRefuses(t *testing.T) {
	tests := map[string]struct {
		name, skip string
		stuck      bool
		is         error
		text       string
	}{
		"no name":                   {is: stack.ErrInvalid, text: "plan to recover stack without a name: invalid input: no name"},
		"a stack that there is not": {name: "ghost", is: stack.ErrNotFound, text: "plan to recover stack ghost: there is no such stack"},
		"a stack that is not stuck": {name: "demo", is: stack.ErrState, text: "plan to recover stack demo: the state of the stack does not allow it: it is CREATE_COMPLETE, and can be recovered from UPDATE_ROLLBACK_FAILED, UPDATE_FAILED and CREATE_FAILED"},
		"to skip what has not failed": {
			name: "demo", skip: "Data", stuck: true, is: stack.ErrInvalid,
			text: `plan to recover stack demo: invalid input: Skip: the rollback has not failed at "Data" but at Topic, Metrics/Thanos`,
		},
		"to skip the nested stack as a whole": {
			name: "demo", skip: "Metrics", stuck: true, is: stack.ErrInvalid,
			text: `plan to recover stack demo: invalid input: Skip: the rollback has not failed at "Metrics" but at Topic, Metrics/Thanos`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				if tt.stuck {
					stick(y)
				}
				r := stack.RecoverRequest{Name: tt.name}
				if tt.skip != "" {
					r.Skip = []string{tt.skip}
				}
				_, err := y.m.PlanRecover(y.Context(), r)
				if !errors.Is(err, tt.is) {
					y.Errorf("error %v does not match %v", err, tt.is)
				}
				if d := cmp.Diff(tt.text, fmt.Sprint(err)); d != "" {
					y.Errorf("error (-want +got):\n%s", d)
				}
			})
		})
	}
	inYard(t, stacktest.Options{}, func(y *yard) {
		stick(y)
		p := y.recovery()
		nested := ""
		for _, r := range y.cloud.Resources("demo") {
			if r.LogicalID == "Metrics" {
				nested, _, _ = strings.Cut(strings.TrimPrefix(r.PhysicalID, "arn:aws:cloudformation:us-east-1:123456789012:stack/"), "/")
			}
		}
		if _, err := y.m.PlanRecover(y.Context(), stack.RecoverRequest{Name: nested}); !errors.Is(err, stack.ErrInvalid) {
			y.Errorf("error %v", err)
		}
		y.delete(stack.DeleteRequest{})
		if _, err := y.m.ApplyRecover(y.Context(), p); !errors.Is(err, stack.ErrStale) || !strings.Contains(err.Error(), "it is DELETE_COMPLETE now") {
			y.Errorf("error %v", err)
		}
		if _, err := y.m.ApplyRecover(y.Context(), stack.Recovery{}); !errors.Is(err, stack.ErrNotPlanned) {
			y.Errorf("error %v", err)
		}
	})
}

func TestRecoverGoesOnAfterACancellation(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		stick(y)
		y.cloud.Heal("demo/Topic")
		y.cloud.Heal("demo/Metrics/Thanos")
		p := y.recovery()
		ctx, cancel := context.WithCancel(y.Context())
		time.AfterFunc(3*time.Second, cancel)
		if _, err := y.m.ApplyRecover(ctx, p); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "recover stack demo: context canceled; the stack is UPDATE_ROLLBACK_IN_PROGRESS, with ") {
			y.Fatalf("error %v", err)
		}
		under := y.recovery()
		if under.String() != "stack demo: is being rolled back (UPDATE_ROLLBACK_IN_PROGRESS), wait for it\n" {
			y.Errorf("plan %s", under)
		}
		if _, err := y.m.ApplyRecover(y.Context(), under); err != nil || y.cloud.Calls("ContinueUpdateRollback") != 1 || y.status("demo") != "UPDATE_ROLLBACK_COMPLETE" {
			y.Errorf("%v: %s after %d calls", err, y.status("demo"), y.cloud.Calls("ContinueUpdateRollback"))
		}
	})
}

// TestRecoverKilledAtEachCall: whatever call is the last of a run, the next run finishes.
func TestRecoverKilledAtEachCall(t *testing.T) {
	for _, late := range []bool{false, true} {
		for n, finished := 1, false; !finished; n += stride {
			calls, dead := 0, false
			kill := func(is bool) func(string, int) *stacktest.Error {
				return func(string, int) *stacktest.Error {
					if !dead || is != late {
						return nil
					}
					if calls++; calls < n {
						return nil
					}
					return &stacktest.Error{Code: "AccessDenied", Message: "dead"}
				}
			}
			inYard(t, stacktest.Options{Before: kill(false), After: kill(true)}, func(y *yard) {
				stick(y)
				r := stack.RecoverRequest{Name: "demo", Skip: []string{"Topic", "Metrics/Thanos"}}
				dead = true
				p, err := y.m.PlanRecover(y.Context(), r)
				if err == nil {
					_, err = y.m.ApplyRecover(y.Context(), p)
				}
				finished, dead = err == nil, false
				if p, err = y.m.PlanRecover(y.Context(), r); err == nil {
					_, err = y.m.ApplyRecover(y.Context(), p)
				}
				if err != nil || y.status("demo") != "UPDATE_ROLLBACK_COMPLETE" {
					y.Fatalf("after a run that was killed at call %d (late: %v): %v: %s", n, late, err, y.status("demo"))
				}
			})
			if n > 60 {
				t.Fatal("a recovery takes more than 60 calls")
			}
		}
	}
}
