package validate

import (
	"fmt"
	"io/fs"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// selection are the files of a module that a check is for.
type selection struct {
	names   []string // as arguments: "./a.py", which is never taken for an option
	nothing string   // why there are none
}

// filesFor selects the files of the module that match: those that changed and
// are still there, or where the module is to be validated as a whole, all of
// them. What names such a file: "Python file".
func filesFor(t Target, what string, match func(name string) bool) (selection, error) {
	if len(t.Module.Files) == 0 {
		names, err := walk(t.Dir(), match)
		if err != nil {
			return selection{}, fmt.Errorf("list files of module: %w", err)
		}
		if len(names) == 0 {
			return selection{nothing: "no " + what}, nil
		}
		return selection{names: names}, nil
	}
	var s selection
	gone := 0
	for _, f := range slices.Compact(slices.Sorted(slices.Values(t.Module.Files))) {
		switch {
		case !match(path.Base(f)):
		case isFile(filepath.Join(t.Dir(), filepath.FromSlash(f))):
			s.names = append(s.names, "./"+path.Clean(f))
		default:
			gone++
		}
	}
	switch {
	case len(s.names) > 0:
	case gone > 0:
		s.nothing = fmt.Sprintf("each changed %s was deleted (%d)", what, gone)
	default:
		s.nothing = fmt.Sprintf("no changed %s", what)
	}
	return s, nil
}

// walk lists the files below dir that match, but those in hidden directories
// and in node_modules, where what others wrote is kept.
func walk(dir string, match func(string) bool) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.IsDir() || !match(d.Name()) || !isFile(p):
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		names = append(names, "./"+filepath.ToSlash(rel))
		return err
	})
	return names, err
}

func matchAny(patterns []string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, _ := path.Match(p, name) // a malformed pattern matches nothing
			return ok
		})
	}
}

// suffix returns a match for names that end in one of the suffixes.
func suffix(suffixes ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
}

// batches splits names into runs of at most limit bytes, at least one name each.
func batches(names []string, limit int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		start, size := 0, 0
		for i, n := range names {
			if i > start && size+len(n) > limit {
				if !yield(names[start:i]) {
					return
				}
				start, size = i, 0
			}
			size += len(n) + 1
		}
		if start < len(names) {
			yield(names[start:])
		}
	}
}
