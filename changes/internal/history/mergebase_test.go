package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

func TestMergeBases(t *testing.T) {
	tests := map[string]struct{ graph, a, b, want string }{
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
		"so is one that is far above it": {
			"old: @1000\nx: old @1\ny: x @1\nz: y @1\nbase: z @1\na: base old @3\nb: base old @4", "a", "b", "base",
		},
		"of a criss-cross both are, the newer first": {
			"r:\nx: r @10\ny: r @20\na: x y @30\nb: y x @31", "a", "b", "y x",
		},
		"of three, one of which is redundant": {
			"old: @1000\nx: @10\ny: old @20\na: x y old @30\nb: y x old @31", "a", "b", "y x",
		},
		"an octopus has it like others": {"r:\nx: r\ny: r\nz: r\no: x y z\nb: y", "o", "b", "y"},
		"two octopuses have all":        {"x: @1\ny: @2\nz: @3\na: x y z @5\nb: z y x @6", "a", "b", "z y x"},
		"dates before 1970 sort too":    {"x: @-20\ny: @-10\na: x y @5\nb: y x @6", "a", "b", "y x"},
		"dates that a graph cuts off do": {
			"x: @17179869184\ny: @10\na: x y @17179869190\nb: y x @17179869191", "a", "b", "x y",
		},
	}
	for name, tt := range tests {
		for graph := range 3 {
			if strings.Contains(tt.graph, "@-") && graph > 0 {
				continue // git itself would not write one
			}
			t.Run(fmt.Sprintf("%s, %s", name, [...]string{"without a graph", "with levels", "with dates"}[graph]), func(t *testing.T) {
				o := gittest.New()
				c := o.History(tt.graph)
				var opts Options
				if graph > 0 {
					opts.ObjectDirs = []string{t.TempDir()}
					if err := o.WriteGraph(opts.ObjectDirs[0], graph-1, o.Commits()); err != nil {
						t.Fatal(err)
					}
				}
				var want []git.Hash
				for name := range strings.FieldsSeq(tt.want) {
					want = append(want, c[name])
				}
				h := New(o, opts)
				if got, err := h.MergeBases(t.Context(), c[tt.a], c[tt.b]); err != nil || !slices.Equal(got, want) {
					t.Errorf("= %v, %v; want %v", got, err, want)
				}
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestMergeBasesOfOneDateAreSortedByHash(t *testing.T) {
	o := gittest.New()
	c := o.History("r:\nx: r @10\ny: r @10\nz: r @10\na: x y z @30\nb: y z x @31")
	want := []git.Hash{c["x"], c["y"], c["z"]}
	slices.SortFunc(want, git.Hash.Compare)
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
		if got, err := New(o, Options{}).MergeBases(t.Context(), c[pair[0]], c[pair[1]]); err != nil || !slices.Equal(got, want) {
			t.Errorf("of %v = %v, %v; want %v", pair, got, err, want)
		}
	}
}

// drawn is a random history with dates that lie, oldest first, and the
// definition of what is asked of it.
type drawn struct {
	objects   *gittest.Objects
	order     []git.Hash
	ancestors map[git.Hash]map[git.Hash]bool // itself included
	time      map[git.Hash]int64
}

func draw(rng *rand.Rand, n int) drawn {
	d := drawn{gittest.New(), nil, map[git.Hash]map[git.Hash]bool{}, map[git.Hash]int64{}}
	tree := d.objects.Tree(nil)
	lies := rng.IntN(3) // of three commits
	for i := range n {
		var parents []git.Hash
		set := map[git.Hash]bool{}
		for range min(len(d.order), rng.IntN(3)+min(1, rng.IntN(12))) {
			p := d.order[max(0, len(d.order)-1-rng.IntN(6))]
			if slices.Contains(parents, p) {
				continue
			}
			parents = append(parents, p)
			for a := range d.ancestors[p] {
				set[a] = true
			}
		}
		date := int64(i)
		if rng.IntN(3) < lies {
			date = rng.Int64N(40)
		}
		c := d.objects.Commit(tree, date, parents...)
		if d.ancestors[c] != nil {
			continue // the same root again
		}
		set[c] = true
		d.ancestors[c], d.time[c] = set, date
		d.order = append(d.order, c)
	}
	return d
}

// best is the definition: common ancestors that are no ancestors of others.
func (d drawn) best(a, b git.Hash) (best []git.Hash) {
	for x := range d.ancestors[a] {
		if !d.ancestors[b][x] {
			continue
		}
		redundant := false
		for y := range d.ancestors[a] {
			redundant = redundant || (y != x && d.ancestors[b][y] && d.ancestors[y][x])
		}
		if !redundant {
			best = append(best, x)
		}
	}
	slices.SortFunc(best, func(x, y git.Hash) int { return cmp.Or(cmp.Compare(d.time[y], d.time[x]), x.Compare(y)) })
	return best
}

// graph writes a commit-graph of the older part of the history, in one or
// several files, some with dates.
func (d drawn) graph(t *testing.T, rng *rand.Rand) []string {
	t.Helper()
	rest := d.order[:rng.IntN(len(d.order)+1)]
	files := 1 + rng.IntN(3)
	var lists [][]git.Hash
	for range files - 1 {
		cut := rng.IntN(len(rest) + 1)
		lists, rest = append(lists, rest[:cut]), rest[cut:]
	}
	dir := t.TempDir()
	if err := d.objects.WriteGraph(dir, rng.IntN(2)*files, append(lists, rest)...); err != nil {
		t.Fatal(err)
	}
	return []string{dir}
}

// TestMergeBasesAgreeWithTheDefinition compares random pairs of random
// histories with sets of ancestors, without and with a commit-graph.
func TestMergeBasesAgreeWithTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	several, none, inGraph := 0, 0, 0
	for round := range 150 {
		d := draw(rng, 8+rng.IntN(40))
		var opts Options
		if round%3 > 0 {
			opts.ObjectDirs = d.graph(t, rng)
		}
		h := New(d.objects, opts)
		inGraph += h.graph.Len()
		for range 40 {
			a, b := d.order[rng.IntN(len(d.order))], d.order[rng.IntN(len(d.order))]
			want := d.best(a, b)
			got, err := h.MergeBases(t.Context(), a, b)
			if len(want) == 0 {
				none++
				if !errors.Is(err, git.ErrNoMergeBase) {
					t.Fatalf("seed %d, round %d: merge bases of %s and %s = %s, %v; want none", seed, round, a, b, got, err)
				}
				continue
			}
			if len(want) > 1 {
				several++
			}
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("seed %d, round %d: merge bases of %s and %s = %s, %v; want %s", seed, round, a, b, got, err, want)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if several < 50 || none < 50 || inGraph < 500 {
		t.Errorf("seed %d: %d pairs with several merge bases, %d with none, %d commits in graphs; want more of each", seed, several, none, inGraph)
	}
}

func TestACommitThatIsInTheGraphIsNotRead(t *testing.T) {
	o := gittest.New()
	c := o.History("r:\nf: r\na: f\nb: f\na2: a\nb2: b")
	dir := t.TempDir()
	if err := o.WriteGraph(dir, 1, []git.Hash{c["r"], c["f"], c["a"], c["b"]}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"r", "f", "a", "b"} {
		o.Remove(c[name]) // not even where it is missing
	}
	h := New(o, Options{ObjectDirs: []string{dir}})
	got, err := h.MergeBases(t.Context(), c["a2"], c["b2"])
	if err != nil || !slices.Equal(got, []git.Hash{c["f"]}) {
		t.Errorf("= %v, %v; want %s", got, err, c["f"])
	}
	if len(o.Reads) != 2 {
		t.Errorf("%d objects were read, want two", len(o.Reads))
	}
	if _, err := h.MergeBases(t.Context(), c["a2"], c["b2"]); err != nil || o.Reads[c["a2"]] != 1 {
		t.Errorf("a commit was read %d times, %v", o.Reads[c["a2"]], err)
	}
}

func TestTheWalkEndsEarly(t *testing.T) {
	o := gittest.New()
	var graph strings.Builder
	graph.WriteString("c0:\n")
	for i := range 500 {
		fmt.Fprintf(&graph, "c%d: c%d\n", i+1, i)
	}
	c := o.History(graph.String())
	if _, err := New(o, Options{}).MergeBases(t.Context(), c["c497"], c["c500"]); err != nil {
		t.Fatal(err)
	}
	if len(o.Reads) != 4 {
		t.Errorf("%d commits were read, want those from one to the other: 4", len(o.Reads))
	}
}

func TestWalksAreCancelled(t *testing.T) {
	o := gittest.New()
	tree := o.Tree(nil)
	a, b := o.Commit(tree, 0), o.Commit(tree, 1)
	for i := range int64(2000) {
		a, b = o.Commit(tree, 2*i+2, a), o.Commit(tree, 2*i+3, b)
	}
	h := New(o, Options{Refs: refs{"HEAD": a}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.MergeBases(ctx, a, b); !errors.Is(err, context.Canceled) {
		t.Errorf("merge bases: error = %v", err)
	}
	if _, err := h.Resolve(ctx, "HEAD~1000"); !errors.Is(err, context.Canceled) {
		t.Errorf("steps: error = %v", err)
	}
}

func TestMergeBasesOfWhatIsNoCommit(t *testing.T) {
	o := gittest.New()
	c := o.History("a:\nb: a")
	blob := o.Put(git.Blob, "x")
	orphan := o.Commit(o.Tree(nil), 5, git.Hash{5})
	for name, tt := range map[string]struct {
		hash git.Hash
		is   error
	}{
		"a blob":                      {blob, git.ErrDamaged},
		"one that is missing":         {git.Hash{1}, git.ErrMissingObject},
		"one whose parent is missing": {orphan, git.ErrMissingObject},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := New(o, Options{}).MergeBases(t.Context(), tt.hash, c["b"]); !errors.Is(err, tt.is) {
				t.Errorf("= %v, %v; want %v", got, err, tt.is)
			}
		})
	}
}

func BenchmarkMergeBases(b *testing.B) {
	o := gittest.New()
	tree := o.Tree(nil)
	left := o.Commit(tree, 0)
	right := left
	for i := range int64(5000) {
		left, right = o.Commit(tree, 2*i+1, left), o.Commit(tree, 2*i+2, right)
	}
	dir := b.TempDir()
	if err := o.WriteGraph(dir, 1, o.Commits()); err != nil {
		b.Fatal(err)
	}
	for name, opts := range map[string]Options{"objects": {}, "graph": {ObjectDirs: []string{dir}}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h := New(o, opts)
				if _, err := h.MergeBases(b.Context(), left, right); err != nil {
					b.Fatal(err)
				}
				if err := h.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestADamagedGraphNeitherCrashesNorHangs flips bytes of a graph: git believes
// what it says, and so does this package, but either comes to an end.
func TestADamagedGraphNeitherCrashesNorHangs(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // also shown when it panics
	rng := rand.New(rand.NewPCG(seed, 2))
	d := draw(rng, 60)
	dir := t.TempDir()
	if err := d.objects.WriteGraph(dir, 1, d.order); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "info", "commit-graph")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	failures := 0
	for range 400 {
		damaged := slices.Clone(sound)
		for range 1 + rng.IntN(30) {
			damaged[rng.IntN(len(damaged))] = byte(rng.Uint32())
		}
		if err := os.WriteFile(path, damaged[:len(damaged)-rng.IntN(2)], 0o644); err != nil {
			t.Fatal(err)
		}
		h := New(d.objects, Options{ObjectDirs: []string{dir}})
		for range 5 {
			a, b := d.order[rng.IntN(len(d.order))], d.order[rng.IntN(len(d.order))]
			_, err := h.MergeBases(t.Context(), a, b)
			if errors.Is(err, git.ErrDamaged) {
				failures++
			}
			_, _ = h.Resolve(t.Context(), a.String()+"~300") // must only return
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if failures == 0 {
		t.Errorf("seed %d: no damage was noticed", seed)
	}
}
