//go:build integration

package ecr

import (
	"bytes"
	"context"
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// dock is a real engine, as one test uses it.
type dock struct {
	*testing.T
	*client.Client
}

func newDock(t *testing.T) dock {
	t.Helper()
	e, err := client.NewClientWithOpts(client.WithHost(dockEnv(t, "DELIVERY_DOCKER_HOST")), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return dock{t, e}
}

func dockEnv(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run scripts/integration", name)
	}
	return v
}

func (d dock) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// files makes a context. $BASE in a file is the base image.
func (d dock) files(files map[string]string) *buildcontext.Context {
	d.Helper()
	dir := d.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := strings.ReplaceAll(files[name], "$BASE", dockEnv(d.T, "DELIVERY_BASE_IMAGE"))
		d.must(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		d.must(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	c, err := buildcontext.Open(d.Context(), dir, buildcontext.Options{})
	d.must(err)
	return c
}

// name is a new one in a registry; the engine forgets it when the test ends.
func (d dock) name(host, repository string) string {
	ref := strings.TrimPrefix(host+"/", "/") + repository + ":" + strings.ToLower(rand.Text())
	d.Cleanup(func() {
		_, _ = d.ImageRemove(context.WithoutCancel(d.Context()), ref, image.RemoveOptions{Force: true})
	})
	return ref
}

// pushable makes a small image that no other has, called by a new name.
func (d dock) pushable(host, repository string) string {
	d.Helper()
	ref := d.name(host, repository)
	_, err := NewClassic(d).Build(d.Context(), Build{
		Context: d.files(map[string]string{"Dockerfile": "FROM $BASE\nCOPY only /\n", "only": rand.Text() + rand.Text()}), Network: "none", Tags: []string{ref},
	})
	d.must(err)
	return ref
}

// run runs an image and returns what it prints.
func (d dock) run(id string) string {
	d.Helper()
	ctx := d.Context()
	made, err := d.ContainerCreate(ctx, &container.Config{Image: id}, &container.HostConfig{NetworkMode: "none"}, nil, nil, "")
	d.must(err)
	defer func() {
		d.must(d.ContainerRemove(context.WithoutCancel(ctx), made.ID, container.RemoveOptions{Force: true}))
	}()
	ended, failed := d.ContainerWait(ctx, made.ID, container.WaitConditionNextExit)
	d.must(d.ContainerStart(ctx, made.ID, container.StartOptions{}))
	select {
	case end := <-ended:
		if end.StatusCode != 0 {
			d.Errorf("it ends with %d", end.StatusCode)
		}
	case err := <-failed:
		d.Fatal(err)
	}
	logs, err := d.ContainerLogs(ctx, made.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	d.must(err)
	defer logs.Close()
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, logs)
	d.must(err)
	return out.String()
}

// running reports whether a container runs a command that holds word.
func (d dock) running(word string) bool {
	d.Helper()
	all, err := d.ContainerList(d.Context(), container.ListOptions{})
	d.must(err)
	return slices.ContainsFunc(all, func(c container.Summary) bool { return strings.Contains(c.Command, word) })
}

// within waits until what is true, for at most so long.
func (d dock) within(limit time.Duration, what string, isTrue func() bool) {
	d.Helper()
	for start := time.Now(); !isTrue(); time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > limit {
			d.Fatalf("not within %v: %s", limit, what)
		}
	}
}
