package hits

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type count struct{ Covered, Total int64 }

func countOf(f *File) count {
	c, t := f.Count()
	return count{c, t}
}

func TestFileCount(t *testing.T) {
	tests := map[string]struct {
		fill func(*File)
		want count
	}{
		"an empty file has nothing": {
			fill: func(*File) {},
			want: count{0, 0},
		},
		"a line that is listed twice counts once": {
			fill: func(f *File) { f.Line(7, false); f.Line(7, false) },
			want: count{0, 1},
		},
		"a line is covered where any entry is, whichever comes first": {
			fill: func(f *File) { f.Line(7, true); f.Line(7, false); f.Line(8, false); f.Line(8, true) },
			want: count{2, 2},
		},
		"lines on both sides of a page are told apart": {
			fill: func(f *File) { f.Line(63, true); f.Line(64, false); f.Line(127, true); f.Line(128, true) },
			want: count{3, 4},
		},
		"line 0 and the largest number are lines like any other": {
			fill: func(f *File) { f.Line(0, true); f.Line(math.MaxUint64, false) },
			want: count{1, 2},
		},
		"a block weighs as many statements as it has": {
			fill: func(f *File) { _ = f.Block(Block{1, 1, 2, 2}, 3, true); _ = f.Block(Block{3, 1, 4, 2}, 4, false) },
			want: count{3, 7},
		},
		"a block that is listed twice counts once, covered where any is": {
			fill: func(f *File) { _ = f.Block(Block{1, 1, 2, 2}, 3, true); _ = f.Block(Block{1, 1, 2, 2}, 3, false) },
			want: count{3, 3},
		},
		"blocks that differ in a column alone are two": {
			fill: func(f *File) { _ = f.Block(Block{1, 1, 2, 2}, 1, true); _ = f.Block(Block{1, 1, 2, 3}, 1, false) },
			want: count{1, 2},
		},
		"branches are no part of it": {
			fill: func(f *File) { f.Line(1, true); f.Branch(1, 1, 2) },
			want: count{1, 1},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &File{}
			tt.fill(f)
			if d := cmp.Diff(tt.want, countOf(f)); d != "" {
				t.Errorf("count (-want +got):\n%s", d)
			}
		})
	}
}

func TestBlockOfAnotherSize(t *testing.T) {
	f := &File{}
	if err := f.Block(Block{10, 2, 12, 3}, 2, true); err != nil {
		t.Fatal(err)
	}
	err := f.Block(Block{10, 2, 12, 3}, 5, true)
	if err == nil || !strings.Contains(err.Error(), "block 10.2,12.3 has 5 statements here and 2 before") {
		t.Errorf("error is %v", err)
	}
	if d := cmp.Diff(count{2, 2}, countOf(f)); d != "" {
		t.Errorf("the refused block changed the count (-want +got):\n%s", d)
	}
}

func TestBranches(t *testing.T) {
	f := &File{}
	f.Branch(5, 1, 2)
	f.Branch(5, 0, 4)
	f.Branch(9, 2, 2)
	covered, total := f.Branches()
	if covered != 3 || total != 6 {
		t.Errorf("branches are %d/%d, want 3/6: the largest numbers of each line", covered, total)
	}
}

func TestSet(t *testing.T) {
	set := &Set{}
	set.File("b.go").Line(1, true)
	set.File("a.go").Line(1, false)
	set.File("b.go").Line(2, true)
	set.Warn("%d odd lines", 2)

	if d := cmp.Diff([]string{"a.go", "b.go"}, set.Paths()); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
	if c, total := set.Count(); c != 2 || total != 3 {
		t.Errorf("count is %d/%d, want 2/3", c, total)
	}
	if d := cmp.Diff([]string{"2 odd lines"}, set.Warnings()); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
}

func TestMergeRefusesOtherSources(t *testing.T) {
	a, b := &Set{}, &Set{}
	_ = a.File("m/x.go").Block(Block{1, 1, 2, 1}, 1, true)
	_ = b.File("m/x.go").Block(Block{1, 1, 2, 1}, 2, true)
	if err := a.Merge(b); err == nil || !strings.HasPrefix(err.Error(), "merge m/x.go: block 1.1,2.1") {
		t.Errorf("error is %v, want one that names file and block", err)
	}
}

// TestMergeIsUnion holds random shards against a model that is too simple to be
// wrong: a map from line to whether it was hit.
func TestMergeIsUnion(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		paths := []string{"a", "b", "c"}
		model := map[string]map[uint64]bool{}
		merged := &Set{}
		for range 1 + rnd.IntN(4) {
			shard := &Set{}
			for range rnd.IntN(50) {
				path, line, hit := paths[rnd.IntN(len(paths))], rnd.Uint64N(200), rnd.IntN(2) == 0
				shard.File(path).Line(line, hit)
				if model[path] == nil {
					model[path] = map[uint64]bool{}
				}
				model[path][line] = model[path][line] || hit
			}
			if err := merged.Merge(shard); err != nil {
				t.Fatal(err)
			}
		}
		for path, lines := range model {
			want := count{Total: int64(len(lines))}
			for _, hit := range lines {
				if hit {
					want.Covered++
				}
			}
			if got := countOf(merged.File(path)); got != want {
				t.Fatalf("%s is %v, want %v", path, got, want)
			}
		}
	}
}

// TestMergeOrderDoesNotMatter: shards arrive in any order.
func TestMergeOrderDoesNotMatter(t *testing.T) {
	shard := func(hit ...uint64) *Set {
		s := &Set{}
		for n := range uint64(6) {
			s.File("f").Line(n, slices.Contains(hit, n))
			_ = s.File("g").Block(Block{StartLine: uint32(n)}, 2, slices.Contains(hit, n))
			s.File("f").Branch(n, int64(n%2), 2)
		}
		return s
	}
	merge := func(sets ...*Set) []count {
		all := &Set{}
		for _, s := range sets {
			if err := all.Merge(s); err != nil {
				t.Fatal(err)
			}
		}
		covered, total := all.File("f").Branches()
		return []count{countOf(all.File("f")), countOf(all.File("g")), {covered, total}}
	}
	want := []count{{4, 6}, {8, 12}, {3, 12}}
	for _, got := range [][]count{
		merge(shard(1, 2), shard(2, 3), shard(5)),
		merge(shard(5), shard(2, 3), shard(1, 2)),
	} {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("merged (-want +got):\n%s", d)
		}
	}
}

func TestMetric(t *testing.T) {
	set := &Set{}
	if set.Metric() != MetricLines {
		t.Errorf("an empty set counts %q", set.Metric())
	}
	set.File("a").Line(1, true)
	set.File("a").Branch(1, 1, 4)
	set.SetMetric(MetricLinesAndBranches)
	set.File("b").Line(1, true)
	set.File("b").Branch(1, 1, 2)
	if c, total := set.Count(); c != 4 || total != 8 {
		t.Errorf("lines and branches are %d/%d, want 4/8", c, total)
	}
	other := &Set{}
	other.File("a").Line(1, true)
	if err := set.Merge(other); err == nil || err.Error() != "it counts lines, the reports before it lines+branches" {
		t.Errorf("error is %v, want one that names both metrics", err)
	}
	if err := (&Set{}).Merge(set); err != nil {
		t.Errorf("an empty set cannot take lines and branches: %v", err)
	}
	if err := set.Merge(&Set{}); err != nil {
		t.Errorf("a set cannot take a report of nothing: %v", err)
	}
	merged := &Set{}
	_ = merged.Merge(set)
	if c, total := merged.Count(); c != 4 || total != 8 || merged.Metric() != MetricLinesAndBranches {
		t.Errorf("merged they are %d/%d %s, want 4/8", c, total, merged.Metric())
	}
}

func TestRoots(t *testing.T) {
	a, b := &Set{}, &Set{}
	a.AddRoot("/srv")
	a.AddRoot("")
	b.AddRoot("/srv")
	b.AddRoot("/opt")
	if err := a.Merge(b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/srv", "/opt"}, a.Roots()); d != "" {
		t.Errorf("roots (-want +got):\n%s", d)
	}
	for i := range 2 * maxRoots {
		a.AddRoot(strings.Repeat("x", i))
	}
	if len(a.Roots()) != maxRoots {
		t.Errorf("%d roots are kept, want %d", len(a.Roots()), maxRoots)
	}
}

func TestUnclearBranches(t *testing.T) {
	shard := func(metric Metric, covered ...int64) *Set {
		s := &Set{}
		s.SetMetric(metric)
		for i, c := range covered {
			s.File("a.py").Branch(uint64(i), c, 2)
		}
		return s
	}
	both := MetricLinesAndBranches
	tests := map[string]struct {
		a, b *Set
		want []string
	}{
		"which of the branches were taken is not known where both took some": {
			a: shard(both, 1, 1, 2, 0), b: shard(both, 1, 1, 1, 1),
			want: []string{"branches that several reports took in part, without saying which: of 2 lines; the larger number of each counts, and the truth may be more"},
		},
		"it is where one took all or none":   {a: shard(both, 2, 0, 2), b: shard(both, 1, 1, 0)},
		"it is no matter where lines count":  {a: shard(MetricLines, 1), b: shard(MetricLines, 1)},
		"nor where only one has branches":    {a: shard(both), b: shard(both, 1)},
		"nor where they are of other lines":  {a: shard(both, 0, 1), b: shard(both, 1)},
		"a report of nothing takes over all": {a: &Set{}, b: shard(both, 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.a.Merge(tt.b); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, tt.a.Warnings()); d != "" {
				t.Errorf("warnings (-want +got):\n%s", d)
			}
		})
	}
}
