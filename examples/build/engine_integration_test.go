//go:build integration

package main

import (
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
)

func needEngine(t *testing.T) {
	t.Helper()
	for _, name := range []string{"DELIVERY_DOCKER_HOST", "DELIVERY_BASE_IMAGE"} {
		if os.Getenv(name) == "" {
			t.Fatal(name + " is not set: run scripts/integration")
		}
	}
	t.Setenv("DOCKER_HOST", os.Getenv("DELIVERY_DOCKER_HOST"))
}

// TestARunAfterTheOther builds once, and only what has changed from then on.
func TestARunAfterTheOther(t *testing.T) {
	for _, builder := range []string{"-buildkit=false", "-buildkit"} {
		t.Run(builder, func(t *testing.T) {
			needEngine(t)
			cloud := served(t, ecrtest.Options{})
			dir := repo(t, map[string]string{"bridge/unique": t.Name() + time.Now().String()})
			steps := []struct {
				change string // a file of a context
				args   []string
				want   []string
			}{
				{"", []string{"-tag", "v1"}, []string{"2 to build, 0 to tag, 0 unchanged", "  notifier  built ", "  bridge    built "}},
				{"", []string{"-tag", "v1"}, []string{"0 to build, 0 to tag, 2 unchanged", "  notifier  unchanged "}},
				{"notifier/app.txt", []string{"-tag", "v2"}, []string{"1 to build, 1 to tag, 0 unchanged", "  notifier  built ", "  bridge    retagged "}},
			}
			for _, step := range steps {
				if step.change != "" {
					if err := os.WriteFile(filepath.Join(dir, step.change), []byte("changed"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				code, stdout, stderr := build(t, dir, append(step.args, builder)...)
				for _, want := range step.want {
					if code != 0 || !strings.Contains(stdout, want) {
						t.Fatalf("exit code %d, want %q:\n%s%s", code, want, stdout, stderr)
					}
				}
				if strings.Contains(stdout+stderr, ecrtest.Password) {
					t.Errorf("a password is told:\n%s%s", stdout, stderr)
				}
			}
			if n := len(cloud.Images("automation/notifier")); n != 2 || cloud.Calls("GetAuthorizationToken") != 2 {
				t.Errorf("%d images of notifier, %d tokens for two runs that pushed", n, cloud.Calls("GetAuthorizationToken"))
			}
			pulls(t, cloud, "automation/bridge:v2")
		})
	}
}

// pulls pulls an image as a host of ECS would.
func pulls(t *testing.T, cloud *ecrtest.Cloud, name string) {
	t.Helper()
	ref := os.Getenv("AWS_ENDPOINT_URL")[len("http://"):] + "/" + name
	docker, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = docker.Close() }()
	stream, err := docker.ImagePull(t.Context(), ref, image.PullOptions{RegistryAuth: login(t, cloud)})
	if err != nil {
		t.Fatal(err)
	}
	told, err := io.ReadAll(stream)
	if err != nil || strings.Contains(string(told), "errorDetail") {
		t.Fatalf("%v: %s", err, told)
	}
	if _, err := docker.ImageRemove(t.Context(), ref, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil {
		t.Error(err)
	}
}

// login is a new token as the engine wants it.
func login(t *testing.T, cloud *ecrtest.Cloud) string {
	t.Helper()
	out, err := cloud.Client().GetAuthorizationToken(t.Context(), nil)
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
	return auth
}

// TestAnotherPlatform: the classic builder takes the base image that the engine has.
func TestAnotherPlatform(t *testing.T) {
	needEngine(t)
	dir := repo(t, map[string]string{"images.yaml": `
epoch: "1"
images:
  - {repository: automation/bridge, module: bridge, context: bridge, network: none, platform: linux/arm64}
`, "bridge/Dockerfile": "FROM " + baseImage() + "\nCOPY . /bridge/\n"})
	code, stdout, stderr := build(t, dir, "-local")
	if code != 1 || !strings.Contains(stderr, "build: publish image bridge: built for linux/amd64 instead of linux/arm64: the image is for another platform") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if strings.Contains(stderr, "1 of 2") {
		t.Errorf("one image is counted twice: %s", stderr)
	}
}

func TestAStepThatFails(t *testing.T) {
	needEngine(t)
	dir := repo(t, map[string]string{"bridge/Dockerfile": "FROM " + baseImage() + "\nRUN echo first; echo second; exit 3\n"})
	code, stdout, stderr := build(t, dir, "-local")
	for _, want := range []string{"  notifier  built ", "last lines of step 2 of 3 (RUN echo first; echo second; exit 3) of bridge:\n  first\n  second\n"} {
		if code != 1 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, stdout)
		}
	}
	if !strings.Contains(stderr, "\nbuild: publish image bridge: build bridge: step 2 of 3 (RUN echo first; echo second; exit 3): exit code 3") {
		t.Errorf("%s", stderr)
	}
	code, stdout, _ = build(t, dir, "-local", "-json")
	if a := read(t, stdout); code != 1 || len(a.Logs) != 1 || a.Logs[0].Module != "bridge" || !strings.Contains(a.Error, "exit code 3") || len(a.Result.Images) != 1 {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}
