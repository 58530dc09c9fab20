// Package linediff reads which lines a unified diff adds or changes.
//
// It understands what git diff and git show print, with any number of context
// lines, and what diff -u prints. It answers for the new side alone: lines that
// were deleted are on no line of the new file.
package linediff

import (
	"fmt"
	"maps"
	"slices"
)

// Range is a run of lines of the new side: First to Last, from 1, both inclusive.
type Range struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// String returns "7" or "7-9".
func (r Range) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// Append adds line to ranges, whose lines are all smaller: it makes the last
// range longer where line follows it, and adds a range where it does not.
func Append(ranges []Range, line int) []Range {
	if last := len(ranges) - 1; last >= 0 && ranges[last].Last == line-1 {
		ranges[last].Last = line
		return ranges
	}
	return append(ranges, Range{line, line})
}

// Lines holds the changed lines by path. Paths are those of the diff without
// the prefixes of git (a/ and b/), so relative to the repository; the ranges of
// a path ascend, and neither overlap nor touch. A file without a new line has an
// empty list that is not nil: one that only lost lines or was deleted, one of which
// only the name or the mode changed (under both names), and one that is binary.
type Lines map[string][]Range

// Has reports whether line of path, from 1, is among the changed ones.
func (l Lines) Has(path string, line int) bool {
	_, found := slices.BinarySearchFunc(l[path], line, func(r Range, line int) int {
		switch {
		case r.Last < line:
			return -1
		case r.First > line:
			return 1
		}
		return 0
	})
	return found
}

// Paths returns the paths, sorted.
func (l Lines) Paths() []string { return slices.Sorted(maps.Keys(l)) }
