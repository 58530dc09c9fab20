//go:build integration

package ecr_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildkit"
)

// builders are both, of the engine of r.
func (r site) builders() map[string]ecr.Builder {
	return map[string]ecr.Builder{"classic": ecr.NewClassic(r.engine), "buildkit": buildkit.New(r.engine)}
}

func (r site) build(t *testing.T, builder ecr.Builder, i ecr.Image) (ecr.Result, error) {
	t.Helper()
	publisher := ecr.New(r.cloud.Client(), ecr.Options{Engine: r.engine, Builder: builder})
	plan, err := publisher.Plan(t.Context(), []ecr.Image{i})
	if err != nil {
		t.Fatal(err)
	}
	return publisher.Apply(t.Context(), plan)
}

// pulled returns the layers of an image, which the engine has as uri from now on.
func (r site) pulled(t *testing.T, uri string) []string {
	t.Helper()
	r.pullAndKeep(t, uri)
	t.Cleanup(func() {
		_, _ = r.engine.ImageRemove(context.WithoutCancel(t.Context()), uri, image.RemoveOptions{Force: true})
	})
	got, err := r.engine.ImageInspect(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	return got.RootFS.Layers
}

// TestAnEngineWithAnOldBase builds on the base image that Bases names, though the
// engine has another one by the same tag.
func TestAnEngineWithAnOldBase(t *testing.T) {
	r := newSite(t, "base", "web")
	base := module(t, "base")
	write(t, base, "main.py", rand.Text())
	old := r.publish(t, base).Images[0]
	write(t, base, "main.py", rand.Text())
	fresh := r.publish(t, base).Images[0]
	oldLayers, freshLayers := r.pulled(t, old.URI), r.pulled(t, fresh.URI)
	if err := r.engine.ImageTag(t.Context(), old.URI, r.host+"/base:1"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_, _ = r.engine.ImageRemove(context.WithoutCancel(t.Context()), r.host+"/base:1", image.RemoveOptions{})
	}()
	for name, builder := range r.builders() {
		t.Run(name, func(t *testing.T) {
			for digest, want := range map[string][]string{old.Digest: oldLayers, fresh.Digest: freshLayers} {
				web := module(t, "web", "FROM "+r.host+"/base:1", "COPY main.py /web")
				write(t, web, "main.py", rand.Text())
				web.Bases = map[string]string{r.host + "/base:1": digest}
				result, err := r.build(t, builder, web)
				if err != nil {
					t.Fatal(err)
				}
				if got := r.pulled(t, result.Images[0].URI); len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) {
					t.Errorf("layers %v, want them to begin with %v", got, want)
				}
			}
		})
	}
}

// TestABaseOfAnotherPlatform is what the engine has, and no registry.
func TestABaseOfAnotherPlatform(t *testing.T) {
	r := newSite(t, "web")
	for name, builder := range r.builders() {
		t.Run(name, func(t *testing.T) {
			web := module(t, "web", "FROM "+os.Getenv("DELIVERY_BASE_IMAGE"), "COPY main.py /web")
			web.Epoch, web.Platform = "1", "linux/arm64"
			_, err := r.build(t, builder, web)
			if name == "classic" && !errors.Is(err, ecr.ErrPlatform) || err == nil {
				t.Errorf("error %v, want the image not to be pushed", err)
			}
			if n := len(r.cloud.Images("web")); n != 0 {
				t.Errorf("%d images pushed", n)
			}
			if names := r.names(t); len(names) > 0 {
				t.Errorf("the engine keeps %v", names)
			}
		})
	}
}

// TestPlatformsOfScratch: both builders mark what they make of nothing as asked.
func TestPlatformsOfScratch(t *testing.T) {
	r := newSite(t, "web")
	for name, builder := range r.builders() {
		for _, platform := range []string{"linux/amd64", "linux/arm64", "linux/arm64/v8"} {
			t.Run(name+" "+platform, func(t *testing.T) {
				web := module(t, "web")
				web.Platform = platform
				write(t, web, "main.py", rand.Text())
				if _, err := r.build(t, builder, web); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
