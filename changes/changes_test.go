package changes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

func TestDiffFiles(t *testing.T) {
	tests := map[string]struct {
		before, after files
		want          []File
	}{
		"equal trees differ in nothing": {
			before: files{"a": file("1"), "d/b": file("2")},
			after:  files{"a": file("1"), "d/b": file("2")},
			want:   []File{},
		},
		"a file is added, modified, deleted": {
			before: files{"d/gone": file("1"), "d/kept": file("1"), "d/other": file("1")},
			after:  files{"d/kept": file("1"), "d/new": file("1"), "d/other": file("2")},
			want:   []File{{"d/gone", Deleted}, {"d/new", Added}, {"d/other", Modified}},
		},
		"a rename is a deletion and an addition": {
			before: files{"services/a/x": file("same")},
			after:  files{"services/b/x": file("same")},
			want:   []File{{"services/a/x", Deleted}, {"services/b/x", Added}},
		},
		"the executable bit alone is a modification": {
			before: files{"run": file("x")},
			after:  files{"run": script("x")},
			want:   []File{{"run", Modified}},
		},
		"a mode that old writers left is no change": {
			before: files{"a": node{"100664", "x"}},
			after:  files{"a": node{"100644", "x"}},
			want:   []File{},
		},
		"a symbolic link that points elsewhere is modified": {
			before: files{"l": link("a")},
			after:  files{"l": link("b")},
			want:   []File{{"l", Modified}},
		},
		"a file that becomes a symbolic link changes type, even with equal content": {
			before: files{"l": file("target"), "m": script("target")},
			after:  files{"l": link("target"), "m": link("other")},
			want:   []File{{"l", TypeChanged}, {"m", TypeChanged}},
		},
		"a new commit of a submodule is a modification": {
			before: files{"sub": submodule("1")},
			after:  files{"sub": submodule("2")},
			want:   []File{{"sub", Modified}},
		},
		"a file or link that becomes a submodule changes type": {
			before: files{"f": file("x"), "l": link("x")},
			after:  files{"f": submodule("1"), "l": submodule("1")},
			want:   []File{{"f", TypeChanged}, {"l", TypeChanged}},
		},
		"a file becomes a directory": {
			before: files{"a": file("1")},
			after:  files{"a/b": file("1"), "a/c/d": file("1")},
			want:   []File{{"a", Deleted}, {"a/b", Added}, {"a/c/d", Added}},
		},
		"a directory becomes a symbolic link": {
			before: files{"a/b": file("1"), "a/c/d": file("1")},
			after:  files{"a": link("b")},
			want:   []File{{"a", Added}, {"a/b", Deleted}, {"a/c/d", Deleted}},
		},
		"a directory becomes a submodule": {
			before: files{"a/b": file("1")},
			after:  files{"a": submodule("1")},
			want:   []File{{"a", Added}, {"a/b", Deleted}},
		},
		"names that sort between a file and a directory of one name keep apart": {
			before: files{"a": file("1"), "a-b": file("1"), "a.b": file("1"), "a0": file("1")},
			after:  files{"a/x": file("1"), "a-b/x": file("1"), "a.b": file("2"), "a0": file("1")},
			want:   []File{{"a", Deleted}, {"a-b", Deleted}, {"a-b/x", Added}, {"a.b", Modified}, {"a/x", Added}},
		},
		"files are sorted by bytes, not by Git's order of trees": {
			before: files{},
			after:  files{"a/x": file("1"), "a.b": file("1"), "B": file("1"), "é": file("1")},
			want:   []File{{"B", Added}, {"a.b", Added}, {"a/x", Added}, {"é", Added}},
		},
		"odd names come as they are": {
			before: files{},
			after:  files{"tab\there": file("1"), "q\"uote": file("1"), "line\nbreak": file("1"), "latin-\xe9": file("1"), "sp ace/b\\s": file("1")},
			want:   []File{{"latin-\xe9", Added}, {"line\nbreak", Added}, {"q\"uote", Added}, {"sp ace/b\\s", Added}, {"tab\there", Added}},
		},
		"everything is deleted": {
			before: files{"a/b/c/d": file("1"), "e": file("1")},
			after:  files{},
			want:   []File{{"a/b/c/d", Deleted}, {"e", Deleted}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			base := f.commit(tt.before, 1)
			head := f.commit(tt.after, 2, base)
			if len(tt.before)+len(tt.after) > 4 { // loose and packed both
				f.pack()
			}
			for _, mode := range []Mode{MergeBase, Direct} {
				got, err := f.diff(base.String(), head.String(), mode)
				if err != nil {
					t.Fatal(err)
				}
				want := Diff{Base: base.String(), Head: head.String(), From: base.String(), MergeBases: []string{}, Files: tt.want}
				if mode == MergeBase {
					want.MergeBase, want.MergeBases = base.String(), []string{base.String()}
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("mode %d (-want +got):\n%s", mode, d)
				}
			}
		})
	}
}

func TestDiffModes(t *testing.T) {
	f := newFixture(t)
	// main went on after the branch left it.
	c := f.history("root:\nfork: root\nfeature: fork\nmain: fork")
	tests := map[string]struct {
		mode Mode
		from string
		want []File
	}{
		"by default, only what the branch did":       {MergeBase, "fork", []File{{"feature", Added}}},
		"directly, also what the base did meanwhile": {Direct, "main", []File{{"feature", Added}, {"main", Deleted}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.diff("main", "feature", tt.mode)
			if err != nil {
				t.Fatal(err)
			}
			want := Diff{
				Base: c["main"].String(), Head: c["feature"].String(), From: c[tt.from].String(),
				MergeBases: []string{}, Files: tt.want,
			}
			if tt.mode == MergeBase { // the other does not look for one
				want.MergeBase, want.MergeBases = c["fork"].String(), []string{c["fork"].String()}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDiffTwiceWithOneRepository(t *testing.T) {
	f := newFixture(t)
	f.history("a:\nb: a\nc: b")
	f.pack()
	r := f.open()
	for _, base := range []string{"a", "b", "a"} {
		got, err := r.Diff(t.Context(), Range{Base: base, Head: "c"})
		if err != nil || len(got.Files) == 0 {
			t.Errorf("diff %s c = %v, %v; want files", base, got.Files, err)
		}
	}
}

func TestDiffStopsWhenItsContextDoes(t *testing.T) {
	f := newFixture(t)
	f.history("a:\nb: a\nc: b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, base := range []string{"a", "c~1"} {
		if _, err := f.open().Diff(ctx, Range{Base: base, Head: "c", Mode: Direct}); !errors.Is(err, context.Canceled) {
			t.Errorf("diff %s = %v, want context.Canceled", base, err)
		}
	}
}

func TestDiffOfUnrelatedHistories(t *testing.T) {
	f := newFixture(t)
	f.history("one:\ntwo:")
	_, err := f.diff("one", "two", MergeBase)
	if !errors.Is(err, ErrNoMergeBase) || errors.Is(err, ErrShallow) {
		t.Errorf("error = %v, want ErrNoMergeBase alone", err)
	}
	got, err := f.diff("one", "two", Direct)
	if want := []File{{"one", Deleted}, {"two", Added}}; err != nil || got.MergeBase != "" || cmp.Diff(want, got.Files) != "" {
		t.Errorf("direct: %+v, %v; want %v without a merge base", got, err, want)
	}
}

func TestDiffOfDamagedRepositories(t *testing.T) {
	tests := map[string]struct {
		head func(f *fixture) hash
		want string
		is   error
	}{
		"a directory that is not there": {
			head: func(f *fixture) hash {
				sub := f.tree(files{"x": file("1")})
				head := f.commit(files{"d/x": file("1")}, 2)
				f.remove(sub)
				return head
			},
			want: "directory d: read object", is: ErrMissingObject,
		},
		"the root that is not there, in a partial clone": {
			head: func(f *fixture) hash {
				f.write("config", "[core]\n\trepositoryformatversion = 1\n[remote \"origin\"]\n\tpromisor = true\n\tpartialclonefilter = tree:0\n")
				root := f.tree(files{"x": file("1")})
				head := f.commitTree(root, 2)
				f.remove(root)
				return head
			},
			want: "the clone is partial", is: ErrMissingObject,
		},
		"a tree that is a blob": {
			head: func(f *fixture) hash { return f.commitTree(f.object(plumbing.BlobObject, "x"), 2) },
			want: "it is a blob",
		},
		"a tree that is cut off": {
			head: func(f *fixture) hash { return f.commitTree(f.object(plumbing.TreeObject, "100644 a\x00short"), 2) },
			want: "an entry is cut off", is: ErrDamaged,
		},
		"a tree with a mode that is no number": {
			head: func(f *fixture) hash {
				return f.commitTree(f.object(plumbing.TreeObject, "10x644 a\x00"+strings.Repeat("x", 20)), 2)
			},
			want: "mode is no octal number", is: ErrDamaged,
		},
		"directories without end": {
			head: func(f *fixture) hash {
				tree := f.tree(files{"x": file("1")})
				for range treediff.MaxDepth + 1 {
					tree = f.object(plumbing.TreeObject, fmt.Sprintf("40000 d\x00%s", tree[:]))
				}
				return f.commitTree(tree, 2)
			},
			want: "nested more than 4096 deep",
		},
		"a commit without a tree": {
			head: func(f *fixture) hash { return f.object(plumbing.CommitObject, "parent x\n\n") },
			want: "it does not begin with a tree", is: ErrDamaged,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			base := f.commit(files{"a": file("1")}, 1)
			_, err := f.diff(base.String(), tt.head(f).String(), Direct)
			if err == nil || !strings.Contains(err.Error(), tt.want) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("error = %v, want one with %q that is %v", err, tt.want, tt.is)
			}
		})
	}
}

func TestDiffOfAHistoryWithAHole(t *testing.T) {
	f := newFixture(t)
	base := f.commit(files{"a": file("1")}, 1)
	gone := f.commit(files{}, 1)
	head := f.commit(files{"x": file("1")}, 2, gone)
	f.remove(gone)
	_, err := f.diff(base.String(), head.String(), MergeBase)
	if !errors.Is(err, ErrMissingObject) || !strings.Contains(err.Error(), gone.String()) || !strings.Contains(err.Error(), "may be damaged") {
		t.Errorf("error = %v, want ErrMissingObject that names %s", err, gone)
	}
	got, err := f.diff(base.String(), head.String(), Direct)
	if want := []File{{"a", Deleted}, {"x", Added}}; err != nil || cmp.Diff(want, got.Files) != "" {
		t.Errorf("directly: %v, %v; want %v, since no parent is looked at", got.Files, err, want)
	}
}

func TestDiffReadsOnlyDirectoriesThatDiffer(t *testing.T) {
	f := newFixture(t)
	same := f.tree(files{"x": file("1")})
	base := f.commit(files{"same/x": file("1"), "d/y": file("1")}, 1)
	head := f.commit(files{"same/x": file("1"), "d/y": file("2")}, 2, base)
	f.remove(same)
	got, err := f.diff(base.String(), head.String(), Direct)
	if want := []File{{"d/y", Modified}}; err != nil || cmp.Diff(want, got.Files) != "" {
		t.Errorf("diff = %v, %v; want %v", got.Files, err, want)
	}
}
