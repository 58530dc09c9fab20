package treediff

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

type files = gittest.Files

// say writes changes as git diff --name-status does.
func say(changes []git.Change) []string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, string(c.Status)+" "+c.Path)
	}
	return lines
}

func TestDiff(t *testing.T) {
	file, link, submodule := gittest.File, gittest.Link, gittest.Submodule
	script := func(content string) gittest.Node { return gittest.Node{Mode: "100755", Content: content} }
	tests := map[string]struct {
		from, to files
		want     []string
	}{
		"nothing":                               {nil, nil, nil},
		"equal trees":                           {files{"a/b": file("1")}, files{"a/b": file("1")}, nil},
		"a file is added":                       {nil, files{"a": file("1")}, []string{"A a"}},
		"a file is modified":                    {files{"a": file("1"), "b": file("1")}, files{"a": file("2"), "b": file("1")}, []string{"M a"}},
		"a file is deleted":                     {files{"a": file("1"), "b": file("1")}, files{"b": file("1")}, []string{"D a"}},
		"a file is renamed":                     {files{"x/a": file("1")}, files{"y/a": file("1")}, []string{"D x/a", "A y/a"}},
		"a file becomes executable":             {files{"a": file("1")}, files{"a": script("1")}, []string{"M a"}},
		"an old mode of a file is no change":    {files{"a": file("1")}, files{"a": {Mode: "100664", Content: "1"}}, nil},
		"a file becomes a link":                 {files{"a": file("1")}, files{"a": link("1")}, []string{"T a"}},
		"a link becomes a submodule":            {files{"a": link("1")}, files{"a": submodule("1")}, []string{"T a"}},
		"a submodule moves on":                  {files{"a": submodule("1")}, files{"a": submodule("2")}, []string{"M a"}},
		"a file becomes a directory":            {files{"a": file("1"), "a.b": file("1")}, files{"a/x": file("1"), "a.b": file("1")}, []string{"D a", "A a/x"}},
		"a directory becomes a file":            {files{"a/x": file("1"), "a/y/z": file("1")}, files{"a": file("1")}, []string{"A a", "D a/x", "D a/y/z"}},
		"a directory becomes a submodule":       {files{"a/x": file("1")}, files{"a": submodule("1")}, []string{"A a", "D a/x"}},
		"directories among names like theirs":   {files{"a-b": file("1"), "a/x": file("1"), "a0": file("1"), "ab": file("1")}, files{"a-b": file("2"), "a/x": file("2"), "a0": file("2"), "ab": file("2")}, []string{"M a-b", "M a/x", "M a0", "M ab"}},
		"one side goes on where the other ends": {files{"a": file("1"), "c/x": file("1")}, files{"a": file("1"), "b/x": file("1"), "c/x": file("1"), "d/x/y": file("1")}, []string{"A b/x", "A d/x/y"}},
		"deep below, with equal neighbours":     {files{"a/b/c/d": file("1"), "a/b/x": file("1"), "a/y": file("1")}, files{"a/b/c/d": file("2"), "a/b/x": file("1"), "a/y": file("1")}, []string{"M a/b/c/d"}},
		"odd names": {
			nil,
			files{"tab\t": file("1"), "nl\n": file("1"), "\"q\"": file("1"), "\xff": file("1"), " ": file("1"), "é": file("1")},
			[]string{"A  ", "A \"q\"", "A nl\n", "A tab\t", "A é", "A \xff"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := gittest.New()
			got, err := Diff(t.Context(), o, o.Tree(tt.from), o.Tree(tt.to))
			if d := gocmp.Diff(tt.want, say(got)); err != nil || d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestEqualDirectoriesAreNotRead(t *testing.T) {
	o := gittest.New()
	file := gittest.File
	from := o.Tree(files{"same/a": file("1"), "other/a": file("1"), "other/same/b": file("1")})
	to := o.Tree(files{"same/a": file("1"), "other/a": file("2"), "other/same/b": file("1")})
	if _, err := Diff(t.Context(), o, from, to); err != nil {
		t.Fatal(err)
	}
	if n := len(o.Reads); n != 4 {
		t.Errorf("%d objects were read, want the roots and two directories", n)
	}
	for h, n := range o.Reads {
		if kind, err := o.Kind(h); n != 1 || kind != git.Tree || err != nil {
			t.Errorf("%s %s was read %d times", kind, h, n)
		}
	}
}

func TestTheEmptyTreeNeedsNoObject(t *testing.T) {
	o := gittest.New()
	tree := o.Tree(files{"a": gittest.File("1")})
	if h := o.Put(git.Tree, ""); h != EmptyTree {
		t.Fatalf("the empty tree is %s", h)
	}
	o.Remove(EmptyTree)
	for want, pair := range map[string][2]git.Hash{"A a": {EmptyTree, tree}, "D a": {tree, EmptyTree}} {
		if got, err := Diff(t.Context(), o, pair[0], pair[1]); err != nil || !slices.Equal(say(got), []string{want}) {
			t.Errorf("= %q, %v; want %s", say(got), err, want)
		}
	}
}

// TestDiffAgreesWithTheDefinition draws trees and compares with what differs
// between their lists of files.
func TestDiffAgreesWithTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	changed := 0
	for range 400 {
		o := gittest.New()
		from := randomFiles(rng)
		to := maps.Clone(from)
		if rng.IntN(8) == 0 {
			to = randomFiles(rng)
		}
		for path, n := range randomFiles(rng) {
			if rng.IntN(3) == 0 {
				put(to, path, n)
			}
		}
		got, err := Diff(t.Context(), o, o.Tree(from), o.Tree(to))
		want := definition(from, to)
		if d := gocmp.Diff(say(want), say(got)); err != nil || d != "" {
			t.Fatalf("seed %d: %v\nfrom %v\nto %v\n(-want +got):\n%s", seed, err, from, to, d)
		}
		changed += len(want)
	}
	if changed < 1000 {
		t.Errorf("seed %d: only %d changes", seed, changed)
	}
}

var names = []string{"a", "a-b", "a.b", "a0", "b", "c", "tab\t", "é", "\xff\xfe", "sp ace", "Z"}

func randomFiles(rng *rand.Rand) files {
	fs := files{}
	for range rng.IntN(25) {
		var parts []string
		for range 1 + rng.IntN(4) {
			parts = append(parts, names[rng.IntN(len(names))])
		}
		mode := []string{"100644", "100644", "100755", "120000", "100664"}[rng.IntN(5)]
		put(fs, strings.Join(parts, "/"), gittest.Node{Mode: mode, Content: fmt.Sprint(rng.IntN(3))})
	}
	return fs
}

// put adds a file in the place of those that it cannot be beside.
func put(fs files, path string, n gittest.Node) {
	maps.DeleteFunc(fs, func(other string, _ gittest.Node) bool {
		return strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/")
	})
	fs[path] = n
}

func definition(from, to files) []git.Change {
	canonical := func(n gittest.Node) gittest.Node {
		n.Mode = strings.Replace(n.Mode, "664", "644", 1)
		return n
	}
	var changes []git.Change
	for path, n := range from {
		now, stays := to[path]
		switch n, now := canonical(n), canonical(now); {
		case !stays:
			changes = append(changes, git.Change{Path: path, Status: git.Deleted})
		case n.Mode[:3] != now.Mode[:3]:
			changes = append(changes, git.Change{Path: path, Status: git.TypeChanged})
		case n != now:
			changes = append(changes, git.Change{Path: path, Status: git.Modified})
		}
	}
	for path := range to {
		if _, was := from[path]; !was {
			changes = append(changes, git.Change{Path: path, Status: git.Added})
		}
	}
	slices.SortFunc(changes, func(a, b git.Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes
}

func TestDiffIsCancelled(t *testing.T) {
	o := gittest.New()
	// Sixty levels of two equal directories each: no one waits for all of their files.
	h := o.Put(git.Tree, gittest.Entry("100644", "x", o.Put(git.Blob, "x")))
	for range 60 {
		h = o.Put(git.Tree, gittest.Entry("40000", "a", h)+gittest.Entry("40000", "b", h))
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := &canceler{Objects: o, cancel: cancel, after: 1000}
	if _, err := Diff(ctx, stop, EmptyTree, h); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if stop.after != 0 {
		t.Errorf("%d reads after it was cancelled", -stop.after)
	}
}

// canceler cancels after some reads.
type canceler struct {
	git.Objects
	cancel func()
	after  int
}

func (c *canceler) Append(buf []byte, h git.Hash) (git.Kind, []byte, error) {
	if c.after--; c.after == 0 {
		c.cancel()
	}
	return c.Objects.Append(buf, h)
}

func TestAnEntryThatIsEqualCostsNoMemory(t *testing.T) {
	o := gittest.New()
	from, to := files{}, files{}
	for i := range 2000 {
		path := fmt.Sprintf("d%d/f%d", i%20, i)
		from[path], to[path] = gittest.File("1"), gittest.File("1")
	}
	to["d7/f7"] = gittest.File("2")
	old, now := o.Tree(from), o.Tree(to)
	allocs := testing.AllocsPerRun(10, func() {
		if got, err := Diff(t.Context(), o, old, now); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
	})
	if allocs > 30 {
		t.Errorf("%v allocations for one change among 2,000 files", allocs)
	}
}

func BenchmarkDiff(b *testing.B) {
	o := gittest.New()
	from, to := files{}, files{}
	for i := range 20_000 {
		path := fmt.Sprintf("dir%d/sub%d/file%d.go", i%50, i%700, i)
		from[path], to[path] = gittest.File("1"), gittest.File("1")
		if i%200 == 0 {
			to[path] = gittest.File("2")
		}
	}
	old, now := o.Tree(from), o.Tree(to)
	b.ReportAllocs()
	for b.Loop() {
		if got, err := Diff(b.Context(), o, old, now); err != nil || len(got) != 100 {
			b.Fatal(len(got), err)
		}
	}
}
