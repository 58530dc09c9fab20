//go:build integration

package ecr_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// site is a real engine, and an ECR in memory that it can push to.
type site struct {
	cloud  *ecrtest.Cloud
	engine *client.Client
	host   string
}

func newSite(t *testing.T, repositories ...string) site {
	t.Helper()
	docker := os.Getenv("DELIVERY_DOCKER_HOST")
	if docker == "" {
		t.Fatal("DELIVERY_DOCKER_HOST is not set: run scripts/integration")
	}
	engine, err := client.NewClientWithOpts(client.WithHost(docker), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cloud := ecrtest.New(ecrtest.Options{Host: listener.Addr().String()})
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: cloud.Registry()}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range repositories {
		cloud.AddRepository(name)
	}
	return site{cloud: cloud, engine: engine, host: listener.Addr().String()}
}

func (r site) publish(t *testing.T, images ...ecr.Image) ecr.Result {
	t.Helper()
	publisher := ecr.New(r.cloud.Client(), ecr.Options{Engine: r.engine})
	plan, err := publisher.Plan(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	result, err := publisher.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// names are the names that the engine has for images of the registry.
func (r site) names(t *testing.T) (names []string) {
	t.Helper()
	images, err := r.engine.ImageList(t.Context(), image.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images {
		for _, name := range i.RepoTags {
			if strings.HasPrefix(name, r.host+"/") {
				names = append(names, name)
			}
		}
	}
	return names
}

// ours is a module that no other test builds, with a step that runs.
func ours(t *testing.T, name string) ecr.Image {
	t.Helper()
	base := os.Getenv("DELIVERY_BASE_IMAGE")
	if base == "" {
		t.Fatal("DELIVERY_BASE_IMAGE is not set: run scripts/integration")
	}
	i := module(t, name, "FROM "+base+" AS tools", "COPY main.py /", "RUN cat /main.py > /made", "FROM scratch", "COPY --from=tools /made /")
	i.Epoch, i.Network = "1", "none"
	write(t, i, "main.py", rand.Text())
	return i
}

func TestARealEngineBuildsOnlyWhatHasChanged(t *testing.T) {
	r := newSite(t, "shop/web", "shop/api")
	web, api := ours(t, "shop/web"), ours(t, "shop/api")
	web.Tags, api.Tags = []string{"8527fec8-1", "latest-8527fec8"}, []string{"8527fec8-1"}

	first := r.publish(t, web, api)
	if got := outcomes(first); got["shop/web"] != ecr.Built || got["shop/api"] != ecr.Built {
		t.Fatalf("first run: %v", got)
	}
	for _, i := range first.Images {
		r.pull(t, i.URI)
	}
	if names := r.names(t); len(names) > 0 {
		t.Errorf("the engine keeps %v", names)
	}
	pushes := r.cloud.Calls("PUT manifests")
	if got := outcomes(r.publish(t, web, api)); got["shop/web"] != ecr.Unchanged || got["shop/api"] != ecr.Unchanged {
		t.Errorf("second run: %v", got)
	}
	if n := r.cloud.Calls("PUT manifests") - pushes; n != 0 {
		t.Errorf("second run: %d pushes, want none", n)
	}
	write(t, web, "main.py", rand.Text())
	third := r.publish(t, web, api)
	if got := outcomes(third); got["shop/web"] != ecr.Built || got["shop/api"] != ecr.Unchanged {
		t.Errorf("third run: %v", got)
	}
	for _, i := range r.cloud.Images("shop/web") {
		if moved := slices.Contains(i.Tags, "latest-8527fec8"); moved != (i.Digest == third.Images[1].Digest) {
			t.Errorf("tags %v on %s; the new image is %s", i.Tags, i.Digest, third.Images[1].Digest)
		}
	}
}

// pull makes the engine pull an image, as ECS would, and forget it again.
func (r site) pull(t *testing.T, uri string) {
	t.Helper()
	r.pullAndKeep(t, uri)
	if _, err := r.engine.ImageRemove(context.WithoutCancel(t.Context()), uri, image.RemoveOptions{}); err != nil {
		t.Errorf("remove %s, which was pulled: %v", uri, err)
	}
}

func (r site) pullAndKeep(t *testing.T, uri string) {
	t.Helper()
	out, err := r.cloud.Client().GetAuthorizationToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := base64.StdEncoding.DecodeString(*out.AuthorizationData[0].AuthorizationToken)
	if err != nil {
		t.Fatal(err)
	}
	user, password, _ := strings.Cut(string(plain), ":")
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.engine.ImagePull(t.Context(), uri, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	text, err := io.ReadAll(answer)
	if err != nil || strings.Contains(string(text), "errorDetail") {
		t.Fatalf("pull %s: %v\n%s", uri, err, text)
	}
}

func TestRealRunsRaceForOneTag(t *testing.T) {
	for _, mutability := range []string{"mutable", "immutable"} {
		t.Run(mutability, func(t *testing.T) {
			r := newSite(t, "shop/web")
			if mutability == "immutable" {
				fix(t, r.cloud, "shop/web")
			}
			web := ours(t, "shop/web")
			results := make([]ecr.Result, 4)
			var runs sync.WaitGroup
			for i := range results {
				runs.Go(func() { // the revision makes each of them another image
					publisher := ecr.New(r.cloud.Client(), ecr.Options{Engine: r.engine, Revision: rand.Text()})
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
			digests := make(map[string]bool)
			for _, result := range results {
				digests[result.Images[0].Digest] = true
				t.Log(result.Images[0].Outcome, result.Images[0].Digest)
			}
			if mutability == "immutable" && len(digests) != 1 {
				t.Errorf("%d digests, want all to deploy one", len(digests))
			}
			stored := make(map[string]bool)
			for _, i := range r.cloud.Images("shop/web") {
				stored[i.Digest] = true
			}
			for digest := range digests {
				if !stored[digest] {
					t.Errorf("%s is not in the registry", digest)
				}
			}
			if names := r.names(t); len(names) > 0 {
				t.Errorf("the engine keeps %v", names)
			}
		})
	}
}

func TestARealEngineIsNotNeededForNothing(t *testing.T) {
	r := newSite(t, "shop/web")
	web := ours(t, "shop/web")
	r.publish(t, web)
	publisher := ecr.New(r.cloud.Client(), ecr.Options{}) // no engine at all
	web.Tags = []string{"8527fec8-2"}
	plan, err := publisher.Plan(t.Context(), []ecr.Image{web})
	if err != nil {
		t.Fatal(err)
	}
	result, err := publisher.Apply(t.Context(), plan)
	if err != nil || outcomes(result)["shop/web"] != ecr.Retagged {
		t.Errorf("%v, %v; want it tagged", result, err)
	}
	r.pull(t, r.host+"/shop/web:8527fec8-2")
}
