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

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
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
			cancel(stop) // in the middle of the second build, which takes for ever
			<-ctx.Done()
			return ctx.Err()
		}, "svc-a", "svc-b", "svc-c", "svc-d")
		publisher := r.publisher(ecr.Options{Parallel: 1})
		plan, err := publisher.Plan(ctx, []ecr.Image{module(t, "svc-a"), module(t, "svc-b"), module(t, "svc-c"), module(t, "svc-d")})
		if err != nil {
			t.Fatal(err)
		}
		result, err := publisher.Apply(ctx, plan)
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

// hooked is an API that calls before at the beginning of the calls about images.
type hooked struct {
	ecr.API
	before func(op string)
}

func (h hooked) BatchGetImage(ctx context.Context, in *awsecr.BatchGetImageInput, o ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error) {
	h.before("BatchGetImage")
	return h.API.BatchGetImage(ctx, in, o...)
}

func (h hooked) PutImage(ctx context.Context, in *awsecr.PutImageInput, o ...func(*awsecr.Options)) (*awsecr.PutImageOutput, error) {
	h.before("PutImage")
	return h.API.PutImage(ctx, in, o...)
}

// TestATagThatSomebodyElseTakes is told beside the others, and left where it is.
func TestATagThatSomebodyElseTakes(t *testing.T) {
	tests := map[string]struct {
		before string // the call before which it is taken
		nth    int
		want   error
	}{
		"while we build":                 {"BatchGetImage", 2, ecr.ErrMoved},
		"while we push":                  {"BatchGetImage", 4, ecr.ErrMoved},
		"after the last look, immutably": {"PutImage", 2, ecr.ErrImmutable}, // the first is that of tag a
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(ecrtest.Options{}, nil, "web")
				fix(t, r.cloud, "web")
				web := module(t, "web")
				web.Tags = []string{"a", "b", "c"}
				calls := make(map[string]int)
				api := hooked{r.cloud.Client(), func(op string) {
					if calls[op]++; op == tt.before && calls[op] == tt.nth {
						r.cloud.AddImage("web", ecrtest.Image{Tags: []string{"b"}})
					}
				}}
				publisher := ecr.New(api, ecr.Options{Engine: r.engine})
				plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
				if err != nil {
					t.Fatal(err)
				}
				result, err := publisher.Apply(t.Context(), plan)
				failed, ok := errors.AsType[*ecr.ImageError](err)
				if !ok || failed.Phase != ecr.PhaseTag || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "move tag b") {
					t.Fatalf("error %v, want that of tag b", err)
				}
				if d := cmp.Diff([]string{"a", "c"}, result.Images[0].Tags); d != "" {
					t.Errorf("tags (-want +got):\n%s", d)
				}
				if r.at("web", "a") != result.Images[0].Digest || r.at("web", "b") == result.Images[0].Digest {
					t.Errorf("tags are not where the result says: %v", result)
				}
			})
		})
	}
}

// TestAnOldRunTakesNoTagFromANewer applies plans of every kind after another run
// has moved the tag.
func TestAnOldRunTakesNoTagFromANewer(t *testing.T) {
	tests := map[string]struct {
		there  bool // the image, before the plan
		tagged bool // with its tag
		action ecr.Action
		now    string // what the tag points to: another image or none
		want   string
	}{
		"a build":              {false, false, ecr.ActionBuild, "newer", "it was at sha256:"},
		"an image that is":     {true, false, ecr.ActionRetag, "newer", "it was at sha256:"},
		"nothing to do":        {true, true, ecr.ActionSkip, "newer", "it was at sha256:"},
		"the tag was taken":    {true, true, ecr.ActionSkip, "", "and is at no image"},
		"a tag to set is gone": {true, false, ecr.ActionRetag, "", "and is at no image"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(ecrtest.Options{}, nil, "web")
			web := module(t, "web")
			r.cloud.AddImage("web", ecrtest.Image{Tags: []string{"latest"}})
			if tt.there {
				first := web
				if tt.tagged {
					first.Tags = []string{"latest"}
				}
				r.publish(t, ecr.Options{}, first)
			}
			web.Tags = []string{"latest"}
			plan := r.plan(t, ecr.Options{}, web)
			if plan.Images[0].Action != tt.action {
				t.Fatalf("%s, want %s", plan, tt.action)
			}
			newer := ""
			if tt.now == "newer" {
				newer = r.cloud.AddImage("web", ecrtest.Image{Tags: []string{"latest"}, Labels: map[string]string{"newer": "1"}})
			} else if _, err := r.cloud.Client().BatchDeleteImage(t.Context(), &awsecr.BatchDeleteImageInput{
				RepositoryName: new("web"), ImageIds: []types.ImageIdentifier{{ImageTag: new("latest")}},
			}); err != nil {
				t.Fatal(err)
			}
			result, err := r.publisher(ecr.Options{}).Apply(t.Context(), plan)
			if !errors.Is(err, ecr.ErrMoved) || !strings.Contains(err.Error(), "publish image web: move tag latest: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %v and %q", err, ecr.ErrMoved, tt.want)
			}
			if r.at("web", "latest") != newer {
				t.Errorf("latest is at %q, want it to stay at %q", r.at("web", "latest"), newer)
			}
			if len(result.Images) != 1 || len(result.Images[0].Tags) != 0 {
				t.Errorf("%+v claims tags", result)
			}
		})
	}
}

func TestAPlanThatIsAppliedTwiceBuildsOnce(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	web := module(t, "web")
	web.Tags = []string{"a"}
	for _, opts := range []ecr.Options{{}, {Force: true}} {
		before := r.engine.Calls("build")
		publisher := r.publisher(opts)
		plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
		if err != nil {
			t.Fatal(err)
		}
		first, err := publisher.Apply(t.Context(), plan)
		if err != nil {
			t.Fatal(err)
		}
		second, err := publisher.Apply(t.Context(), plan)
		if err != nil || second.Images[0].Outcome != ecr.BuiltElsewhere || second.Images[0].Digest != first.Images[0].Digest {
			t.Errorf("second: %+v, %v; want what the first made", second, err)
		}
		if n := r.engine.Calls("build") - before; n != 1 {
			t.Errorf("%d builds, want 1", n)
		}
	}
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
