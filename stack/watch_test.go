package stack

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

const (
	cache  = "AWS::ElastiCache::ReplicationGroup"
	topic  = "AWS::SNS::Topic"
	bucket = "AWS::S3::Bucket"
)

// past is a creation a while ago, of which an operation must see nothing.
func past(h *history) *history {
	h.token = "long-ago"
	return h.stack(envARN, "CREATE_IN_PROGRESS", "User Initiated").
		resource(envARN, "Topic", topic, "arn:t", "CREATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "CREATE_COMPLETE", "").
		stack(envARN, "CREATE_COMPLETE", "")
}

// update is an update with the token "mine" that replaces Cache and deletes Old.
func update(h *history) *history {
	h.token = "mine"
	return h.stack(envARN, "UPDATE_IN_PROGRESS", "User Initiated").
		resource(envARN, "Cache", cache, "c1", "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource; hence creating one.").
		resource(envARN, "Cache", cache, "c2", "UPDATE_IN_PROGRESS", "Resource creation Initiated").
		resource(envARN, "Cache", cache, "c2", "UPDATE_COMPLETE", "").
		stack(envARN, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "").
		resource(envARN, "Cache", cache, "c1", "DELETE_IN_PROGRESS", "").
		resource(envARN, "Old", topic, "arn:o", "DELETE_IN_PROGRESS", "").
		resource(envARN, "Cache", cache, "c1", "DELETE_COMPLETE", "").
		resource(envARN, "Old", topic, "arn:o", "DELETE_COMPLETE", "").
		stack(envARN, "UPDATE_COMPLETE", "")
}

func mine(h *history, after int) operation {
	op := operation{verb: opApply, name: envName, id: envARN, token: "mine"}
	if after >= 0 {
		op.after = *h.events[after].EventId
	}
	return op
}

func TestWatchReportsEveryResource(t *testing.T) {
	h := update(past(new(history)))
	rollback := past(new(history))
	rollback.token = "mine"
	rollback.stack(envARN, "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Extra", topic, "arn:e", "CREATE_COMPLETE", "").
		resource(envARN, "Alarms", topic, "", "CREATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_FAILED", "Invalid parameter").
		resource(envARN, "Alarms", topic, "", "CREATE_FAILED", "Resource creation cancelled").
		stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Topic].").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_COMPLETE", "").
		stack(envARN, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "").
		resource(envARN, "Alarms", topic, "arn:a", "DELETE_IN_PROGRESS", "").
		resource(envARN, "Alarms", topic, "arn:a", "DELETE_COMPLETE", "").
		resource(envARN, "Extra", topic, "arn:e", "DELETE_COMPLETE", "").
		stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")
	deletion := past(new(history))
	deletion.token = "mine"
	deletion.stack(envARN, "DELETE_IN_PROGRESS", "User Initiated").
		resource(envARN, "Topic", topic, "arn:t", "DELETE_IN_PROGRESS", "").
		resource(envARN, "Logs", bucket, "logs", "DELETE_SKIPPED", "").
		resource(envARN, "Topic", topic, "arn:t", "DELETE_COMPLETE", "").
		stack(envARN, "DELETE_COMPLETE", "")
	leftover := past(new(history))
	leftover.token = "mine"
	leftover.stack(envARN, "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Cache", cache, "c2", "UPDATE_IN_PROGRESS", "").
		add(types.StackEvent{
			StackId: new(envARN), LogicalResourceId: new("Cache"), PhysicalResourceId: new("c2"), ResourceType: new(cache),
			ResourceStatus: "UPDATE_IN_PROGRESS", DetailedStatus: types.DetailedStatusConfigurationComplete,
		}).
		resource(envARN, "Cache", cache, "c2", "UPDATE_COMPLETE", "").
		stack(envARN, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "").
		resource(envARN, "Cache", cache, "c1", "DELETE_IN_PROGRESS", "").
		resource(envARN, "Cache", cache, "c1", "DELETE_FAILED", "snapshotting").
		stack(envARN, "UPDATE_COMPLETE", "")
	tests := map[string]struct {
		history *history
		verb    string
		status  types.StackStatus
		told    []string
	}{
		"an update with a replacement and a removal": {
			history: h, verb: opApply, status: "UPDATE_COMPLETE",
			told: []string{
				envName + ": running, updating", "Cache: running, updating", "Cache: done, updated",
				envName + ": running, cleaning up", "Cache: done, deleting its predecessor", "Old: running, deleting",
				"Cache: done, its predecessor is deleted", "Old: done, deleted",
			},
		},
		"an update that rolls back": {
			history: rollback, verb: opApply, status: "UPDATE_ROLLBACK_COMPLETE",
			told: []string{
				envName + ": running, updating", "Topic: running, updating", "Extra: done, created", "Alarms: running, creating",
				"Topic: failed, Invalid parameter", "Alarms: failed, cancelled, since another resource failed",
				envName + ": rolling back, The following resource(s) failed to update: [Topic].",
				"Topic: rolling back, updating", "Topic: rolled back", envName + ": rolling back",
				"Alarms: rolling back, deleting", "Alarms: rolled back", "Extra: rolled back",
			},
		},
		"a deletion with a retained bucket": {
			history: deletion, verb: opDelete, status: "DELETE_COMPLETE",
			told: []string{envName + ": running, deleting", "Topic: running, deleting", "Logs: skipped, retained", "Topic: done, deleted"},
		},
		"a predecessor that cannot be deleted": {
			history: leftover, verb: opApply, status: "UPDATE_COMPLETE",
			told: []string{
				envName + ": running, updating", "Cache: running, updating", "Cache: running, configured, not stable yet", "Cache: done, updated",
				envName + ": running, cleaning up", "Cache: done, deleting its predecessor", "Cache: done, its predecessor is left behind: snapshotting",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events progress.Recorder
				api := newFeed(tt.history)
				m := New(api, Options{Progress: events.Record})
				op := mine(tt.history, 3)
				op.verb = tt.verb
				out, err := m.watch(t.Context(), op)
				if err != nil || out.Status != tt.status {
					t.Fatalf("%s, %v", out.Status, err)
				}
				if d := cmp.Diff(tt.told, told(&events)); d != "" {
					t.Errorf("progress (-want +got):\n%s", d)
				}
				if d := cmp.Diff(tt.history.events[4:], out.Events, cmpopts.IgnoreUnexported(types.StackEvent{})); d != "" {
					t.Errorf("events of the operation (-want +got):\n%s", d)
				}
				for _, e := range events.Events() {
					if e.Op != tt.verb || e.Time.Before(dawn) {
						t.Errorf("event %+v", e)
					}
				}
			})
		})
	}
}

// TestWatchTrustsOnlyItsOwnEvents: neither what was before nor what shows late ends it.
func TestWatchTrustsOnlyItsOwnEvents(t *testing.T) {
	cancelled := past(new(history))
	cancelled.token = "mine"
	cancelled.stack(envARN, "UPDATE_IN_PROGRESS", "").resource(envARN, "Cache", cache, "c1", "UPDATE_IN_PROGRESS", "")
	cancelled.token = "of the console"
	cancelled.stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated").stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")

	between := past(new(history))
	between.token = "of somebody faster"
	between.stack(envARN, "UPDATE_IN_PROGRESS", "").stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")
	between = update(between)

	sameToken := new(history) // the same change set, executed a year ago
	sameToken.token = "mine"
	sameToken.stack(envARN, "UPDATE_IN_PROGRESS", "").stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")
	sameToken = update(sameToken)

	tests := map[string]struct {
		history *history
		after   int // the newest event before; -1 where that is not known
		lag     time.Duration
		size    int
		first   int // the first event of the operation
		status  types.StackStatus
	}{
		"with the last event before it":                   {update(past(new(history))), 3, 0, 100, 4, "UPDATE_COMPLETE"},
		"without it":                                      {update(past(new(history))), -1, 0, 100, 4, "UPDATE_COMPLETE"},
		"with a list that lags a minute":                  {update(past(new(history))), 3, time.Minute, 100, 4, "UPDATE_COMPLETE"},
		"without it, with a list that lags a minute":      {update(past(new(history))), -1, time.Minute, 100, 4, "UPDATE_COMPLETE"},
		"in small pages":                                  {update(past(new(history))), 3, 0, 2, 4, "UPDATE_COMPLETE"},
		"without it, in small pages":                      {update(past(new(history))), -1, 0, 3, 4, "UPDATE_COMPLETE"},
		"of a new stack":                                  {update(new(history)), -1, time.Minute, 100, 0, "UPDATE_COMPLETE"},
		"with a cancellation, which has its own token":    {cancelled, 3, 0, 100, 4, "UPDATE_ROLLBACK_COMPLETE"},
		"after an operation of somebody who was faster":   {between, 3, 0, 100, 6, "UPDATE_COMPLETE"},
		"after one with the same token":                   {sameToken, 1, 0, 100, 2, "UPDATE_COMPLETE"},
		"after one with the same token, in a lagged list": {sameToken, 1, time.Minute, 100, 2, "UPDATE_COMPLETE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newFeed(tt.history)
				api.lag, api.size = tt.lag, tt.size
				out, err := New(api, Options{}).watch(t.Context(), mine(tt.history, tt.after))
				if err != nil || out.Status != tt.status {
					t.Fatalf("%s, %v", out.Status, err)
				}
				if d := cmp.Diff(tt.history.events[tt.first:], out.Events, cmpopts.IgnoreUnexported(types.StackEvent{})); d != "" {
					t.Errorf("events of the operation (-want +got):\n%s", d)
				}
			})
		})
	}
}

// TestWatchReadsNoMoreThanTheNews of a stack with a long past.
func TestWatchReadsNoMoreThanTheNews(t *testing.T) {
	tests := map[string]struct {
		after bool
		lag   time.Duration
		pages int // beyond the first of a read, in all
	}{
		"with the last event before the operation": {after: true},
		"without it":                   {pages: 1},
		"without it, in a lagged list": {lag: time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := new(history)
				for range 500 {
					h = past(h)
				}
				began := len(h.events)
				h = update(h)
				api := newFeed(h)
				api.began, api.lag = time.Now().Add(-time.Duration(began)*time.Second), tt.lag
				op := mine(h, -1)
				if tt.after {
					op = mine(h, began-1)
				}
				out, err := New(api, Options{}).watch(t.Context(), op)
				if err != nil || out.Status != "UPDATE_COMPLETE" || len(out.Events) != 10 {
					t.Fatalf("%s with %d events, %v", out.Status, len(out.Events), err)
				}
				if n := api.calls["further pages"]; n != tt.pages {
					t.Errorf("%d further pages were read, want %d", n, tt.pages)
				}
				if n := api.calls["DescribeStacks"]; n != 0 {
					t.Errorf("%d looks at the stack, which its events tell", n)
				}
			})
		})
	}
}

func TestWatchSlowsDownWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := past(new(history))
		h.token = "mine"
		h.stack(envARN, "UPDATE_IN_PROGRESS", "").stack(envARN, "UPDATE_COMPLETE", "")
		late := ptr.Value(h.events[5].Timestamp).Add(time.Hour)
		h.events[5].Timestamp = &late
		api := newFeed(h)
		began := time.Now()
		if _, err := New(api, Options{}).watch(t.Context(), mine(h, 3)); err != nil {
			t.Fatal(err)
		}
		if n := api.calls["DescribeStackEvents"]; n < 240 || n > 340 {
			t.Errorf("%d reads in an hour, want one in 12 to 15 s", n)
		}
		if over := time.Since(began) - time.Hour; over > 21*time.Second {
			t.Errorf("the end was seen %s late", over)
		}
	})
}

func TestWatchOfSomebodyElse(t *testing.T) {
	h := past(new(history))
	h.token = "theirs"
	h.stack(envARN, "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_FAILED", "no").
		stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "").
		stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")
	waits := []string{envName + ": waiting, for another operation: UPDATE_IN_PROGRESS", envName + ": waiting, for another operation: UPDATE_ROLLBACK_IN_PROGRESS"}
	joins := []string{envName + ": running, updating", "Topic: running, updating", "Topic: failed, no", envName + ": rolling back"}
	tests := map[string]struct {
		joined bool
		lag    time.Duration
		passed time.Duration // since dawn, when watching begins
		first  int
		told   []string
	}{
		"is waited for, without its resources":        {passed: 4 * time.Second, first: 4, told: waits},
		"is waited for, with a list that lags":        {passed: 4 * time.Second, lag: 3 * time.Second, first: 4},
		"is joined, with a list that ends before it":  {joined: true, passed: 4500 * time.Millisecond, lag: 1200 * time.Millisecond, first: 4, told: joins},
		"is over already":                             {passed: time.Minute, first: 9},
		"is reported in full where it was joined":     {joined: true, passed: 4 * time.Second, first: 4, told: joins},
		"is joined in the middle, from its beginning": {joined: true, passed: 6 * time.Second, first: 4, told: joins},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events progress.Recorder
				api := newFeed(h)
				api.began, api.lag = time.Now().Add(-tt.passed), tt.lag
				api.current = tt.lag > 0 // the stack itself does not lag
				m := New(api, Options{Progress: events.Record})
				out, err := m.watch(t.Context(), operation{verb: opApply, name: envName, id: envARN, joined: tt.joined})
				if err != nil || out.Status != "UPDATE_ROLLBACK_COMPLETE" {
					t.Fatalf("%s, %v", out.Status, err)
				}
				if d := cmp.Diff(tt.told, told(&events)); d != "" && (tt.lag == 0 || tt.told != nil) {
					t.Errorf("progress (-want +got):\n%s", d)
				}
				if d := cmp.Diff(h.events[tt.first:], out.Events, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(types.StackEvent{})); d != "" {
					t.Errorf("events (-want +got):\n%s", d)
				}
			})
		})
	}
}

// inNested is an update of a nested stack in which another one fails to be made.
func inNested() *history {
	h := past(new(history))
	h.token = "long-ago"
	h.stack(nestedARN, "CREATE_IN_PROGRESS", "").resource(nestedARN, "Old", topic, "arn:o", "CREATE_FAILED", "long ago").stack(nestedARN, "CREATE_COMPLETE", "")
	h.token = "mine"
	h.stack(envARN, "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Caches", stackType, nestedARN, "UPDATE_IN_PROGRESS", "")
	h.token = "" // nested stacks have tokens of their own, or none
	return h.stack(nestedARN, "UPDATE_IN_PROGRESS", "").
		resource(nestedARN, "Deep", stackType, "", "CREATE_IN_PROGRESS", "").
		resource(nestedARN, "Deep", stackType, innerARN, "CREATE_IN_PROGRESS", "Resource creation Initiated").
		stack(innerARN, "CREATE_IN_PROGRESS", "").
		resource(innerARN, "Cache", cache, "", "CREATE_IN_PROGRESS", "").
		resource(innerARN, "Cache", cache, "", "CREATE_FAILED", "no nodes").
		stack(innerARN, "ROLLBACK_IN_PROGRESS", "").
		stack(innerARN, "ROLLBACK_COMPLETE", "").
		resource(nestedARN, "Deep", stackType, innerARN, "CREATE_FAILED", "Embedded stack was not created").
		stack(nestedARN, "UPDATE_ROLLBACK_IN_PROGRESS", "").
		resource(envARN, "Caches", stackType, nestedARN, "UPDATE_FAILED", "Embedded stack was not updated").
		stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "").
		stack(nestedARN, "UPDATE_ROLLBACK_COMPLETE", "").
		resource(envARN, "Caches", stackType, nestedARN, "UPDATE_COMPLETE", "").
		stack(envARN, "UPDATE_ROLLBACK_COMPLETE", "")
}

func TestWatchWalksNestedStacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := inNested()
		var events progress.Recorder
		began := time.Now().Add(-7 * time.Second) // the past has passed
		m := New(newFeed(h), Options{Progress: progress.Tee(events.Record, func(e progress.Event) {
			if late := time.Since(began) - e.Time.Sub(dawn); late > 4*time.Second {
				t.Errorf("told %s late: %+v", late, e)
			}
		})})
		api := m.api.(*feed)
		api.began = began
		op := mine(h, 3)
		out, err := m.watch(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		failed, _ := errors.AsType[*OperationError](failure(op, out))
		if d := cmp.Diff([]string{envName + "/Caches/Deep/Cache CREATE_FAILED"}, shorts(failed.Causes)); d != "" {
			t.Errorf("causes (-want +got):\n%s", d)
		}
		all := strings.Join(told(&events), "\n")
		for _, want := range []string{"Caches: running, updating", "Caches/Deep: running, creating", "Caches/Deep/Cache: failed, no nodes", "Caches/Deep: failed, Embedded stack was not created", "Caches: rolled back"} {
			if !strings.Contains(all, want) {
				t.Errorf("nothing says %q:\n%s", want, all)
			}
		}
		if strings.Contains(all, "Old") {
			t.Errorf("what was before the operation was reported:\n%s", all)
		}
		for _, id := range []string{nestedARN, innerARN} {
			if n, most := api.calls["DescribeStackEvents "+id], api.calls["DescribeStackEvents "+envARN]; n > most {
				t.Errorf("%d reads of %s in %d polls", n, id, most)
			}
		}
	})
}
