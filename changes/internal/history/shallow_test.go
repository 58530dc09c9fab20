package history

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

func TestShallowHistory(t *testing.T) {
	// A clone of main that is cut off at c, with the tip of a branch that left
	// it at b, and one that left it at d.
	o := gittest.New()
	c := o.History("a:\nb: a\nc: b\nd: c\nmain: d\nearly: b\nlate: d\nother:")
	o.Remove(c["b"])
	o.Remove(c["a"])
	dir := t.TempDir() // a graph does not know of the cut, and must not be used
	if err := o.WriteGraph(dir, 1, []git.Hash{c["other"]}); err != nil {
		t.Fatal(err)
	}
	shallow := []git.Hash{c["c"], c["early"]}
	slices.SortFunc(shallow, git.Hash.Compare)
	h := New(o, Options{Shallow: shallow, ObjectDirs: []string{dir}})
	if h.graph != nil {
		t.Error("the graph is used")
	}
	for name, tt := range map[string]struct {
		a, b, want string // "" for none
		is         error
	}{
		"what is this side of the cut is found": {a: "late", b: "main", want: "d"},
		"the edge itself is found":              {a: "c", b: "main", want: "c"},
		"a merge base beyond the cut":           {a: "early", b: "main", is: git.ErrShallow},
		"the edge and what it leads to":         {a: "early", b: "c", is: git.ErrShallow},
		"unrelated, as far as the clone tells":  {a: "other", b: "main", is: git.ErrShallow},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.MergeBases(t.Context(), c[tt.a], c[tt.b])
			if tt.is != nil {
				if !errors.Is(err, tt.is) || errors.Is(err, git.ErrNoMergeBase) || !strings.Contains(err.Error(), git.Deepen) || !strings.Contains(err.Error(), c[tt.a].String()) {
					t.Errorf("= %v, %v; want %v with its remedy", got, err, tt.is)
				}
				return
			}
			if err != nil || len(got) != 1 || got[0] != c[tt.want] {
				t.Errorf("= %v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	// A clone that is cut off at c and early, above b. At top, main took in a
	// branch that left it at the root.
	o := gittest.New()
	c := o.History("root:\nb: root\nside: root\nc: b\nearly: b\nmain: c\ntop: main side")
	o.Remove(c["b"])
	shallow := []git.Hash{c["c"], c["early"]}
	slices.SortFunc(shallow, git.Hash.Compare)
	for name, tt := range map[string]struct {
		base, head string
		want       bool
	}{
		"on the way from the head":                     {"root", "main", true},
		"on one of its ways, though they meet":         {"side", "top", true},
		"on no way, for the base is there":             {"c", "main", false},
		"on no way, for the base comes after the edge": {"main", "c", false},
		"only on the way from the base":                {"early", "side", false},
		"only on the way from the base, and they meet": {"top", "side", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := New(o, Options{Shallow: shallow})
			if got, err := h.Cut(t.Context(), c[tt.base], c[tt.head]); got != tt.want || err != nil {
				t.Errorf("= %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	if _, err := New(o, Options{Shallow: shallow}).Cut(t.Context(), c["b"], c["main"]); !errors.Is(err, git.ErrMissingObject) {
		t.Errorf("of a base that is not there: %v", err)
	}
}
