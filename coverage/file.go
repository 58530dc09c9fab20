package coverage

import (
	"iter"
	"math"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
)

// File is the coverage of one source file.
type File struct {
	Path  string `json:"path"` // as the report has it, or as [Sources] map it
	Count        // of the report's metric

	// Branches are those that were taken, of all; 0/0 where the format has none.
	// They are no part of Count, unless its metric is [LinesAndBranches].
	Branches Count `json:"branches,omitzero"`

	hits *hits.File // nil where a File is made by hand
}

func newFile(path string, h *hits.File) File {
	f := File{Path: path, hits: h}
	f.Covered, f.Total = h.Count()
	f.Branches.Covered, f.Branches.Total = h.Branches()
	return f
}

// Lines yields the lines that the report lists, ascending, and whether each was
// executed. It yields nothing where the report has numbers and no lines, as
// [IstanbulSummary] does, and for a File that no report gave.
//
// A Go profile lists blocks of statements. A line is one of a block where it
// holds any part of it, and was executed where any of its blocks was. So the line
// of an if counts as executed where its condition was, and the blank lines and
// comments within a block count as the block does.
func (f File) Lines() iter.Seq2[int, bool] {
	return func(yield func(int, bool) bool) {
		if f.hits == nil {
			return
		}
		for n, hit := range expand(f.hits).Lines() {
			if n > math.MaxInt { // of no file: lines are sorted
				return
			}
			if !yield(int(n), hit) {
				return
			}
		}
	}
}

// hasLines reports whether f tells all that it has by line.
func (f File) hasLines() bool {
	for range f.Lines() {
		return true
	}
	return f.Total == 0
}

// LineBranches yields the lines of which the report says what became of their
// branches, ascending, and how many were taken, of how many.
func (f File) LineBranches() iter.Seq2[int, Count] {
	return func(yield func(int, Count) bool) {
		if f.hits == nil {
			return
		}
		for n, b := range f.hits.LineBranches() {
			if n > math.MaxInt {
				return
			}
			if n > 0 && !yield(int(n), Count{Covered: int64(b.Covered), Total: int64(b.Total)}) {
				return
			}
		}
	}
}

// maxBlock is the most lines of a block that are told apart. Go's compiler
// takes no function of that size; a profile that claims one is not to cost minutes.
const maxBlock = 1 << 20

// expand returns f, or the lines of its blocks where it has blocks.
func expand(f *hits.File) *hits.File {
	lines := f
	for b, s := range f.Blocks() {
		if lines == f {
			lines = &hits.File{}
		}
		if s.Count == 0 { // as that of an empty body
			continue
		}
		for n := uint64(b.StartLine); n <= uint64(b.EndLine) && n < uint64(b.StartLine)+maxBlock; n++ {
			lines.Line(n, s.Hit)
		}
	}
	return lines
}
