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
// them. What names such a file: "Python file". The paths that it matches are clean
// and relative to the module.
func filesFor(t Target, what string, match func(rel string) bool) (selection, error) {
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
		case !match(path.Clean(f)):
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
		case d.IsDir():
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if rel = filepath.ToSlash(rel); err == nil && match(rel) && isFile(p) {
			names = append(names, "./"+rel)
		}
		return err
	})
	return names, err
}

// checkPatterns finds patterns that can match nothing, or not what they seem to.
func checkPatterns(patterns []string) error {
	for _, p := range patterns {
		_, err := path.Match(p, "")
		switch {
		case err != nil:
			return fmt.Errorf("pattern of files %q: %w", p, err)
		case p != path.Clean(p) || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../"):
			return fmt.Errorf("pattern of files %q matches nothing: write it as a clean path below the module", p)
		case strings.Contains(p, "**"):
			return fmt.Errorf("pattern of files %q: there is no **; one without a slash is for all directories", p)
		}
	}
	return nil
}

// matchAny matches patterns that checkPatterns has nothing to say against.
func matchAny(patterns []string) func(string) bool {
	return func(rel string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			name := rel
			if !strings.Contains(p, "/") {
				name = path.Base(rel)
			}
			ok, _ := path.Match(p, name) // no pattern is malformed
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
