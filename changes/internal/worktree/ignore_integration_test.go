//go:build integration

package worktree

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// untrackedOf returns the untracked files of a working tree as this package
// and as git lists them.
func untrackedOf(t *testing.T, dir, excludes string) (got, want []string) {
	t.Helper()
	got = []string{}
	changed, err := Diff(t.Context(), nil, Options{Root: dir, GitDir: filepath.Join(dir, ".git"), ExcludesFile: excludes}, treediff.EmptyTree)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changed {
		if c.Status != git.Added {
			t.Fatalf("%q is %c", c.Path, c.Status)
		}
		got = append(got, c.Path)
	}
	out := run(t, dir, "", "-c", "core.excludesFile="+excludes, "ls-files", "--others", "--exclude-standard", "-z")
	want = strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
	slices.Sort(want)
	return got, want
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestGitIgnoresTheSame(t *testing.T) {
	t.Logf("seed %d", *seedFlag)
	rng := rand.New(rand.NewPCG(*seedFlag, 2))
	dir := filepath.Join(t.TempDir(), "w")
	run(t, "", "", "init", "-q", dir)
	m := &mess{t: t, rng: rng, dir: dir}
	for range 300 {
		file := filepath.Join(dir, m.path())
		_ = os.MkdirAll(filepath.Dir(file), 0o755)
		_ = os.WriteFile(file, nil, 0o644)
	}
	ignored, excludes := 0, filepath.Join(t.TempDir(), "excludes")
	for range 20 * *roundsFlag {
		write(t, filepath.Join(dir, ".git/info/exclude"), m.rules())
		write(t, excludes, m.rules())
		used := []string{".gitignore", "a/.gitignore", "a/b/.gitignore", "doc/.gitignore"}[:rng.IntN(5)]
		var texts []string
		for _, name := range used {
			if info, err := os.Stat(filepath.Join(dir, filepath.Dir(name))); err == nil && info.IsDir() {
				text := m.rules()
				write(t, filepath.Join(dir, name), text)
				texts = append(texts, text)
			}
		}
		got, want := untrackedOf(t, dir, excludes)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: .gitignore %q (-git +got):\n%s", *seedFlag, texts, d)
		}
		ignored += 300 - len(got)
		for _, name := range used {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
	t.Logf("%d times a file was ignored", ignored)
}

func TestGitHasTheSameSetsOfCharacters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	run(t, "", "", "init", "-q", dir)
	for b := 1; b < 256; b++ {
		if b != '/' {
			write(t, filepath.Join(dir, "x"+string([]byte{byte(b)})), "")
		}
	}
	names := []string{"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit", "other", ""}
	for _, name := range names {
		for _, glob := range []string{"x[[:%s:]]", "/x[[:%s:]]", "x[![:%s:]]", "x[a[:%s:]-z]", "x[[:%s]", "x[[:%s:]"} {
			rule := fmt.Sprintf(glob, name)
			write(t, filepath.Join(dir, ".git/info/exclude"), rule+"\n")
			got, want := untrackedOf(t, dir, os.DevNull)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-git +got):\n%s", rule, d)
			}
		}
	}
}
