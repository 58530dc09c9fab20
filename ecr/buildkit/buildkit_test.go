package buildkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/secrets"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
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

func TestSecretsAreCheckedFirst(t *testing.T) {
	value := func(context.Context) ([]byte, error) { return nil, nil }
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, maxSecret+1), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		secrets []ecr.Secret
		want    string
	}{
		"no id":               {[]ecr.Secret{{Value: value}}, "no id"},
		"twice":               {[]ecr.Secret{{ID: "a", Value: value}, {ID: "a", Value: value}}, `"a" is given twice`},
		"neither":             {[]ecr.Secret{{ID: "a"}}, "either a file or a value"},
		"both":                {[]ecr.Secret{{ID: "a", File: large, Value: value}}, "either a file or a value"},
		"a file that is not":  {[]ecr.Secret{{ID: "a", File: large + "r"}}, "no such file"},
		"a directory":         {[]ecr.Secret{{ID: "a", File: filepath.Dir(large)}}, "no regular file"},
		"a file too large":    {[]ecr.Secret{{ID: "a", File: large}}, "more than 512000 bytes"},
		"all faults together": {[]ecr.Secret{{ID: "a"}, {ID: "b"}}, `"b" needs`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &fakeEngine{answer: recorded(t, "built.json")}
			_, err := New(e).Build(t.Context(), ecr.Build{Context: files(t), Secrets: tt.secrets})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("build: %v, want %q", err, tt.want)
			}
			if e.opts.SessionID != "" {
				t.Error("a build was begun")
			}
		})
	}
}

func TestVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("first-line\n  second-line\nshort\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the keyring is locked")
	v, err := openVault([]ecr.Secret{
		{ID: "file", File: path},
		{ID: "broken", Value: func(context.Context) ([]byte, error) { return nil, broken }},
		{ID: "large", Value: func(context.Context) ([]byte, error) { return make([]byte, maxSecret+1), nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	const said = "a first-line, short, second-line"
	if got := v.hide(said); got != said {
		t.Errorf("hidden before anybody read it: %q", got)
	}
	if value, err := v.GetSecret(t.Context(), "file"); err != nil || !strings.HasPrefix(string(value), "first-line\n") {
		t.Errorf("value %q, %v", value, err)
	}
	if got := v.hide(said); got != "a ***, short, ***" {
		t.Errorf("hidden: %q", got)
	}
	if _, err := v.GetSecret(t.Context(), "broken"); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if _, err := v.GetSecret(t.Context(), "large"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("large: %v", err)
	}
	if _, err := v.GetSecret(t.Context(), "nobody's"); !errors.Is(err, secrets.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}

func TestLogins(t *testing.T) {
	s := &loginServer{logins: logins{"a": {Username: "AWS", Password: "p"}, "b": {IdentityToken: "t"}}}
	for host, want := range map[string]registry.AuthConfig{"a": {Username: "AWS", Password: "p"}, "b": {Password: "t"}, "c": {}} {
		got, err := s.Credentials(t.Context(), &auth.CredentialsRequest{Host: host})
		if err != nil || got.Username != want.Username || got.Secret != want.Password {
			t.Errorf("%s: %v, %v", host, got, err)
		}
	}
}

// paths walks source from target; what skip names is not gone into.
func paths(t *testing.T, walk func(context.Context, string, fs.WalkDirFunc) error, target, skip string) (found []string) {
	t.Helper()
	err := walk(t.Context(), target, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found = append(found, fmt.Sprintf("%s %v", path, info.Mode().Type()))
		if path == skip {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWalk(t *testing.T) {
	c := files(t, "a/b/c", "a/b/d", "a/e", "ab/f", "empty/", "z")
	// The root of the file system itself is the oracle.
	oracle := func(_ context.Context, target string, fn fs.WalkDirFunc) error {
		root := os.DirFS(c.Dir())
		start := below(target)
		if start == "" {
			start = "."
		}
		if _, err := fs.Stat(root, start); err != nil {
			return nil
		}
		return fs.WalkDir(root, start, func(path string, d fs.DirEntry, err error) error {
			if path == "." {
				return nil
			}
			return fn(path, d, err)
		})
	}
	for _, target := range []string{"", "/", ".", "a", "/a", "a/b", "a/b/c", "empty", "nothing"} {
		for _, skip := range []string{"", "a", "a/b", "a/b/c", "ab/f", "Dockerfile"} {
			want, got := paths(t, oracle, target, skip), paths(t, contextFiles{c}.Walk, target, skip)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("from %q without %q (-want +got):\n%s", target, skip, d)
			}
		}
	}
	stop := errors.New("stop")
	if err := (contextFiles{c}).Walk(t.Context(), "", func(string, fs.DirEntry, error) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("walk: %v", err)
	}
}

func TestDockerfileBesideTheContext(t *testing.T) {
	m := dockerfile(files(t))
	if got := paths(t, m.Walk, "/", ""); len(got) != 2 || !strings.HasPrefix(got[0], "Dockerfile ") {
		t.Errorf("files: %q", got)
	}
	if got := paths(t, m.Walk, "Dockerfile", ""); len(got) != 1 {
		t.Errorf("the Dockerfile alone: %q", got)
	}
	r, err := m.Open("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != "FROM scratch\n" {
		t.Errorf("content %q, %v", text, err)
	}
	if _, err := m.Open("other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("other: %v", err)
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

func message(trace []byte) stream.Message {
	aux, _ := json.Marshal(trace) // bytes are always JSON
	return stream.Message{ID: traceID, Aux: aux}
}

func FuzzTrace(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\n\x0a\x08digest01\x1a\x05[2/5]"))
	f.Fuzz(func(_ *testing.T, trace []byte) {
		l := newLog(ecr.Build{})
		_ = l.message(message(trace)) // an error or none, and no panic
		_ = l.failure(errors.New("x")).Error()
	})
}
