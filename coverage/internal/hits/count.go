package hits

import "math/bits"

// Count returns how many units of f are covered and how many there are: its
// totals where it has any; else lines, or statements where f has blocks, and
// branches too where that is the metric.
func (f *File) Count() (covered, total int64) {
	if f.totals != nil {
		return f.totals.covered, f.totals.total
	}
	return f.listed()
}

// listed is Count without totals.
func (f *File) listed() (covered, total int64) {
	for _, e := range f.lines.all() {
		covered += int64(bits.OnesCount64(e.value.hit))
		total += int64(bits.OnesCount64(e.value.seen))
	}
	for _, e := range f.blocks.all() {
		s := e.value.statements()
		total += s.Count
		if s.Hit {
			covered += s.Count
		}
	}
	if f.both {
		c, t := f.Branches()
		covered, total = covered+c, total+t
	}
	return covered, total
}

// beyond is how much more the totals of f have than it lists, which may be less.
func (f *File) beyond() totals {
	if f.totals == nil {
		return totals{}
	}
	covered, total := f.listed()
	return totals{f.totals.covered - covered, f.totals.total - total}
}

// union is what two reports of one file have beyond what both list. It is the
// same in both, as far as can be told, and no more of it was covered than the report
// has that covered most.
func (a totals) union(b totals) totals {
	switch {
	case min(a.covered, b.covered, a.total, b.total) >= 0:
		return totals{max(a.covered, b.covered), max(a.total, b.total)}
	case max(a.covered, b.covered, a.total, b.total) <= 0:
		return totals{min(a.covered, b.covered), min(a.total, b.total)}
	}
	return totals{min(a.covered, b.covered), max(a.total, b.total)}
}

// Branches returns how many branches were taken, and how many there are.
func (f *File) Branches() (covered, total int64) {
	for _, e := range f.branches.all() {
		covered, total = covered+int64(e.value.Covered), total+int64(e.value.Total)
	}
	return covered, total
}
