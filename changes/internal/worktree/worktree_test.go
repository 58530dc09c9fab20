package worktree

import (
	"fmt"
	"maps"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

const commitA, commitB = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func TestDiff(t *testing.T) {
	base := files{"a": text("1"), "d/run": script("1"), "d/link": symlink("a"), "z": text("")}
	with := func(extra files) files {
		all := maps.Clone(base)
		maps.Copy(all, extra)
		return all
	}
	tests := map[string]struct {
		commit, index, disk files
		then                func(c *checkout) // once the index knows the disk
		want                []git.Change
	}{
		"nothing was done":                        {commit: base, index: base, disk: base},
		"without an index, files are untracked":   {commit: base, disk: with(files{"n": text("1")}), want: []git.Change{{Path: "n", Status: git.Added}}},
		"without an index and a file, it is gone": {commit: with(files{"n": text("1")}), disk: base, want: []git.Change{{Path: "n", Status: git.Deleted}}},
		"a change that is staged": {
			commit: base, index: with(files{"a": text("2")}), disk: with(files{"a": text("2")}),
			want: []git.Change{{Path: "a", Status: git.Modified}},
		},
		"a change that is not staged": {
			commit: base, index: base, disk: base, then: func(c *checkout) { c.write("a", "22") },
			want: []git.Change{{Path: "a", Status: git.Modified}},
		},
		"a change that is staged and taken back on disk": {
			commit: base, index: with(files{"a": text("2")}), disk: base, then: func(c *checkout) { c.write("a", "1") },
		},
		"a touched file with the same content": {commit: base, index: base, disk: base, then: func(c *checkout) { c.write("a", "1") }},
		"a file that is only staged for removal": {
			commit: base, index: files{"a": text("1")}, disk: base,
		},
		"a file that is staged, and gone from disk": {commit: base, index: with(files{"n": text("1")}), disk: base},
		"a file that is gone": {
			commit: base, index: base, disk: files{"a": text("1"), "d/run": script("1"), "z": text("")},
			want: []git.Change{{Path: "d/link", Status: git.Deleted}},
		},
		"an untracked file that the commit has with other content": {
			commit: with(files{"n": text("1"), "m": text("1")}), index: base, disk: with(files{"n": text("2"), "m": script("1")}),
			want: []git.Change{{Path: "m", Status: git.Modified}, {Path: "n", Status: git.Modified}},
		},
		"an ignored file that the commit has, and the index has not": {
			commit: with(files{"n.o": text("1")}), index: base, disk: with(files{"n.o": text("1")}),
			then: func(c *checkout) { c.write(".git/info/exclude", "*.o\n") },
			want: []git.Change{{Path: "n.o", Status: git.Deleted}},
		},
		"an ignored file that the index has": {
			commit: base, index: base, disk: base,
			then: func(c *checkout) { c.write(".git/info/exclude", "a\n"); c.write("a", "22") },
			want: []git.Change{{Path: "a", Status: git.Modified}},
		},
		"the executable bit": {
			commit: base, index: base, disk: base,
			then: func(c *checkout) { c.chmod("a", 0o755); c.chmod("d/run", 0o644) },
			want: []git.Change{{Path: "a", Status: git.Modified}, {Path: "d/run", Status: git.Modified}},
		},
		"the executable bit, where it does not count": {
			commit: base, index: base, disk: base,
			then: func(c *checkout) { c.opts.FileMode = false; c.chmod("a", 0o755); c.chmod("d/run", 0o644) },
		},
		"an untracked file, where the executable bit does not count": {
			commit: with(files{"n": text("1")}), index: base, disk: with(files{"n": script("1")}), then: func(c *checkout) { c.opts.FileMode = false },
		},
		"a file that holds the target of a link, where there are no links": {
			commit: base, index: base, disk: with(files{"d/link": text("a")}), then: func(c *checkout) { c.opts.Symlinks = false },
		},
		"a file that holds another target, where there are no links": {
			commit: base, index: base, disk: with(files{"d/link": text("bb")}), then: func(c *checkout) { c.opts.Symlinks = false },
			want: []git.Change{{Path: "d/link", Status: git.Modified}},
		},
		"a link that became a file": {
			commit: base, index: base, disk: with(files{"d/link": text("a")}),
			want: []git.Change{{Path: "d/link", Status: git.TypeChanged}},
		},
		"a link that points elsewhere": {
			commit: base, index: base, disk: with(files{"d/link": symlink("b")}), then: func(c *checkout) { c.alter("d/link", func(e *indexEntry) { e.stamp = stamp{} }) },
			want: []git.Change{{Path: "d/link", Status: git.Modified}},
		},
		"a file that became a directory": {
			commit: base, index: base, disk: files{"a/b": text("1"), "d/run": script("1"), "d/link": symlink("a"), "z": text("")},
			want: []git.Change{{Path: "a", Status: git.Deleted}, {Path: "a/b", Status: git.Added}},
		},
		"a directory that became a file": {
			commit: base, index: base, disk: files{"a": text("1"), "d": text("1"), "z": text("")},
			want: []git.Change{{Path: "d", Status: git.Added}, {Path: "d/link", Status: git.Deleted}, {Path: "d/run", Status: git.Deleted}},
		},
		"a directory that became a link to one": {
			commit: files{"d/x": text("1"), "e/x": text("1")}, index: files{"d/x": text("1"), "e/x": text("1")}, disk: files{"e/x": text("1"), "d": symlink("e")},
			want: []git.Change{{Path: "d", Status: git.Added}, {Path: "d/x", Status: git.Deleted}},
		},
		"a file that the index takes for unchanged": {
			commit: base, index: base, disk: base,
			then: func(c *checkout) { c.alter("a", func(e *indexEntry) { e.assumed = true }); c.write("a", "22") },
		},
		"a file that a sparse checkout leaves out": {
			commit: base, index: base, disk: files{"a": text("1"), "z": text("")},
			then: func(c *checkout) { c.skip("d/run", "d/link") },
		},
		"a file that is there though the sparse checkout leaves it out": {
			commit: base, index: base, disk: with(files{"d/run": script("22")}),
			then: func(c *checkout) { c.opts.Sparse = true; c.skip("d/run", "d/link") },
			want: []git.Change{{Path: "d/run", Status: git.Modified}},
		},
		"a file that is not to be looked at, without a sparse checkout": {
			commit: base, index: base, disk: with(files{"d/run": script("22")}), then: func(c *checkout) { c.skip("d/run") },
		},
		"an addition that is only intended": {
			commit: base, index: with(files{"n": text("")}), disk: with(files{"n": text("1")}),
			then: func(c *checkout) { c.alter("n", func(e *indexEntry) { e.intent = true }) },
			want: []git.Change{{Path: "n", Status: git.Added}},
		},
		"a conflict": {
			commit: with(files{"x": text("1"), "y": text("1")}), index: with(files{"x": text("2"), "y": text("1")}), disk: with(files{"x": text("<<<"), "y": text("1")}),
			then: func(c *checkout) { c.conflict("x"); c.conflict("y") },
			want: []git.Change{{Path: "x", Status: git.Modified}},
		},
		"a submodule with another commit": {
			commit: with(files{"s": submodule("a")}), index: with(files{"s": submodule("a")}), disk: with(files{"s": submodule("b"), "s/inner": text("1")}),
			want: []git.Change{{Path: "s", Status: git.Modified}},
		},
		"a submodule with the same commit, dirty": {
			commit: with(files{"s": submodule("a")}), index: with(files{"s": submodule("a")}), disk: with(files{"s": submodule("a"), "s/inner": text("1")}),
		},
		"a submodule that is not checked out": {
			commit: with(files{"s": submodule("a")}), index: with(files{"s": submodule("a")}), disk: with(files{"s/inner": text("1")}),
		},
		"a submodule whose directory is gone": {
			commit: with(files{"s": submodule("a")}), index: with(files{"s": submodule("a")}), disk: base,
			want: []git.Change{{Path: "s", Status: git.Deleted}},
		},
		"a submodule that became a file": {
			commit: with(files{"s": submodule("a")}), index: with(files{"s": submodule("a")}), disk: with(files{"s": text("1")}),
			want: []git.Change{{Path: "s", Status: git.TypeChanged}},
		},
		"a file that became a repository": {
			commit: base, index: base, disk: files{"a": submodule("a"), "d/run": script("1"), "d/link": symlink("a"), "z": text("")},
			want: []git.Change{{Path: "a", Status: git.TypeChanged}},
		},
		"a nested repository that is not tracked is one path": {
			commit: base, index: base, disk: with(files{"n": submodule("a"), "n/inner": text("1")}),
			want: []git.Change{{Path: "n", Status: git.Added}},
		},
		"names as they are": {
			commit: base, index: base, disk: with(files{"tab\t": text("1"), "nl\n/\xff": text("1"), "é": text("1")}),
			want: []git.Change{{Path: "nl\n/\xff", Status: git.Added}, {Path: "tab\t", Status: git.Added}, {Path: "é", Status: git.Added}},
		},
		"a named pipe is nothing to git": {
			commit: base, index: base, disk: files{"d/run": script("1"), "d/link": symlink("a"), "z": text("")},
			then: func(c *checkout) { c.pipe("a"); c.pipe("n") },
			want: []git.Change{{Path: "a", Status: git.Deleted}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			c.put(tt.disk)
			if tt.index != nil {
				c.stage(tt.index)
				for path, n := range tt.index {
					if tt.disk[path] != n { // the index knows another file than is there
						c.alter(path, func(e *indexEntry) { e.stamp = stamp{} })
					}
				}
			}
			if tt.then != nil {
				tt.then(c)
			}
			got, err := c.diff(tt.commit)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(append([]git.Change{}, tt.want...), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func (c *checkout) chmod(name string, mode os.FileMode) {
	c.t.Helper()
	if err := os.Chmod(c.path(name), mode); err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) skip(paths ...string) {
	for _, path := range paths {
		c.alter(path, func(e *indexEntry) { e.skipped = true })
	}
}

// conflict turns the entry of a path into the three of a conflict.
func (c *checkout) conflict(path string) {
	for _, e := range c.entries {
		if e.path == path {
			e.stage = 2
			c.entries = append(c.entries, e)
			e.stage = 3
			c.entries = append(c.entries, e)
			break
		}
	}
	done := false
	c.alter(path, func(e *indexEntry) {
		if !done {
			e.stage, done = 1, true
		}
	})
}

// TestCleanFilesAreNotRead holds Diff to its speed: what the index vouches for
// is believed, so that content that no index could know of goes unseen.
func TestCleanFilesAreNotRead(t *testing.T) {
	commit := files{"a": text("1")}
	for name, tt := range map[string]struct {
		change func(c *checkout)
		want   []git.Change
	}{
		"a file with the stamp of the index": {change: func(*checkout) {}},
		"one that is as new as the index": {
			change: func(c *checkout) { c.alter("a", func(e *indexEntry) { c.newAs(e) }) },
			want:   []git.Change{{Path: "a", Status: git.Modified}},
		},
		"one that git marked as one whose stamp says nothing": {
			change: func(c *checkout) { c.alter("a", func(e *indexEntry) { e.stamp.size = 0 }) },
			want:   []git.Change{{Path: "a", Status: git.Modified}},
		},
		"one with another change time": {
			change: func(c *checkout) { c.alter("a", func(e *indexEntry) { e.stamp.ctime.seconds ^= 1 }) },
			want:   []git.Change{{Path: "a", Status: git.Modified}},
		},
		"one whose change time and inode the index does not know": {
			change: func(c *checkout) {
				c.alter("a", func(e *indexEntry) { e.stamp.ctime, e.stamp.inode = instant{}, 0 })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			c.put(files{"a": text("2")})
			c.stage(commit)
			tt.change(c)
			got, err := c.diff(commit)
			if d := cmp.Diff(append([]git.Change{}, tt.want...), got); d != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

// newAs makes a file, and what the index knows of it, newer than the index.
func (c *checkout) newAs(e *indexEntry) {
	c.t.Helper()
	info, err := os.Stat(c.path(e.path))
	if err != nil {
		c.t.Fatal(err)
	}
	future := info.ModTime().Add(2 * 3600e9)
	if err := os.Chtimes(c.path(e.path), future, future); err != nil {
		c.t.Fatal(err)
	}
	if info, err = os.Stat(c.path(e.path)); err != nil {
		c.t.Fatal(err)
	}
	e.stamp = stampOf(info)
}

func TestDiffReadsOnlyTreesThatTheIndexDoesNotKnow(t *testing.T) {
	c := newCheckout(t)
	before := files{"same/x": text("1"), "d/y": text("1")}
	c.put(files{"same/x": text("1"), "d/y": text("2")})
	c.stage(files{"same/x": text("1"), "d/y": text("2")})
	tree := c.objects.tree(before)
	same := c.objects.tree(files{"x": text("1")})
	delete(c.objects, same)
	c.entries = []indexEntry{c.entries[0], c.entries[1]}
	if c.entries[0].path > c.entries[1].path {
		c.entries[0], c.entries[1] = c.entries[1], c.entries[0]
	}
	cache := "\x00-1 2\nd\x00-1 0\nsame\x001 0\n" + string(same[:])
	c.write(".git/index", string(encodeIndex(2, c.entries, extension{"TREE", cache})))
	got, err := Diff(t.Context(), c.objects, c.opts, tree)
	if d := cmp.Diff([]git.Change{{Path: "d/y", Status: git.Modified}}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestDiffOfASparseIndex(t *testing.T) {
	c := newCheckout(t)
	before := files{"a": text("1"), "out/x": text("1"), "out/d/y": text("1")}
	c.put(files{"a": text("1")})
	c.stage(files{"a": text("1")})
	c.entries = append(c.entries, indexEntry{path: "out/", mode: modeTree, hash: c.objects.tree(files{"x": text("1"), "d/y": text("2")}), skipped: true})
	c.write(".git/index", string(encodeIndex(3, c.entries, extension{"sdir", ""})))
	got, err := Diff(t.Context(), c.objects, c.opts, c.objects.tree(before))
	if d := cmp.Diff([]git.Change{{Path: "out/d/y", Status: git.Modified}}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func BenchmarkDiff(b *testing.B) {
	c := newCheckout(b)
	all := files{}
	for i := range 27_000 {
		all[fmt.Sprintf("packages/p%d/src/d%d/file%d.js", i%300, i/300%11, i)] = text("1")
	}
	c.put(all)
	c.stage(all)
	if _, err := c.diff(all); err != nil {
		b.Fatal(err)
	}
	tree := c.objects.tree(all)
	b.ReportAllocs()
	for b.Loop() {
		if changed, err := Diff(b.Context(), c.objects, c.opts, tree); err != nil || len(changed) > 0 {
			b.Fatal(changed, err)
		}
	}
}
