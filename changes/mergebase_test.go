package changes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
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
			got, err := f.open().mergeBase(t.Context(), c[tt.a], c[tt.b])
			if err != nil || got != c[tt.want] {
				t.Errorf("= %v, %v; want %s %v", got, err, tt.want, c[tt.want])
			}
		})
	}
}

func TestMergeBaseOfEquallyOldIsTheSmallestHash(t *testing.T) {
	f := newFixture(t)
	c := f.history("r:\nx: r @10\ny: r @10\na: x y @30\nb: y x @31")
	want := slices.MinFunc([]hash{c["x"], c["y"]}, hash.compare)
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
		if got, err := f.open().mergeBase(t.Context(), c[pair[0]], c[pair[1]]); err != nil || got != want {
			t.Errorf("of %v = %v, %v; want %v", pair, got, err, want)
		}
	}
}

// TestMergeBaseAgreesWithTheDefinition draws random histories, with dates that
// lie, and compares with sets of ancestors.
func TestMergeBaseAgreesWithTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	several, none := 0, 0
	for round := range 40 {
		f := newFixture(t)
		commits, ancestors := randomHistory(f, rng)
		r := f.open()
		for range 40 {
			a, b := commits[rng.IntN(len(commits))], commits[rng.IntN(len(commits))]
			bases := bestCommon(ancestors, a, b)
			got, err := r.mergeBase(t.Context(), a, b)
			switch {
			case len(bases) == 0:
				none++
				if !errors.Is(err, ErrNoMergeBase) {
					t.Fatalf("seed %d, round %d: merge base of %s and %s = %s, %v; want none", seed, round, a, b, got, err)
				}
				continue
			case len(bases) > 1:
				several++
			}
			want := slices.MinFunc(bases, func(x, y hash) int { return newestFirst(r.commits[x], r.commits[y]) })
			if err != nil || got != want {
				t.Fatalf("seed %d, round %d: merge base of %s and %s = %s, %v; want %s of %v", seed, round, a, b, got, err, want, bases)
			}
		}
	}
	if several == 0 || none == 0 {
		t.Errorf("seed %d: %d pairs with several merge bases and %d with none; want some of both", seed, several, none)
	}
}

// randomHistory writes a random graph and returns its commits and the
// ancestors of each, itself included.
func randomHistory(f *fixture, rng *rand.Rand) ([]hash, map[hash]map[hash]bool) {
	tree := f.tree(files{})
	var commits []hash
	ancestors := map[hash]map[hash]bool{}
	for i := range 8 + rng.IntN(25) {
		var parents []hash
		set := map[hash]bool{}
		for range min(len(commits), rng.IntN(4)) {
			p := commits[max(0, len(commits)-1-rng.IntN(6))]
			if !slices.Contains(parents, p) {
				parents = append(parents, p)
				for a := range ancestors[p] {
					set[a] = true
				}
			}
		}
		date := int64(i)
		if rng.IntN(3) == 0 {
			date = rng.Int64N(40)
		}
		c := f.commitTree(tree, date, parents...)
		if ancestors[c] != nil {
			continue // the same root again
		}
		set[c] = true
		ancestors[c] = set
		commits = append(commits, c)
	}
	return commits, ancestors
}

// bestCommon is the definition: common ancestors that are no ancestors of others.
func bestCommon(ancestors map[hash]map[hash]bool, a, b hash) (best []hash) {
	for x := range ancestors[a] {
		if !ancestors[b][x] {
			continue
		}
		redundant := false
		for y := range ancestors[a] {
			redundant = redundant || (y != x && ancestors[b][y] && ancestors[y][x])
		}
		if !redundant {
			best = append(best, x)
		}
	}
	return best
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
	if _, err := Open(f.dir); err == nil || !strings.Contains(err.Error(), `shallow:1: "nonsense" is no commit hash`) {
		t.Errorf("error = %v", err)
	}
}

func BenchmarkMergeBase(b *testing.B) {
	f := newFixture(b)
	tree := f.tree(files{})
	left := f.commitTree(tree, 0)
	right := left
	for i := range int64(500) {
		left, right = f.commitTree(tree, 2*i+1, left), f.commitTree(tree, 2*i+2, right)
	}
	f.pack()
	for b.Loop() {
		if _, err := f.open().mergeBase(b.Context(), left, right); err != nil {
			b.Fatal(fmt.Errorf("merge base: %w", err))
		}
	}
}
