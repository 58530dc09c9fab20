package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

func TestWhatGitIgnoresIsNoModuleOfTheWorkingTree(t *testing.T) {
	r := newCheckout(t)
	r.commit(map[string]string{".gitignore": "out/\n", "a/go.mod": "module a\n", "gone/go.mod": "module gone\n", "b/go.mod": "module b\n"})
	check(t, os.RemoveAll(filepath.Join(r.dir, "gone")))
	r.put(map[string]string{
		"out/dist/package.json": `{"name": "dist"}`,
		"b/go.mod":              "module b\nrequire example.com/new v1.0.0\n",
		"new/deep/go.mod":       "module example.com/new\n",
	})
	expect := func(want string, args ...string) {
		t.Helper()
		code, stdout, stderr := call(t.Context(), append([]string{"-repo", r.dir, "-worktree", "-discover"}, args...)...)
		if got := statuses(stdout); code != 0 || stderr != "" || got != want {
			t.Errorf("%v: exit %d, %q, want %q; %s", args, code, got, want, stderr)
		}
	}
	expect("b changed, gone deleted, new/deep changed")
	expect("a asked for, b changed, gone deleted, new/deep changed", "-all")
	r.commit(nil)
	r.put(map[string]string{"b/go.mod": "module b\n\n"})
	expect("b changed")
	expect("b changed, gone deleted, new/deep changed", "-base", "HEAD~1")
}

func TestOverlay(t *testing.T) {
	head := fstest.MapFS{
		"same": {Data: []byte("head")}, "edited": {Data: []byte("head")}, "gone/x": {Data: []byte("head")}, "gone/y": {Data: []byte("head")},
		"file": {Data: []byte("head")}, "dir/x": {Data: []byte("head")}, "link": {Data: []byte("head")},
	}
	disk := fstest.MapFS{
		"same": {Data: []byte("disk")}, "edited": {Data: []byte("disk")}, "gone/y": {Data: []byte("disk")}, "ignored/x": {Data: []byte("disk")}, "new/deep/x": {Data: []byte("disk")},
		"file/x": {Data: []byte("disk")}, "dir": {Data: []byte("disk")}, "link": {Data: []byte("same"), Mode: fs.ModeSymlink}, "nested/x": {Data: []byte("disk")},
	}
	o := newOverlay(head, disk, []changes.File{
		{Path: "dir", Status: changes.Added},
		{Path: "dir/x", Status: changes.Deleted},
		{Path: "edited", Status: changes.Modified},
		{Path: "file", Status: changes.Deleted},
		{Path: "file/x", Status: changes.Added},
		{Path: "gone/x", Status: changes.Deleted},
		{Path: "link", Status: changes.TypeChanged},
		{Path: "nested", Status: changes.Added}, // a repository of its own
		{Path: "new/deep/x", Status: changes.Added},
		{Path: "vanished", Status: changes.Added},
		{Path: "\xff", Status: changes.Added},
	})
	got := map[string]string{}
	check(t, fs.WalkDir(o, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Type() == fs.ModeSymlink {
			if name != "." {
				got[name] = fmt.Sprint(e.Type())
			}
			return err
		}
		content, err := fs.ReadFile(o, name)
		got[name] = string(content)
		return err
	}))
	want := map[string]string{
		"dir": "disk", "edited": "disk", "file": "d---------", "file/x": "disk", "gone": "d---------", "gone/y": "head", "link": "L---------",
		"nested": "d---------", "new": "d---------", "new/deep": "d---------", "new/deep/x": "disk", "same": "head",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, name := range []string{"gone/x", "ignored/x", "none"} {
		if _, err := o.Open(name); !os.IsNotExist(err) {
			t.Errorf("open %s: %v", name, err)
		}
	}
	for _, name := range []string{"ignored", "none", "same"} {
		if entries, err := o.ReadDir(name); err == nil {
			t.Errorf("read directory %s: %v", name, entries)
		}
	}
}
