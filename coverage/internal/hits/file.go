package hits

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
)

// ErrTotalsAlone is the error of merging two reports of one file where one of
// them says how much of it is covered, but not which lines.
var ErrTotalsAlone = errors.New("a report has its totals and not its lines, so what several cover together is not known; have the tool write lines, or merge before it reports")

// maxUnits is the most lines, branches or statements that one entry of a report may
// claim, so that no sum of them overflows.
const maxUnits = math.MaxInt32

// File is what a report says of one source file: lines or blocks, as its
// format counts. The zero value is an empty one.
type File struct {
	lines    table[index, page]
	blocks   *table[Block, packed]   // nil where there are none, as in most reports
	branches *table[index, Branches] // the same
	totals   *totals
	both     bool // lines and branches count
}

// index is the number of a line or of a page.
type index uint64

func (n index) compare(m index) int { return cmp.Compare(n, m) }

// page holds 64 neighbouring lines, a bit each. So a large report takes less than
// a byte a line, and no line number, however large, takes more than a page.
type page struct{ seen, hit uint64 }

// Block is a piece of a source file, as Go's cover tool cuts it.
type Block struct {
	StartLine, StartColumn, EndLine, EndColumn uint32
}

func (b Block) compare(c Block) int {
	return cmp.Or(cmp.Compare(b.StartLine, c.StartLine), cmp.Compare(b.StartColumn, c.StartColumn),
		cmp.Compare(b.EndLine, c.EndLine), cmp.Compare(b.EndColumn, c.EndColumn))
}

func (b Block) String() string {
	return fmt.Sprintf("%d.%d,%d.%d", b.StartLine, b.StartColumn, b.EndLine, b.EndColumn)
}

// Statements is what a report says of a block.
type Statements struct {
	Count int64
	Hit   bool
}

// packed is a Statements in four bytes: its count, shifted by one, and hitBit.
type packed uint32

const hitBit packed = 1

func (p packed) statements() Statements { return Statements{Count: int64(p >> 1), Hit: p&hitBit != 0} }

// Branches is how many branches of a line were taken, and how many there are.
type Branches struct{ Covered, Total uint32 }

func (b Branches) partial() bool { return b.Covered > 0 && b.Covered < b.Total }

type totals struct{ covered, total int64 }

// Line adds line number n, which was executed where hit is true.
func (f *File) Line(n uint64, hit bool) {
	bit := uint64(1) << (n % 64)
	p := page{seen: bit}
	if hit {
		p.hit = bit
	}
	f.addPage(index(n/64), p)
}

func (f *File) addPage(n index, p page) {
	old, _ := f.lines.at(n)
	old.seen |= p.seen
	old.hit |= p.hit
}

// Block adds a block of count statements. It fails where the same block was
// added with another count, and where there are 2^31 statements or more.
func (f *File) Block(b Block, count int64, hit bool) error {
	if count < 0 || count > maxUnits {
		return fmt.Errorf("block %s has %d statements, which no block has", b, count)
	}
	if f.blocks == nil {
		f.blocks = &table[Block, packed]{}
	}
	p, known := f.blocks.at(b)
	switch {
	case !known:
		*p = packed(count) << 1
	case p.statements().Count != count:
		return fmt.Errorf("block %s has %d statements here and %d before: reports of different sources are mixed", b, count, p.statements().Count)
	}
	if hit {
		*p |= hitBit
	}
	return nil
}

// Branch adds what line n says of its branches: how many of total were taken.
// Entries of one line do not say which branches they mean, so the largest of
// their numbers stand: never more than were taken in truth. Branches of which
// no line is known are kept at line 0. What makes no sense, as 3 of 2, is not added.
func (f *File) Branch(n uint64, covered, total int64) {
	if covered < 0 || covered > total || total > maxUnits {
		return
	}
	if f.branches == nil {
		f.branches = &table[index, Branches]{}
	}
	old, _ := f.branches.at(index(n))
	old.Covered, old.Total = max(old.Covered, uint32(covered)), max(old.Total, uint32(total))
}

// SetTotals says how much of f is covered where the report does not derive that
// from the lines that it lists. It fails where that cannot be.
//
// Totals stand above lines and blocks, since they are what the tool prints. Where f
// is merged with another report of the file, its lines are, and what the totals
// have beyond the lines counts once. So no more is covered than was in truth.
func (f *File) SetTotals(covered, total int64) error {
	if covered < 0 || covered > total || total > maxUnits {
		return fmt.Errorf("totals are %d of %d", covered, total)
	}
	f.totals = &totals{covered, total}
	return nil
}

// Merge adds all of other to f. It fails where the two disagree on the number of
// statements of a block, and with [ErrTotalsAlone] where one has totals and the
// other anything.
func (f *File) Merge(other *File) error {
	switch {
	case other.blank():
		return nil
	case f.blank():
		f.lines, f.blocks, f.branches, f.totals = other.lines.copied(), other.blocks.clone(), other.branches.clone(), other.totals
		return nil
	case f.totals != nil && f.units() == 0, other.totals != nil && other.units() == 0:
		return ErrTotalsAlone
	}
	beyond, exact := f.beyond().union(other.beyond()), f.totals == nil && other.totals == nil
	for _, e := range other.lines.all() {
		f.addPage(e.key, e.value)
	}
	for _, e := range other.branches.all() {
		f.Branch(uint64(e.key), int64(e.value.Covered), int64(e.value.Total))
	}
	for _, e := range other.blocks.all() {
		s := e.value.statements()
		if err := f.Block(e.key, s.Count, s.Hit); err != nil {
			return err
		}
	}
	if !exact {
		covered, total := f.listed()
		total = max(0, total+beyond.total)
		f.totals = &totals{min(max(0, covered+beyond.covered), total), total}
	}
	return nil
}

// unclear is how many lines have branches that f and other both took in part, so
// that the union of them is not known.
func (f *File) unclear(other *File) (n int) {
	if f.branches == nil {
		return 0
	}
	for _, e := range other.branches.all() {
		if i, known := f.branches.find(e.key); known && e.value.partial() && f.branches.entries[i].value.partial() {
			n++
		}
	}
	return n
}

func (f *File) blank() bool { return f.units() == 0 && len(f.branches.all()) == 0 && f.totals == nil }

func (f *File) units() int { return len(f.lines.all()) + len(f.blocks.all()) }

// Reset empties f and keeps its memory.
func (f *File) Reset() {
	f.lines.reset()
	f.blocks.reset()
	f.branches.reset()
	f.totals = nil
}

// Lines yields the number of each line and whether it was hit, ascending. A file
// with totals may have none, and a file with blocks has none.
func (f *File) Lines() iter.Seq2[uint64, bool] {
	return func(yield func(uint64, bool) bool) {
		for _, e := range f.lines.ordered() {
			for bit := range uint64(64) {
				if e.value.seen>>bit&1 == 1 && !yield(uint64(e.key)*64+bit, e.value.hit>>bit&1 == 1) {
					return
				}
			}
		}
	}
}

// Blocks yields each block in the order of the source.
func (f *File) Blocks() iter.Seq2[Block, Statements] {
	return func(yield func(Block, Statements) bool) {
		for _, e := range f.blocks.ordered() {
			if !yield(e.key, e.value.statements()) {
				return
			}
		}
	}
}

// LineBranches yields the number of each line that has branches, ascending. Line 0
// holds those of which no line is known.
func (f *File) LineBranches() iter.Seq2[uint64, Branches] {
	return func(yield func(uint64, Branches) bool) {
		for _, e := range f.branches.ordered() {
			if !yield(uint64(e.key), e.value) {
				return
			}
		}
	}
}
