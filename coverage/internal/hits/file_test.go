package hits

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show returns what the iterators of f yield.
func show(f *File) []string {
	var out []string
	for n, hit := range f.Lines() {
		out = append(out, fmt.Sprintf("line %d %v", n, hit))
	}
	for b, s := range f.Blocks() {
		out = append(out, fmt.Sprintf("block %s %d %v", b, s.Count, s.Hit))
	}
	for n, b := range f.LineBranches() {
		out = append(out, fmt.Sprintf("branches of %d %d/%d", n, b.Covered, b.Total))
	}
	return out
}

func TestIterators(t *testing.T) {
	f := &File{}
	for _, n := range []uint64{70, 3, math.MaxUint64, 64, 63, 0} {
		f.Line(n, n%2 == 0)
	}
	_ = f.Block(Block{5, 1, 6, 1}, 2, false)
	_ = f.Block(Block{1, 9, 2, 1}, 1, true)
	_ = f.Block(Block{1, 2, 9, 1}, 3, false)
	_ = f.Block(Block{5, 1, 6, 1}, 2, true)
	f.Branch(9, 1, 2)
	f.Branch(4, 0, 2)
	want := []string{
		"line 0 true", "line 3 false", "line 63 false", "line 64 true", "line 70 true", "line 18446744073709551615 false",
		"block 1.2,9.1 3 false", "block 1.9,2.1 1 true", "block 5.1,6.1 2 true",
		"branches of 4 0/2", "branches of 9 1/2",
	}
	if d := cmp.Diff(want, show(f)); d != "" {
		t.Errorf("yielded (-want +got):\n%s", d)
	}
	for range f.Lines() {
		break
	}
	for range f.Blocks() {
		break
	}
	for range f.LineBranches() {
		break
	}
	if got := show(&File{}); got != nil {
		t.Errorf("an empty file yields %v", got)
	}
}

func TestNumbersThatMakeNoSense(t *testing.T) {
	f := &File{}
	f.Branch(1, -1, 2)
	f.Branch(1, 3, 2)
	f.Branch(1, 1, math.MaxInt32+1)
	if covered, total := f.Branches(); covered != 0 || total != 0 {
		t.Errorf("branches are %d/%d, want none", covered, total)
	}
	for _, count := range []int64{-1, math.MaxInt32 + 1} {
		if err := f.Block(Block{1, 1, 2, 2}, count, true); err == nil || !strings.Contains(err.Error(), "block 1.1,2.2 has") {
			t.Errorf("error of %d statements is %v", count, err)
		}
	}
	for _, c := range [][2]int64{{-1, 2}, {3, 2}, {1, math.MaxInt32 + 1}} {
		if err := f.SetTotals(c[0], c[1]); err == nil || f.totals != nil {
			t.Errorf("totals %d of %d were taken", c[0], c[1])
		}
	}
}

func TestTotals(t *testing.T) {
	lines := func(hit ...bool) *File {
		f := &File{}
		for i, h := range hit {
			f.Line(uint64(i+1), h)
		}
		return f
	}
	with := func(f *File, covered, total int64) *File {
		if err := f.SetTotals(covered, total); err != nil {
			t.Fatal(err)
		}
		return f
	}
	tests := map[string]struct {
		a, b *File
		want count
		err  error
	}{
		"totals stand above the lines":                                          {a: with(lines(true, false), 5, 7), b: &File{}, want: count{5, 7}},
		"an empty file takes totals":                                            {a: &File{}, b: with(&File{}, 5, 7), want: count{5, 7}},
		"what totals have beyond the lines counts once where shards are merged": {a: with(lines(true, false), 5, 7), b: with(lines(false, true), 4, 7), want: count{6, 7}},
		"also where only one has totals":                                        {a: lines(true, false), b: with(lines(false, true), 5, 7), want: count{6, 7}},
		"or the other":                                                          {a: with(lines(false, true), 5, 7), b: lines(true, false), want: count{6, 7}},
		"and where they have less than the lines":                               {a: with(lines(true, false, true), 1, 2), b: with(lines(true, true, true), 2, 2), want: count{2, 2}},
		"what cannot be told counts as not covered":                             {a: with(lines(true, false), 0, 1), b: with(lines(true, false), 3, 4), want: count{0, 4}},
		"totals may be those of nothing":                                        {a: with(lines(true, false), 0, 0), b: with(lines(true, false), 0, 0), want: count{0, 0}},
		"totals without lines cannot be merged with lines":                      {a: with(&File{}, 5, 7), b: lines(true), err: ErrTotalsAlone},
		"nor lines with them":                                                   {a: lines(true), b: with(&File{}, 5, 7), err: ErrTotalsAlone},
		"nor totals with totals, though they may be the very same":              {a: with(&File{}, 5, 7), b: with(&File{}, 5, 7), err: ErrTotalsAlone},
		"totals of 0 are totals, since something else may be covered":           {a: with(&File{}, 0, 7), b: with(&File{}, 0, 7), err: ErrTotalsAlone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.a.Merge(tt.b); !errors.Is(err, tt.err) || err != nil && tt.err == nil {
				t.Fatalf("error is %v, want %v", err, tt.err)
			}
			if d := cmp.Diff(tt.want, countOf(tt.a)); tt.err == nil && d != "" {
				t.Errorf("count (-want +got):\n%s", d)
			}
		})
	}
}

// TestMergeCopies: a parser uses one File for one record after the other.
func TestMergeCopies(t *testing.T) {
	var record, all File
	record.Line(1, true)
	record.Branch(1, 1, 2)
	_ = record.Block(Block{1, 1, 1, 2}, 1, true)
	_ = record.SetTotals(1, 1)
	if err := all.Merge(&record); err != nil {
		t.Fatal(err)
	}
	before := show(&all)
	record.Reset()
	if got := show(&record); got != nil || record.totals != nil {
		t.Errorf("after Reset it has %v, totals %v", got, record.totals)
	}
	for n := range uint64(300) {
		record.Line(n, false)
	}
	if d := cmp.Diff(before, show(&all)); d != "" || all.totals == nil {
		t.Errorf("what was merged changed with its source (-before +after):\n%s", d)
	}
}
