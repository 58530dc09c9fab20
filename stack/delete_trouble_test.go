package stack_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestDeleteSaysWhyItFailedAndGoesOn(t *testing.T) {
	tests := map[string]struct {
		then     stack.DeleteRequest
		heal     bool
		retained []string
		emptied  map[string]int
		left     int
	}{
		"with the bucket and the group left behind": {
			then: stack.DeleteRequest{Retain: []string{"Data", "Group"}}, retained: []string{"Data", "Group", "Records"}, left: 5,
		},
		"with the bucket emptied and the group healed": {
			then: stack.DeleteRequest{EmptyBuckets: []string{"Data"}}, heal: true, retained: []string{"Records"}, emptied: map[string]int{"Data": 5},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				y.cloud.SetObjects("demo-data", 5)
				y.cloud.Inject("Group", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: stacktest.DependencyViolation})
				r, err := y.m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{}))
				failed, ok := errors.AsType[*stack.OperationError](err)
				if !ok || failed.Status != "DELETE_FAILED" || len(failed.Causes) != 2 || !errors.Is(err, stack.ErrFailed) {
					y.Fatalf("error %v", err)
				}
				for _, want := range []string{
					"delete stack demo: ", "Data (AWS::S3::Bucket): The bucket you tried to delete is not empty", "list it in EmptyBuckets",
					"Group (AWS::EC2::SecurityGroup): resource sg-0123456789abcdef0 has a dependent object; something outside", "; the stack is DELETE_FAILED: ",
				} {
					if !strings.Contains(err.Error(), want) {
						y.Errorf("error %q does not say %q", err, want)
					}
				}
				if !slices.Contains(r.Deleted, "Topic") || slices.Contains(r.Deleted, "Data") {
					y.Errorf("result %+v", r)
				}
				p := y.plan(stack.DeleteRequest{})
				if len(p.Failed) != 2 || !strings.Contains(p.String(), "\n  ! the last deletion failed at Group (AWS::EC2::SecurityGroup): ") || strings.Contains(p.String(), "Topic") {
					y.Errorf("plan %s", p)
				}
				if _, err := y.m.PlanDelete(y.Context(), stack.DeleteRequest{Name: "demo", Retain: []string{"Records"}}); !errors.Is(err, stack.ErrInvalid) || !strings.Contains(err.Error(), "(it failed at ") {
					y.Errorf("error %v", err)
				}
				if _, err := y.m.PlanDelete(y.Context(), stack.DeleteRequest{Name: "demo", Retain: []string{"Data"}, EmptyBuckets: []string{"Data"}}); !errors.Is(err, stack.ErrInvalid) {
					y.Errorf("error %v", err)
				}
				if tt.heal {
					y.cloud.Heal("Group")
				}
				r = y.delete(tt.then)
				var retained []string
				for _, left := range r.Retained {
					retained = append(retained, left.LogicalID)
				}
				if d := cmp.Diff(tt.retained, retained); d != "" {
					y.Errorf("retained (-want +got):\n%s", d)
				}
				if d := cmp.Diff(tt.emptied, r.Emptied); d != "" {
					y.Errorf("emptied (-want +got):\n%s", d)
				}
				if n := y.cloud.Objects("demo-data"); n != tt.left || y.status(p.ID) != "DELETE_COMPLETE" {
					y.Errorf("%d objects are left, the stack is %s", n, y.status(p.ID))
				}
			})
		})
	}
}

// leaky is a bucket store in which something writes right after emptying.
type leaky struct {
	*stacktest.Cloud
	leaks int // how often demo-data does; below 0 is for ever
	fails string
	calls []string
}

func (l *leaky) Empty(ctx context.Context, bucket, account string) (int, error) {
	l.calls = append(l.calls, bucket)
	if bucket == l.fails {
		return 1, errors.New("access denied to object x")
	}
	n, err := l.Cloud.Empty(ctx, bucket, account)
	if l.leaks != 0 && bucket == "demo-data" {
		l.leaks--
		l.SetObjects(bucket, 1)
	}
	return n, err
}

func TestDeleteEmptiesBucketsAgain(t *testing.T) {
	tests := map[string]struct {
		leaks, calls int
		ok           bool
	}{
		"that something writes to": {leaks: 1, calls: 3, ok: true}, // the other one once
		"but not for ever":         {leaks: -1, calls: 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				y.cloud.SetObjects("demo-data", 5)
				store := &leaky{Cloud: y.cloud, leaks: tt.leaks}
				y.m = stack.New(y.cloud.Client(), stack.Options{Buckets: store})
				p := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data", "Metrics/Thanos"}})
				r, err := y.m.ApplyDelete(y.Context(), p)
				if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, stack.ErrFailed) {
					y.Errorf("error %v", err)
				}
				if len(store.calls) != tt.calls || r.Emptied["Data"] != 5+tt.calls-2 {
					y.Errorf("emptied %v, %v", store.calls, r.Emptied)
				}
			})
		})
	}
}

func TestDeleteStopsWhereABucketCannotBeEmptied(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.cloud.SetObjects("demo-data", 5)
		y.cloud.SetObjects("demo-thanos", 5)
		store := &leaky{Cloud: y.cloud, fails: "demo-data"}
		y.m = stack.New(y.cloud.Client(), stack.Options{Buckets: store})
		r, err := y.m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data", "Metrics/Thanos"}}))
		if err == nil || err.Error() != "delete stack demo: empty bucket Data (demo-data): access denied to object x" {
			y.Errorf("error %v", err)
		}
		if d := cmp.Diff(map[string]int{"Data": 1, "Metrics/Thanos": 5}, r.Emptied); d != "" {
			y.Errorf("emptied (-want +got):\n%s", d)
		}
		if y.cloud.Calls("DeleteStack") != 0 || y.status("demo") != "CREATE_COMPLETE" {
			y.Errorf("the stack is %s", y.status("demo"))
		}
	})
}

func TestDeleteJoinsWhatIsUnderWay(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		// A deletion of somebody else.
		if _, err := y.cloud.Client().DeleteStack(y.Context(), &cloudformation.DeleteStackInput{StackName: new("demo")}); err != nil {
			y.Fatal(err)
		}
		p := y.plan(stack.DeleteRequest{})
		if p.Status != "DELETE_IN_PROGRESS" {
			y.Errorf("plan %s", p)
		}
		r, err := y.m.ApplyDelete(y.Context(), p)
		if err != nil || y.cloud.Calls("DeleteStack") != 1 || len(r.Retained) != 1 || !slices.Contains(r.Deleted, "Topic") {
			y.Errorf("%+v, %v, after %d calls", r, err, y.cloud.Calls("DeleteStack"))
		}

		// An update, and then an own deletion.
		y.rebuild("demo")
		p = y.plan(stack.DeleteRequest{})
		update := plan(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
			Name: "demo", Body: []byte(strings.Replace(house, "GroupDescription: all", "GroupDescription: all, Tags: [{Key: a, Value: b}]", 1)), Parameters: map[string]string{"Environment": "demo-new"},
		})
		execute(y.T, y.cloud, update.ChangeSet)
		if _, err := y.m.ApplyDelete(y.Context(), p); err != nil || y.status(p.ID) != "DELETE_COMPLETE" {
			y.Errorf("%v, %s", err, y.status(p.ID))
		}
		waited := slices.ContainsFunc(y.events.Events(), func(e progress.Event) bool {
			return e.Op == "stack.delete" && e.State == progress.Waiting && e.Message == "for another operation: UPDATE_IN_PROGRESS"
		})
		if !waited {
			y.Errorf("nothing says that it waits")
		}
	})
}

func TestDeleteCanBeCancelledAndGoesOn(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		p := y.plan(stack.DeleteRequest{})
		ctx, cancel := context.WithCancel(y.Context())
		time.AfterFunc(4*time.Second, cancel)
		r, err := y.m.ApplyDelete(ctx, p)
		left, ok := errors.AsType[*stack.UnfinishedError](err)
		if !ok || !errors.Is(err, context.Canceled) || left.Status != "DELETE_IN_PROGRESS" || len(left.Under) == 0 {
			y.Fatalf("%+v, %v", r, err)
		}
		if !strings.HasPrefix(err.Error(), "delete stack demo: context canceled; the stack is DELETE_IN_PROGRESS, with ") {
			y.Errorf("error %v", err)
		}
		if _, err := y.m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{})); err != nil || y.status(p.ID) != "DELETE_COMPLETE" || y.cloud.Calls("DeleteStack") != 1 {
			y.Errorf("%v: %s", err, y.status(p.ID))
		}
		y.rebuild("demo")
		p = y.plan(stack.DeleteRequest{})
		y.cloud.Inject("Group", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, After: 3 * time.Hour})
		if _, err := y.m.ApplyDelete(y.Context(), p); !errors.Is(err, stack.ErrTimeout) || !strings.Contains(err.Error(), "not done in time (2h0m0s); the stack is DELETE_IN_PROGRESS, with Group under way") {
			y.Errorf("error %v", err)
		}
	})
}

func TestDeleteUnderTrouble(t *testing.T) {
	lose := func(op string, n int) *stacktest.Error {
		if op == "DeleteStack" && n < 4 {
			return stacktest.Unavailable()
		}
		return nil
	}
	tests := map[string]stacktest.Options{
		"throttled as AWS does": {Throttle: true},
		"throttled at most calls": {Before: func(_ string, n int) *stacktest.Error {
			if n%4 != 0 {
				return stacktest.Throttled()
			}
			return nil
		}},
		"with reads that lag":        {Lag: 3},
		"in small pages":             {PageSize: 2},
		"with requests that fail":    {Before: lose},
		"with answers that are lost": {After: lose},
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, opts, func(y *yard) {
				y.cloud.SetObjects("demo-data", 5)
				p := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data"}})
				r, err := y.m.ApplyDelete(y.Context(), p)
				if err != nil || y.status(p.ID) != "DELETE_COMPLETE" || len(r.Deleted) != 5 || len(r.Retained) != 1 {
					y.Errorf("%+v, %v: %s", r, err, y.status(p.ID))
				}
			})
		})
	}
}

// TestDeleteKilledAtEachCall: whatever call is the last of a run, the next run finishes.
func TestDeleteKilledAtEachCall(t *testing.T) {
	for _, late := range []bool{false, true} {
		for n, finished := 1, false; !finished; n += stride {
			calls, dead, last := 0, false, 0
			kill := func(is bool) func(string, int) *stacktest.Error {
				return func(string, int) *stacktest.Error {
					if !dead || is != late {
						return nil
					}
					if calls++; calls < last {
						return nil
					}
					return &stacktest.Error{Code: "AccessDenied", Message: "dead"}
				}
			}
			inYard(t, stacktest.Options{Before: kill(false), After: kill(true)}, func(y *yard) {
				y.cloud.SetObjects("demo-data", 5)
				d := stack.DeleteRequest{Name: "demo", EmptyBuckets: []string{"Data"}}
				id := y.plan(d).ID
				dead, last = true, n
				p, err := y.m.PlanDelete(y.Context(), d)
				if err == nil {
					_, err = y.m.ApplyDelete(y.Context(), p)
				}
				finished = err == nil
				if err != nil && !strings.Contains(err.Error(), "dead") {
					y.Fatalf("killed at call %d (late: %v): %v", n, late, err)
				}
				dead = false
				if p, err = y.m.PlanDelete(y.Context(), d); err == nil {
					_, err = y.m.ApplyDelete(y.Context(), p)
				}
				if err != nil || y.status(id) != "DELETE_COMPLETE" {
					y.Fatalf("after a run that was killed at call %d (late: %v): %v: %s", n, late, err, y.status(id))
				}
			})
			if n > 60 {
				t.Fatal("a deletion of six resources takes more than 60 calls")
			}
		}
	}
}

func TestDeleteLeavesANestedStackBehind(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.cloud.SetObjects("demo-thanos", 5)
		_, err := y.m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{}))
		failed, ok := errors.AsType[*stack.OperationError](err)
		if !ok {
			y.Fatalf("error %v", err)
		}
		if d := cmp.Diff([]string{"demo/Metrics/Thanos"}, places(failed.Causes)); d != "" {
			y.Errorf("causes (-want +got):\n%s", d)
		}
		_, err = y.m.PlanDelete(y.Context(), stack.DeleteRequest{Name: "demo", Retain: []string{"Metrics/Thanos"}})
		if !errors.Is(err, stack.ErrInvalid) || !strings.Contains(err.Error(), "Metrics/Thanos is in a nested stack, which can only be left behind as a whole: name Metrics") {
			y.Errorf("error %v", err)
		}
		r := y.delete(stack.DeleteRequest{Retain: []string{"Metrics"}})
		var kept []string
		for _, left := range r.Retained {
			kept = append(kept, left.LogicalID+": "+left.Reason)
		}
		if d := cmp.Diff([]string{"Metrics: as asked", "Metrics/Thanos: with Metrics", "Records: DeletionPolicy Retain"}, kept); d != "" {
			y.Errorf("retained (-want +got):\n%s", d)
		}
	})
}

// TestDeleteOfStacksThatNeverWere: one in review, and one whose creation was rolled back.
func TestDeleteOfStacksThatNeverWere(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		m := stack.New(y.cloud.Client(), stack.Options{})
		other := stack.Stack{Name: "other", Body: []byte(house), Parameters: map[string]string{"Environment": "other"}}
		plan(y.T, m, other)
		p := y.plan(stack.DeleteRequest{Name: "other"})
		if p.Status != "REVIEW_IN_PROGRESS" || len(p.Resources) != 0 {
			y.Errorf("plan %s", p)
		}
		if _, err := y.m.ApplyDelete(y.Context(), p); err != nil || y.status(p.ID) != "DELETE_COMPLETE" {
			y.Errorf("%v: %s", err, y.status(p.ID))
		}
		y.cloud.Inject("other/Group", stacktest.Fault{Reason: "no"})
		if _, err := m.Apply(y.Context(), plan(y.T, m, other)); !errors.Is(err, stack.ErrFailed) {
			y.Fatalf("error %v", err)
		}
		p = y.plan(stack.DeleteRequest{Name: "other"})
		if _, err := y.m.ApplyDelete(y.Context(), p); err != nil || y.status(p.ID) != "DELETE_COMPLETE" {
			y.Errorf("%v: %s", err, y.status(p.ID))
		}
	})
}

func TestDeleteOfProductionIsPossible(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.build("demo-production")
		_, err := y.cloud.Client().UpdateTerminationProtection(y.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: new("demo-production"), EnableTerminationProtection: new(true)})
		if err != nil {
			y.Fatal(err)
		}
		p := y.plan(stack.DeleteRequest{Name: "demo-production", AllowProduction: "demo-production", LiftProtection: true})
		if !p.Protected || !strings.HasSuffix(p.String(), "\n  ! termination protection is on, and is lifted\n") {
			y.Errorf("plan %s", p)
		}
		if held := y.plan(stack.DeleteRequest{Name: "demo-production", AllowProduction: "demo-production"}); !strings.HasSuffix(held.String(), "\n  ! termination protection is on: nothing is deleted before it is lifted\n") {
			y.Errorf("plan %s", held)
		}
		if _, err := y.m.ApplyDelete(y.Context(), p); err != nil || y.status(p.ID) != "DELETE_COMPLETE" {
			y.Errorf("%v, %s", err, y.status(p.ID))
		}
	})
}
