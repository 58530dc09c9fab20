package ecr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
	"github.com/mettel-automation/delivery/progress"
)

func TestAnImageIsBuiltOnce(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "shop/web")
	web := module(t, "shop/web")
	web.Tags = []string{"8527fec8-1", "latest-8527fec8"}
	web.Labels = map[string]string{"team": "web"}
	opts := ecr.Options{Source: "https://example.org/shop", Revision: "abc123"}

	plan, result := r.publish(t, opts, web)
	if n := plan.Count(ecr.ActionBuild); n != 1 {
		t.Errorf("%d to build, want 1:\n%s", n, plan)
	}
	digest := r.at("shop/web", plan.Images[0].Tag)
	want := ecr.Result{Images: []ecr.Published{{
		Module: "shop/web", Repository: "shop/web", Tag: plan.Images[0].Tag, Digest: digest,
		URI:     ecrtest.DefaultHost + "/shop/web@" + digest,
		Outcome: ecr.Built, Tags: []string{"8527fec8-1", "latest-8527fec8"},
	}}}
	if d := cmp.Diff(want, result); d != "" {
		t.Errorf("result (-want +got):\n%s", d)
	}
	stored := r.cloud.Images("shop/web")[0]
	if d := cmp.Diff([]string{"8527fec8-1", plan.Images[0].Tag, "latest-8527fec8"}, stored.Tags); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
	hash := stored.Labels[ecr.LabelInputs]
	if ecr.InputsTag(hash) != plan.Images[0].Tag || len(hash) != 64 {
		t.Errorf("label %q does not fit the tag %q", hash, plan.Images[0].Tag)
	}
	delete(stored.Labels, ecr.LabelInputs)
	labels := map[string]string{"org.opencontainers.image.source": "https://example.org/shop", "org.opencontainers.image.revision": "abc123", "team": "web"}
	if d := cmp.Diff(labels, stored.Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
	if names := r.engine.Names(); len(names) > 0 {
		t.Errorf("the engine keeps %v", names)
	}

	before := r.writes()
	opts.Revision = "def456" // is no input
	plan, result = r.publish(t, opts, web)
	if !plan.Empty() || outcomes(result)["shop/web"] != ecr.Unchanged || result.Images[0].Digest != digest {
		t.Errorf("second run: plan %sresult %v; want it unchanged", plan, result)
	}
	if n := r.writes() - before; n != 0 {
		t.Errorf("second run: %d writes, want 0", n)
	}

	web.Tags = []string{"8527fec8-2", "latest-8527fec8"}
	plan, result = r.publish(t, opts, web)
	if d := cmp.Diff([]ecr.Move{{Tag: "8527fec8-2"}}, plan.Images[0].Moves); d != "" || plan.Images[0].Action != ecr.ActionRetag {
		t.Errorf("third run: %s moves (-want +got):\n%s", plan, d)
	}
	if outcomes(result)["shop/web"] != ecr.Retagged || r.at("shop/web", "8527fec8-2") != digest || r.at("shop/web", "8527fec8-1") != digest {
		t.Errorf("third run: %v, want the tag on the same image", result)
	}
	if r.engine.Calls("build") != 1 || r.engine.Calls("push") != 1 || r.cloud.Calls("PutImage") != 3 {
		t.Errorf("%d builds, %d pushes, %d tags moved; want 1, 1, 3", r.engine.Calls("build"), r.engine.Calls("push"), r.cloud.Calls("PutImage"))
	}

	write(t, web, "main.py", "changed")
	_, result = r.publish(t, opts, web)
	if got := result.Images[0].Digest; got == digest || r.at("shop/web", "latest-8527fec8") != got {
		t.Errorf("fourth run: %v, want another image with the tags", result)
	}
}

func TestPlanningNeedsNoEngineAndWritesNothing(t *testing.T) {
	cloud := ecrtest.New(ecrtest.Options{})
	cloud.AddRepository("web")
	publisher := ecr.New(cloud.Client(), ecr.Options{})
	plan, err := publisher.Plan(t.Context(), []ecr.Image{module(t, "web")})
	if err != nil || plan.Count(ecr.ActionBuild) != 1 {
		t.Fatalf("plan %v, %v; want one to build", plan, err)
	}
	if _, err := publisher.Apply(t.Context(), plan); !errors.Is(err, ecr.ErrNoEngine) {
		t.Errorf("apply: %v, want %v", err, ecr.ErrNoEngine)
	}
	if n := cloud.Calls("GetAuthorizationToken"); n != 0 {
		t.Errorf("%d tokens fetched, want 0", n)
	}
}

func TestOneReadARepository(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web", "api")
	var images []ecr.Image
	for i := range 12 {
		m := module(t, []string{"web", "api"}[i%2])
		m.Module = fmt.Sprintf("m%d", i)
		m.Tags = []string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)}
		write(t, m, "n", m.Module)
		images = append(images, m)
	}
	r.plan(t, ecr.Options{}, images...)
	if n, m := r.cloud.Calls("BatchGetImage"), r.cloud.Calls("DescribeRepositories"); n != 2 || m != 1 {
		t.Errorf("%d BatchGetImage and %d DescribeRepositories calls, want 2 and 1", n, m)
	}
	for i := range images { // 6 modules, 21 tags each, make 126 a repository
		for n := range 18 {
			images[i].Tags = append(images[i].Tags, fmt.Sprintf("c%d-%d", i, n))
		}
	}
	r.plan(t, ecr.Options{}, images...)
	if n := r.cloud.Calls("BatchGetImage"); n != 2+4 {
		t.Errorf("%d BatchGetImage calls, want 4 more", n)
	}
	if n := r.cloud.Calls("DescribeImages"); n != 0 {
		t.Errorf("%d DescribeImages calls without MaxAge, want 0", n)
	}
}

func TestMissingRepositoriesAreAllNamed(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	_, err := r.publisher(ecr.Options{}).Plan(t.Context(), []ecr.Image{module(t, "web"), module(t, "api"), module(t, "db")})
	if !errors.Is(err, ecr.ErrNoRepository) {
		t.Fatalf("error %v, want %v", err, ecr.ErrNoRepository)
	}
	for _, name := range []string{"repository api:", "repository db:", "ecr/repository"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not say %q", err, name)
		}
	}
}

func TestEachImageHearsHowPlanningEnded(t *testing.T) {
	tests := map[string]struct {
		change func(images []ecr.Image)
		want   string
	}{
		"all is well":          {func([]ecr.Image) {}, "api done planned to build: no image has these inputs, web done planned to build: no image has these inputs"},
		"one is at fault":      {func(images []ecr.Image) { images[0].Dockerfile = "gone" }, "api skipped there is no plan, web failed "},
		"there is no registry": {func(images []ecr.Image) { images[0].Repository = "gone" }, "api skipped there is no plan, web skipped there is no plan"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(ecrtest.Options{}, nil, "web", "api")
			images := []ecr.Image{module(t, "web"), module(t, "api")}
			images[0].Module = "web"
			tt.change(images)
			_, err := r.publisher(ecr.Options{}).Plan(t.Context(), images)
			ends := make(map[string]string)
			for _, e := range r.events.Events() {
				ends[e.Subject] = fmt.Sprintf("%s %s %s", e.Subject, e.State, e.Message)
				if e.Op != "ecr.publish" || (e.State == progress.Failed) != (e.Err != nil) {
					t.Errorf("event %+v", e)
				}
			}
			if got := ends["api"] + ", " + ends["web"]; got != tt.want || (err == nil) != (name == "all is well") {
				t.Errorf("ends %q, want %q; error %v", got, tt.want, err)
			}
		})
	}
}

func TestAnOldImageIsBuiltAgainWithoutCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(ecrtest.Options{}, nil, "web")
		web := module(t, "web")
		opts := ecr.Options{MaxAge: 30 * 24 * time.Hour}
		_, first := r.publish(t, opts, web)
		time.Sleep(20 * 24 * time.Hour)
		web.Tags = []string{"a"} // another tag makes the image no younger
		plan, _ := r.publish(t, opts, web)
		if plan.Count(ecr.ActionRetag) != 1 {
			t.Errorf("after 20 days: %s", plan)
		}
		time.Sleep(11 * 24 * time.Hour)
		plan, second := r.publish(t, opts, web)
		if got := plan.Images[0].Reason; got != "pushed 31 days ago, more than 30 days" {
			t.Errorf("reason %q", got)
		}
		if first.Images[0].Digest == second.Images[0].Digest || r.at("web", "a") != second.Images[0].Digest {
			t.Errorf("after 31 days: %v, want another image with the tag", second)
		}
		plan, _ = r.publish(t, opts, web)
		if !plan.Empty() {
			t.Errorf("right after that: %s", plan)
		}
	})
}

// spy is a Builder that keeps what it is asked for.
type spy struct {
	ecr.Builder
	mu     sync.Mutex
	builds []ecr.Build
}

func (s *spy) Build(ctx context.Context, b ecr.Build) (string, error) {
	s.mu.Lock()
	s.builds = append(s.builds, b)
	s.mu.Unlock()
	return s.Builder.Build(ctx, b)
}

func TestWhatTheBuilderIsTold(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	base := ecrtest.DefaultHost + "/base@sha256:" + strings.Repeat("0", 64)
	web := module(t, "web", "FROM "+base+" AS one", "FROM one AS two")
	web.Module, web.Target, web.Platform, web.Network = "m", "two", "linux/arm64", "none"
	web.Args = map[string]string{"A": "1"}
	builder := &spy{Builder: ecr.NewClassic(r.engine)}
	r.publish(t, ecr.Options{Builder: builder, Pull: true}, web)
	r.publish(t, ecr.Options{Builder: builder, Force: true}, web)
	if len(builder.builds) != 2 {
		t.Fatalf("%d builds, want 2", len(builder.builds))
	}
	b := builder.builds[0]
	got := []any{b.Subject, b.Target, b.Platform, b.Network, b.Args["A"], b.Pull, b.NoCache, b.Context.Dir(), len(b.Tags)}
	if d := cmp.Diff([]any{"m", "two", "linux/arm64", "none", "1", true, false, web.Context, 1}, got); d != "" {
		t.Errorf("build (-want +got):\n%s", d)
	}
	if auth := b.Auths[ecrtest.DefaultHost]; auth.Username != "AWS" || !strings.HasPrefix(auth.Password, ecrtest.Password) {
		t.Errorf("credentials of %q for the base image in the same registry, want the token", auth.Username)
	}
	if !builder.builds[1].NoCache {
		t.Error("what is forced may come from the cache")
	}
}

func TestWhatIsForAnotherPlatformIsNotPushed(t *testing.T) {
	tests := map[string]struct {
		wanted, built string
		want          string // part of the error; none where empty
	}{
		"the default":           {"", "linux/amd64", ""},
		"a variant that is one": {"linux/arm64/v8", "linux/arm64", ""},
		"a base of the engine":  {"linux/arm64", "linux/amd64", "publish image web: built for linux/amd64 instead of linux/arm64: the image is for another platform"},
		"an engine of another":  {"", "linux/arm64/v8", "publish image web: built for linux/arm64 instead of linux/amd64: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := ecrtest.New(ecrtest.Options{})
			cloud.AddRepository("web")
			engine := enginetest.New(cloud, enginetest.Options{Platform: tt.built})
			publisher := ecr.New(cloud.Client(), ecr.Options{Engine: engine})
			web := module(t, "web")
			web.Platform = tt.wanted
			plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
			if err != nil {
				t.Fatal(err)
			}
			_, err = publisher.Apply(t.Context(), plan)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			failed, ok := errors.AsType[*ecr.ImageError](err)
			if !ok || failed.Phase != ecr.PhaseBuild || !errors.Is(err, ecr.ErrPlatform) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if engine.Calls("push") != 0 || len(engine.Names()) != 0 || len(cloud.Images("web")) != 0 {
				t.Errorf("%d pushes; the engine keeps %v", engine.Calls("push"), engine.Names())
			}
		})
	}
	t.Run("one that cannot be inspected", func(t *testing.T) {
		gone := errors.New("no such image")
		r := newRig(ecrtest.Options{}, func(_ context.Context, op, _ string) error {
			if op == "inspect" {
				return gone
			}
			return nil
		}, "web")
		publisher := r.publisher(ecr.Options{})
		plan, err := publisher.Plan(t.Context(), []ecr.Image{module(t, "web")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = publisher.Apply(t.Context(), plan); !errors.Is(err, gone) || r.engine.Calls("push") != 0 {
			t.Errorf("%v, with %d pushes", err, r.engine.Calls("push"))
		}
	})
}

func TestCredentialsForBaseImages(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	builder := &spy{Builder: ecr.NewClassic(r.engine)}
	auths := map[string]registry.AuthConfig{"docker.io": {Username: "a", Password: "b"}, "ghcr.io": {Username: "c", IdentityToken: "d"}}
	r.publish(t, ecr.Options{Builder: builder, Auths: auths}, module(t, "web"))
	want := map[string]registry.AuthConfig{
		"https://index.docker.io/v1/": {Username: "a", Password: "b", ServerAddress: "https://index.docker.io/v1/"},
		"registry-1.docker.io":        {Username: "a", Password: "b", ServerAddress: "registry-1.docker.io"},
		"ghcr.io":                     {Username: "c", IdentityToken: "d", ServerAddress: "ghcr.io"},
	}
	if d := cmp.Diff(want, builder.builds[0].Auths); d != "" {
		t.Errorf("credentials (-want +got):\n%s", d)
	}
}

func TestAPlanThatWasReadCannotBeApplied(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "web")
	text, err := json.Marshal(r.plan(t, ecr.Options{}, module(t, "web")))
	if err != nil {
		t.Fatal(err)
	}
	var read ecr.Plan
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if _, err := r.publisher(ecr.Options{}).Apply(t.Context(), read); !errors.Is(err, ecr.ErrNotPlanned) {
		t.Errorf("error %v, want %v", err, ecr.ErrNotPlanned)
	}
	if strings.Contains(string(text), ".go") || !strings.Contains(string(text), `"action":"build"`) {
		t.Errorf("plan as JSON: %s", text)
	}
}

func TestRegistryReplacesTheHost(t *testing.T) {
	r := newRig(ecrtest.Options{}, nil, "shop/web")
	_, result := r.publish(t, ecr.Options{Registry: "127.0.0.1:5000"}, module(t, "shop/web"))
	if want := "127.0.0.1:5000/shop/web@" + result.Images[0].Digest; result.Images[0].URI != want {
		t.Errorf("URI %q, want %q", result.Images[0].URI, want)
	}
}
