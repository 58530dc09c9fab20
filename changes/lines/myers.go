package lines

import (
	"context"
	"errors"
)

// maxWork bounds the comparison of two files, in steps of the search; they take
// about a second. It is a count and not a time, so that a busy machine gives the
// same answer. Where a file was all but replaced, a shortest difference is
// neither affordable nor telling.
const maxWork = 1 << 27

// errTooDifferent is the error of texts whose shortest difference takes more than
// maxWork steps to find.
var errTooDifferent = errors.New("too different")

// search looks for a shortest difference by the linear space refinement of E.
// Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, section 4b.
// A point (x, y) is what remains after x lines of a and y of b; diagonal k has
// the points with x-y = k.
type search struct {
	ctx   context.Context //nolint:containedctx // a search lives as long as one call
	added []bool          // by line of b
	work  int             // steps that are left

	// By diagonal, offset by origin: the largest x that so many edits reach, from
	// the start and, with both texts reversed, from the end.
	forward, backward []int
	origin            int
}

// unreached is the x of a diagonal that no path has come to.
const unreached = -1 << 29

// shortest reports for each line of b whether a shortest difference adds it. It
// fails with errTooDifferent, or because ctx is done.
func shortest(ctx context.Context, a, b []int32, work int) ([]bool, error) {
	origin := (len(a)+len(b)+1)/2 + 1
	s := &search{
		ctx: ctx, added: make([]bool, len(b)), work: work,
		forward: make([]int, 2*origin+1), backward: make([]int, 2*origin+1), origin: origin,
	}
	return s.added, s.compare(a, b, 0)
}

// compare marks the lines of b, the first of which is line at, that are added.
func (s *search) compare(a, b []int32, at int) error {
	same := commonPrefix(a, b)
	a, b, at = a[same:], b[same:], at+same
	same = commonSuffix(a, b)
	a, b = a[:len(a)-same], b[:len(b)-same]
	if len(a) == 0 {
		for i := range b {
			s.added[at+i] = true
		}
	}
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	x, y, err := s.middle(a, b)
	if err == nil {
		err = s.compare(a[:x], b[:y], at)
	}
	if err == nil {
		err = s.compare(a[x:], b[y:], at+y)
	}
	return err
}

// middle returns a point half way on a shortest path from the start to the end:
// where paths from both meet. At least one edit is on either side of it, as a
// and b begin and end with different lines.
func (s *search) middle(a, b []int32) (x, y int, err error) {
	for d := 0; ; d++ {
		if x, y, met := s.advance(a, b, d, false); met {
			return x, y, nil
		}
		if x, y, met := s.advance(a, b, d, true); met {
			return len(a) - x, len(b) - y, nil
		}
		if s.work < 0 {
			return 0, 0, errTooDifferent
		}
		if err := s.ctx.Err(); err != nil {
			return 0, 0, err
		}
	}
}

// advance takes the paths from the start, or back from the end, to d edits. It
// reports where one of them meets one from the other side, if one does.
func (s *search) advance(a, b []int32, d int, back bool) (x, y int, met bool) {
	n, m := len(a), len(b)
	reach, other, edits := s.forward, s.backward, d-1
	if back {
		reach, other, edits = s.backward, s.forward, d
	}
	s.open(reach, d)
	delta := n - m
	may := (delta%2 == 0) == back // the edits of both sides have the parity of delta
	low, high := -d+2*max(0, d-m), d-2*max(0, d-n)
	s.work -= (high-low)/2 + 1
	for k := low; k <= high; k += 2 { // others have no points
		x := s.furthest(reach, k, n, m)
		if x >= 0 {
			x += s.snake(a, b, x, x-k, back)
		}
		reach[s.origin+k] = x
		if may && -edits <= delta-k && delta-k <= edits && x+other[s.origin+delta-k] >= n {
			return x, x - k, true
		}
	}
	return 0, 0, false
}

// snake returns how many lines are equal from a point on.
func (s *search) snake(a, b []int32, x, y int, back bool) int {
	var n int
	if back {
		n = commonSuffix(a[:len(a)-x], b[:len(b)-y])
	} else {
		n = commonPrefix(a[x:], b[y:])
	}
	s.work -= n
	return n
}

func commonPrefix(a, b []int32) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b []int32) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// open prepares the diagonals that paths of d edits come to.
func (s *search) open(reach []int, d int) {
	reach[s.origin-d-1], reach[s.origin+d+1] = unreached, unreached
	if d == 0 {
		reach[s.origin+1] = 0 // as if an edit led to the start
	}
}

// furthest returns how far one more edit leads on diagonal k.
func (s *search) furthest(reach []int, k, n, m int) int {
	x := unreached
	if down := reach[s.origin+k+1]; down-k <= m {
		x = down
	}
	if right := reach[s.origin+k-1] + 1; right <= n && right >= 0 {
		x = max(x, right)
	}
	return x
}
