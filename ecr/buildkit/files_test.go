package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

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

func served(t *testing.T, c *buildcontext.Context) contextFiles {
	t.Helper()
	sums, err := c.Sums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return contextFiles{c, sums}
}

// times are what BuildKit is told of the times of files.
func times(t *testing.T, walk func(context.Context, string, fs.WalkDirFunc) error) map[string]time.Time {
	t.Helper()
	found := make(map[string]time.Time)
	err := walk(t.Context(), "", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			found[path] = info.ModTime()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// BuildKit compares sizes and times alone.
func TestTimesTellContentsApart(t *testing.T) {
	dir, when := t.TempDir(), time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o644), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	opened := func() *buildcontext.Context {
		c, err := buildcontext.Open(t.Context(), dir, buildcontext.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	write("Dockerfile", "FROM scratch\nCOPY a /\n")
	write("a", "1")
	write("b", "1")
	first, firstDockerfile := times(t, served(t, opened()).Walk), times(t, dockerfile(opened()).Walk)
	again, againDockerfile := times(t, served(t, opened()).Walk), times(t, dockerfile(opened()).Walk)
	if d := cmp.Diff([]map[string]time.Time{first, firstDockerfile}, []map[string]time.Time{again, againDockerfile}); d != "" {
		t.Errorf("times of the same files (-first +second):\n%s", d)
	}
	write("Dockerfile", "FROM scratch\nCOPY b /\n")
	write("a", "2")
	edited, editedDockerfile := times(t, served(t, opened()).Walk), times(t, dockerfile(opened()).Walk)
	if edited["a"].Equal(first["a"]) || edited["a"].Unix() != when.Unix() {
		t.Errorf("time of a, which has changed, is %v after %v", edited["a"], first["a"])
	}
	if !edited["b"].Equal(first["b"]) {
		t.Errorf("time of b, which has not changed, is %v after %v", edited["b"], first["b"])
	}
	if editedDockerfile["Dockerfile"].Equal(firstDockerfile["Dockerfile"]) {
		t.Error("two Dockerfiles of one length have one time")
	}
	for name, at := range editedDockerfile {
		if y := at.UTC().Year(); y < 2000 || y > 2034 {
			t.Errorf("time of %s is %v", name, at)
		}
	}
}

func TestWalk(t *testing.T) {
	c := files(t, "a/b/c", "a/b/d", "a/e", "ab/f", "empty/", "z")
	source := served(t, c)
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
			want, got := paths(t, oracle, target, skip), paths(t, source.Walk, target, skip)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("from %q without %q (-want +got):\n%s", target, skip, d)
			}
		}
	}
	stop := errors.New("stop")
	if err := source.Walk(t.Context(), "", func(string, fs.DirEntry, error) error { return stop }); !errors.Is(err, stop) {
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
