//go:build integration

package buildkit_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/ecr/buildkit"
	"github.com/mettel-automation/delivery/progress"
)

// countingEngine counts the bytes that a session sends.
type countingEngine struct {
	*client.Client
	sent atomic.Int64
}

func (e *countingEngine) DialHijack(ctx context.Context, url, proto string, meta map[string][]string) (net.Conn, error) {
	conn, err := e.Client.DialHijack(ctx, url, proto, meta)
	return countingConn{conn, &e.sent}, err
}

type countingConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

func env(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run scripts/integration", name)
	}
	return v
}

func engine(t *testing.T) *countingEngine {
	t.Helper()
	docker, err := client.NewClientWithOpts(client.WithHost(env(t, "DELIVERY_DOCKER_HOST")), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	return &countingEngine{Client: docker}
}

// project writes files into a directory and opens it. A name that ends in a
// slash is an empty directory.
func project(t *testing.T, files map[string]string, opts buildcontext.Options) *buildcontext.Context {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		content := strings.ReplaceAll(files[name], "$BASE", env(t, "DELIVERY_BASE_IMAGE"))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, dir, opts)
}

func open(t *testing.T, dir string, opts buildcontext.Options) *buildcontext.Context {
	t.Helper()
	c, err := buildcontext.Open(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// build builds spec under a name of its own, which the test removes.
func build(t *testing.T, e *countingEngine, spec ecr.Build) (string, error) {
	t.Helper()
	tag := "delivery-test/buildkit:" + strings.ToLower(rand.Text())
	spec.Tags, spec.Network, spec.Subject = []string{tag}, "none", "demo"
	id, err := buildkit.New(e).Build(t.Context(), spec)
	if err == nil {
		t.Cleanup(func() {
			if _, err := e.ImageRemove(context.WithoutCancel(t.Context()), tag, image.RemoveOptions{Force: true}); err != nil {
				t.Errorf("remove %s: %v", tag, err)
			}
		})
	}
	return id, err
}

func mustBuild(t *testing.T, e *countingEngine, spec ecr.Build) string {
	t.Helper()
	id, err := build(t, e, spec)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// contents returns the files of an image by path, as its archive has them.
func contents(t *testing.T, e *countingEngine, id string) map[string]string {
	t.Helper()
	made, err := e.ContainerCreate(t.Context(), &container.Config{Image: id, Cmd: []string{"/none"}}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.ContainerRemove(t.Context(), made.ID, container.RemoveOptions{Force: true}) }()
	r, err := e.ContainerExport(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files := make(map[string]string)
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(body) + h.Linkname
	}
}

func TestStagesRunAndTheImageRuns(t *testing.T) {
	e := engine(t)
	var events progress.Recorder
	c := project(t, map[string]string{
		"Dockerfile": "FROM $BASE AS maker\nARG word\nRUN echo made of $word > /made\n" +
			"FROM $BASE AS unused\nRUN false\n" +
			"FROM $BASE AS app\nCOPY --from=maker /made /made\nCOPY src /src\nLABEL own=1\nFROM app AS last\nRUN false\n",
		"src/a.txt": "a",
	}, buildcontext.Options{})
	id := mustBuild(t, e, ecr.Build{
		Context: c, Target: "app", Platform: "linux/amd64", Args: map[string]string{"word": "stone"},
		Labels: map[string]string{"org.opencontainers.image.revision": "abc"}, Progress: events.Record,
	})
	files := contents(t, e, id)
	if files["made"] != "made of stone\n" || files["src/a.txt"] != "a" {
		t.Errorf("made is %q, src/a.txt is %q", files["made"], files["src/a.txt"])
	}
	inspected, err := e.ImageInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"own": "1", "org.opencontainers.image.revision": "abc"}, inspected.Config.Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
	var messages []string
	for _, ev := range events.Events() {
		if ev.Op != "ecr.publish" || ev.Subject != "demo" || ev.State != progress.Running {
			t.Errorf("event %+v", ev)
		}
		messages = append(messages, ev.Message)
	}
	if !slices.ContainsFunc(messages, func(m string) bool {
		return strings.HasPrefix(m, "stage maker, step 2 of 2: RUN echo made of stone")
	}) {
		t.Errorf("no event of the RUN: %q", messages)
	}
}

func TestSecretsReachTheStepAndNothingElse(t *testing.T) {
	const value = "hunter2-is-a-secret"
	e := engine(t)
	var events progress.Recorder
	c := project(t, map[string]string{
		"Dockerfile": "# syntax is the built-in one\nFROM $BASE\n" +
			"RUN --mount=type=secret,id=token sha256sum /run/secrets/token > /sum && cat /run/secrets/token\n" +
			"RUN --mount=type=secret,id=file cat /run/secrets/file && exit 3\n",
		"tokenfile": "line one of it\n" + value + "\n",
	}, buildcontext.Options{})
	_, err := build(t, e, ecr.Build{
		Context: c, Progress: events.Record, NoCache: true,
		Secrets: []ecr.Secret{
			{ID: "token", Value: func(context.Context) ([]byte, error) { return []byte(value), nil }},
			{ID: "file", File: filepath.Join(c.Dir(), "tokenfile")},
		},
	})
	failed, ok := errors.AsType[*ecr.BuildError](err)
	if !ok || failed.Code != 3 || failed.Step != 3 || failed.Steps != 3 || !strings.HasPrefix(failed.Command, "RUN --mount=type=secret,id=file") {
		t.Fatalf("build: %v", err)
	}
	if d := cmp.Diff([]string{"***", "***"}, failed.Lines); d != "" {
		t.Errorf("output (-want +got):\n%s", d)
	}
	for _, ev := range events.Events() {
		if strings.Contains(fmt.Sprint(ev), "hunter2") {
			t.Errorf("an event holds the secret: %+v", ev)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error holds the secret: %v", err)
	}
}

func TestASecretStaysOutOfTheImage(t *testing.T) {
	const value = "hunter2-is-a-secret"
	e := engine(t)
	c := project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN --mount=type=secret,id=token test -s /run/secrets/token && sha256sum < /run/secrets/token > /sum\n"}, buildcontext.Options{})
	id := mustBuild(t, e, ecr.Build{Context: c, Secrets: []ecr.Secret{{ID: "token", Value: func(context.Context) ([]byte, error) { return []byte(value), nil }}}})
	saved, err := e.ImageSave(t.Context(), []string{id})
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	all, err := io.ReadAll(saved)
	if err != nil || len(all) == 0 {
		t.Fatalf("save: %d bytes, %v", len(all), err)
	}
	if bytes.Contains(all, []byte("hunter2")) {
		t.Error("the secret is in the image or its history")
	}
	if sum := contents(t, e, id)["sum"]; len(sum) < 64 {
		t.Errorf("the step did not see the secret: %q", sum)
	}
}

func TestASecretThatIsMissing(t *testing.T) {
	e := engine(t)
	c := project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN --mount=type=secret,id=token,required cat /run/secrets/token\n"}, buildcontext.Options{})
	if _, err := build(t, e, ecr.Build{Context: c}); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("build: %v", err)
	}
}

func TestCacheMountsOutliveABuild(t *testing.T) {
	e := engine(t)
	mount := "RUN --mount=type=cache,id=" + rand.Text() + ",target=/cache "
	first := project(t, map[string]string{"Dockerfile": "FROM $BASE\n" + mount + "echo kept > /cache/file\n"}, buildcontext.Options{})
	second := project(t, map[string]string{"Dockerfile": "FROM $BASE\n" + mount + "cp /cache/file /seen\n"}, buildcontext.Options{})
	mustBuild(t, e, ecr.Build{Context: first})
	if seen := contents(t, e, mustBuild(t, e, ecr.Build{Context: second}))["seen"]; seen != "kept\n" {
		t.Errorf("the second build saw %q", seen)
	}
}

func TestFailures(t *testing.T) {
	tests := map[string]struct {
		dockerfile, want string
		step, code       int
	}{
		"a RUN that fails":         {"FROM $BASE\nRUN echo out >&2; echo err >&2; exit 7\n", "step 2 of 2 (RUN echo out >&2; echo err >&2; exit 7): exit code 7, after: err", 2, 7},
		"a COPY of nothing":        {"FROM $BASE\nCOPY missing /\n", "missing", 2, 0},
		"a Dockerfile with errors": {"FROM $BASE\nRUNN x\n", "RUNN", 0, 0},
		"a base that nobody has":   {"FROM 127.0.0.1:1/none:1\n", "none/manifests/1", 0, 0},
		"a stage that is missing":  {"FROM $BASE\nCOPY --from=nobody /a /a\n", "nobody", 0, 0},
	}
	e := engine(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := project(t, map[string]string{"Dockerfile": tt.dockerfile}, buildcontext.Options{})
			_, err := build(t, e, ecr.Build{Context: c})
			failed, ok := errors.AsType[*ecr.BuildError](err)
			if !ok || failed.Subject != "demo" || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("build: %v, want %q", err, tt.want)
			}
			if tt.step > 0 && failed.Step != tt.step || failed.Code != tt.code {
				t.Errorf("step %d, code %d, want %d and %d: %v", failed.Step, failed.Code, tt.step, tt.code, err)
			}
		})
	}
}

func TestCancelStopsTheBuild(t *testing.T) {
	e := engine(t)
	mark := "mark-" + rand.Text()
	c := project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + mark + "; sleep 3600\n"}, buildcontext.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	begun := time.Now()
	_, err := buildkit.New(e).Build(ctx, ecr.Build{Context: c, Network: "none", Progress: func(ev progress.Event) {
		if strings.Contains(ev.Message, "sleep 3600") {
			cancel(stop)
		}
	}})
	if !errors.Is(err, stop) {
		t.Errorf("build: %v, want the cause", err)
	}
	if failed, ok := errors.AsType[*ecr.BuildError](err); !ok || failed.Step != 2 || !strings.Contains(failed.Command, mark) {
		t.Errorf("%v names another step than the one under way", err)
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	for range 100 {
		if !running(t, mark) {
			return
		}
		time.Sleep(100 * time.Millisecond) // a real engine ends a real process
	}
	t.Error("the step is still running after ten seconds")
}

// running reports whether a process has mark in its command line.
func running(t *testing.T, mark string) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil && bytes.Contains(text, []byte(mark)) {
			return true
		}
	}
	return false
}

func TestSeveralBuildsAtOnce(t *testing.T) {
	e := engine(t)
	c := project(t, map[string]string{"Dockerfile": "FROM $BASE\nARG n\nCOPY f /f\nRUN echo $n > /n\n", "f": "f"}, buildcontext.Options{})
	var wait sync.WaitGroup
	ids := make([]string, 4)
	for i := range ids {
		wait.Go(func() {
			var err error
			if ids[i], err = build(t, e, ecr.Build{Context: c, Args: map[string]string{"n": fmt.Sprint(i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, id := range ids {
		if n := contents(t, e, id)["n"]; n != fmt.Sprintln(i) {
			t.Errorf("image %d holds %q", i, n)
		}
	}
}
