package ecr_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/progress"
)

func TestParallelPushesShareOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		r := newRig(ecrtest.Options{}, func(_ context.Context, op, _ string) error {
			if op == "build" {
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Minute)
				now.Add(-1)
			}
			return nil
		})
		var images []ecr.Image
		for n := range 10 {
			name := fmt.Sprintf("svc-%d", n)
			r.cloud.AddRepository(name)
			images = append(images, module(t, name))
		}
		began := time.Now()
		_, result := r.publish(t, ecr.Options{Parallel: 3}, images...)
		if len(result.Images) != 10 || r.cloud.Calls("GetAuthorizationToken") != 1 {
			t.Errorf("%d images with %d tokens, want 10 with 1", len(result.Images), r.cloud.Calls("GetAuthorizationToken"))
		}
		if most.Load() != 3 || time.Since(began) != 4*time.Minute {
			t.Errorf("%d builds at once, in %v; want 3, in 4m", most.Load(), time.Since(began))
		}
	})
}

func TestATokenThatExpiresOnTheWayIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *rig
		r = newRig(ecrtest.Options{}, func(_ context.Context, op, name string) error {
			if op == "push" && strings.Contains(name, "/svc-b:") {
				r.cloud.ExpireTokens()
			}
			return nil
		}, "svc-a", "svc-b")
		publisher := r.publisher(ecr.Options{Parallel: 1})
		plan, err := publisher.Plan(t.Context(), []ecr.Image{module(t, "svc-a"), module(t, "svc-b")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := publisher.Apply(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "not logged in") && !strings.Contains(err.Error(), "token") {
			t.Errorf("a registry that takes no token: %v", err)
		}
		if n := r.cloud.Calls("GetAuthorizationToken"); n != 2 {
			t.Errorf("%d tokens, want one more and no loop", n)
		}
	})
}

func TestAnExpiredTokenOnce(t *testing.T) {
	for _, fault := range []ecrtest.Fault{ecrtest.ExpiredToken, ecrtest.ExpiredTokenText} {
		t.Run(string(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(ecrtest.Options{}, nil, "web")
				r.cloud.Inject("web", fault, 1)
				_, result := r.publish(t, ecr.Options{}, module(t, "web"))
				if outcomes(result)["web"] != ecr.Built || r.cloud.Calls("GetAuthorizationToken") != 2 {
					t.Errorf("%v with %d tokens, want it built with 2", result, r.cloud.Calls("GetAuthorizationToken"))
				}
			})
		})
	}
}

func TestFaultsThatPass(t *testing.T) {
	tests := map[string]struct {
		fault ecrtest.Fault
		times int
	}{
		"a throttled registry":                          {ecrtest.RateExceeded, 5},
		"a registry that hangs up, as the engine knows": {ecrtest.Hangup, 3},
		"one that hangs up for longer":                  {ecrtest.Hangup, 7},
		"a fault of the registry":                       {ecrtest.ServerFault, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(ecrtest.Options{}, nil, "web")
				r.cloud.Inject("web", tt.fault, tt.times)
				_, result := r.publish(t, ecr.Options{}, module(t, "web"))
				if outcomes(result)["web"] != ecr.Built {
					t.Errorf("%v, want it built", result)
				}
			})
		})
	}
}

func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(ecrtest.Options{}, nil, "svc-a", "svc-b", "svc-c", "svc-d")
		r.cloud.Inject("svc-c", ecrtest.Denied, -1)
		images := []ecr.Image{module(t, "svc-a"), module(t, "svc-b", "FROM scratch", "RUN exit 3"), module(t, "svc-c"), module(t, "svc-d")}
		for i := range images {
			images[i].Tags = []string{"latest"}
		}
		publisher := r.publisher(ecr.Options{Parallel: 2})
		plan, err := publisher.Plan(t.Context(), images)
		if err != nil {
			t.Fatal(err)
		}
		result, err := publisher.Apply(t.Context(), plan)
		if d := cmp.Diff(map[string]ecr.Outcome{"svc-a": ecr.Built, "svc-d": ecr.Built}, outcomes(result)); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		phases := make(map[string]ecr.Phase)
		for _, one := range err.(interface{ Unwrap() []error }).Unwrap() { //nolint:errorlint // the joined ones
			if failed, ok := errors.AsType[*ecr.ImageError](one); ok {
				phases[failed.Module] = failed.Phase
			}
		}
		if d := cmp.Diff(map[string]ecr.Phase{"svc-b": ecr.PhaseBuild, "svc-c": ecr.PhasePush}, phases); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
		if failed, ok := errors.AsType[*ecr.BuildError](err); !ok || failed.Code != 3 {
			t.Errorf("error %v, want the exit code of the step", err)
		}
		if failed, ok := errors.AsType[*ecr.PushError](err); !ok || failed.Kind != ecr.Denied {
			t.Errorf("error %v, want the refusal of the push", err)
		}
		ends := make(map[string]progress.State)
		for _, e := range r.events.Events() {
			if e.Op == "ecr.publish" {
				ends[e.Subject] = e.State
			}
			if e.Err != nil && strings.Contains(e.Err.Error(), ecrtest.Password) || strings.Contains(e.Message, ecrtest.Password) {
				t.Errorf("an event tells the token: %v", e)
			}
		}
		want := map[string]progress.State{"svc-a": progress.Done, "svc-b": progress.Failed, "svc-c": progress.Failed, "svc-d": progress.Done}
		if d := cmp.Diff(want, ends); d != "" {
			t.Errorf("last states (-want +got):\n%s", d)
		}
		if names := r.engine.Names(); len(names) > 0 {
			t.Errorf("the engine keeps %v", names)
		}
	})
}

func TestThrottledReadsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(ecrtest.Options{Before: func(_ string, n int) *ecrtest.Error {
			if n == 1 {
				return ecrtest.Throttled()
			}
			return nil
		}}, nil, "web")
		web := module(t, "web")
		web.Tags = []string{"a"}
		if _, result := r.publish(t, ecr.Options{}, web); outcomes(result)["web"] != ecr.Built {
			t.Errorf("%v, want it built", result)
		}
	})
}
