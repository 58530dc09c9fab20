//go:build integration

package buildkit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// write writes a file and gives it a time, as archives and reproducible builds do.
func write(t *testing.T, path, content string, when time.Time) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(content), 0o644), os.Chtimes(path, when, when)); err != nil {
		t.Fatal(err)
	}
}

// What BuildKit was sent by the last build of the directory is not what it builds.
func TestAnEditOfTheSameLengthAndTime(t *testing.T) {
	e := engine(t)
	dir, when := t.TempDir(), time.Unix(1_700_000_000, 0)
	for i, want := range []string{"first!", "second", "first!"} {
		write(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\nCOPY f g /"+want[:5]+"/\n", when)
		write(t, filepath.Join(dir, "f"), want, when)
		write(t, filepath.Join(dir, "g"), "g", when)
		files := contents(t, e, mustBuild(t, e, ecr.Build{Context: open(t, dir, buildcontext.Options{})}))
		if got := files[want[:5]+"/f"]; got != want {
			t.Errorf("build %d holds %q, want %q", i, got, want)
		}
	}
}

func TestTwoDockerfilesOfOneLength(t *testing.T) {
	e := engine(t)
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		write(t, filepath.Join(dir, name), "FROM scratch\nCOPY "+name+" /is-"+name+"\n", time.Unix(1_700_000_000, 0))
	}
	for _, name := range []string{"a", "b", "a"} {
		files := contents(t, e, mustBuild(t, e, ecr.Build{Context: open(t, dir, buildcontext.Options{Dockerfile: name})}))
		if _, ok := files["is-"+name]; !ok {
			t.Errorf("the image of %s holds %q", name, slices.Collect(maps.Keys(files)))
		}
	}
}

// The engine has another image by the tag that the digest pins.
func TestAPinnedBase(t *testing.T) {
	e := engine(t)
	name := env(t, "DELIVERY_REGISTRY") + "/delivery-test/pinned-" + strings.ToLower(rand.Text())
	ref := name + ":1"
	push := func(base string) (digest string) {
		if err := e.ImageTag(t.Context(), base, ref); err != nil {
			t.Fatal(err)
		}
		answer, err := e.ImagePush(t.Context(), ref, image.PushOptions{RegistryAuth: "e30="})
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Close()
		log, err := io.ReadAll(answer)
		if err != nil {
			t.Fatal(err)
		}
		_, digest, ok := strings.Cut(string(log), `"Digest":"`)
		if !ok {
			t.Fatalf("push: %s", log)
		}
		return digest[:71]
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		all, _ := e.ImageList(ctx, image.ListOptions{})
		for _, i := range all {
			for _, n := range append(i.RepoTags, i.RepoDigests...) {
				if strings.HasPrefix(n, name) {
					_, _ = e.ImageRemove(ctx, n, image.RemoveOptions{Force: true})
				}
			}
		}
	})
	old := push(env(t, "DELIVERY_BASE_IMAGE"))
	layer := project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY new /new\n", "new": rand.Text()}, buildcontext.Options{})
	newer := push(mustBuild(t, e, ecr.Build{Context: layer}))
	if old == newer {
		t.Fatal("both images have one digest")
	}
	c := project(t, map[string]string{"Dockerfile": "ARG TAG\nFROM " + name + ":$TAG\nCOPY --from=" + ref + " /bin/sh /copied\nRUN --mount=from=" + ref + ",target=/m test -e /m/new && touch /mounted || true\n"}, buildcontext.Options{})
	args := map[string]string{"TAG": "1"}
	for digest, hasNew := range map[string]bool{old: false, newer: true} {
		pinned, err := c.Pin(buildcontext.Inputs{Args: args, Bases: map[string]string{ref: digest}})
		if err != nil {
			t.Fatal(err)
		}
		files := contents(t, e, mustBuild(t, e, ecr.Build{Context: pinned, Args: args}))
		_, got := files["new"]
		_, mounted := files["mounted"]
		if got != hasNew || mounted != hasNew {
			t.Errorf("pinned to %s: it has the new file: %t, it has mounted it: %t, want %t", digest, got, mounted, hasNew)
		}
		classic := project(t, map[string]string{"Dockerfile": "ARG TAG\nFROM " + name + ":$TAG\nCOPY --from=" + ref + " /bin/sh /copied\n"}, buildcontext.Options{})
		if pinned, err = classic.Pin(buildcontext.Inputs{Args: args, Bases: map[string]string{ref: digest}}); err != nil {
			t.Fatal(err)
		}
		id, err := ecr.NewClassic(e).Build(t.Context(), ecr.Build{Context: pinned, Args: args, Network: "none"})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := contents(t, e, id)["new"]; got != hasNew {
			t.Errorf("classic, pinned to %s: it has the new file: %t, want %t", digest, got, hasNew)
		}
		if _, err := e.ImageRemove(t.Context(), id, image.RemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}
}

// What BuildKit copies is what the input hash was computed of.
func TestTheFilesAreThoseOfTheContext(t *testing.T) {
	e := engine(t)
	files := map[string]string{
		"Dockerfile":    "FROM scratch\nCOPY . /\n",
		".dockerignore": "**/*.log\n!keep.log\nout\n!out/in\n", "a.log": "", "keep.log": "k", "out/x": "", "out/in": "i", "d/b.log": "", "d/e/": "",
		"own":                     "FROM scratch\nCOPY . /\n",
		"own.dockerignore":        "d\n.dockerignore\n",
		" odd name\n\"'\\\t- ü.x": "odd", "-rf": "dash", strings.Repeat("n", 200) + "/" + strings.Repeat("m", 200): "long",
	}
	for _, dockerfile := range []string{"Dockerfile", "own"} {
		t.Run(dockerfile, func(t *testing.T) {
			c := project(t, files, buildcontext.Options{Dockerfile: dockerfile})
			for link, target := range map[string]string{"up": "../../../etc/passwd", "abs": "/etc/passwd", "dangling": "nowhere"} {
				if err := os.Symlink(target, filepath.Join(c.Dir(), link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := syscall.Mkfifo(filepath.Join(c.Dir(), "pipe"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mknod(filepath.Join(c.Dir(), "null"), syscall.S_IFCHR|0o666, 1<<8|3); err != nil {
				t.Fatal(err)
			}
			listen, err := net.Listen("unix", filepath.Join(c.Dir(), "socket"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = listen.Close() }()
			c = open(t, c.Dir(), buildcontext.Options{Dockerfile: dockerfile})
			want := make(map[string]string)
			for _, f := range c.Files() {
				name := f.Path
				switch {
				case f.Mode.IsDir():
					name += "/"
				case f.Mode&fs.ModeNamedPipe != 0:
					continue // this engine's COPY passes over pipes
				case f.Mode.IsRegular():
					r, err := c.Open(f.Path)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(r)
					r.Close()
					if err != nil {
						t.Fatal(err)
					}
					want[name] = string(body)
					continue
				}
				want[name] = f.Link
			}
			got := contents(t, e, mustBuild(t, e, ecr.Build{Context: c}))
			for _, made := range []string{".dockerenv", "dev/", "dev/console", "dev/pts/", "dev/shm/", "etc/", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "proc/", "sys/"} {
				delete(got, made) // by the container that was exported
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("files of the image (-context +image):\n%s", d)
			}
		})
	}
}

func TestASecondBuildSendsLittle(t *testing.T) {
	e := engine(t)
	dir := t.TempDir()
	const files, size = 20_000, 1_000
	block := make([]byte, size)
	for i := range files {
		if i%200 == 0 {
			if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("d%03d", i/200)), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		copy(block, fmt.Sprint(i))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("d%03d/f%05d", i/200, i)), block, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	first := mustBuild(t, e, ecr.Build{Context: open(t, dir, buildcontext.Options{})})
	sent := e.sent.Swap(0)
	if sent < files*size {
		t.Errorf("the first build sent %d bytes, and the files have %d", sent, files*size)
	}
	second := mustBuild(t, e, ecr.Build{Context: open(t, dir, buildcontext.Options{})})
	if again := e.sent.Load(); again > sent/5 {
		t.Errorf("the second build sent %d bytes after %d: the engine did not know the directory again", again, sent)
	} else {
		t.Logf("the first build sent %d bytes, the second %d", sent, again)
	}
	if first != second {
		t.Errorf("the second build made another image: %s and %s", first, second)
	}
}
