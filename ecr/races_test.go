package ecr_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
)

func TestAnotherRunIsFaster(t *testing.T) {
	for name, op := range map[string]string{"while we build": "build", "while we push": "push"} {
		for _, mutability := range []string{"mutable", "immutable"} {
			if op == "push" && mutability == "mutable" {
				continue // then ours is the last one, and its digest is true
			}
			t.Run(name+" to "+mutability+" tags", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var r *rig
					var tag, theirs string
					r = newRig(ecrtest.Options{}, func(_ context.Context, at, _ string) error {
						if at == op {
							theirs = r.cloud.AddImage("web", ecrtest.Image{Tags: []string{tag}})
						}
						return nil
					}, "web")
					if mutability == "immutable" {
						fix(t, r.cloud, "web")
					}
					web := module(t, "web")
					web.Tags = []string{"8527fec8-1"}
					publisher := r.publisher(ecr.Options{})
					plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
					if err != nil {
						t.Fatal(err)
					}
					tag = plan.Images[0].Tag
					result, err := publisher.Apply(t.Context(), plan)
					if err != nil {
						t.Fatal(err)
					}
					if got := result.Images[0]; got.Outcome != ecr.BuiltElsewhere || got.Digest != theirs || r.at("web", "8527fec8-1") != theirs {
						t.Errorf("%v, want theirs, %s, with our tag", got, theirs)
					}
				})
			})
		}
	}
}

func TestTwoRunsRaceForOneTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pushing sync.WaitGroup
		pushing.Add(2)
		both := func(_ context.Context, op, _ string) error {
			if op == "push" { // both are past the last look at the tag
				pushing.Done()
				pushing.Wait()
			}
			return nil
		}
		r := newRig(ecrtest.Options{}, nil, "web")
		fix(t, r.cloud, "web")
		web := module(t, "web")
		web.Tags = []string{"8527fec8-1"}
		results := make([]ecr.Result, 2)
		var runs sync.WaitGroup
		for i := range results {
			runs.Go(func() {
				engine := enginetest.New(r.cloud, enginetest.Options{Before: func(ctx context.Context, op, name string) error {
					if i == 1 && op == "build" {
						time.Sleep(time.Second) // another image than the other's
					}
					return both(ctx, op, name)
				}})
				_ = engine.ImageTag(t.Context(), "none", "") // numbers nothing
				publisher := ecr.New(r.cloud.Client(), ecr.Options{Engine: engine, Revision: fmt.Sprint(i)})
				plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
				if err != nil {
					t.Error(err)
					return
				}
				if results[i], err = publisher.Apply(t.Context(), plan); err != nil {
					t.Error(err)
				}
			})
		}
		runs.Wait()
		if t.Failed() {
			return
		}
		one, two := results[0].Images[0], results[1].Images[0]
		if one.Digest != two.Digest || r.at("web", one.Tag) != one.Digest || r.at("web", "8527fec8-1") != one.Digest {
			t.Errorf("%v and %v, want one digest", one, two)
		}
		got := []string{string(one.Outcome), string(two.Outcome)}
		slices.Sort(got)
		if d := cmp.Diff([]string{"built", "built elsewhere"}, got); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}

func TestTheSameInputsTwiceAreBuiltOnce(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "shared")
	one, two := module(t, "shared"), module(t, "shared")
	one.Module, one.Tags = "one", []string{"one-1"}
	two.Module, two.Tags = "two", []string{"two-1"}
	_, result := r.publish(t, ecr.Options{}, two, one)
	if len(result.Images) != 2 || result.Images[0].Digest != result.Images[1].Digest || r.at("shared", "one-1") != r.at("shared", "two-1") {
		t.Errorf("%v, want both to be one image", result)
	}
	if n := r.engine.Calls("build"); n != 1 {
		t.Errorf("%d builds, want 1", n)
	}
}

func TestCancelling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("the job was stopped")
		r := newRig(ecrtest.Options{}, func(ctx context.Context, op, name string) error {
			if op != "build" || strings.Contains(name, "/svc-a:") {
				return nil
			}
			<-ctx.Done() // builds of all but a take for ever
			return ctx.Err()
		}, "svc-a", "svc-b", "svc-c", "svc-d")
		publisher := r.publisher(ecr.Options{Parallel: 1})
		plan, err := publisher.Plan(ctx, []ecr.Image{module(t, "svc-a"), module(t, "svc-b"), module(t, "svc-c"), module(t, "svc-d")})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(time.Minute, func() { cancel(stop) })
		result, err := publisher.Apply(ctx, plan)
		if d := time.Since(began); d > time.Minute+time.Second {
			t.Errorf("it took %v after it was cancelled", d-time.Minute)
		}
		if !errors.Is(err, stop) || !strings.Contains(err.Error(), "2 not begun") {
			t.Errorf("error %v, want that of the context, with what was not begun", err)
		}
		if d := cmp.Diff(map[string]ecr.Outcome{"svc-a": ecr.Built}, outcomes(result)); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := r.engine.Calls("build"); n != 2 {
			t.Errorf("%d builds, want 2: nothing is begun after it", n)
		}
	})
}

func TestAFileThatChangesAfterThePlanFailsTheBuild(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	web := module(t, "web")
	publisher := r.publisher(ecr.Options{})
	plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
	if err != nil {
		t.Fatal(err)
	}
	write(t, web, "main.py", "changed, and longer\n")
	_, err = publisher.Apply(t.Context(), plan)
	if !errors.Is(err, buildcontext.ErrChanged) {
		t.Errorf("error %v, want %v", err, buildcontext.ErrChanged)
	}
	if n := len(r.cloud.Images("web")); n != 0 {
		t.Errorf("%d images pushed, want none under a tag that is not theirs", n)
	}
}

func TestATagThatCannotMoveIsToldBesideTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(ecrtest.Options{}, nil, "web")
		fix(t, r.cloud, "web")
		web := module(t, "web")
		web.Tags = []string{"a", "b", "c"}
		publisher := r.publisher(ecr.Options{})
		plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
		if err != nil {
			t.Fatal(err)
		}
		r.cloud.AddImage("web", ecrtest.Image{Tags: []string{"b"}})
		result, err := publisher.Apply(t.Context(), plan)
		failed, ok := errors.AsType[*ecr.ImageError](err)
		if !ok || failed.Phase != ecr.PhaseTag || !errors.Is(err, ecr.ErrImmutable) || !strings.Contains(err.Error(), "move tag b") {
			t.Errorf("error %v, want that of tag b", err)
		}
		if d := cmp.Diff([]string{"a", "c"}, result.Images[0].Tags); d != "" {
			t.Errorf("tags (-want +got):\n%s", d)
		}
		if r.at("web", "a") != result.Images[0].Digest || r.at("web", "b") == result.Images[0].Digest {
			t.Errorf("tags are not where the result says: %v", result)
		}
	})
}

func TestATagThatAnotherRunMovedToTheSameImageIsFine(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	fix(t, r.cloud, "web")
	web := module(t, "web")
	r.publish(t, ecr.Options{}, web)
	web.Tags = []string{"a"}
	plan := r.plan(t, ecr.Options{}, web)
	r.publish(t, ecr.Options{}, web) // the other run
	result, err := r.publisher(ecr.Options{}).Apply(t.Context(), plan)
	if err != nil || outcomes(result)["web"] != ecr.Retagged || len(result.Images[0].Tags) != 1 {
		t.Errorf("%v, %v; want the tag in its place", result, err)
	}
}
