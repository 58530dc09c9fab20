package changes

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

func TestMergeBase(t *testing.T) {
	tests := map[string]struct {
		graph      string // see fixture.history
		a, b, want string
	}{
		"of a commit and itself it is the commit":         {"a:", "a", "a", "a"},
		"of a commit and its ancestor it is the ancestor": {"a:\nb: a\nc: b", "a", "c", "a"},
		"the order of the two does not matter":            {"a:\nb: a\nc: b", "c", "a", "a"},
		"of two branches it is the fork":                  {"r:\nf: r\na: f\nb: f", "a", "b", "f"},
		"a merge moves it on":                             {"r:\na: r\nb: r\nm: b a\na2: a\nb2: m", "a2", "b2", "a"},
		"a date before those of the parents changes nothing": {
			"r: @100\nf: r @5\na: f @1\nb: f @200", "a", "b", "f",
		},
		"an ancestor of a better one is left out, though dates say otherwise": {
			"old: @1000\nbase: old @1\na: base old @3\nb: base old @4", "a", "b", "base",
		},
		"of a criss-cross it is the newer": {
			"r:\nx: r @10\ny: r @20\na: x y @30\nb: y x @31", "a", "b", "y",
		},
		"an octopus has it like others": {
			"r:\nx: r\ny: r\nz: r\no: x y z\nb: y", "o", "b", "y",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c := f.history(tt.graph)
			got, err := f.diff(c[tt.a].String(), c[tt.b].String(), MergeBase)
			if err != nil || got.MergeBase != c[tt.want].String() {
				t.Errorf("= %v, %v; want %s %v", got.MergeBase, err, tt.want, c[tt.want])
			}
		})
	}
}

func TestMergeBaseOfEquallyOldIsTheSmallestHash(t *testing.T) {
	f := newFixture(t)
	c := f.history("r:\nx: r @10\ny: r @10\na: x y @30\nb: y x @31")
	want := slices.MinFunc([]hash{c["x"], c["y"]}, git.Hash.Compare)
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
		if got, err := f.diff(pair[0], pair[1], MergeBase); err != nil || got.MergeBase != want.String() {
			t.Errorf("of %v = %v, %v; want %v", pair, got.MergeBase, err, want)
		}
	}
}

func TestShallowClones(t *testing.T) {
	// A clone of main that is cut off at c, with the tip of a branch that left
	// it at b, and one that left it at d.
	graph := "a:\nb: a\nc: b\nd: c\nmain: d\nearly: b\nlate: d"
	tests := map[string]struct {
		base, head string
		mode       Mode
		want       string // merge base
		is         error
	}{
		"what is this side of the cut is found":      {base: "late", head: "main", want: "d"},
		"the edge itself is found":                   {base: "c", head: "main", want: "c"},
		"steps within the clone":                     {base: "HEAD~2", head: "main", want: "c"},
		"steps beyond the cut":                       {base: "HEAD~3", head: "main", is: ErrShallow},
		"a commit that was not fetched":              {base: "<b>", head: "main", is: ErrShallow},
		"an abbreviated commit that was not fetched": {base: "<b>7", head: "main", is: ErrShallow},
		"a merge base beyond the cut":                {base: "early", head: "main", is: ErrShallow},
		"directly, a hidden merge base is no error":  {base: "early", head: "main", mode: Direct},
		"a branch that was not fetched":              {base: "origin/dev", head: "main", is: ErrUnknownRevision},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c := f.history(graph)
			f.write("shallow", c["c"].String()+"\n"+c["early"].String()+"\n")
			f.remove(c["b"])
			f.remove(c["a"])
			base := strings.NewReplacer("<b>7", c["b"].String()[:7], "<b>", c["b"].String()).Replace(tt.base)
			got, err := f.diff(base, tt.head, tt.mode)
			if tt.is != nil {
				if !errors.Is(err, tt.is) || errors.Is(err, ErrNoMergeBase) || !strings.Contains(err.Error(), "fetch-depth: 0") {
					t.Errorf("error = %v, want %v with its remedy", err, tt.is)
				}
				return
			}
			want := ""
			if tt.want != "" {
				want = c[tt.want].String()
			}
			if err != nil || got.MergeBase != want {
				t.Errorf("merge base = %q, %v; want %s %q", got.MergeBase, err, tt.want, want)
			}
		})
	}
}

func TestShallowFileThatIsNone(t *testing.T) {
	f := newFixture(t)
	f.write("shallow", "nonsense\n")
	if _, err := Open(f.dir); err == nil || !strings.Contains(err.Error(), `shallow:1: repository is damaged: "nonsense" is no commit hash`) {
		t.Errorf("error = %v", err)
	}
}
