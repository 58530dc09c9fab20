package coverage

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// gaps are the changed files of which no report has the lines.
type gaps struct {
	all    []string            // those of absent first
	absent []string            // those that some report ought to have, sorted
	of     map[string][]string // absent, by the modules that may be meant
}

// gaps finds them. A report ought to have a file that ends like one that it has.
// Which module that is paths tell, where they are those of the repository: the one
// with the files that are nearest. It may be several, and then each lacks it.
func (g Gate) gaps(reported map[string]bool, verdicts []Verdict) gaps {
	out := gaps{of: map[string][]string{}}
	like := directories(verdicts)
	var others []string
	for _, p := range g.Changed.Paths() {
		switch modules := like[path.Ext(p)]; {
		case len(g.Changed[p]) == 0 || reported[p]:
		case modules == nil || g.exempt(p):
			others = append(others, p)
		default:
			out.absent = append(out.absent, p)
			for _, m := range nearest(path.Dir(p), modules) {
				out.of[m] = append(out.of[m], p)
			}
		}
	}
	out.all = append(slices.Clone(out.absent), others...)
	return out
}

// places are the directories of files, by the modules that report them.
type places map[string]map[string]bool

// directories returns where the files of each extension are. What has none, such as
// a Makefile, is like no other file.
func directories(verdicts []Verdict) map[string]places {
	out := map[string]places{}
	for _, v := range verdicts {
		for _, f := range v.Files {
			ext := path.Ext(f.Path)
			if ext == "" {
				continue
			}
			if out[ext] == nil {
				out[ext] = places{}
			}
			if out[ext][v.Module] == nil {
				out[ext][v.Module] = map[string]bool{}
			}
			out[ext][v.Module][path.Dir(slashed(f.Path))] = true
		}
	}
	return out
}

// nearest returns the modules with the directory that shares most names with dir.
func nearest(dir string, modules places) []string {
	best, found := -1, []string(nil)
	for m, dirs := range modules {
		n := 0
		for d := range dirs {
			n = max(n, inCommon(dir, d))
		}
		if n > best {
			best, found = n, nil
		}
		if n == best {
			found = append(found, m)
		}
	}
	return found
}

// inCommon returns how many names a and b begin with in common.
func inCommon(a, b string) (n int) {
	if a == "." || b == "." {
		return 0
	}
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for n < min(len(as), len(bs)) && as[n] == bs[n] {
		n++
	}
	return n
}

// exempt reports whether no report has to have p. Of itself that is only what no tool
// can report, as the language defines it: Go leaves out its tests
// (https://pkg.go.dev/cmd/go#hdr-Test_packages), and TypeScript's declarations have no
// code (https://www.typescriptlang.org/docs/handbook/2/type-declarations.html).
func (g Gate) exempt(p string) bool {
	if strings.HasSuffix(p, "_test.go") || strings.HasSuffix(p, ".d.ts") {
		return true
	}
	return slices.ContainsFunc(g.AllowUnreported, func(pattern string) bool { return matches(pattern, p) })
}

// matches reports whether p is one of pattern, as Gate.AllowUnreported has it.
func matches(pattern, p string) bool {
	if !strings.Contains(pattern, "/") {
		ok, err := path.Match(pattern, path.Base(p))
		return ok && err == nil
	}
	return matchNames(strings.Split(strings.TrimPrefix(pattern, "/"), "/"), strings.Split(p, "/"))
}

// matchNames fills the table of which tails of pattern match which tails of names,
// so that no pattern costs more than its length times that of the path.
func matchNames(pattern, names []string) bool {
	row := make([]bool, len(names)+1) // row[j]: the patterns behind match names[j:]
	row[len(names)] = true
	for _, p := range slices.Backward(pattern) {
		next := make([]bool, len(names)+1)
		for j := len(names); j >= 0; j-- {
			switch {
			case p == "**":
				next[j] = row[j] || j < len(names) && next[j+1]
			case j < len(names):
				ok, err := path.Match(p, names[j])
				next[j] = ok && err == nil && row[j+1]
			}
		}
		row = next
	}
	return row[0]
}

func checkPatterns(patterns []string) error {
	for _, pattern := range patterns {
		for name := range strings.SplitSeq(pattern, "/") {
			if _, err := path.Match(name, ""); err != nil || pattern == "" {
				return fmt.Errorf("AllowUnreported: pattern %q: %w", pattern, cmp.Or(err, path.ErrBadPattern))
			}
		}
	}
	return nil
}

// known returns the files as a set; nil where there are none.
func (s Sources) known() map[string]bool {
	if len(s.Files) == 0 {
		return nil
	}
	known := make(map[string]bool, len(s.Files))
	for _, f := range s.Files {
		known[path.Clean(f)] = true
	}
	return known
}

// strange turns v into [NoData] where the paths of its files are plainly not those
// of the repository, or its lines not known. Else what was never mapped would pass
// every change.
func (v *Verdict) strange(files []File, unreported []string, known map[string]bool) {
	if known != nil && !slices.ContainsFunc(files, func(f File) bool { return known[f.Path] }) {
		v.Outcome, v.Missing, v.Absent = NoData, 0, nil
		v.Message = fmt.Sprintf("no data: no file of its report is one of the repository, first %s: give the root of the report, or a prefix", files[0].Path)
		return
	}
	if v.Total > 0 {
		return
	}
	changed, reported := alike(unreported, files, known)
	if changed == "" {
		return
	}
	v.Outcome, v.Absent = NoData, nil
	v.Message = fmt.Sprintf("no data: %s was changed, and the report calls a file %s: give the root of the report or the files of the repository, so that the two can be told for one", changed, reported)
	if changed == reported {
		v.Message = fmt.Sprintf("no data: %s was changed, and the report has its numbers and not its lines", changed)
	}
}

// alike returns a changed file and a reported one that may be the same.
func alike(changed []string, files []File, known map[string]bool) (string, string) {
	byName := map[string][]string{}
	for _, f := range files {
		if p := slashed(f.Path); !known[f.Path] || !f.hasLines() {
			byName[path.Base(p)] = append(byName[path.Base(p)], p)
		}
	}
	for _, c := range changed {
		for _, p := range byName[path.Base(c)] {
			if overlap(c, p) > 0 && (c == p || !known[p]) {
				return c, p
			}
		}
	}
	return "", ""
}
