package treefs

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// nested returns a tree with a file so many directories deep, all called d.
func nested(o *gittest.Objects, depth int) git.Hash {
	h := o.Put(git.Tree, gittest.Entry("100644", "file", o.Put(git.Blob, "x")))
	for range depth {
		h = o.Put(git.Tree, gittest.Entry("40000", "d", h))
	}
	return h
}

func TestADeepTreeIsWalkedInOneGo(t *testing.T) {
	o := gittest.New()
	f := New(t.Context(), o, nested(o, treediff.MaxDepth))
	seen := 0
	err := fs.WalkDir(f, ".", func(_ string, _ fs.DirEntry, err error) error {
		seen++
		return err
	})
	if err != nil || seen != treediff.MaxDepth+2 {
		t.Errorf("%d entries, %v; want %d", seen, err, treediff.MaxDepth+2)
	}
	if content, err := f.ReadFile(strings.Repeat("d/", treediff.MaxDepth) + "file"); err != nil || string(content) != "x" {
		t.Errorf("the file = %q, %v", content, err)
	}
	for h, n := range o.Reads {
		if kind, _ := o.Kind(h); kind == git.Tree && n != 1 {
			t.Fatalf("tree %s was read %d times", h, n)
		}
	}
}

func TestATreeThatIsTooDeepIsDamaged(t *testing.T) {
	const depth = treediff.MaxDepth + 1
	o := gittest.New()
	root := nested(o, depth)
	dir := strings.TrimSuffix(strings.Repeat("d/", depth), "/")
	for name, call := range map[string]func(f *FS) error{
		"walking": func(f *FS) error {
			return fs.WalkDir(f, ".", func(_ string, _ fs.DirEntry, err error) error { return err })
		},
		"listing": func(f *FS) error { _, err := f.ReadDir(dir); return err },
		"opening": func(f *FS) error { _, err := f.Open(dir); return err },
		"reading": func(f *FS) error { _, err := f.ReadFile(dir + "/file"); return err },
		"asking for what is not there": func(f *FS) error {
			_, err := f.Stat(dir + strings.Repeat("/d", 100_000))
			return err
		},
	} {
		err := call(New(t.Context(), o, root))
		if !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), fmt.Sprintf("read tree %s", nested(o, 0))) {
			t.Errorf("%s: error = %.60v…, want one that names the tree", name, err)
		}
	}
}

// Whatever was looked for before, an answer is the same.
func TestLookupsDoNotDependOnTheOnesBefore(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	names := []string{"a", "ab", "abc", "b", "a.b"}
	randomPath := func() string {
		parts := make([]string, 1+rng.IntN(4))
		for i := range parts {
			parts[i] = names[rng.IntN(len(names))]
		}
		return strings.Join(parts, "/")
	}
	for range 50 {
		o := gittest.New()
		files := gittest.Files{}
		for range 12 {
			path, fits := randomPath(), true
			for other := range files {
				fits = fits && !strings.HasPrefix(path+"/", other+"/") && !strings.HasPrefix(other+"/", path+"/")
			}
			if fits {
				files[path] = gittest.File(path)
			}
		}
		root := o.Tree(files)
		f := New(t.Context(), o, root)
		for range 300 {
			path := randomPath()
			got, err := f.Stat(path)
			want, wantErr := New(t.Context(), o, root).Stat(path)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && (fs.FormatFileInfo(got) != fs.FormatFileInfo(want) || got.Sys() != want.Sys()) {
				t.Fatalf("%s = %v, %v; want %v, %v", path, got, err, want, wantErr)
			}
			if file, ok := files[path]; ok != (err == nil && !got.IsDir()) {
				t.Fatalf("%s = %v, %v; want %v", path, got, err, file)
			}
		}
	}
}
