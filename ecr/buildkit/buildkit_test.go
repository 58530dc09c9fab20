package buildkit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/progress"
)

// fakeEngine answers a build with what a real engine once answered.
type fakeEngine struct {
	answer []byte
	err    error // of ImageBuild
	dial   error // of DialHijack
	opts   build.ImageBuildOptions
}

func (e *fakeEngine) ImageBuild(ctx context.Context, _ io.Reader, opts build.ImageBuildOptions) (build.ImageBuildResponse, error) {
	e.opts = opts
	if e.dial != nil { // an engine waits for the session
		<-ctx.Done()
		return build.ImageBuildResponse{}, ctx.Err()
	}
	return build.ImageBuildResponse{Body: io.NopCloser(bytes.NewReader(e.answer))}, e.err
}

func (e *fakeEngine) DialHijack(context.Context, string, string, map[string][]string) (net.Conn, error) {
	if e.dial != nil {
		return nil, e.dial
	}
	conn, _ := net.Pipe()
	return conn, nil
}

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files makes a context of empty files; a name that ends in a slash is a directory.
func files(t *testing.T, names ...string) *buildcontext.Context {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append(names, "Dockerfile") {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("FROM scratch\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestABuildAsAnEngineToldIt(t *testing.T) {
	e := &fakeEngine{answer: recorded(t, "built.json")}
	var events progress.Recorder
	id, err := New(e).Build(t.Context(), ecr.Build{
		Subject: "notifier", Context: files(t), Target: "app", Platform: "linux/arm64", Network: "none",
		Args: map[string]string{"a": "1"}, Labels: map[string]string{"b": "2"}, Tags: []string{"x:1"}, NoCache: true, Pull: true,
		Progress: events.Record,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(id, "sha256:") || len(id) != 71 {
		t.Errorf("id %q", id)
	}
	var steps []string
	for _, ev := range events.Events() {
		if ev.Subject != "notifier" || ev.Op != "ecr.publish" {
			t.Errorf("event %+v", ev)
		}
		if strings.Contains(ev.Message, "step ") {
			steps = append(steps, ev.Message)
		}
	}
	if !slices.ContainsFunc(steps, func(s string) bool { return strings.HasPrefix(s, "stage maker, step 2 of 2: RUN echo hello") }) {
		t.Errorf("steps: %q", steps)
	}
	o := e.opts
	if o.Version != build.BuilderBuildKit || o.RemoteContext != "client-session" || o.SessionID == "" || o.BuildID == "" {
		t.Errorf("options of the session: %+v", o)
	}
	if *o.BuildArgs["a"] != "1" || o.Labels["b"] != "2" || o.Tags[0] != "x:1" || o.Target != "app" || o.Platform != "linux/arm64" || o.NetworkMode != "none" || !o.NoCache || !o.PullParent {
		t.Errorf("options of the build: %+v", o)
	}
}

func TestFailuresAsAnEngineToldThem(t *testing.T) {
	trace := func(s string) []byte { return []byte(`{"id":"moby.buildkit.trace","aux":` + s + `}`) }
	tests := map[string]struct {
		engine fakeEngine
		want   string
		is     error
	}{
		"a step that fails":         {engine: fakeEngine{answer: recorded(t, "failed.json")}, want: "build notifier: step 2 of 2 (RUN echo out; echo the last words >&2; exit 7): exit code 7, after: the last words"},
		"an end without an image":   {engine: fakeEngine{answer: []byte(`{"stream":"done"}`)}, want: "without an image", is: ecr.ErrNoImage},
		"an answer that ends early": {engine: fakeEngine{answer: recorded(t, "built.json")[:3000]}, want: "read the answer of the engine"},
		"an engine that refuses":    {engine: fakeEngine{err: errors.New("dockerfile parse error line 2")}, want: "dockerfile parse error line 2"},
		"no session":                {engine: fakeEngine{dial: errors.New("no upgrade")}, want: "open a session with the engine: failed to dial gRPC: no upgrade"},
		"a trace that is no text":   {engine: fakeEngine{answer: trace(`5`)}, want: "read the trace"},
		"a trace that is no trace":  {engine: fakeEngine{answer: trace(`"//8="`)}, want: "read the trace"},
		"an id that is none":        {engine: fakeEngine{answer: []byte(`{"id":"moby.image.id","aux":5}`)}, want: "read the id"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(&tt.engine).Build(t.Context(), ecr.Build{Subject: "notifier", Context: files(t)})
			if _, ok := errors.AsType[*ecr.BuildError](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("build: %v, want %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is no %v", err, tt.is)
			}
		})
	}
}

func TestACancelledBuildTellsTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	_, err := New(&fakeEngine{dial: context.Canceled}).Build(ctx, ecr.Build{Context: files(t)})
	if !errors.Is(err, stop) {
		t.Errorf("build: %v", err)
	}
}

func TestTheKeyOfADirectoryIsStable(t *testing.T) {
	a, b := files(t), files(t)
	if sharedKey(ecr.Build{Context: a}) != sharedKey(ecr.Build{Context: a, Subject: "x"}) {
		t.Error("two builds of one directory have two keys")
	}
	if sharedKey(ecr.Build{Context: a}) == sharedKey(ecr.Build{Context: b}) {
		t.Error("two directories have one key")
	}
}
