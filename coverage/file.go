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
		for n, hit := range linesOf(f.hits) {
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
	if f.Total == 0 {
		return true
	}
	for range f.Lines() {
		return true
	}
	return false
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

// maxBlockLines is the most lines that the blocks of a file are told apart by. No
// source has more; a profile that claims so is not to cost minutes.
const maxBlockLines = 1 << 20

// linesOf yields the lines of f, or those of its blocks where it has blocks.
func linesOf(f *hits.File) iter.Seq2[uint64, bool] {
	all, hit := spans(f)
	if len(all) == 0 {
		return f.Lines()
	}
	return func(yield func(uint64, bool) bool) {
		hit, left := hit, maxBlockLines
		for _, s := range all {
			for n := s.first; n <= s.last && left > 0; n++ {
				for len(hit) > 0 && hit[0].last < n {
					hit = hit[1:]
				}
				if !yield(n, len(hit) > 0 && hit[0].first <= n) {
					return
				}
				left--
			}
		}
	}
}

// span is a run of lines, both inclusive.
type span struct{ first, last uint64 }

// spans returns which lines the blocks of f are on, and on which of them one was
// executed: runs that ascend and do not overlap. So blocks cost what they are, and not
// what they claim to span.
func spans(f *hits.File) (all, hit []span) {
	for b, s := range f.Blocks() { // by the first line
		if s.Count == 0 || b.EndLine < b.StartLine { // as that of an empty body
			continue
		}
		lines := span{uint64(b.StartLine), uint64(b.EndLine)}
		all = unite(all, lines)
		if s.Hit {
			hit = unite(hit, lines)
		}
	}
	return all, hit
}

// unite adds s, which begins no earlier than the last of spans does.
func unite(spans []span, s span) []span {
	if last := len(spans) - 1; last >= 0 && s.first <= spans[last].last {
		spans[last].last = max(spans[last].last, s.last)
		return spans
	}
	return append(spans, s)
}
