// Package hits is what the parsers of coverage reports share: the set of what
// a report says can be hit and was, and the ways in which a report is wrong.
//
// A [Set] is a union. A line or block that a report lists more than once counts
// once, and is covered where any of its entries is. So a header that two object
// files include, a block that several test binaries list, and the shards of one
// test run all come out right.
package hits

import (
	"fmt"
	"maps"
	"slices"
)

// Set is the content of one report, or of several that were merged.
type Set struct {
	files    map[string]*File
	warnings []string
}

// File returns the file at path, and adds it where it is new.
func (s *Set) File(path string) *File {
	f, ok := s.files[path]
	if !ok {
		if s.files == nil {
			s.files = make(map[string]*File)
		}
		f = &File{}
		s.files[path] = f
	}
	return f
}

// Paths returns the paths of all files, sorted.
func (s *Set) Paths() []string { return slices.Sorted(maps.Keys(s.files)) }

// Count returns how many units of all files are covered, and how many there are.
func (s *Set) Count() (covered, total int64) {
	for _, f := range s.files {
		c, t := f.Count()
		covered, total = covered+c, total+t
	}
	return covered, total
}

// Warn keeps a remark on the report for the people who read its numbers.
func (s *Set) Warn(format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}

// Warnings returns the remarks in the order in which they were made.
func (s *Set) Warnings() []string { return s.warnings }

// Merge adds all of other to s. It fails where the two disagree on the number
// of statements of a block, as reports of different sources do.
func (s *Set) Merge(other *Set) error {
	for _, path := range other.Paths() {
		if err := s.File(path).Merge(other.files[path]); err != nil {
			return fmt.Errorf("merge %s: %w", path, err)
		}
	}
	s.warnings = append(s.warnings, other.warnings...)
	return nil
}

// File is what a report says of one source file: lines or blocks, as its
// format counts. The zero value is an empty one.
type File struct {
	lines    map[uint64]page
	blocks   map[Block]statements
	branches map[uint64]taken
}

// page holds 64 neighbouring lines, a bit each. So a large report takes less than
// a byte a line, and no line number, however large, takes more than a page.
type page struct{ seen, hit uint64 }

// Block is a piece of a source file, as Go's cover tool cuts it.
type Block struct {
	StartLine, StartColumn, EndLine, EndColumn uint32
}

type statements struct {
	count int64
	hit   bool
}

type taken struct{ covered, total int64 }

// Line adds line number n, which was executed where hit is true.
func (f *File) Line(n uint64, hit bool) {
	bit := uint64(1) << (n % 64)
	p := page{seen: bit}
	if hit {
		p.hit = bit
	}
	f.addPage(n/64, p)
}

func (f *File) addPage(index uint64, p page) {
	if f.lines == nil {
		f.lines = make(map[uint64]page)
	}
	old := f.lines[index]
	f.lines[index] = page{seen: old.seen | p.seen, hit: old.hit | p.hit}
}

// Block adds a block of count statements. It fails where the same block was
// added with another count.
func (f *File) Block(b Block, count int64, hit bool) error {
	old, known := f.blocks[b]
	switch {
	case known && old.count != count:
		return fmt.Errorf("block %d.%d,%d.%d has %d statements here and %d before: reports of different sources are mixed",
			b.StartLine, b.StartColumn, b.EndLine, b.EndColumn, count, old.count)
	case f.blocks == nil:
		f.blocks = make(map[Block]statements)
	}
	f.blocks[b] = statements{count, hit || old.hit}
	return nil
}

// Branch adds what line n says of its branches: how many of total were taken.
// Entries of one line do not say which branches they mean, so the largest of
// their numbers stand: never more than were taken in truth.
func (f *File) Branch(n uint64, covered, total int64) {
	if f.branches == nil {
		f.branches = make(map[uint64]taken)
	}
	old := f.branches[n]
	f.branches[n] = taken{max(old.covered, covered), max(old.total, total)}
}

// Merge adds all of other to f.
func (f *File) Merge(other *File) error {
	for index, p := range other.lines {
		f.addPage(index, p)
	}
	for n, t := range other.branches {
		f.Branch(n, t.covered, t.total)
	}
	for b, s := range other.blocks {
		if err := f.Block(b, s.count, s.hit); err != nil {
			return err
		}
	}
	return nil
}
