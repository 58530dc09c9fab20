// Package hits is what the parsers of coverage reports share: the set of what
// a report says can be hit and was, and the ways in which a report is wrong.
//
// A [Set] is a union. A line or block that a report lists more than once counts
// once, and is covered where any of its entries is. So a header that two object
// files include, a block that several test binaries list, and the shards of one
// test run all come out right.
package hits

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Metric is what the numbers of a report count.
type Metric string

// The metrics of the formats.
const (
	MetricLines            Metric = "lines" // what an empty Metric means
	MetricStatements       Metric = "statements"
	MetricLinesAndBranches Metric = "lines+branches"
	MetricInstructions     Metric = "instructions"
)

// Set is the content of one report, or of several that were merged. The zero
// value is an empty one that counts lines.
type Set struct {
	metric   Metric
	files    map[string]*File
	roots    []string
	warnings []string
	unclear  int // lines of which more branches may have been taken than can be told
}

// Metric is what the numbers of s count.
func (s *Set) Metric() Metric { return cmp.Or(s.metric, MetricLines) }

// SetMetric says what the numbers of s count. With [MetricLinesAndBranches] the count of
// a file is that of its lines and branches together.
func (s *Set) SetMetric(m Metric) {
	s.metric = m
	for _, f := range s.files {
		f.both = m == MetricLinesAndBranches
	}
}

// File returns the file at path, and adds it where it is new.
func (s *Set) File(path string) *File {
	if f, ok := s.files[path]; ok {
		return f
	}
	return s.add(path)
}

// FileBytes is [Set.File] for a path that is about to change.
func (s *Set) FileBytes(path []byte) *File {
	if f, ok := s.files[string(path)]; ok { // which copies nothing
		return f
	}
	return s.add(string(path))
}

func (s *Set) add(path string) *File {
	if s.files == nil {
		s.files = make(map[string]*File)
	}
	f := &File{both: s.metric == MetricLinesAndBranches}
	s.files[path] = f
	return f
}

// Paths returns the paths of all files, sorted.
func (s *Set) Paths() []string {
	paths := slices.AppendSeq(make([]string, 0, len(s.files)), maps.Keys(s.files))
	slices.Sort(paths)
	return paths
}

// Count returns how many units of all files are covered, and how many there are.
func (s *Set) Count() (covered, total int64) {
	for _, f := range s.files {
		c, t := f.Count()
		covered, total = covered+c, total+t
	}
	return covered, total
}

// Lacks reports whether s lacks something of what a report says of all its files
// together, covered of total: they have more units, or more that are not covered.
func (s *Set) Lacks(covered, total int64) bool {
	c, t := s.Count()
	return total > t || total-covered > t-c
}

// AddRoot keeps a directory that the paths of files may be relative to, as the
// report says, such as a <source> of Cobertura. An empty one is none.
func (s *Set) AddRoot(dir string) {
	if dir != "" && len(s.roots) < maxRoots && !slices.Contains(s.roots, dir) {
		s.roots = append(s.roots, dir)
	}
}

// maxRoots is how many roots are kept. GitLab reads 100 of them.
const maxRoots = 1000

// Roots returns the directories of AddRoot, each once, in the order in which they came.
func (s *Set) Roots() []string { return s.roots }

// Warn keeps a remark on the report for the people who read its numbers.
func (s *Set) Warn(format string, args ...any) {
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}

// Warnings returns the remarks in the order in which they were made.
func (s *Set) Warnings() []string {
	if s.unclear == 0 || s.metric != MetricLinesAndBranches {
		return s.warnings
	}
	return append(slices.Clip(s.warnings), fmt.Sprintf("branches that several reports took in part, without saying which: of %d lines; "+
		"the larger number of each counts, and the truth may be more", s.unclear))
}

// Merge adds all of other to s. It fails where the two count different things,
// and where [File.Merge] does. An empty s takes the metric of other.
func (s *Set) Merge(other *Set) error {
	switch {
	case len(s.files) == 0:
		s.SetMetric(other.metric)
	case s.Metric() != other.Metric() && len(other.files) > 0:
		return fmt.Errorf("it counts %s, the reports before it %s", other.Metric(), s.Metric())
	}
	s.unclear += other.unclear
	for _, path := range other.Paths() {
		s.unclear += s.File(path).unclear(other.files[path])
		if err := s.File(path).Merge(other.files[path]); err != nil {
			return fmt.Errorf("merge %s: %w", path, err)
		}
	}
	for _, root := range other.roots {
		s.AddRoot(root)
	}
	s.warnings = append(s.warnings, other.warnings...)
	return nil
}
