package cleanup_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/cleanup"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// reasons are why images of plan keep their tags, by their first tag.
func reasons(plan cleanup.Plan) map[string]string {
	all := make(map[string]string)
	for _, r := range plan.Repositories {
		for _, s := range r.Spared {
			all[s.Tags[0]] = s.Reason
		}
	}
	return all
}

func TestWhatIsNewStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		at := func(age time.Duration) time.Time { return time.Now().Add(-age) }
		add := func(repository string, age time.Duration, tags ...string) string {
			return cloud.AddImage(repository, ecrtest.Image{Tags: tags, Pushed: at(age)})
		}
		add("shop", 47*time.Hour, "11111111aa-1", "c721e158-1") // another form, and so no tag of an environment
		add("shop", 49*time.Hour, "c721e158-2")
		add("web", 90*day, "c721e158-3", "master-1") // an unchanged module of an environment in the making
		add("shop", 49*time.Hour, "dddddddd-1")
		pulled := add("shop", 90*day, "eeeeeeee-1")
		add("web", 90*day, "eeeeeeee-2", "master-2") // was pulled, but does not go with its tag
		if _, err := cloud.Client().BatchGetImage(t.Context(), get("shop", pulled)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		plan, result, err := run(t, cloud, cleanup.Options{}, live("shop", "web"))
		if err != nil {
			t.Fatal(err)
		}
		const making = "environment c721e158 has a new image, and may be in the making"
		want := map[string]string{"c721e158-1": making, "c721e158-2": making, "c721e158-3": making, "eeeeeeee-1": "it was pulled lately"}
		if d := cmp.Diff(want, reasons(plan)); d != "" {
			t.Errorf("spared (-want +got):\n%s", d)
		}
		var removed []string
		for _, r := range result.Repositories {
			removed = append(removed, r.Removed...)
		}
		if d := cmp.Diff([]string{"dddddddd-1", "eeeeeeee-2"}, removed); d != "" {
			t.Errorf("removed (-want +got):\n%s", d)
		}
		time.Sleep(2 * day)
		later, err := cleanup.New(cloud.Client(), cleanup.Options{}).Plan(t.Context(), live("shop", "web"))
		if err != nil || len(reasons(later)) > 0 || later.Empty() {
			t.Errorf("two days later: %v\n%s", err, later)
		}
	})
}

func TestInputsOfANewImageStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-1"}, Pushed: time.Now().Add(-time.Hour)})
		plan, err := cleanup.New(cloud.Client(), cleanup.Options{KeepInputs: time.Minute}).Plan(t.Context(), live("shop"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"inputs-1": "it is new"}, reasons(plan)); d != "" || !plan.Empty() {
			t.Errorf("spared (-want +got):\n%s", d)
		}
	})
}

func TestDatesAreNoEnvironments(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	for _, tag := range []string{"20260704-13", "latest-20260704", "12345678-1", "2026070a-1"} {
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{tag}})
	}
	opts := cleanup.Options{MinAge: -1}
	cleaner := cleanup.New(cloud.Client(), opts)
	plan, err := cleaner.Plan(t.Context(), live("shop"))
	if err != nil {
		t.Fatal(err)
	}
	var remove []string
	for _, i := range plan.Repositories[0].Images {
		remove = append(remove, i.Remove...)
	}
	if d := cmp.Diff([]string{"2026070a-1"}, remove); d != "" {
		t.Errorf("goes (-want +got):\n%s", d)
	}
	want := `  warning: the tags of 12345678 stay: it may be a date; where it is an environment that is gone, list it as gone
  warning: the tags of 20260704 stay: it may be a date; where it is an environment that is gone, list it as gone
`
	if !strings.HasSuffix(plan.String(), want) {
		t.Errorf("plan:\n%s", plan)
	}
	known := live("shop")
	known.Live = append(known.Live, "20260704") // it exists: nothing to ask about
	known.Gone = []string{"12345678"}
	plan, _, err = run(t, cloud, opts, known)
	if err != nil || len(plan.Repositories[0].Warnings) > 0 {
		t.Errorf("warnings %q, %v", plan.Repositories[0].Warnings, err)
	}
	if d := cmp.Diff([]string{"20260704-13", "latest-20260704"}, tags(cloud, "shop")); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
}

// An image that production took over by its digest has the tags of the
// environment it came from alone.
func TestAPromotedImageStays(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	promoted := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-7", "latest-c721e158"}})
	cloud.AddImage("shop", ecrtest.Image{Tags: []string{"c721e158-6"}})
	for name, running := range map[string]string{"as a URI": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@" + promoted, "as a digest": promoted} {
		t.Run(name, func(t *testing.T) {
			request := live("shop")
			request.Running = []string{running}
			plan, err := cleanup.New(cloud.Client(), cleanup.Options{MinAge: -1}).Plan(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(map[string]string{"c721e158-7": "it runs"}, reasons(plan)); d != "" || len(plan.Repositories[0].Images) != 1 {
				t.Errorf("spared (-want +got):\n%s\n%s", d, plan)
			}
		})
	}
}

func TestWhatRunsAndIsNotThereIsAWarning(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	there := cloud.AddImage("shop", ecrtest.Image{Tags: []string{"master-1"}})
	gone := "sha256:" + strings.Repeat("0", 64)
	request := live("shop")
	request.Running = []string{"shop@" + there, "shop:master-1", "shop@" + gone, "shop:master-2", "nginx:1", "other@" + gone, gone}
	plan, err := cleanup.New(cloud.Client(), cleanup.Options{}).Plan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{gone + " runs, and is not there", "master-2 runs, and is not there"}, plan.Repositories[0].Warnings); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

func TestAnIndexIsUsedWhenItsImagesAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := ecrtest.New(ecrtest.Options{})
		used, unused := cloud.AddImage("shop", ecrtest.Image{}), cloud.AddImage("shop", ecrtest.Image{})
		inner := cloud.AddImage("shop", ecrtest.Image{Manifests: []string{unused, used}})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-1"}, Manifests: []string{inner}})
		cloud.AddImage("shop", ecrtest.Image{Tags: []string{"inputs-2"}, Manifests: []string{unused}})
		time.Sleep(40 * day)
		if _, err := cloud.Client().BatchGetImage(t.Context(), get("shop", used)); err != nil { // a task starts on one platform
			t.Fatal(err)
		}
		time.Sleep(20 * day)
		if _, _, err := run(t, cloud, cleanup.Options{}, live("shop")); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"inputs-1"}, tags(cloud, "shop")); d != "" {
			t.Errorf("tags (-want +got):\n%s", d)
		}
	})
}
