//go:build integration

package ecrtest_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

// workshop is a bench whose registry a real Docker engine can reach.
type workshop struct {
	bench
	engine *client.Client
	host   string // of the registry
}

func newWorkshop(t *testing.T, opts ecrtest.Options) workshop {
	t.Helper()
	env := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			t.Fatal(name + " is not set: run scripts/integration")
		}
		return value
	}
	engine, err := client.NewClientWithOpts(client.WithHost(env("DELIVERY_DOCKER_HOST")), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	server := httptest.NewUnstartedServer(nil)
	opts.Host = server.Listener.Addr().String()
	w := workshop{newBench(t, opts), engine, opts.Host}
	server.Config.Handler = w.cloud.Registry()
	server.Start()
	t.Cleanup(server.Close)
	return w
}

// build makes a small image of its own, called host/name.
func (w workshop) build(name string) {
	w.Helper()
	var files bytes.Buffer
	archive := tar.NewWriter(&files)
	dockerfile := fmt.Sprintf("FROM %s\nLABEL made=%q\nCOPY Dockerfile /\n", os.Getenv("DELIVERY_BASE_IMAGE"), w.Name()+time.Now().String())
	if err := archive.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))}); err != nil {
		w.Fatal(err)
	}
	if _, err := io.WriteString(archive, dockerfile); err != nil {
		w.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		w.Fatal(err)
	}
	ref := w.host + "/" + name
	answer, err := w.engine.ImageBuild(w.Context(), &files, build.ImageBuildOptions{Tags: []string{ref}, Remove: true})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := drain(answer.Body); err != nil {
		w.Fatal(err)
	}
	w.drop(ref)
}

// drop removes the name from the engine when the test ends.
func (w workshop) drop(ref string) {
	ctx := context.WithoutCancel(w.Context())
	w.Cleanup(func() {
		if _, err := w.engine.ImageRemove(ctx, ref, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil {
			w.Error(err)
		}
	})
}

// push pushes what is called host/name with a password, and returns its digest.
func (w workshop) push(name, password string) (string, error) {
	w.Helper()
	stream, err := w.engine.ImagePush(w.Context(), w.host+"/"+name, image.PushOptions{RegistryAuth: w.auth(password)})
	if err != nil {
		return "", err
	}
	return drain(stream)
}

func (w workshop) pull(name string) error {
	stream, err := w.engine.ImagePull(w.Context(), w.host+"/"+name, image.PullOptions{RegistryAuth: w.auth(w.password())})
	if err != nil {
		return err
	}
	w.drop(w.host + "/" + name)
	_, err = drain(stream)
	return err
}

func (w workshop) auth(password string) string {
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{Username: "AWS", Password: password, ServerAddress: w.host})
	if err != nil {
		w.Fatal(err)
	}
	return auth
}

// drain reads what the engine tells to its end.
func drain(stream io.ReadCloser) (digest string, err error) {
	defer stream.Close()
	for decoder := json.NewDecoder(stream); ; {
		var message struct {
			Error string
			Aux   struct{ Digest string }
		}
		switch failed := decoder.Decode(&message); {
		case errors.Is(failed, io.EOF):
			return digest, err
		case failed != nil:
			return digest, failed
		case message.Error != "":
			err = errors.New(message.Error)
		case message.Aux.Digest != "":
			digest = message.Aux.Digest
		}
	}
}

func TestAnEnginePushesAndPulls(t *testing.T) {
	w := newWorkshop(t, ecrtest.Options{})
	w.build("app:v1")
	digest, err := w.push("app:v1", w.password())
	if err != nil {
		t.Fatal(err)
	}
	images := w.cloud.Images("app")
	if len(images) != 1 || images[0].Digest != digest || images[0].Size == 0 || !strings.HasPrefix(images[0].Labels["made"], t.Name()) {
		t.Errorf("%s was pushed, and the API has %+v", digest, images)
	}
	if again, err := w.push("app:v1", w.password()); again != digest || err != nil {
		t.Errorf("once more: %s, %v", again, err)
	}
	if err := w.put(w.manifest(tag("v1")), "latest"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.ImageRemove(t.Context(), w.host+"/app:v1", image.RemoveOptions{PruneChildren: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.pull("app:latest"); err != nil {
		t.Fatal(err)
	}
	if err := w.engine.ImageTag(t.Context(), w.host+"/app:latest", w.host+"/app:v1"); err != nil {
		t.Fatal(err)
	}
}

func TestAnEngineMounts(t *testing.T) {
	for _, mounts := range []bool{false, true} {
		w := newWorkshop(t, ecrtest.Options{Mounts: mounts})
		w.cloud.AddRepository("other")
		w.build("app:v1")
		if _, err := w.push("app:v1", w.password()); err != nil {
			t.Fatal(err)
		}
		other := w.host + "/other:v1"
		if err := w.engine.ImageTag(t.Context(), w.host+"/app:v1", other); err != nil {
			t.Fatal(err)
		}
		w.drop(other)
		before := w.cloud.Calls("PUT uploads")
		if _, err := w.push("other:v1", w.password()); err != nil {
			t.Fatal(err)
		}
		want := 3 // two layers and the config
		if mounts {
			want = 1
		}
		if n := w.cloud.Calls("PUT uploads") - before; n != want {
			t.Errorf("mounts %v: %d uploads, want %d", mounts, n, want)
		}
	}
}

// TestAnEngineTellsTheFaults holds the dialect in which a Docker engine repeats
// what the registry answers.
func TestAnEngineTellsTheFaults(t *testing.T) {
	tests := map[string]struct {
		prepare func(w workshop) (password string)
		want    string
	}{
		"a rate":          {inject(ecrtest.RateExceeded), "toomanyrequests: Rate exceeded"},
		"a tag":           {inject(ecrtest.TagTaken), "tag invalid: The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable."},
		"a token":         {inject(ecrtest.ExpiredToken), "denied: Your authorization token has expired. Reauthenticate and try again."},
		"an old token":    {inject(ecrtest.ExpiredTokenText), "error parsing HTTP 403 response body: invalid character 'Y' looking for beginning of value"},
		"a permission":    {inject(ecrtest.Denied), "denied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:InitiateLayerUpload"},
		"a repository":    {inject(ecrtest.NoRepository), "name unknown: The repository with name 'app' does not exist in the registry with id '123456789012'"},
		"a server":        {inject(ecrtest.ServerFault), "received unexpected HTTP status: 500 Internal Server Error"},
		"a password":      {func(workshop) string { return "wrong" }, "unauthorized: authentication required"},
		"an expired life": {expire12, "denied: Your authorization token has expired. Reauthenticate and try again."},
		"an immutable tag": {func(w workshop) string {
			if _, err := w.push("app:v1", w.password()); err != nil {
				w.Fatal(err)
			}
			in := &awsecr.PutImageTagMutabilityInput{RepositoryName: new("app"), ImageTagMutability: types.ImageTagMutabilityImmutable}
			if _, err := w.client.PutImageTagMutability(w.Context(), in); err != nil {
				w.Fatal(err)
			}
			return w.password()
		}, "tag invalid: The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, ecrtest.Options{})
			w.build("app:v1")
			if _, err := w.push("app:v1", tt.prepare(w)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func inject(fault ecrtest.Fault) func(workshop) string {
	return func(w workshop) string {
		w.cloud.Inject("app", fault, -1)
		return w.password()
	}
}

func expire12(w workshop) string {
	password := w.password()
	w.cloud.ExpireTokens()
	return password
}

// TestAnEngineSurvivesAHangup: it tries a layer again by itself.
func TestAnEngineSurvivesAHangup(t *testing.T) {
	w := newWorkshop(t, ecrtest.Options{})
	w.build("app:v1")
	w.cloud.Inject("app", ecrtest.Hangup, 1)
	if _, err := w.push("app:v1", w.password()); err != nil || w.cloud.Calls("PATCH uploads") < 3 {
		t.Errorf("%v after %d uploads", err, w.cloud.Calls("PATCH uploads"))
	}
}
