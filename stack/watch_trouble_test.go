package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/progress"
)

func TestWatchSitsOutTrouble(t *testing.T) {
	tests := map[string]func(op, id string, n int) error{
		"throttling of four calls in five": func(_, _ string, n int) error {
			if n%5 != 0 {
				return throttling()
			}
			return nil
		},
		"an hour of throttling": func() func(string, string, int) error {
			var began time.Time
			return func(_, _ string, n int) error {
				if n == 1 {
					began = time.Now()
				}
				if time.Since(began) < time.Hour {
					return throttling()
				}
				return nil
			}
		}(),
		"a minute without a connection": func(_, _ string, n int) error {
			if n > 1 && n < 7 {
				return &smithy.OperationError{Err: &smithy.GenericAPIError{Code: "RequestTimeout", Message: "slow"}}
			}
			return nil
		},
	}
	for name, refuse := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := update(past(new(history)))
				api := newFeed(h)
				api.refuse = refuse
				if out, err := New(api, Options{}).watch(t.Context(), mine(h, 3)); err != nil || out.Status != "UPDATE_COMPLETE" {
					t.Errorf("%s, %v", out.Status, err)
				}
			})
		})
	}
}

// endless is an update at which Cache and Alb never end.
func endless() *history {
	h := past(new(history))
	h.token = "mine"
	return h.stack(envARN, "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Topic", topic, "arn:t", "UPDATE_COMPLETE", "").
		resource(envARN, "Cache", cache, "c", "UPDATE_IN_PROGRESS", "").
		resource(envARN, "Alb", "AWS::ElasticLoadBalancingV2::LoadBalancer", "a", "UPDATE_IN_PROGRESS", "")
}

func TestWatchSaysWhatGoesOn(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}
	tests := map[string]struct {
		refuse func(op, id string, n int) error
		cancel time.Duration
		is     error
		within time.Duration // the time it takes, at most
		status string
		under  []string
		text   string
	}{
		"when it takes too long": {
			is: ErrTimeout, within: time.Hour, status: "UPDATE_IN_PROGRESS", under: []string{"Alb", "Cache"},
			text: "apply stack automation-8527fec8: not done in time (1h0m0s); the stack is UPDATE_IN_PROGRESS, with Alb, Cache under way; CloudFormation goes on by itself, run again to wait for it",
		},
		"when it is cancelled": {
			cancel: 10 * time.Minute, is: context.Canceled, within: 10 * time.Minute, status: "UPDATE_IN_PROGRESS", under: []string{"Alb", "Cache"},
			text: "apply stack automation-8527fec8: context canceled; the stack is UPDATE_IN_PROGRESS, with Alb, Cache under way; CloudFormation goes on by itself, run again to wait for it",
		},
		"when it may not look": {
			refuse: func(string, string, int) error { return denied }, is: denied, within: time.Second,
			text: "apply stack automation-8527fec8: read its events: AccessDenied: not you; nothing of it was seen yet; if CloudFormation has begun, it goes on by itself, run again to wait for it",
		},
		"when AWS cannot be reached any more": {
			refuse: func(_, _ string, n int) error {
				if n < 30 {
					return nil
				}
				return &smithy.GenericAPIError{Code: "RequestTimeout", Message: "slow"}
			}, within: 12 * time.Minute, status: "UPDATE_IN_PROGRESS", under: []string{"Alb", "Cache"},
			text: "apply stack automation-8527fec8: read its events: RequestTimeout: slow; the stack is UPDATE_IN_PROGRESS, with Alb, Cache under way; CloudFormation goes on by itself, run again to wait for it",
		},
		"when it is cancelled while AWS throttles": {
			refuse: func(string, string, int) error { return throttling() },
			cancel: 10 * time.Minute, is: context.Canceled, within: 10 * time.Minute,
			text: "apply stack automation-8527fec8: read its events: context canceled; nothing of it was seen yet; if CloudFormation has begun, it goes on by itself, run again to wait for it",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := endless()
				api := newFeed(h)
				api.refuse = tt.refuse
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				began := time.Now()
				_, err := New(api, Options{Timeout: time.Hour}).watch(ctx, mine(h, 3))
				if took := time.Since(began); took > tt.within {
					t.Errorf("it took %s", took)
				}
				left, ok := errors.AsType[*UnfinishedError](err)
				if !ok {
					t.Fatalf("error %v", err)
				}
				if tt.is != nil && !errors.Is(err, tt.is) || errors.Is(err, ErrFailed) {
					t.Errorf("error %v does not match %v", err, tt.is)
				}
				if left.Status != tt.status || left.Op != "apply" || left.Stack != envName {
					t.Errorf("error %+v", left)
				}
				if d := cmp.Diff(tt.under, left.Under, cmpopts.EquateEmpty()); d != "" {
					t.Errorf("under way (-want +got):\n%s", d)
				}
				if d := cmp.Diff(tt.text, err.Error()); d != "" {
					t.Errorf("text (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestWatchOfWhatDoesNotBegin(t *testing.T) {
	tests := map[string]struct {
		statuses []types.StackStatus // one after another, 5 minutes each
		want     types.StackStatus
		text     string
	}{
		"the stack rests": {
			[]types.StackStatus{"CREATE_COMPLETE"},
			"",
			"CloudFormation took the request, and did not begin; the stack is CREATE_COMPLETE",
		},
		"somebody else is at work on it first": {
			[]types.StackStatus{"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"},
			"",
			"CloudFormation took the request, and did not begin; the stack is UPDATE_COMPLETE",
		},
		"somebody else deletes it": {[]types.StackStatus{"DELETE_IN_PROGRESS", "DELETE_COMPLETE"}, "DELETE_COMPLETE", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := past(new(history))
				api := newFeed(h)
				began := time.Now()
				api.refuse = func(string, string, int) error {
					i := min(int(time.Since(began)/(5*time.Minute)), len(tt.statuses)-1)
					api.status[envARN] = tt.statuses[i]
					return nil
				}
				out, err := New(api, Options{}).watch(t.Context(), mine(h, 3))
				if n := api.calls["DescribeStacks"]; n > 4 {
					t.Errorf("%d looks at the stack", n)
				}
				if text := fmt.Sprint(err); out.Status != tt.want || err != nil && text != tt.text || (err == nil) != (tt.text == "") {
					t.Errorf("%s, %v", out.Status, err)
				}
			})
		})
	}
}

func TestWatchOfAStackThatVanishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := past(new(history))
		h.token = "mine"
		h.stack(envARN, "DELETE_IN_PROGRESS", "")
		api := newFeed(h)
		began := time.Now()
		api.missing = func(string) bool { return time.Since(began) > time.Minute }
		op := mine(h, 3)
		op.verb = opDelete
		if out, err := New(api, Options{}).watch(t.Context(), op); err != nil || out.Status != types.StackStatusDeleteComplete {
			t.Errorf("%s, %v", out.Status, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := endless()
		api := newFeed(h)
		began := time.Now()
		api.missing = func(string) bool { return time.Since(began) < time.Minute } // not there yet
		m := New(api, Options{Timeout: time.Hour})
		if id, err := m.lastEvent(t.Context(), envARN); id != "" || err != nil {
			t.Errorf("last event %q, %v", id, err)
		}
		if _, err := m.watch(t.Context(), mine(h, 3)); !errors.Is(err, ErrTimeout) {
			t.Errorf("error %v", err)
		}
		op := mine(h, 3) // one that was gone before it was seen to go
		op.verb = opDelete
		api.refuse = func(op, id string, _ int) error {
			if op == "DescribeStackEvents" {
				return noStack(id)
			}
			return nil
		}
		api.status[envARN] = types.StackStatusDeleteComplete
		if out, err := m.watch(t.Context(), op); err != nil || out.Status != types.StackStatusDeleteComplete {
			t.Errorf("%s, %v", out.Status, err)
		}
		api.refuse, api.missing = nil, func(string) bool { return true }
		if out, err := m.watch(t.Context(), op); err != nil || out.Status != types.StackStatusDeleteComplete {
			t.Errorf("%s, %v", out.Status, err)
		}
		began = time.Now()
		if _, err := m.watch(t.Context(), mine(h, 3)); !missing(err) || time.Since(began) > 3*time.Minute {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
		api.missing = nil
		if id, err := m.lastEvent(t.Context(), envARN); id != *h.events[7].EventId || err != nil {
			t.Errorf("last event %q, %v", id, err)
		}
	})
}

func TestWatchOfNestedStacksThatAreHardToRead(t *testing.T) {
	tests := map[string]struct {
		refuse func(op, id string, n int) error
		causes []string
		says   string
	}{
		"one that does not show for a while": {
			func(_, id string, n int) error {
				if id == innerARN && n < 20 {
					return noStack(id)
				}
				return nil
			}, []string{envName + "/Caches/Deep/Cache CREATE_FAILED"}, "Caches/Deep/Cache: failed, no nodes",
		},
		"one that does not show before everything is over": {
			func() func(string, string, int) error {
				var began time.Time
				return func(_, id string, n int) error {
					if n == 1 {
						began = time.Now()
					}
					if id == innerARN && time.Since(began) < 26*time.Second {
						return noStack(id)
					}
					return nil
				}
			}(), []string{envName + "/Caches/Deep/Cache CREATE_FAILED"}, "Caches/Deep/Cache: failed, no nodes",
		},
		"one that may not be read": {
			func(_, id string, _ int) error {
				if id == innerARN {
					return &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}
				}
				return nil
			}, []string{envName + "/Caches/Deep CREATE_FAILED"}, "Caches/Deep: running, its events cannot be read: AccessDenied: not you",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := inNested()
				var events progress.Recorder
				api := newFeed(h)
				api.refuse = tt.refuse
				op := mine(h, 3)
				out, err := New(api, Options{Progress: events.Record}).watch(t.Context(), op)
				if err != nil {
					t.Fatal(err)
				}
				failed, _ := errors.AsType[*OperationError](failure(op, out))
				if d := cmp.Diff(tt.causes, shorts(failed.Causes)); d != "" {
					t.Errorf("causes (-want +got):\n%s", d)
				}
				if all := strings.Join(told(&events), "\n"); !strings.Contains(all, tt.says) {
					t.Errorf("nothing says %q:\n%s", tt.says, all)
				}
			})
		})
	}
}

func TestListNamesTheFirstFew(t *testing.T) {
	for want, names := range map[string][]string{
		"":                         nil,
		"a":                        {"a"},
		"a, b, c, d, e":            {"a", "b", "c", "d", "e"},
		"a, b, c, d, e and 2 more": {"a", "b", "c", "d", "e", "f", "g"},
	} {
		if got := list(names); got != want {
			t.Errorf("list %q, want %q", got, want)
		}
	}
}
