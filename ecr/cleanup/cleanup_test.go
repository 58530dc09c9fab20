package cleanup_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/progress"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/smithy-go",
		"golang.org/x/sync",
	)
}

const day = 24 * time.Hour

// live is a request in which the environment aaaaaaaa exists.
func live(repositories ...string) cleanup.Request {
	return cleanup.Request{Repositories: repositories, Live: []string{"aaaaaaaa", "master"}, Running: []string{}}
}

// tags are all tags that a repository has, sorted.
func tags(cloud *ecrtest.Cloud, repository string) []string {
	all := []string{}
	for _, i := range cloud.Images(repository) {
		all = append(all, i.Tags...)
	}
	slices.Sort(all)
	return all
}

// run plans and applies.
func run(t *testing.T, cloud *ecrtest.Cloud, opts cleanup.Options, request cleanup.Request) (cleanup.Plan, cleanup.Result, error) {
	t.Helper()
	cleaner := cleanup.New(cloud.Client(), opts)
	plan, err := cleaner.Plan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if n := cloud.Calls("BatchDeleteImage"); n > 0 {
		t.Fatalf("planning deleted %d times", n)
	}
	result, err := cleaner.Apply(t.Context(), plan)
	return plan, result, err
}

func TestOnlyWhatIsGoneGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1", "latest-c721e158"}})
		both := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"aaaaaaaa-1", "c721e158-2"}})
		neighbour := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e1589-1"}})
		runs := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-3"}})
		production := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"latest-master", "master-7"}})
		cache := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-1"}, Pushed: time.Now().Add(-29 * day)})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-2"}, Pushed: time.Now().Add(-31 * day)})
		untagged := cloud.AddImage("shop", ecrtest.Image{Pushed: time.Now().Add(-300 * day)})
		cloud.AddImage("other", ecrtest.Image{Tags: []string{"c721e158-1"}})

		request := live("shop", "shop")
		request.Running = []string{"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@" + runs}
		_, result, err := run(t, cloud, cleanup.Options{MinAge: -1}, request)
		if err != nil {
			t.Fatal(err)
		}
		want := cleanup.Result{Repositories: []cleanup.Cleaned{{
			Repository: "shop", Removed: []string{"c721e158-1", "c721e158-2", "inputs-2", "latest-c721e158"}, Changed: []string{},
		}}}
		if d := cmp.Diff(want, result); d != "" {
			t.Errorf("result (-want +got):\n%s", d)
		}
		var left []string
		for _, i := range cloud.Images("shop") {
			left = append(left, i.Digest)
		}
		stay := []string{both, neighbour, runs, production, cache, untagged}
		slices.Sort(left)
		slices.Sort(stay)
		if d := cmp.Diff(stay, left); d != "" {
			t.Errorf("images (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"c721e158-1"}, tags(cloud, "other")); d != "" {
			t.Errorf("another repository (-want +got):\n%s", d)
		}
		if calls := cloud.Calls("BatchDeleteImage"); calls != 1 {
			t.Errorf("%d BatchDeleteImage calls, want 1", calls)
		}
	})
}

func TestNothingToRemoveIsNoCall(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"aaaaaaaa-1"}})
	plan, result, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop"))
	if err != nil || !plan.Empty() || len(result.Repositories) > 0 {
		t.Errorf("plan %v, result %v, %v; want nothing", plan, result, err)
	}
	if calls := cloud.Calls("BatchDeleteImage") + cloud.Calls("BatchGetImage"); calls != 0 {
		t.Errorf("%d calls besides reading, want 0", calls)
	}
}

func TestAnInputThatWasPulledLatelyStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		pulled := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-1"}})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-2"}})
		time.Sleep(20 * day)
		if _, err := cloud.Client().BatchGetImage(t.Context(), get("shop", pulled)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * day)
		if _, _, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop")); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"inputs-1"}, tags(cloud, "shop")); d != "" {
			t.Errorf("tags (-want +got):\n%s", d)
		}
	})
}

func TestReadingAnIndexDoesNotKeepIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		part := cloud.AddImage("shop", ecrtest.Image{})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-1"}, Manifests: []string{part}})
		cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
		for range 5 { // every week
			if _, err := cleaner.Plan(t.Context(), live("shop")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7 * day)
		}
		if _, _, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop")); err != nil {
			t.Fatal(err)
		}
		if got := tags(cloud, "shop"); len(got) > 0 {
			t.Errorf("tags %v, want none", got)
		}
	})
}

func TestImagesOfAnIndexGoAfterIt(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	one := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	two := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-2", "c721e158-3"}})
	inner := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-4"}, Manifests: []string{one, two}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-5"}, Manifests: []string{inner}})
	_, result, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	if left := cloud.Images("shop"); len(left) > 0 {
		t.Errorf("images left: %v", left)
	}
	if d := cmp.Diff([]string{"c721e158-1", "c721e158-2", "c721e158-3", "c721e158-4", "c721e158-5"}, result.Repositories[0].Removed); d != "" {
		t.Errorf("removed (-want +got):\n%s", d)
	}
}

func TestAnIndexThatCameMeanwhileKeepsItsImages(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	part := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
	plan, err := cleaner.Plan(t.Context(), live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"aaaaaaaa-1"}, Manifests: []string{part}})
	_, err = cleaner.Apply(t.Context(), plan)
	refused, ok := errors.AsType[*cleanup.RemoveError](err)
	if !ok || refused.Code != "ImageReferencedByManifestList" || refused.Tag != "c721e158-1" {
		t.Errorf("error %v, want the refusal of c721e158-1", err)
	}
	if calls := cloud.Calls("BatchDeleteImage"); calls > 2 {
		t.Errorf("%d BatchDeleteImage calls: it goes round in circles", calls)
	}
}

func TestWhatChangedSinceThePlanStays(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	moved := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"latest-c721e158", "c721e158-1"}})
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
	plan, err := cleaner.Plan(t.Context(), live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	// The branch is back: its first build takes latest, and an environment that
	// exists takes the old image.
	anew := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"latest-c721e158", "c721e158-2"}})
	put(t, cloud, "shop", moved, "aaaaaaaa-9")
	result, err := cleaner.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"aaaaaaaa-9", "c721e158-2", "latest-c721e158"}, tags(cloud, "shop")); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	if left := cloud.Images("shop"); len(left) != 2 || !slices.ContainsFunc(left, func(i ecrtest.Image) bool { return i.Digest == anew }) {
		t.Errorf("images %v, want both", left)
	}
	if d := cmp.Diff([]string{"latest-c721e158"}, result.Repositories[0].Changed); d != "" {
		t.Errorf("changed (-want +got):\n%s", d)
	}
	again, err := cleaner.Apply(t.Context(), plan)
	if err != nil || len(again.Repositories) != 1 || len(again.Repositories[0].Removed) > 0 {
		t.Errorf("a second time: %v, %v; want nothing removed", again, err)
	}
}

func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		for n := range 250 {
			cloud.AddImage("shop", ecrtest.Image{Tags: []string{fmt.Sprintf("c721e158-%d", n)}})
		}
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"aaaaaaaa-1"}})
		var recorder progress.Recorder
		_, result, err := run(t, cloud, cleanup.Options{MinAge: -1, Progress: recorder.Record}, live("shop"))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(result.Repositories[0].Removed); n != 250 {
			t.Errorf("%d removed, want 250", n)
		}
		if calls := cloud.Calls("BatchDeleteImage"); calls != 3 {
			t.Errorf("%d BatchDeleteImage calls, want 3", calls)
		}
		var story []string
		for _, e := range recorder.Events() {
			story = append(story, fmt.Sprintf("%s %s %s %s", e.Op, e.Subject, e.State, e.Message))
		}
		if d := cmp.Diff([]string{"ecr.cleanup shop running 250 images", "ecr.cleanup shop done 250 tags removed"}, story); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestAFailedCallDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{Before: func(op string, n int) *ecrtest.Error {
			if op == "BatchDeleteImage" && n == 2 {
				return &ecrtest.Error{Code: "AccessDeniedException", Message: "not today"}
			}
			return nil
		}})
		for n := range 250 {
			cloud.AddImage("shop", ecrtest.Image{Tags: []string{fmt.Sprintf("c721e158-%d", n)}})
		}
		_, result, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop"))
		if err == nil || !strings.Contains(err.Error(), "not today") || !strings.Contains(err.Error(), "of shop") {
			t.Errorf("error %v, want one that names the repository and the cause", err)
		}
		if n := len(result.Repositories[0].Removed); n != 150 {
			t.Errorf("%d removed, want 150", n)
		}
	})
}

func TestThrottledReadsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{Before: func(_ string, n int) *ecrtest.Error {
			if n == 1 {
				return ecrtest.Throttled()
			}
			return nil
		}})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
		if _, _, err := run(t, cloud, cleanup.Options{MinAge: -1}, live("shop")); err != nil {
			t.Fatal(err)
		}
		if got := tags(cloud, "shop"); len(got) > 0 {
			t.Errorf("tags %v, want none", got)
		}
	})
}

func TestMissingRepositoriesAreAllNamed(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("there")
	_, err := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1}).Plan(t.Context(), live("gone", "missing", "there"))
	if !errors.Is(err, cleanup.ErrNoRepository) {
		t.Fatalf("error %v, want %v", err, cleanup.ErrNoRepository)
	}
	want := "plan clean-up of gone: the repository does not exist\nplan clean-up of missing: the repository does not exist"
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Errorf("error (-want +got):\n%s", d)
	}
}

func TestRefusalsComeBeforeAnyCall(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
	_, err := cleaner.Plan(t.Context(), cleanup.Request{Repositories: []string{"shop"}})
	if !errors.Is(err, cleanup.ErrNoLive) {
		t.Errorf("error %v, want %v", err, cleanup.ErrNoLive)
	}
	if calls := cloud.Calls("DescribeImages"); calls != 0 {
		t.Errorf("%d calls, want 0", calls)
	}
	plan, err := cleaner.Plan(t.Context(), cleanup.Request{Repositories: []string{"shop"}, NoneLive: true, Running: []string{}})
	if err != nil || plan.Empty() {
		t.Errorf("with consent: plan %v, %v; want it to go", plan, err)
	}
}

func TestAnotherFormOfTags(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"env-master-1"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"env-blue-1"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"env-green-1"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	opts := cleanup.Options{MinAge: -1, EnvironmentOf: func(tag string) (string, bool) {
		id, ok := strings.CutPrefix(strings.TrimSuffix(tag, "-1"), "env-")
		return id, ok
	}}
	cleaner := cleanup.New(cloud.Client(), opts)
	if _, err := cleaner.Plan(t.Context(), cleanup.Request{Repositories: []string{"shop"}, Live: []string{"blue"}, Running: []string{}}); !errors.Is(err, cleanup.ErrInvalid) {
		t.Errorf("an id that no default tag can have: %v, want %v", err, cleanup.ErrInvalid)
	}
	opts.EnvironmentOf = func(tag string) (string, bool) {
		return strings.TrimSuffix(strings.TrimPrefix(tag, "env-"), "-1"), !strings.HasPrefix(tag, "c721")
	}
	if _, _, err := run(t, cloud, opts, cleanup.Request{Repositories: []string{"shop"}, Live: []string{"blue"}, Running: []string{}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"c721e158-1", "env-blue-1", "env-master-1"}, tags(cloud, "shop")); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
}

func TestAPlanGoesThroughJSON(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-1"}})
	cleaner := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1})
	plan, err := cleaner.Plan(t.Context(), live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var read cleanup.Plan
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(plan, read); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	if _, err := cleaner.Apply(t.Context(), read); err != nil || len(cloud.Images("shop")) > 0 {
		t.Errorf("apply of the plan that was read: %v, images %v", err, cloud.Images("shop"))
	}
}

func get(repository, digest string) *awsecr.BatchGetImageInput {
	return &awsecr.BatchGetImageInput{RepositoryName: &repository, ImageIds: []types.ImageIdentifier{{ImageDigest: &digest}}}
}

// put gives the image another tag.
func put(t *testing.T, cloud *ecrtest.Cloud, repository, digest, tag string) {
	t.Helper()
	out, err := cloud.Client().BatchGetImage(t.Context(), get(repository, digest))
	if err != nil || len(out.Images) != 1 {
		t.Fatalf("get image %s: %v", digest, err)
	}
	_, err = cloud.Client().PutImage(t.Context(), &awsecr.PutImageInput{RepositoryName: &repository, ImageTag: &tag, ImageManifest: out.Images[0].ImageManifest})
	if err != nil {
		t.Fatal(err)
	}
}
