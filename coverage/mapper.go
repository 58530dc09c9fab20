package coverage

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// mapper is Sources, made ready to be asked.
type mapper struct {
	sources Sources
	files   map[string]bool     // all of them
	byName  map[string][]string // files by the last name of their path
}

func newMapper(s Sources) *mapper {
	m := &mapper{sources: s, files: make(map[string]bool, len(s.Files)), byName: make(map[string][]string)}
	for _, f := range s.Files {
		f = path.Clean(f)
		if !m.files[f] {
			m.files[f] = true
			m.byName[path.Base(f)] = append(m.byName[path.Base(f)], f)
		}
	}
	return m
}

func (m *mapper) report(r Report, root string) (Report, error) {
	if m.sources.isZero() && root == "" {
		return r, nil
	}
	var errs []error
	var strange []string
	guessed := map[string]string{} // file -> path, for tails
	sure := map[string]string{}
	mapped := newAdder(r)
	for _, f := range r.Files {
		found, err := m.find(f.Path, r.Roots, root)
		if err == nil {
			err = twice(found, f.Path, guessed, sure)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if found.file == "" {
			strange = append(strange, f.Path)
			found.file = f.Path
		}
		if err := mapped.add(found.file, f); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return Report{}, firstOf(errs)
	}
	out := mapped.sum()
	out.Warnings = slices.Clip(r.Warnings)
	if len(strange) > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d of %d files are none of the repository, first %s; they count by the path that the report gives",
			len(strange), len(r.Files), strange[0]))
	}
	return out, nil
}

// twice refuses that two paths of one report are one file only because they end alike.
func twice(found match, p string, guessed, sure map[string]string) error {
	other, known := guessed[found.file]
	if !known && found.tail {
		other, known = sure[found.file]
	}
	switch {
	case found.file == "":
		return nil
	case known:
		return &AmbiguousError{Paths: []string{other, p}, Files: []string{found.file}}
	case found.tail:
		guessed[found.file] = p
	default:
		sure[found.file] = p
	}
	return nil
}

// match is a file of the repository; "" where there is none.
type match struct {
	file string
	tail bool // found by how it ends
}

// find applies the rules that the documentation of Sources lists.
func (m *mapper) find(p string, roots []string, root string) (match, error) {
	p = slashed(p)
	full := []string{p} // what the path may be where the tests ran
	if !isAbs(p) {
		for _, r := range roots {
			full = append(full, path.Join(slashed(r), p))
		}
	}
	if found := m.prefixed(p, root); len(found) > 0 {
		return only(p, found, false)
	}
	if file, ok := m.below(root, p); ok && root != "" {
		return match{file: file}, nil
	}
	found := map[string]bool{}
	for _, f := range full[1:] {
		for _, base := range []string{root, "."} {
			if file, ok := m.below(base, f); ok && len(m.files) > 0 {
				found[file] = true
				break
			}
		}
		maps.Copy(found, m.prefixed(f, root))
	}
	if len(found) == 0 {
		if file, ok := m.below(".", p); ok {
			return match{file: file}, nil
		}
		found = m.tails(full, root)
		return only(p, found, true)
	}
	return only(p, found, false)
}

func only(p string, found map[string]bool, tail bool) (match, error) {
	files := slices.Sorted(maps.Keys(found))
	switch len(files) {
	case 0:
		return match{}, nil
	case 1:
		return match{file: files[0], tail: tail}, nil
	}
	return match{}, &AmbiguousError{Paths: []string{p}, Files: files}
}

// prefixed returns the files of the repository that the longest prefix of p gives.
func (m *mapper) prefixed(p, root string) map[string]bool {
	found := map[string]bool{}
	dirs, rest := m.longest(p)
	for _, dir := range dirs {
		file := path.Join(slashed(dir), rest)
		switch {
		case !m.has(file):
		case root != "" && slashed(dir) == slashed(root):
			return map[string]bool{file: true}
		default:
			found[file] = true
		}
	}
	keepBelow(root, found)
	return found
}

// longest returns the directories of the longest prefix of p, and what follows it.
func (m *mapper) longest(p string) (dirs []string, rest string) {
	best := -1
	fits := func(prefix string) bool {
		prefix = slashed(prefix)
		after, ok := strings.CutPrefix(p, strings.TrimSuffix(prefix, "/")+"/")
		if ok = ok && len(prefix) > best; ok {
			best, rest = len(prefix), after
		}
		return ok
	}
	for prefix, dir := range m.sources.Prefixes {
		if fits(prefix) {
			dirs = []string{dir}
		}
	}
	for prefix, several := range m.sources.Shared {
		if fits(prefix) {
			dirs = several
		}
	}
	return dirs, rest
}

func (m *mapper) below(dir, p string) (string, bool) {
	file := path.Join(slashed(dir), p)
	return file, !isAbs(p) && m.has(file)
}

func (m *mapper) has(file string) bool {
	if isAbs(file) || file == ".." || strings.HasPrefix(file, "../") {
		return false
	}
	return len(m.files) == 0 || m.files[file]
}

// tails returns the files that share the longest end with one of paths; where
// some of those are below root, only them.
func (m *mapper) tails(paths []string, root string) map[string]bool {
	best, found := 0, map[string]bool{}
	for _, p := range paths {
		for _, file := range m.byName[path.Base(p)] {
			n := max(overlap(p, file), overlap(p, within(file, root)))
			if n > best {
				best, found = n, map[string]bool{}
			}
			if n == best && n > 0 {
				found[file] = true
			}
		}
	}
	keepBelow(root, found)
	return found
}

// keepBelow drops the files that are not below root, if some are.
func keepBelow(root string, found map[string]bool) {
	inside := func(file string) bool { return within(file, root) != "" }
	if slices.ContainsFunc(slices.Collect(maps.Keys(found)), inside) {
		maps.DeleteFunc(found, func(file string, _ bool) bool { return !inside(file) })
	}
}

// within returns file relative to root; "" where it is not below it.
func within(file, root string) string {
	if root == "" {
		return ""
	}
	rest, ok := strings.CutPrefix(file, path.Clean(slashed(root))+"/")
	if !ok {
		return ""
	}
	return rest
}

// overlap returns how many names a and b have in common at their ends, if that
// is all of one of them; 0 if it is not.
func overlap(a, b string) int {
	long, short := strings.TrimPrefix(a, "/"), strings.TrimPrefix(b, "/")
	if len(long) < len(short) {
		long, short = short, long
	}
	if short == "" || long != short && !strings.HasSuffix(long, "/"+short) {
		return 0
	}
	return strings.Count(short, "/") + 1
}

// slashed returns p clean and with slashes, also where Windows wrote it. A
// backslash beside slashes is one of a name.
func slashed(p string) string {
	if hasDrive(p) || !strings.Contains(p, "/") {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Clean(p)
}

// isAbs reports whether p is absolute, on whatever system the tests ran.
func isAbs(p string) bool { return path.IsAbs(p) || hasDrive(p) }

// hasDrive reports whether p begins as C:\ or C:/ does.
func hasDrive(p string) bool {
	return len(p) > 2 && p[1] == ':' && (p[2] == '\\' || p[2] == '/') && ('a' <= p[0]|0x20 && p[0]|0x20 <= 'z')
}
