package changes

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDiffWithoutABase(t *testing.T) {
	// The branch feature was at old, and was rewritten to new.
	f := newFixture(t)
	c := f.history("root:\nold: root\nnew: root\nmain: root\nother:")
	tests := map[string]struct {
		between Range
		is      error
		want    string
	}{
		"nothing is named":              {Range{}, ErrNoRevision, "compare HEAD with nothing: in "},
		"40 zeros":                      {Range{Base: zeros40}, ErrNoRevision, "an all-zero hash is what CI gives when there is no previous commit"},
		"64 zeros":                      {Range{Base: zeros64, Ancestor: true}, ErrNoRevision, "an all-zero hash"},
		"an unknown branch":             {Range{Base: "origin/main", Head: "new"}, ErrUnknownRevision, "compare new with origin/main: in "},
		"a commit that was not fetched": {Range{Base: sha1Hex, Mode: Direct}, ErrUnknownRevision, "it may have been force-pushed away, or not been fetched"},
		"no common history":             {Range{Base: "other", Head: "new"}, ErrNoMergeBase, "have no common ancestor"},
		"a base that was pushed away":   {Range{Base: "old", Head: "new", Ancestor: true}, ErrRewritten, c["old"].String() + " is no ancestor of " + c["new"].String()},
		"the same, directly":            {Range{Base: "old", Head: "new", Ancestor: true, Mode: Direct}, ErrRewritten, "compare with the merge base with another branch instead"},
		"a base of another history":     {Range{Base: "other", Head: "new", Ancestor: true, Mode: Direct}, ErrRewritten, "is no ancestor of"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.open().Diff(t.Context(), tt.between)
			none, ok := errors.AsType[*NoBaseError](err)
			if !ok || !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("= %+v, %v; want a NoBaseError with %q", got, err, tt.want)
			}
			if none.Base != tt.between.Base || none.Head == "" {
				t.Errorf("names %q and %q", none.Base, none.Head)
			}
			all := tt.between
			all.OnNoBase = SelectAll
			got, err = f.open().Diff(t.Context(), all)
			if err != nil || got.All != "there is no base: "+none.Error() || !errors.Is(got.NoBase, tt.is) {
				t.Fatalf("with SelectAll: %+v, %v; want everything, for %v", got, err, none)
			}
			empty := Diff{Head: got.Head, All: got.All, MergeBases: []string{}, Files: []File{}}
			if d := cmp.Diff(empty, got, cmpopts.IgnoreFields(Diff{}, "NoBase")); d != "" || len(got.Head) != 40 {
				t.Errorf("with SelectAll (-want +got):\n%s", d)
			}
			selection, err := Config{Modules: []Module{{Name: "a", Paths: []string{"a"}}}}.Select(got, SelectOptions{})
			if err != nil || len(selection.Modules) != 1 || selection.Modules[0].Status != ModuleAskedFor || selection.Modules[0].Reasons[0].Detail != got.All {
				t.Errorf("selects %+v, %v; want all, and why", selection, err)
			}
		})
	}
}

func TestDiffNeverSwallowsOtherErrors(t *testing.T) {
	f := newFixture(t)
	f.history("root:\nmain: root")
	gone := f.commit(files{"x": file("1")}, 1)
	f.ref("refs/heads/damaged", f.commit(files{"x": file("2")}, 2, gone))
	f.ref("refs/heads/lost", gone)
	f.remove(gone)
	f.ref("refs/heads/broken", f.object(plumbing.CommitObject, "no tree\n"))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx     context.Context
		between Range
		is      error
	}{
		"an unknown head":                      {t.Context(), Range{Base: "main", Head: "nope"}, ErrUnknownRevision},
		"a head without a base":                {t.Context(), Range{Head: "nope"}, ErrUnknownRevision},
		"a head of zeros":                      {t.Context(), Range{Base: "main", Head: zeros40}, ErrNoRevision},
		"a base whose commit is missing":       {t.Context(), Range{Base: "lost"}, ErrMissingObject},
		"a history that has a hole":            {t.Context(), Range{Base: "root", Head: "damaged"}, ErrMissingObject},
		"a base that is malformed":             {t.Context(), Range{Base: "broken"}, ErrDamaged},
		"a context that is cancelled":          {cancelled, Range{Base: "root"}, context.Canceled},
		"a context that is cancelled, with ~n": {cancelled, Range{Base: "main~1"}, context.Canceled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, all := range []string{"", "nightly"} {
				tt.between.OnNoBase, tt.between.All = SelectAll, all
				got, err := f.open().Diff(tt.ctx, tt.between)
				if _, none := errors.AsType[*NoBaseError](err); !errors.Is(err, tt.is) || none || !cmp.Equal(got, Diff{}) {
					t.Errorf("all %q: %+v, %v; want nothing, and the error %v", all, got, err, tt.is)
				}
			}
		})
	}
}

func TestDiffOfAll(t *testing.T) {
	f := newFixture(t)
	c := f.history("root:\nmain: root")
	tests := map[string]struct {
		base   string
		files  []File
		from   string
		noBase bool
	}{
		"without a base nothing is compared": {base: "", files: []File{}},
		"with one, what differs is listed":   {base: "root", files: []File{{"main", Added}}, from: c["root"].String()},
		"one that cannot be had is no error": {base: zeros40, files: []File{}, noBase: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := f.open().Diff(t.Context(), Range{Base: tt.base, All: "nightly"})
			if err != nil || got.All != "nightly" || got.Head != c["main"].String() || got.From != tt.from || (got.NoBase != nil) != tt.noBase {
				t.Errorf("= %+v, %v", got, err)
			}
			if d := cmp.Diff(tt.files, got.Files); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestDiffFromAnAncestor(t *testing.T) {
	f := newFixture(t)
	c := f.history("root:\nbefore: root\nside: root\nmain: before side")
	for _, mode := range []Mode{MergeBase, Direct} {
		got, err := f.open().Diff(t.Context(), Range{Base: "before", Ancestor: true, Mode: mode})
		if want := []File{{"main", Added}, {"side", Added}}; err != nil || got.From != c["before"].String() || !slices.Equal(got.Files, want) {
			t.Errorf("mode %d: %+v, %v; want %v", mode, got, err, want)
		}
	}
	got, err := f.open().Diff(t.Context(), Range{Base: "HEAD", Ancestor: true})
	if err != nil || len(got.Files) != 0 {
		t.Errorf("a push of nothing: %+v, %v", got, err)
	}
}

func TestDiffOfSeveralMergeBasesListsThem(t *testing.T) {
	tests := map[string]string{
		"the newest is first":                      "r:\nx: r @10\ny: r @20\na: x y @30\nb: y x @31",
		"of equally old ones, the smallest hash":   "r:\nx: r @10\ny: r @10\na: x y @30\nb: y x @31",
		"three, of which two are equally old":      "r:\nx: r @10\ny: r @20\nz: r @10\na: x y z @30\nb: z y x @31",
		"the order of the parents is of no weight": "r:\nx: r @20\ny: r @10\na: y x @30\nb: x y @31",
	}
	for name, graph := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c := f.history(graph)
			r := f.open()
			var want []string
			for _, side := range []string{"x", "y", "z"} {
				if h, ok := c[side]; ok {
					want = append(want, h.String())
				}
			}
			times := map[string]int64{}
			for _, h := range want {
				commit, err := object.GetCommit(f.store, plumbing.NewHash(h))
				if err != nil {
					t.Fatal(err)
				}
				times[h] = commit.Committer.When.Unix()
			}
			slices.SortFunc(want, func(a, b string) int {
				if times[a] != times[b] {
					return int(times[b] - times[a])
				}
				return strings.Compare(a, b)
			})
			for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
				got, err := r.Diff(t.Context(), Range{Base: pair[0], Head: pair[1]})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, got.MergeBases); d != "" || got.MergeBase != want[0] || got.From != want[0] {
					t.Errorf("of %v, from %s (-want +got):\n%s", pair, got.From, d)
				}
			}
		})
	}
}

func TestDiffOfAShallowCloneIsAllOnlyWhereTheCallerSaysSo(t *testing.T) {
	f := newFixture(t)
	c := f.history("a:\nb: a\nc: b\nmain: c")
	f.write("shallow", c["c"].String()+"\n")
	f.remove(c["b"])
	_, err := f.open().Diff(t.Context(), Range{Base: c["b"].String(), Ancestor: true})
	if !errors.Is(err, ErrShallow) || !strings.Contains(err.Error(), "GIT_DEPTH: 0") {
		t.Errorf("error = %v, want ErrShallow and the remedy", err)
	}
	got, err := f.open().Diff(t.Context(), Range{Base: c["b"].String(), Ancestor: true, OnNoBase: SelectAll})
	if err != nil || !strings.Contains(got.All, "cut off by a shallow clone") {
		t.Errorf("= %+v, %v", got, err)
	}
}
