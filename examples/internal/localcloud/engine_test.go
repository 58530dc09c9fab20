package localcloud_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
)

// publish builds an image in engine and pushes it to the registry of cloud.
func publish(t *testing.T, cloud *localcloud.Cloud, engine ecr.Engine) (ecr.Result, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": "FROM scratch\nCOPY app /\n", "app": "v1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	publisher := ecr.New(awsecr.NewFromConfig(cloud.Config()), ecr.Options{Engine: engine})
	plan, err := publisher.Plan(t.Context(), []ecr.Image{{Repository: "automation/notifier", Context: dir}})
	if err != nil {
		t.Fatal(err)
	}
	return publisher.Apply(t.Context(), plan)
}

// docker is a real client of a Docker Engine, which talks to cloud over a socket.
func docker(t *testing.T, opts localcloud.Options) (*localcloud.Cloud, *client.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	opts.RegistryHost = server.Listener.Addr().String()
	cloud := localcloud.New(opts)
	server.Config.Handler = cloud
	server.Start()
	t.Cleanup(server.Close)
	engine, err := client.NewClientWithOpts(client.WithHost("tcp://"+opts.RegistryHost), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return cloud, engine
}

func TestADockerClientBuildsAndPushes(t *testing.T) {
	cloud, engine := docker(t, localcloud.Options{Repositories: []string{"automation/notifier"}})
	if _, err := engine.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := engine.ServerVersion(t.Context()); err != nil || v.Version != "in memory" {
		t.Errorf("version %+v, %v", v, err)
	}
	first, err := publish(t, cloud, engine)
	if err != nil {
		t.Fatal(err)
	}
	digest := first.Images[0].Digest
	images := cloud.Images().Images("automation/notifier")
	if len(images) != 1 || images[0].Digest != digest || images[0].Labels == nil {
		t.Errorf("published %s, the registry has %+v", digest, images)
	}
	if again, err := publish(t, cloud, engine); err != nil || again.Images[0].Digest != digest {
		t.Errorf("the same inputs are %+v, %v", again, err)
	}
}

func TestADockerClientHearsWhatIsWrong(t *testing.T) {
	fault, err := localcloud.ParseFault("image:automation/notifier=denied")
	if err != nil {
		t.Fatal(err)
	}
	cloud, engine := docker(t, localcloud.Options{Repositories: []string{"automation/notifier"}, Faults: localcloud.Faults{fault}})
	tests := map[string]struct {
		call func(ctx context.Context) error
		want string
	}{
		"an image that is not there": {func(ctx context.Context) error {
			_, err := engine.ImageInspect(ctx, "none:1")
			return err
		}, "No such image: none:1"},
		"a tag for one that is not there": {func(ctx context.Context) error { return engine.ImageTag(ctx, "none", "more:2") }, "No such image: none"},
		"removing one that is not there": {func(ctx context.Context) error {
			_, err := engine.ImageRemove(ctx, "none", image.RemoveOptions{})
			return err
		}, "No such image: none"},
		"a context that is no archive": {func(ctx context.Context) error {
			_, err := engine.ImageBuild(ctx, strings.NewReader("no archive, and long enough to be read as one: "+strings.Repeat("x", 1024)), build.ImageBuildOptions{})
			return err
		}, "archive/tar"},
		"a Dockerfile that is not there": {func(ctx context.Context) error {
			_, err := engine.ImageBuild(ctx, strings.NewReader(""), build.ImageBuildOptions{Dockerfile: "Dockerfile"})
			return err
		}, "Cannot locate specified Dockerfile"},
		"a push without credentials": {func(ctx context.Context) error {
			_, err := engine.ImagePush(ctx, "127.0.0.1:1/x:1", image.PushOptions{})
			return err
		}, "missing X-Registry-Auth"},
		"a push that the registry refuses": {func(context.Context) error {
			_, err := publish(t, cloud, engine)
			return err
		}, "not authorized to perform: ecr:InitiateLayerUpload"},
		"what the Engine does not have": {func(ctx context.Context) error {
			_, err := engine.ImageList(ctx, image.ListOptions{})
			return err
		}, "the Docker Engine in memory does not have GET /v1.47/images/json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.call(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), "Error response from daemon") > 1 {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	if images := cloud.Images().Images("automation/notifier"); len(images) > 0 {
		t.Errorf("the registry has %+v", images)
	}
}
