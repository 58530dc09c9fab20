package treefs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// sample has one of everything.
func sample(t *testing.T) (*FS, *gittest.Objects) {
	t.Helper()
	o := gittest.New()
	tree := o.Tree(gittest.Files{
		"go.mod":          gittest.File("module x\n"),
		"empty":           gittest.File(""),
		"run.sh":          {Mode: "100755", Content: "#!/bin/sh\n"},
		"link":            gittest.Link("dir/deep"),
		"sub":             gittest.Submodule("1"),
		"dir/a":           gittest.File("a"),
		"dir/deep/b":      gittest.File("b"),
		"dir-ectory/file": gittest.File("c"),
		"dir.txt":         gittest.File("d"),
		"spaces é":        gittest.File("e"),
		"\xff":            gittest.File("not UTF-8"),
	})
	return New(t.Context(), o, tree), o
}

func TestFS(t *testing.T) {
	f, _ := sample(t)
	if err := fstest.TestFS(f, "go.mod", "empty", "run.sh", "dir/a", "dir/deep/b", "dir-ectory/file", "dir.txt", "spaces é", "sub", "link"); err != nil {
		t.Error(err)
	}
}

func TestWalk(t *testing.T) {
	f, o := sample(t)
	clear(o.Reads)
	var got []string
	err := fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		got = append(got, fs.FormatDirEntry(d)+" "+path)
		return err
	})
	want := []string{
		"d ./ .", "d dir/ dir", "- a dir/a", "d deep/ dir/deep", "- b dir/deep/b", "d dir-ectory/ dir-ectory", "- file dir-ectory/file",
		"- dir.txt dir.txt", "- empty empty", "- go.mod go.mod", "L link link", "- run.sh run.sh", "- spaces é spaces é", "d sub/ sub",
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if len(o.Reads) != 4 {
		t.Errorf("%d objects were read, want the four directories", len(o.Reads))
	}
	for h, n := range o.Reads {
		if kind, err := o.Kind(h); kind != git.Tree || n != 1 || err != nil {
			t.Errorf("%s %s was read %d times", kind, h, n)
		}
	}
}

func TestFiles(t *testing.T) {
	f, _ := sample(t)
	tests := map[string]struct {
		content string
		mode    fs.FileMode
	}{
		"go.mod":     {"module x\n", 0o644},
		"empty":      {"", 0o644},
		"run.sh":     {"#!/bin/sh\n", 0o755},
		"link":       {"dir/deep", fs.ModeSymlink | 0o777},
		"dir/deep/b": {"b", 0o644},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			content, err := f.ReadFile(name)
			if err != nil || string(content) != tt.content {
				t.Errorf("content = %q, %v", content, err)
			}
			info, err := f.Stat(name)
			if err != nil || info.Mode() != tt.mode || info.Size() != int64(len(tt.content)) || !info.ModTime().IsZero() || info.Name() != name[strings.LastIndex(name, "/")+1:] {
				t.Errorf("stat = %s, %v", fs.FormatFileInfo(info), err)
			}
			if _, ok := info.Sys().(git.Hash); !ok {
				t.Errorf("sys = %v, want the hash", info.Sys())
			}
		})
	}
	for _, dir := range []string{".", "dir", "sub"} {
		if info, err := f.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o755 || !info.IsDir() || info.Size() != 0 {
			t.Errorf("stat %s = %v, %v", dir, info, err)
		}
	}
	if target, err := f.ReadLink("link"); err != nil || target != "dir/deep" {
		t.Errorf("link = %q, %v", target, err)
	}
	if entries, err := f.ReadDir("sub"); err != nil || len(entries) > 0 {
		t.Errorf("a submodule has %v, %v", entries, err)
	}
}

func TestFailures(t *testing.T) {
	f, o := sample(t)
	missing := o.Put(git.Tree, gittest.Entry("40000", "dir", git.Hash{1})+gittest.Entry("100644", "file", git.Hash{2}))
	odd := o.Put(git.Tree, gittest.Entry("40000", "blob", o.Put(git.Blob, "x"))+gittest.Entry("40000", "torn", o.Put(git.Tree, "100644 x")))
	g, h := New(t.Context(), o, missing), New(t.Context(), o, odd)
	tests := map[string]struct {
		call func() error
		is   error
		want string
	}{
		"a path that is none":         {func() error { _, err := f.Open("../x"); return err }, fs.ErrInvalid, "open ../x: invalid argument"},
		"a name that is not there":    {func() error { _, err := f.Stat("dir/none"); return err }, fs.ErrNotExist, "stat dir/none: file does not exist"},
		"a path below a file":         {func() error { _, err := f.ReadFile("go.mod/x"); return err }, fs.ErrNotExist, "read go.mod/x: file does not exist"},
		"a path below a link":         {func() error { _, err := f.Open("link/b"); return err }, fs.ErrNotExist, "open link/b: file does not exist"},
		"a path in a submodule":       {func() error { _, err := f.Open("sub/x"); return err }, fs.ErrNotExist, "open sub/x: file does not exist"},
		"a name that is not UTF-8":    {func() error { _, err := f.Open("\xff"); return err }, fs.ErrInvalid, "invalid argument"},
		"a directory as a file":       {func() error { _, err := f.ReadFile("dir"); return err }, nil, "read dir: is a directory"},
		"a file as a directory":       {func() error { _, err := f.ReadDir("go.mod"); return err }, nil, "readdir go.mod: not a directory"},
		"a file as a link":            {func() error { _, err := f.ReadLink("go.mod"); return err }, fs.ErrInvalid, "readlink go.mod: invalid argument"},
		"a directory that is missing": {func() error { _, err := g.ReadDir("dir"); return err }, git.ErrMissingObject, "readdir dir: read object 01000"},
		"what is in one":              {func() error { _, err := g.Stat("dir/x"); return err }, git.ErrMissingObject, "stat dir/x: read object 01000"},
		"opening one":                 {func() error { _, err := g.Open("dir"); return err }, git.ErrMissingObject, "open dir: read object"},
		"a file that is missing":      {func() error { _, err := g.Open("file"); return err }, git.ErrMissingObject, "open file: read object 02000"},
		"the content of one":          {func() error { _, err := g.ReadFile("file"); return err }, git.ErrMissingObject, "read file: read object 02000"},
		"a directory that is a file":  {func() error { _, err := h.ReadDir("blob"); return err }, git.ErrDamaged, "repository is damaged: it is a blob"},
		"a directory that is cut off": {func() error { _, err := h.ReadDir("torn"); return err }, git.ErrDamaged, "an entry is cut off"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.call()
			if _, ok := errors.AsType[*fs.PathError](err); !ok || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want a PathError with %q that is %v", err, tt.want, tt.is)
			}
		})
	}
	if info, err := g.Stat("file"); err != nil || info.Size() != -1 {
		t.Errorf("a file that is missing: %v, %v; want a description without a size", info, err)
	}
}

func TestOpenFilesAreClosedOnce(t *testing.T) {
	f, _ := sample(t)
	file, err := f.Open("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(file); err != nil || string(content) != "module x\n" {
		t.Errorf("= %q, %v", content, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read: error = %v", err)
	}
	if err := file.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("close: error = %v", err)
	}
}

func TestNamesThatIOFSHasNoRoomForAreLeftOut(t *testing.T) {
	o := gittest.New()
	x, y := o.Put(git.Blob, "x"), o.Put(git.Blob, "y")
	var content strings.Builder
	for _, name := range []string{"b", "a", "a", "..", ".", "a/b", "\xfe", ".git"} {
		content.WriteString(gittest.Entry("100644", name, x))
		x, y = y, x
	}
	f := New(t.Context(), o, o.Put(git.Tree, content.String()))
	entries, err := f.ReadDir(".")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || !slices.Equal(names, []string{".git", "a", "b"}) {
		t.Errorf("= %q, %v", names, err)
	}
	if err := fstest.TestFS(f, ".git", "a", "b"); err != nil {
		t.Error(err)
	}
}

func TestTheEmptyTree(t *testing.T) {
	f := New(t.Context(), gittest.New(), treediff.EmptyTree)
	if entries, err := f.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("= %v, %v", entries, err)
	}
}

func TestCancelledFS(t *testing.T) {
	_, o := sample(t)
	ctx, cancel := context.WithCancel(t.Context())
	f := New(ctx, o, o.Tree(gittest.Files{"a": gittest.File("1")}))
	cancel()
	if _, err := f.ReadDir("."); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	o := gittest.New()
	files := gittest.Files{}
	for i := range 300 {
		for j := range 100 {
			files[fmt.Sprintf("d%d/f%d", i, j)] = gittest.File(fmt.Sprint(i))
		}
	}
	f := New(t.Context(), o, o.Tree(files))
	for range 2 {
		seen := 0
		err := fs.WalkDir(f, ".", func(_ string, _ fs.DirEntry, err error) error {
			seen++
			return err
		})
		if err != nil || seen != 1+300+300*100 {
			t.Errorf("%d entries, %v", seen, err)
		}
		held := 0
		for _, entries := range f.dirs {
			held += 1 + len(entries)
		}
		if held != f.held || held > maxHeld || held == 0 {
			t.Errorf("%d entries are kept, %d are counted", held, f.held)
		}
	}
}

func TestSeveralGoroutinesMayUseIt(t *testing.T) {
	f, _ := sample(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if content, err := f.ReadFile("dir/deep/b"); err != nil || string(content) != "b" {
					t.Errorf("= %q, %v", content, err)
				}
				if info, err := f.Stat("go.mod"); err != nil || info.Size() != 9 {
					t.Errorf("stat = %v, %v", info, err)
				}
			}
		})
	}
	group.Wait()
}
