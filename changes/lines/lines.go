// Package lines tells which lines a change adds or modifies, for gates that
// look at new code only: the coverage of changed lines, or findings on them.
//
//	diff, err := repo.Diff(ctx, changes.Range{Base: "origin/main"})
//	before, err := repo.FS(ctx, diff.From)
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
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

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

// MaxSize is the largest file whose lines are compared, in bytes: 16 MiB. What is
// larger is data rather than code, and counts as binary.
const MaxSize = 16 << 20

// Changed compares the contents of files before and after, and returns the
// lines of after that are new or modified. Before and after may be two states
// of one repository; one is read from at a time.
//
// Each of files has an entry, which is empty where it has no such lines: a
// deleted file, a symbolic link, a submodule, a binary file (one with a zero byte
// within the first 8000), one of more than [MaxSize], and one whose name is not
// UTF-8, as io/fs has no room for it. What is one of these before only is as if
// it were empty. A file whose last line only gained or lost its line break has
// that line changed, as in git diff.
//
// The lines are those of a shortest difference. Where the two contents differ so
// much that this would take too long, some ten thousand lines each, they are
// those whose text the old file does not have.
//
// An error is that of reading a file, and names it, or that of ctx.
func Changed(ctx context.Context, before, after fs.FS, files []changes.File) (Lines, error) {
	changed := make(Lines, len(files))
	for _, f := range files {
		ranges, err := changedIn(ctx, before, after, f)
		if err != nil {
			return nil, fmt.Errorf("compare lines: %w", err)
		}
		changed[f.Path] = ranges
	}
	return changed, nil
}

// changedIn returns the changed lines of a file, not nil unless it fails.
func changedIn(ctx context.Context, before, after fs.FS, f changes.File) (_ []Range, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var old, now []byte
	if f.Status != changes.Deleted && fs.ValidPath(f.Path) {
		now, err = text(after, f.Path)
	}
	if err == nil && len(now) > 0 && f.Status == changes.Modified {
		old, err = text(before, f.Path)
	}
	if err != nil {
		return nil, err
	}
	ranges, err := compare(ctx, old, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return ranges, nil
}

// text returns the content of a regular file that is neither binary nor too
// large, or nothing.
func text(fsys fs.FS, path string) ([]byte, error) {
	info, err := fs.Lstat(fsys, path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	file, err := fsys.Open(path)
	if errors.Is(err, changes.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil || len(content) > MaxSize || bytes.IndexByte(content[:min(len(content), binaryHead)], 0) >= 0 {
		return nil, err
	}
	return content, nil
}

// compare returns the ranges of now that old does not have; it is not nil unless
// it fails.
func compare(ctx context.Context, old, now []byte) ([]Range, error) {
	ids := map[string]int32{}
	a, b := number(ids, old), number(ids, now)
	added, err := shortest(ctx, a, b, maxWork)
	if errors.Is(err, errTooDifferent) {
		added, err = unknown(a, b), nil
	}
	if err != nil {
		return nil, err
	}
	ranges := []Range{}
	for i, new := range added {
		if new {
			ranges = linediff.Append(ranges, i+1)
		}
	}
	return ranges, nil
}

// number gives each different line a number.
func number(ids map[string]int32, content []byte) []int32 {
	var numbers []int32
	for line := range strings.Lines(string(content)) {
		id, known := ids[line]
		if !known {
			id = int32(len(ids))
			ids[line] = id
		}
		numbers = append(numbers, id)
	}
	return numbers
}

// unknown reports for each line of b whether its text is not in a.
func unknown(a, b []int32) []bool {
	known := make(map[int32]bool, len(a))
	for _, id := range a {
		known[id] = true
	}
	added := make([]bool, len(b))
	for i, id := range b {
		added[i] = !known[id]
	}
	return added
}
