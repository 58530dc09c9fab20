package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

func TestThrottledCallsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{Before: func(_ string, n int) *ecrtest.Error {
			if n == 1 { // the first of every operation
				return ecrtest.Throttled()
			}
			return nil
		}})
		m := New(cloud.Client(), Options{})
		desired := []Repository{full("a/a"), full("a/b")}
		apply(t, m, desired)
		if plan := apply(t, m, desired); !plan.Empty() {
			t.Errorf("not as desired:\n%s", plan)
		}
	})
}

func TestAThrottleThatStaysIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{Before: func(op string, _ int) *ecrtest.Error {
			if op == "PutLifecyclePolicy" {
				return ecrtest.Throttled()
			}
			return nil
		}})
		m := New(cloud.Client(), Options{})
		plan, err := m.Plan(t.Context(), []Repository{full("a/a")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Apply(t.Context(), plan)
		failed, ok := errors.AsType[*WriteError](err)
		if !ok || failed.Repository != "a/a" || failed.Step != "lifecycle policy" {
			t.Errorf("apply: %v, want the failure of the lifecycle policy", err)
		}
	})
}

func TestEachReadThatFailsNamesTheRepository(t *testing.T) {
	for op, want := range map[string]string{
		"DescribeRepositories": "plan repositories: describe repositories: ",
		"ListTagsForResource":  "plan repository a/b: list tags: ",
		"GetRepositoryPolicy":  "plan repository a/b: get policy: ",
		"GetLifecyclePolicy":   "plan repository a/b: get lifecycle policy: ",
		"DescribeImages":       "plan repository a/b: describe images: ",
	} {
		t.Run(op, func(t *testing.T) {
			cloud := ecrtest.New(ecrtest.Options{Before: func(called string, _ int) *ecrtest.Error {
				if called == op {
					return &ecrtest.Error{Code: "AccessDeniedException", Message: "not authorized"}
				}
				return nil
			}})
			desired := full("a/b")
			desired.Running = []string{cloud.AddImage("a/b", ecrtest.Image{Tags: []string{"inputs-1"}})}
			_, err := New(cloud.Client(), Options{}).Plan(t.Context(), []Repository{desired})
			if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "not authorized") {
				t.Errorf("plan: %v, want %s", err, want)
			}
		})
	}
}

func TestCancelledOnTheWayLeavesTheRest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cloud := ecrtest.New(ecrtest.Options{Before: func(op string, _ int) *ecrtest.Error {
		if op == "SetRepositoryPolicy" {
			cancel()
		}
		return nil
	}})
	m := New(cloud.Client(), Options{Parallel: 1})
	desired := []Repository{full("a/a"), full("a/b"), full("a/c")}
	plan, err := m.Plan(t.Context(), desired)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(ctx, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: %v", err)
	}
	if made, policies := cloud.Calls("CreateRepository"), cloud.Calls("PutLifecyclePolicy"); made != 1 || policies != 0 {
		t.Errorf("%d repositories were made and %d policies written after it was cancelled", made-1, policies)
	}
	apply(t, m, desired) // and it can be taken up again
	if plan := apply(t, m, desired); !plan.Empty() {
		t.Errorf("not as desired:\n%s", plan)
	}
}

func TestEveryImageCounts(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	old := cloud.AddImage("a/b", ecrtest.Image{Tags: []string{"inputs-old"}, Pushed: time.Now().AddDate(0, 0, -1)})
	for i := range 2100 { // three pages
		cloud.AddImage("a/b", ecrtest.Image{Tags: []string{fmt.Sprintf("inputs-%d", i)}})
	}
	m := New(cloud.Client(), Options{})
	few, enough := byDefault(2150), byDefault(2151)
	_, err := m.Plan(t.Context(), []Repository{{Name: "a/b", Lifecycle: &few, Running: []string{old}}})
	if !errors.Is(err, ErrExpiresRunning) || !strings.Contains(err.Error(), "raise countNumber to 2151") {
		t.Errorf("plan: %v, want a refusal that has counted all images", err)
	}
	if n := cloud.Calls("DescribeImages"); n != 3 {
		t.Errorf("%d calls for 2,101 images, want 3 pages", n)
	}
	if _, err := m.Plan(t.Context(), []Repository{{Name: "a/b", Lifecycle: &enough, Running: []string{old}}}); err != nil {
		t.Errorf("with the number that it asks for: %v", err)
	}
}

func TestConcurrentAppliesAgree(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	desired := []Repository{full("a/a"), full("a/b"), {Name: "a/c"}}
	var group sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		m := New(cloud.Client(), Options{})
		plan, err := m.Plan(t.Context(), desired) // all see that nothing is there
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() { _, errs[i] = m.Apply(t.Context(), plan) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("apply: %v", err)
	}
	if plan := apply(t, New(cloud.Client(), Options{}), desired); !plan.Empty() {
		t.Errorf("not as desired:\n%s", plan)
	}
}

func TestEveryRepositoryTellsItsStory(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{Before: func(op string, n int) *ecrtest.Error {
		if op == "CreateRepository" && n == 2 {
			return &ecrtest.Error{Code: "AccessDeniedException", Message: "not authorized"}
		}
		return nil
	}})
	cloud.AddRepository("a/kept")
	var events progress.Recorder
	m := New(cloud.Client(), Options{Parallel: 1, Progress: events.Record})
	plan, err := m.Plan(t.Context(), []Repository{{Name: "a/1"}, {Name: "a/2"}, {Name: "a/kept"}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Apply(t.Context(), plan)
	if err == nil || !strings.Contains(err.Error(), "write create of repository a/2") {
		t.Errorf("apply: %v", err)
	}
	var done []string
	for _, c := range result.Done {
		done = append(done, string(c.Action)+" "+c.Repository)
	}
	if d := cmp.Diff([]string{"create a/1"}, done); d != "" {
		t.Errorf("done (-want +got):\n%s", d)
	}
	var story []string
	for _, e := range events.Events() {
		story = append(story, fmt.Sprint(e.Subject, " ", e.State))
	}
	if got, want := strings.Join(story, ", "), "a/1 running, a/1 done, a/2 running, a/2 failed, a/kept unchanged"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
}

// registries notes which registry each call names.
type registries struct {
	API
	seen map[string]bool
}

func (r *registries) note(id *string) { r.seen[ptr.Value(id)] = true }

func (r *registries) DescribeRepositories(ctx context.Context, in *awsecr.DescribeRepositoriesInput, o ...func(*awsecr.Options)) (*awsecr.DescribeRepositoriesOutput, error) {
	r.note(in.RegistryId)
	return r.API.DescribeRepositories(ctx, in, o...)
}

func (r *registries) DescribeImages(ctx context.Context, in *awsecr.DescribeImagesInput, o ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error) {
	r.note(in.RegistryId)
	return r.API.DescribeImages(ctx, in, o...)
}

func (r *registries) GetLifecyclePolicy(ctx context.Context, in *awsecr.GetLifecyclePolicyInput, o ...func(*awsecr.Options)) (*awsecr.GetLifecyclePolicyOutput, error) {
	r.note(in.RegistryId)
	return r.API.GetLifecyclePolicy(ctx, in, o...)
}

func (r *registries) CreateRepository(ctx context.Context, in *awsecr.CreateRepositoryInput, o ...func(*awsecr.Options)) (*awsecr.CreateRepositoryOutput, error) {
	r.note(in.RegistryId)
	return r.API.CreateRepository(ctx, in, o...)
}

func (r *registries) PutImageTagMutability(ctx context.Context, in *awsecr.PutImageTagMutabilityInput, o ...func(*awsecr.Options)) (*awsecr.PutImageTagMutabilityOutput, error) {
	r.note(in.RegistryId)
	return r.API.PutImageTagMutability(ctx, in, o...)
}

func (r *registries) PutLifecyclePolicy(ctx context.Context, in *awsecr.PutLifecyclePolicyInput, o ...func(*awsecr.Options)) (*awsecr.PutLifecyclePolicyOutput, error) {
	r.note(in.RegistryId)
	return r.API.PutLifecyclePolicy(ctx, in, o...)
}

func (r *registries) SetRepositoryPolicy(ctx context.Context, in *awsecr.SetRepositoryPolicyInput, o ...func(*awsecr.Options)) (*awsecr.SetRepositoryPolicyOutput, error) {
	r.note(in.RegistryId)
	return r.API.SetRepositoryPolicy(ctx, in, o...)
}

func TestEveryCallNamesTheRegistry(t *testing.T) {
	for _, id := range []string{"", ecrtest.Account} {
		cloud := ecrtest.New(ecrtest.Options{})
		cloud.AddRepository("a/old")
		api := &registries{API: cloud.Client(), seen: make(map[string]bool)}
		m := New(api, Options{RegistryID: id, Parallel: 1})
		old := full("a/old")
		old.Running = []string{cloud.AddImage("a/old", ecrtest.Image{Tags: []string{"inputs-1"}})}
		apply(t, m, []Repository{full("a/new"), old})
		if len(api.seen) != 1 || !api.seen[id] {
			t.Errorf("registries %v, want %q alone", api.seen, id)
		}
	}
}
