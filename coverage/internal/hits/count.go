package hits

import "math/bits"

// Count returns how many units of f are covered and how many there are: lines,
// or statements where f has blocks.
func (f *File) Count() (covered, total int64) {
	for _, p := range f.lines {
		covered += int64(bits.OnesCount64(p.hit))
		total += int64(bits.OnesCount64(p.seen))
	}
	for _, s := range f.blocks {
		total += s.count
		if s.hit {
			covered += s.count
		}
	}
	return covered, total
}

// Branches returns how many branches were taken, and how many there are.
func (f *File) Branches() (covered, total int64) {
	for _, t := range f.branches {
		covered, total = covered+t.covered, total+t.total
	}
	return covered, total
}
