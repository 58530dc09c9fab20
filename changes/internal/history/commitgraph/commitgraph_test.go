package commitgraph

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

// drawn is a random history, oldest first.
type drawn struct {
	objects *gittest.Objects
	order   []git.Hash
	parents map[git.Hash][]git.Hash
	time    map[git.Hash]int64
}

func draw(rng *rand.Rand, n int) drawn {
	d := drawn{gittest.New(), nil, map[git.Hash][]git.Hash{}, map[git.Hash]int64{}}
	tree := d.objects.Tree(nil)
	for i := range n {
		var parents []git.Hash
		for range rng.IntN(5) {
			if len(d.order) > 0 {
				p := d.order[max(0, len(d.order)-1-rng.IntN(8))]
				if !slices.Contains(parents, p) {
					parents = append(parents, p)
				}
			}
		}
		seconds := int64(i*10) + rng.Int64N(50)
		if rng.IntN(10) == 0 {
			seconds = rng.Int64N(1 << 34)
		}
		c := d.objects.Commit(tree, seconds, parents...)
		if _, twice := d.time[c]; twice {
			continue
		}
		d.order = append(d.order, c)
		d.parents[c], d.time[c] = parents, seconds
	}
	return d
}

// parts cuts the history into n lists, the oldest first.
func (d drawn) parts(rng *rand.Rand, n int) (lists [][]git.Hash) {
	rest := d.order
	for left := n - 1; left > 0; left-- {
		cut := 1 + rng.IntN(len(rest)-left) // git writes no file without commits
		lists, rest = append(lists, rest[:cut]), rest[cut:]
	}
	return append(lists, rest)
}

func (d drawn) check(t *testing.T, g *Graph, dated bool) {
	t.Helper()
	if g.Len() != len(d.order) || g.Dated() != dated {
		t.Fatalf("%d commits, dated %v; want %d, %v", g.Len(), g.Dated(), len(d.order), dated)
	}
	for _, h := range d.order {
		at, ok := g.Find(h)
		if !ok || g.Hash(at) != h {
			t.Fatalf("find %s = %d, %v", h, at, ok)
		}
		c, err := g.Commit(at)
		if err != nil || c.Time != d.time[h] || c.Tree != d.objects.Tree(nil) {
			t.Errorf("commit %s = %+v, %v; want the time %d", h, c, err, d.time[h])
		}
		parents, err := g.AppendParents(nil, at)
		if err != nil {
			t.Fatal(err)
		}
		var hashes []git.Hash
		for _, p := range parents {
			hashes = append(hashes, g.Hash(p))
			parent, err := g.Commit(p)
			if err != nil || dated && (parent.Generation >= c.Generation || c.Generation < uint64(c.Time)) {
				t.Errorf("generation %d of %s, %d of its parent, %v", c.Generation, h, parent.Generation, err)
			}
		}
		if d := cmp.Diff(d.parents[h], hashes); d != "" {
			t.Errorf("parents of %s (-want +got):\n%s", h, d)
		}
	}
	for i := range 256 {
		for _, low := range []byte{0, 0xff} {
			if at, ok := g.Find(git.Hash{byte(i), low}); ok {
				t.Errorf("a commit that is not there is at %d", at)
			}
		}
	}
}

func TestGraphsAreRead(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, files := range []int{1, 2, 4} {
		for _, dated := range []bool{true, false} {
			withDates := 0
			if dated {
				withDates = files
			}
			d := draw(rng, 300)
			dir := t.TempDir()
			if err := d.objects.WriteGraph(dir, withDates, d.parts(rng, files)...); err != nil {
				t.Fatal(err)
			}
			g := Open([]string{filepath.Join(dir, "none"), dir})
			d.check(t, g, dated)
			for range 2 {
				if err := g.Close(); err != nil || g.Len() != 0 {
					t.Errorf("close: %v, %d commits left", err, g.Len())
				}
			}
		}
	}
}

func TestNoGraphIsAGraphWithoutCommits(t *testing.T) {
	g := Open([]string{t.TempDir()})
	if _, ok := g.Find(git.Hash{1}); g != nil || ok || g.Len() != 0 || g.Dated() || g.Close() != nil {
		t.Errorf("= %v", g)
	}
}

func TestGraphsThatDoNotFitAreNotUsed(t *testing.T) {
	d := draw(rand.New(rand.NewPCG(1, 1)), 60)
	dir := t.TempDir()
	if err := d.objects.WriteGraph(dir, 1, d.order); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "info", "commit-graph")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"an empty file":                func([]byte) []byte { return nil },
		"another signature":            func(b []byte) []byte { b[0] = 'X'; return b },
		"version 2":                    func(b []byte) []byte { b[4] = 2; return b },
		"SHA-256":                      func(b []byte) []byte { b[5] = 2; return b },
		"more chunks than it has":      func(b []byte) []byte { b[6] = 255; return b },
		"without chunks":               func(b []byte) []byte { b[6] = 0; return b },
		"one that rests on another":    func(b []byte) []byte { b[7] = 1; return b },
		"a chunk beyond the end":       func(b []byte) []byte { b[8+12+4] = 1; return b },
		"a fanout that goes down":      func(b []byte) []byte { b[8+7*12] = 0xff; return b },
		"one that is cut off":          func(b []byte) []byte { return b[:len(b)-1000] },
		"one that is cut off early":    func(b []byte) []byte { return b[:30] },
		"a chunk of another size":      func(b []byte) []byte { b[8+12*2+11]++; return b },
		"dates that are of too many":   func(b []byte) []byte { b[8+12*4+11]--; return b },
		"chunks that are not in order": func(b []byte) []byte { b[8+11], b[8+12+11] = 255, 0; return b },
	} {
		t.Run(name, func(t *testing.T) {
			write(t, path, damage(slices.Clone(sound)))
			if g := Open([]string{dir}); g != nil {
				t.Errorf("a graph of %d commits", g.Len())
			}
		})
	}
	write(t, path, sound)
	d.check(t, Open([]string{dir}), true)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAChainIsUsedUpToWhatFits(t *testing.T) {
	d := draw(rand.New(rand.NewPCG(2, 2)), 90)
	lists := [][]git.Hash{d.order[:30], d.order[30:60], d.order[60:]}
	sum := func(n int) (commits int) {
		for _, l := range lists[:n] {
			commits += len(l)
		}
		return commits
	}
	for name, tt := range map[string]struct {
		damage func(chain string, lines []string) string
		want   int // files
	}{
		"all of it":            {func(chain string, _ []string) string { return chain }, 3},
		"without a last line":  {func(_ string, l []string) string { return l[0] + "\n" + l[1] + "\n" }, 2},
		"with a line of text":  {func(_ string, l []string) string { return l[0] + "\nnonsense\n" + l[1] + "\n" }, 1},
		"with a missing file":  {func(_ string, l []string) string { return l[0] + "\n" + strings.Repeat("a", 40) + "\n" + l[2] + "\n" }, 1},
		"in another order":     {func(_ string, l []string) string { return l[0] + "\n" + l[2] + "\n" + l[1] + "\n" }, 1},
		"that begins too late": {func(_ string, l []string) string { return l[1] + "\n" + l[2] + "\n" }, 0},
		"an empty one":         {func(string, []string) string { return "" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := d.objects.WriteGraph(dir, 3, lists...); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "info/commit-graphs/commit-graph-chain")
			chain, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, []byte(tt.damage(string(chain), strings.Fields(string(chain)))))
			g := Open([]string{dir})
			if g.Len() != sum(tt.want) {
				t.Errorf("%d commits, want those of %d files: %d", g.Len(), tt.want, sum(tt.want))
			}
		})
	}
}

func TestAFileWithoutDatesTakesThemFromTheWholeChain(t *testing.T) {
	d := draw(rand.New(rand.NewPCG(3, 3)), 60)
	dir := t.TempDir()
	if err := d.objects.WriteGraph(dir, 1, d.order[:30], d.order[30:]); err != nil {
		t.Fatal(err)
	}
	d.check(t, Open([]string{dir}), false)
}

func TestAChainMayBeSpreadOverAlternates(t *testing.T) {
	d := draw(rand.New(rand.NewPCG(3, 3)), 60)
	own, alternate := t.TempDir(), t.TempDir()
	if err := d.objects.WriteGraph(alternate, 2, d.order[:30], d.order[30:]); err != nil {
		t.Fatal(err)
	}
	const chain = "info/commit-graphs/commit-graph-chain"
	content, err := os.ReadFile(filepath.Join(alternate, chain))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(own, "info/commit-graphs"), 0o755); err != nil {
		t.Fatal(err)
	}
	upper := "info/commit-graphs/graph-" + strings.Fields(string(content))[1] + ".graph"
	for _, name := range []string{chain, upper} {
		if err := os.Rename(filepath.Join(alternate, name), filepath.Join(own, name)); err != nil {
			t.Fatal(err)
		}
	}
	d.check(t, Open([]string{own, alternate}), true)
}

func TestDamageWithinAGraphIsAnError(t *testing.T) {
	d := draw(rand.New(rand.NewPCG(4, 4)), 80)
	dir := t.TempDir()
	if err := d.objects.WriteGraph(dir, 1, d.order); err != nil {
		t.Fatal(err)
	}
	var octopus, merge git.Hash
	for h, parents := range d.parents {
		switch len(parents) {
		case 2:
			merge = h
		case 3:
			octopus = h
		}
	}
	put := func(b []byte, value uint32) {
		b[0], b[1], b[2], b[3] = byte(value>>24), byte(value>>16), byte(value>>8), byte(value)
	}
	for name, tt := range map[string]struct {
		of     git.Hash
		damage func(l *layer, n uint32)
		want   string
	}{
		"a parent beyond the end":        {merge, func(l *layer, n uint32) { put(l.data(n)[20:], 80) }, "its parent is not there"},
		"a second parent beyond the end": {merge, func(l *layer, n uint32) { put(l.data(n)[24:], 80) }, "its second parent is not there"},
		"a list of parents that is not":  {octopus, func(l *layer, n uint32) { put(l.data(n)[24:], 0xffffffff) }, "its list of parents is cut off"},
		"a list that does not end":       {octopus, func(l *layer, _ uint32) { clear(l.edges) }, "its list of parents is cut off"},
		"a third parent beyond the end":  {octopus, func(l *layer, _ uint32) { put(l.edges, 80); put(l.edges[4:], 80); fill(l.edges, 0x70) }, "one of its parents is not there"},
		"an offset that is not there":    {merge, func(l *layer, n uint32) { put(l.offsets[4*n:], 0xffffffff) }, "its generation is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			g := Open([]string{dir})
			l := g.layers[0]
			for _, part := range []*[]byte{&l.commits, &l.edges, &l.offsets} {
				*part = slices.Clone(*part)
			}
			g.layers[0] = l
			at, _ := g.Find(tt.of)
			tt.damage(&l, uint32(at))
			_, err := g.Commit(at)
			if err == nil {
				_, err = g.AppendParents(nil, at)
			}
			if !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.of.String()) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error = %v, want ErrDamaged with %q, the commit and the path", err, tt.want)
			}
		})
	}
}

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}

// FuzzGraph reads all of whatever passes for a graph.
func FuzzGraph(f *testing.F) {
	d := draw(rand.New(rand.NewPCG(5, 5)), 8)
	for dated := range 2 {
		dir := f.TempDir()
		if err := d.objects.WriteGraph(dir, dated, d.order); err != nil {
			f.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(dir, "info", "commit-graph"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := parseLayer(content)
		if err != nil || !l.restsOn(nil, nil) {
			return
		}
		g := &Graph{layers: []layer{l}, dated: l.offsets != nil}
		for i := range min(g.Len(), 1000) {
			at := Position(i)
			g.Find(g.Hash(at))
			if _, err := g.Commit(at); err != nil && !errors.Is(err, git.ErrDamaged) {
				t.Error(err)
			}
			parents, err := g.AppendParents(nil, at)
			if err != nil && !errors.Is(err, git.ErrDamaged) {
				t.Error(err)
			}
			for _, p := range parents {
				if int(p) >= g.Len() {
					t.Errorf("parent %d of %d commits", p, g.Len())
				}
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	d := draw(rand.New(rand.NewPCG(6, 6)), 5000)
	dir := b.TempDir()
	if err := d.objects.WriteGraph(dir, 1, d.order); err != nil {
		b.Fatal(err)
	}
	g := Open([]string{dir})
	i := 0
	for b.Loop() {
		if _, ok := g.Find(d.order[i%len(d.order)]); !ok {
			b.Fatal("not found")
		}
		i++
	}
}
