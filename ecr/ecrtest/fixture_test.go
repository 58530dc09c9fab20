package ecrtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func TestImagesOfATest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, ecrtest.Options{})
		now := time.Now()
		one := b.cloud.AddImage("new/repository", ecrtest.Image{Tags: []string{"v1", "latest"}, Labels: map[string]string{"a": "b"}})
		two := b.cloud.AddImage("new/repository", ecrtest.Image{Pushed: now.Add(-time.Hour)})
		index := b.cloud.AddImage("new/repository", ecrtest.Image{Tags: []string{"latest"}, Pushed: now.Add(time.Hour), Manifests: []string{one, nowhere}})
		want := []ecrtest.Image{
			{Digest: two, Pushed: now.Add(-time.Hour), MediaType: ociManifest},
			{Digest: one, Tags: []string{"v1"}, Pushed: now, Labels: map[string]string{"a": "b"}, MediaType: ociManifest},
			{Digest: index, Tags: []string{"latest"}, Pushed: now.Add(time.Hour), MediaType: ociIndex, Manifests: []string{one, nowhere}},
		}
		if d := cmp.Diff(want, b.cloud.Images("new/repository"), cmpopts.IgnoreFields(ecrtest.Image{}, "Size")); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if again := b.cloud.AddImage("new/repository", ecrtest.Image{Manifests: []string{one, nowhere}}); again == index || one == two {
			t.Error("two images are the same")
		}
		if _, err := remote.Image(ref(t, "new/repository:v1"), b.remote()...); err != nil {
			t.Errorf("it cannot be pulled: %v", err)
		}
	})
}

func TestTheTimeOfAPushChanges(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	long := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	digest := b.cloud.AddImage("app", ecrtest.Image{Tags: []string{"v1"}})
	for _, reference := range []string{"v1", digest} {
		long = long.Add(time.Hour)
		if !b.cloud.SetPushed("app", reference, long) || !b.cloud.Images("app")[0].Pushed.Equal(long) {
			t.Errorf("%s: %v", reference, b.cloud.Images("app"))
		}
	}
	if b.cloud.SetPushed("app", "v2", long) || b.cloud.SetPushed("none", "v1", long) {
		t.Error("what is not there was pushed")
	}
}

func TestWhatCannotBe(t *testing.T) {
	b := newBench(t, ecrtest.Options{})
	b.cloud.AddRepository("No")
	if digest := b.cloud.AddImage("No", ecrtest.Image{}); digest != "" || b.cloud.Images("No") != nil || b.cloud.Images("none") != nil {
		t.Errorf("image %s", digest)
	}
}
