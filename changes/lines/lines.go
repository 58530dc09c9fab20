// Package lines tells which lines a change adds or modifies, for gates that
// look at new code only: the coverage of changed lines, or findings on them.
//
//	diff, err := repo.Diff(ctx, changes.Range{Base: "origin/main"})
//	before, err := repo.FS(ctx, diff.MergeBase)
//	after, err := repo.FS(ctx, diff.Head)
//	changed, err := lines.Changed(ctx, before, after, diff.Files)
//
// Package changes itself never reads the contents of files; this package does,
// of those that changed. Lines that were only deleted are nobody's: they have
// no number in the new file. A file that is moved counts as new.
package lines

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/internal/linediff"
)

// Lines are the changed lines by file: ranges in ascending order, whose First
// and Last are line numbers of the new side, counted from 1 and inclusive.
type Lines = linediff.Lines

// Range is a run of lines.
type Range = linediff.Range

// binaryHead is how many bytes are searched for a zero byte, which makes a
// file binary, as in git (xdiff-interface.c, FIRST_FEW_BYTES).
const binaryHead = 8000

// maxWork bounds the comparison of two files, in steps: lines times differing
// lines. Where a file was all but replaced, a shortest difference is neither
// affordable nor telling.
const maxWork = 1 << 28

// Changed compares the contents of files before and after, and returns the
// lines of after that are new or modified. Deleted files, symbolic links,
// submodules and binary files (those with a zero byte within the first 8000)
// have no lines. A file whose last line only gained or lost its line break has
// that line changed, as in git diff.
//
// The lines are those of a shortest difference. Of a file of which nearly
// nothing was kept, they are those whose text the old file does not have.
//
// An error is that of reading a file, and names it.
func Changed(ctx context.Context, before, after fs.FS, files []changes.File) (Lines, error) {
	changed := Lines{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("compare lines: %w", err)
		}
		if f.Status == changes.Deleted || !fs.ValidPath(f.Path) {
			continue
		}
		now, err := text(after, f.Path)
		if err != nil {
			return nil, fmt.Errorf("compare lines: %w", err)
		}
		var old []byte
		if f.Status == changes.Modified {
			if old, err = text(before, f.Path); err != nil {
				return nil, fmt.Errorf("compare lines: %w", err)
			}
		}
		if ranges := compare(old, now); len(ranges) > 0 {
			changed[f.Path] = ranges
		}
	}
	return changed, nil
}

// text returns the content of a regular file that is not binary, or nothing.
func text(fsys fs.FS, path string) ([]byte, error) {
	info, err := fs.Lstat(fsys, path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	content, err := fs.ReadFile(fsys, path)
	if err != nil || bytes.IndexByte(content[:min(len(content), binaryHead)], 0) >= 0 {
		return nil, err
	}
	return content, nil
}

// compare returns the ranges of now that old does not have.
func compare(old, now []byte) []Range {
	ids := map[string]rune{}
	a, b := number(ids, old), number(ids, now)
	if len(ids) > maxDistinct {
		return []Range{{First: 1, Last: len(b)}}
	}
	prefix := 0
	for prefix < min(len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	a, b = a[prefix:], b[prefix:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if work(a, b) > maxWork {
		return unknown(a, b, prefix)
	}
	return shortest(a, b, prefix)
}

// maxDistinct is how many different lines can be told apart by a rune.
const maxDistinct = utf8.MaxRune - surrogates - 1

// surrogates is how many runes cannot stand in a string.
const surrogates = 0x800

// number gives each different line a rune, so that a library that compares
// texts by their characters compares them by their lines.
func number(ids map[string]rune, content []byte) []rune {
	var numbers []rune
	for line := range strings.Lines(string(content)) {
		id, known := ids[line]
		if !known {
			id = rune(len(ids)) + 1
			ids[line] = id
		}
		if id >= 0xD800 {
			id += surrogates
		}
		numbers = append(numbers, id)
	}
	return numbers
}

// work is about how many steps a shortest difference of a and b takes at least.
func work(a, b []rune) float64 {
	counts := map[rune]int{}
	for _, id := range a {
		counts[id]++
	}
	for _, id := range b {
		counts[id]--
	}
	different := 0.0
	for _, n := range counts {
		different += math.Abs(float64(n))
	}
	return float64(len(a)+len(b)) * different
}

// shortest returns the lines that a shortest difference adds.
func shortest(a, b []rune, prefix int) []Range {
	differ := diffmatchpatch.New()
	differ.DiffTimeout = 0 // never a lesser answer because a machine is busy
	var ranges []Range
	line := prefix
	for _, d := range differ.DiffMainRunes(a, b, false) {
		n := utf8.RuneCountInString(d.Text)
		switch d.Type {
		case diffmatchpatch.DiffInsert:
			ranges = add(ranges, line+1, line+n)
			line += n
		case diffmatchpatch.DiffEqual:
			line += n
		}
	}
	return ranges
}

// unknown returns the lines of b whose text is not in a.
func unknown(a, b []rune, prefix int) []Range {
	known := make(map[rune]bool, len(a))
	for _, id := range a {
		known[id] = true
	}
	var ranges []Range
	for i, id := range b {
		if !known[id] {
			ranges = add(ranges, prefix+i+1, prefix+i+1)
		}
	}
	return ranges
}

// add adds the lines from first to last, which stand behind all before them.
func add(ranges []Range, first, last int) []Range {
	if n := len(ranges); n > 0 && ranges[n-1].Last+1 == first {
		ranges[n-1].Last = last
		return ranges
	}
	return append(ranges, Range{First: first, Last: last})
}
