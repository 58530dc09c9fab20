package graph

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nodes reads "c: a b" into nodes, in the order given.
func nodes(lines ...string) []Node {
	var all []Node
	for _, line := range lines {
		name, needs, _ := strings.Cut(line, ":")
		all = append(all, Node{Name: name, Needs: strings.Fields(needs), Width: 100})
	}
	return all
}

// columns returns the names of the nodes by the column in which they stand,
// from above.
func columns(nodes []Node, l Layout) [][]string {
	boxes := slices.Clone(l.Boxes)
	slices.SortFunc(boxes, func(a, b Box) int {
		if a.X != b.X {
			return a.X - b.X
		}
		return a.Y - b.Y
	})
	var all [][]string
	x := -1
	for _, b := range boxes {
		if b.X != x {
			all, x = append(all, nil), b.X
		}
		all[len(all)-1] = append(all[len(all)-1], nodes[b.Node].Name)
	}
	return all
}

func TestLevels(t *testing.T) {
	tests := map[string]struct {
		nodes []Node
		want  [][]string
	}{
		"one node":                           {nodes("a"), [][]string{{"a"}}},
		"a chain":                            {nodes("c: b", "b: a", "a"), [][]string{{"a"}, {"b"}, {"c"}}},
		"behind the last of its needs":       {nodes("a", "b: a", "c: a b"), [][]string{{"a"}, {"b"}, {"c"}}},
		"a need that is given twice":         {nodes("a", "b: a a"), [][]string{{"a"}, {"b"}}},
		"an unknown need and itself":         {nodes("a: a x", "b: a"), [][]string{{"a"}, {"b"}}},
		"the first of two of one name":       {nodes("a", "b: a", "b", "a: b"), [][]string{{"a"}, {"b"}}},
		"a circle is cut where it closes":    {nodes("a: c", "b: a", "c: b"), [][]string{{"b"}, {"c"}, {"a"}}},
		"two circles":                        {nodes("a: b", "b: a c", "c: b"), [][]string{{"c"}, {"b"}, {"a"}}},
		"no crossing where none must be":     {nodes("a", "b", "c", "x: c", "y: b", "z: a"), [][]string{{"a", "b", "c"}, {"z", "y", "x"}}},
		"without edges in rows of a grid":    {nodes("a", "b", "c"), [][]string{{"a"}, {"b"}, {"c"}}},
		"those without edges below the rest": {nodes("lone", "a", "b: a"), [][]string{{"a", "lone"}, {"b"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, ok := Lay(tt.nodes, Options{})
			if !ok {
				t.Fatal("no layout")
			}
			if d := cmp.Diff(tt.want, columns(tt.nodes, l)); d != "" {
				t.Errorf("columns (-want +got):\n%s", d)
			}
			sound(t, tt.nodes, l)
		})
	}
}

func TestWhatHasNoPicture(t *testing.T) {
	if _, ok := Lay(nil, Options{}); ok {
		t.Error("nothing has a picture")
	}
	many := make([]Node, MostNodes+1)
	if _, ok := Lay(many, Options{}); ok {
		t.Error("too many nodes have a picture")
	}
	var dense []Node
	for i := range 100 {
		n := Node{Name: fmt.Sprint(i)}
		for j := range i {
			n.Needs = append(n.Needs, fmt.Sprint(j))
		}
		dense = append(dense, n)
	}
	if _, ok := Lay(dense, Options{}); ok {
		t.Error("too many edges have a picture")
	}
	if l, ok := Lay(dense[:80], Options{}); !ok || l.Left != 79*78/2 {
		t.Errorf("of a chain in which each needs all before it, %d edges are left out", l.Left)
	}
}

func TestACrowdedGraphLeavesOutWhatFollows(t *testing.T) {
	// Each of 12 needs the hub and what the hub needs.
	all := nodes("base", "hub: base")
	for i := range 12 {
		all = append(all, Node{Name: fmt.Sprint("s", i), Needs: []string{"base", "hub"}})
	}
	l, _ := Lay(all, Options{})
	if l.Left != 12 || len(l.Edges) != 13 {
		t.Errorf("%d edges left out, %d drawn", l.Left, len(l.Edges))
	}
	l, _ = Lay(all, Options{Path: []string{"base", "s3"}})
	if l.Left != 11 {
		t.Errorf("with one of them on the path, %d edges are left out", l.Left)
	}
	small := nodes("base", "hub: base", "s: base hub")
	if l, _ := Lay(small, Options{}); l.Left != 0 {
		t.Errorf("of a small graph %d edges are left out", l.Left)
	}
}

func TestThoseThatNeedTheSameShareABend(t *testing.T) {
	var all []Node
	var first []string
	for i := range 8 {
		all = append(all, Node{Name: fmt.Sprint("a", i)})
		first = append(first, fmt.Sprint("a", i))
	}
	for i := range 16 {
		all = append(all, Node{Name: fmt.Sprint("b", i), Needs: first})
	}
	l, _ := Lay(all, Options{Path: []string{"a3", "b9"}})
	if len(l.Edges) != 8+16 {
		t.Errorf("%d edges", len(l.Edges))
	}
	onPath := slices.DeleteFunc(slices.Clone(l.Edges), func(e Edge) bool { return !e.OnPath })
	if len(onPath) != 2 || len(onPath[0].Leads) != 16 || len(onPath[1].Leads) != 1 || all[onPath[1].Leads[0]].Name != "b9" {
		t.Errorf("on the path: %+v", onPath)
	}
	if last := l.Edges[len(l.Edges)-1]; !last.OnPath {
		t.Error("the path lies below other edges")
	}
	sound(t, all, l)
}

func TestNoLevelIsTallerThanItMust(t *testing.T) {
	all := nodes("hub", "other: hub")
	for i := range 100 {
		all = append(all, Node{Name: fmt.Sprint("s", i), Needs: []string{"hub"}, Width: 100})
	}
	l, _ := Lay(all, Options{})
	var tall []int
	for _, column := range columns(all, l) {
		tall = append(tall, len(column))
	}
	if d := cmp.Diff([]int{1, 30, 30, 30, 11}, tall); d != "" {
		t.Errorf("services in a column (-want +got):\n%s", d)
	}
	sound(t, all, l)

	all = append(all, Node{Name: "end"})
	for _, n := range all[1 : len(all)-1] { // each of them is needed
		all[len(all)-1].Needs = append(all[len(all)-1].Needs, n.Name)
	}
	if l, _ := Lay(all, Options{}); len(columns(all, l)) != 3 {
		t.Error("a service stands behind one that needs it")
	}
}

func TestAWayBackIsTheSameWay(t *testing.T) {
	all := nodes("a", "b: a", "c: b", "d: a")
	there, _ := Lay(all, Options{Path: []string{"a", "b", "c"}})
	back, _ := Lay(all, Options{Path: []string{"c", "b", "a"}})
	if d := cmp.Diff(there, back); d != "" {
		t.Errorf("where things are removed, the path differs:\n%s", d)
	}
	unknown, _ := Lay(all, Options{Path: []string{"x", "a", "y"}})
	if slices.ContainsFunc(unknown.Edges, func(e Edge) bool { return e.OnPath }) {
		t.Error("a path of strangers is drawn")
	}
}

func TestALongEdgePassesBetweenTheBoxes(t *testing.T) {
	all := nodes("a", "b: a", "c: b", "d: c a")
	l, _ := Lay(all, Options{})
	if d := cmp.Diff([][]string{{"a"}, {"b"}, {"c"}, {"d"}}, columns(all, l)); d != "" {
		t.Fatalf("columns (-want +got):\n%s", d)
	}
	straight := regexp.MustCompile(`^M(\d+) (\d+)H(\d+)$`)
	passes := 0
	for _, e := range l.Edges {
		m := straight.FindStringSubmatch(e.D)
		if m == nil {
			continue
		}
		passes++
		x, y := number(t, m[1]), number(t, m[2])
		for _, b := range l.Boxes {
			if x == b.X && y >= b.Y && y <= b.Y+b.H {
				t.Errorf("it passes through the box of %s", all[b.Node].Name)
			}
		}
	}
	if passes != 2 {
		t.Errorf("it passes %d columns", passes)
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sound fails where boxes overlap, or anything leaves the picture or leads
// backwards.
func sound(t *testing.T, nodes []Node, l Layout) {
	t.Helper()
	for i, b := range l.Boxes {
		if b.X < 0 || b.Y < 0 || b.W <= 0 && nodes[b.Node].Width > 0 || b.X+b.W > l.Width || b.Y+b.H > l.Height {
			t.Errorf("the box of %s leaves the picture: %+v of %dx%d", nodes[b.Node].Name, b, l.Width, l.Height)
		}
		for _, c := range l.Boxes[:i] {
			if b.X < c.X+c.W && c.X < b.X+b.W && b.Y < c.Y+c.H && c.Y < b.Y+b.H {
				t.Errorf("the boxes of %s and %s overlap", nodes[b.Node].Name, nodes[c.Node].Name)
			}
		}
	}
	curve := regexp.MustCompile(`^M(\d+) (\d+)(?:H(\d+)|C(\d+) \d+ \d+ \d+ (\d+) (\d+)(?:m-5 -3l5 3l-5 3)?)$`)
	for _, e := range l.Edges {
		m := curve.FindStringSubmatch(e.D)
		if m == nil {
			t.Fatalf("strange path data %q", e.D)
		}
		from, to := number(t, m[1]), number(t, m[3]+m[5])
		if from > to || to > l.Width || number(t, m[2]) > l.Height || len(e.Leads) == 0 {
			t.Errorf("an edge leaves the picture, leads backwards or nowhere: %+v", e)
		}
	}
}

func TestRandomGraphsAreSound(t *testing.T) {
	seed := rand.Uint64()
	for round := range 60 {
		rng := rand.New(rand.NewPCG(seed, uint64(round)))
		count := 1 + rng.IntN(120)
		all := make([]Node, count)
		for i := range all {
			all[i] = Node{Name: fmt.Sprint("s", rng.IntN(count+5)), Width: 60 + rng.IntN(200)}
			for range rng.IntN(1 + rng.IntN(6)) {
				all[i].Needs = append(all[i].Needs, fmt.Sprint("s", rng.IntN(count)))
			}
		}
		var path []string
		for range rng.IntN(6) {
			path = append(path, fmt.Sprint("s", rng.IntN(count)))
		}
		opts := Options{Height: 10 + 2*rng.IntN(20), Path: path}
		l, ok := Lay(all, opts)
		if !ok {
			t.Fatalf("no layout (seed %d, round %d)", seed, round)
		}
		names := map[string]bool{}
		for _, n := range all {
			names[n.Name] = true
		}
		if len(l.Boxes) != len(names) {
			t.Errorf("%d boxes for %d names", len(l.Boxes), len(names))
		}
		sound(t, all, l)
		again, _ := Lay(all, opts)
		if d := cmp.Diff(l, again); d != "" {
			t.Errorf("a second layout differs:\n%s", d)
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

func TestTheWorstGraphIsLaidOutSoon(t *testing.T) {
	// Long edges over many levels, as many as there may be.
	all := []Node{{Name: "0"}}
	for i := 1; i < MostNodes; i++ {
		n := Node{Name: fmt.Sprint(i), Needs: []string{fmt.Sprint(i - 1)}}
		if i%2 == 0 && i > 2 {
			n.Needs = []string{fmt.Sprint(i - 2)}
		}
		for j := range 8 {
			n.Needs = append(n.Needs, fmt.Sprint((i*7+j*131)%i))
		}
		all = append(all, n)
	}
	start := time.Now()
	l, ok := Lay(all, Options{})
	if took := time.Since(start); !ok || took > 5*time.Second {
		t.Errorf("laid out %v after %v", ok, took)
	}
	sound(t, all, l)
}
