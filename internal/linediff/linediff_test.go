package linediff

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangeString(t *testing.T) {
	for want, r := range map[string]Range{"7": {7, 7}, "7-9": {7, 9}} {
		if got := r.String(); got != want {
			t.Errorf("%+v is %s, want %s", r, got, want)
		}
	}
}

func TestPathsAreSorted(t *testing.T) {
	l := Lines{"b": {{1, 1}}, "a": {{1, 1}}, "c/a": {{1, 1}}}
	if d := cmp.Diff([]string{"a", "b", "c/a"}, l.Paths()); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

// TestHasAndAppendAreASet holds both against a map.
func TestHasAndAppendAreASet(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 6))
	for range 200 {
		set := map[int]bool{}
		var ranges []Range
		for line := 1; line < 60; line++ {
			if rnd.IntN(3) > 0 {
				set[line] = true
				ranges = Append(ranges, line)
			}
		}
		l := Lines{"f": ranges}
		for line := -1; line < 62; line++ {
			if l.Has("f", line) != set[line] {
				t.Fatalf("line %d of %v: %v", line, ranges, !set[line])
			}
		}
		for i := 1; i < len(ranges); i++ {
			if ranges[i].First <= ranges[i-1].Last+1 {
				t.Fatalf("ranges touch: %v", ranges)
			}
		}
		if l.Has("g", 1) {
			t.Fatal("a file that is not there has a line")
		}
	}
}
