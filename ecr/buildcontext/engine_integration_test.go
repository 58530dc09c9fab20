//go:build integration

package buildcontext_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

func env(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run scripts/integration", name)
	}
	return v
}

func engine(t *testing.T) *client.Client {
	t.Helper()
	e, err := client.NewClientWithOpts(client.WithHost(env(t, "DELIVERY_DOCKER_HOST")), client.WithAPIVersionNegotiation())
	must(t, err)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// everything puts all of a context below /context of an image.
const everything = "FROM scratch\nCOPY . /context/\n"

// classic builds c with the classic builder.
func classic(t *testing.T, e *client.Client, c *buildcontext.Context) string {
	t.Helper()
	id, err := ecr.NewClassic(e).Build(t.Context(), ecr.Build{Context: c, Network: "none"})
	must(t, err)
	return id
}

// buildKit builds dir with BuildKit, which itself finds out what to leave out.
func buildKit(t *testing.T, e *client.Client, dir, dockerfile string) string {
	t.Helper()
	all, err := fsutil.NewFS(dir)
	must(t, err)
	s, err := session.NewSession(t.Context(), dir)
	must(t, err)
	s.Allow(filesync.NewFSSyncProvider(filesync.StaticDirSource{"context": all, "dockerfile": all}))
	done := make(chan error, 1)
	go func() {
		done <- s.Run(t.Context(), func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.DialHijack(ctx, "/session", proto, meta)
		})
	}()
	tag := "delivery-test/context:" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(filepath.Base(dir)))
	answer, err := e.ImageBuild(t.Context(), nil, build.ImageBuildOptions{
		Version: build.BuilderBuildKit, RemoteContext: "client-session", SessionID: s.ID(), BuildID: s.ID(), Dockerfile: dockerfile, Tags: []string{tag},
	})
	must(t, err)
	log, err := io.ReadAll(answer.Body)
	must(t, err)
	answer.Body.Close()
	must(t, s.Close())
	must(t, <-done)
	inspected, err := e.ImageInspect(t.Context(), tag)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return inspected.ID
}

// contents returns what is below /context of an image, a line a file, and removes
// the image.
func contents(t *testing.T, e *client.Client, id string) []string {
	t.Helper()
	made, err := e.ContainerCreate(t.Context(), &container.Config{Image: id, Cmd: []string{"none"}}, nil, nil, nil, "")
	must(t, err)
	defer func() {
		must(t, e.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, container.RemoveOptions{Force: true}))
		_, err := e.ImageRemove(context.WithoutCancel(t.Context()), id, image.RemoveOptions{Force: true, PruneChildren: true})
		must(t, err)
	}()
	stream, _, err := e.CopyFromContainer(t.Context(), made.ID, "/context")
	must(t, err)
	defer stream.Close()
	var lines []string
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(lines)
			return lines
		}
		must(t, err)
		if h.Name == "context/" {
			continue
		}
		content, err := io.ReadAll(r)
		must(t, err)
		lines = append(lines, fmt.Sprintf("%c %04o %d:%d %s%s %d.%d %q", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, strings.TrimPrefix(h.Name, "context/"), h.Linkname, h.Devmajor, h.Devminor, content))
	}
}

// TestEngineAgrees builds random trees with random ignore files: by the classic
// builder from what we send, and by BuildKit from all there is.
func TestEngineAgrees(t *testing.T) {
	e := engine(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 12 {
		dir := t.TempDir()
		add(t, dir, randomTree(r))
		ignore := randomIgnore(r) + "\n!keep\n"
		add(t, dir, map[string]string{"Dockerfile": everything, "keep": "", ".dockerignore": ignore})
		want := contents(t, e, buildKit(t, e, dir, "Dockerfile"))
		got := contents(t, e, classic(t, e, open(t, dir, buildcontext.Options{})))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("seed %d, round %d, .dockerignore %q (-BuildKit +classic from ours):\n%s", seed, i, ignore, d)
		}
	}
}

// TestEngineHidesDockerfile builds with Dockerfiles that no step may see.
func TestEngineHidesDockerfile(t *testing.T) {
	e := engine(t)
	tests := map[string]struct {
		files map[string]string
		file  string
	}{
		"left out":                         {map[string]string{"Dockerfile": everything, ".dockerignore": "Dockerfile"}, "Dockerfile"},
		"left out with the ignore file":    {map[string]string{"Dockerfile": everything, ".dockerignore": "Dockerfile\n.dockerignore"}, "Dockerfile"},
		"left out by its own":              {map[string]string{"Dockerfile": everything, "Dockerfile.dockerignore": "Dockerfile*"}, "Dockerfile"},
		"in a directory that is left out":  {map[string]string{"docker/prod": everything, ".dockerignore": "docker\n.dockerignore"}, "docker/prod"},
		"in a directory with its own file": {map[string]string{"docker/prod": everything, ".dockerignore": "*", "docker/prod.dockerignore": "docker\n.dockerignore"}, "docker/prod"},
		"named by another ignore file":     {map[string]string{"Dockerfile": everything, ".dockerignore": "Dockerfile", "Dockerfile.dockerignore": ".dockerignore"}, "Dockerfile"},
		"a link":                           {map[string]string{"real": everything, "link": "-> real"}, "link"},
		"in the context":                   {map[string]string{"docker/prod": everything, ".dockerignore": "b"}, "docker/prod"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			add(t, dir, tt.files)
			add(t, dir, map[string]string{"a": "1"})
			want := contents(t, e, buildKit(t, e, dir, tt.file))
			got := contents(t, e, classic(t, e, open(t, dir, buildcontext.Options{Dockerfile: tt.file})))
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("contents (-BuildKit +classic from ours):\n%s", d)
			}
		})
	}
	t.Run("outside", func(t *testing.T) {
		dir := t.TempDir()
		add(t, dir, map[string]string{"context/a": "1", "Dockerfile.ci": everything})
		got := contents(t, e, classic(t, e, open(t, filepath.Join(dir, "context"), buildcontext.Options{Dockerfile: "../Dockerfile.ci"})))
		if d := cmp.Diff([]string{`0 0644 0:0 a 0.0 "1"`}, got); d != "" {
			t.Errorf("contents (-want +got):\n%s", d)
		}
	})
}

// TestEngineTakesOddFiles builds from all that a directory can hold.
func TestEngineTakesOddFiles(t *testing.T) {
	e := engine(t)
	long := strings.Repeat("long-", 50)
	dir := t.TempDir()
	add(t, dir, map[string]string{
		"Dockerfile": everything, "-dash": "1", "line\nbreak": "2", "latin-\xe9": "3", "é ü": "4", long + "/" + long[:240] + "/x": "5", `back\slash`: "6", "tab\t": "7",
		"out": "-> ../../../etc/passwd", "abs": "-> /etc/passwd", "nowhere": "-> missing", "self": "-> self", "empty/": "", "*": "8", "[a": "9",
	})
	must(t, os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh"), 0o700))
	must(t, os.Chmod(filepath.Join(dir, "run"), 0o700|os.ModeSetuid))
	must(t, os.Chmod(filepath.Join(dir, "empty"), 0o710))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	must(t, syscall.Mknod(filepath.Join(dir, "null"), syscall.S_IFCHR|0o666, 1<<8|3))
	must(t, os.Chmod(filepath.Join(dir, "null"), 0o666))
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	want := []string{
		`0 0644 0:0 Dockerfile 0.0 "FROM scratch\nCOPY . /context/\n"`,
		`0 0644 0:0 -dash 0.0 "1"`,
		"0 0644 0:0 line\nbreak 0.0 \"2\"",
		"0 0644 0:0 latin-\xe9 0.0 \"3\"",
		`0 0644 0:0 é ü 0.0 "4"`,
		`5 0755 0:0 ` + long + `/ 0.0 ""`,
		`5 0755 0:0 ` + long + `/` + long[:240] + `/ 0.0 ""`,
		`0 0644 0:0 ` + long + `/` + long[:240] + `/x 0.0 "5"`,
		`0 0644 0:0 back\slash 0.0 "6"`,
		"0 0644 0:0 tab\t 0.0 \"7\"",
		`0 0644 0:0 * 0.0 "8"`,
		`0 0644 0:0 [a 0.0 "9"`,
		`2 0777 0:0 out../../../etc/passwd 0.0 ""`,
		`2 0777 0:0 abs/etc/passwd 0.0 ""`,
		`2 0777 0:0 nowheremissing 0.0 ""`,
		`2 0777 0:0 selfself 0.0 ""`,
		`5 0755 0:0 empty/ 0.0 ""`,
		`0 0755 0:0 run 0.0 "#!/bin/sh"`, // the classic builder takes set-id bits away when it gives the file to root
		`6 0644 0:0 pipe 0.0 ""`,
		`3 0644 0:0 null 1.3 ""`,
	}
	slices.Sort(want)
	c := open(t, dir, buildcontext.Options{})
	if d := cmp.Diff(want, contents(t, e, classic(t, e, c))); d != "" {
		t.Errorf("contents (-want +got):\n%s", d)
	}
	hash(t, c, buildcontext.Inputs{})
}

func TestEngineTakesManyFiles(t *testing.T) {
	e := engine(t)
	dir := manyFiles(t, 20_000)
	add(t, dir, map[string]string{"b/Dockerfile": everything})
	got := contents(t, e, classic(t, e, open(t, dir, buildcontext.Options{Dockerfile: "b/Dockerfile"})))
	if files := 20_000 + 400 + 1 + 3; len(got) != files { // and directories, src, b and two Dockerfiles
		t.Errorf("%d files, want %d", len(got), files)
	}
}
