package validate

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/linediff"
)

// LineRanges are changed lines by file: a path relative to the root, and
// ascending ranges of lines as they are after the change. A file that only lost
// lines, or was deleted, has none, and counts as changed all the same, as the
// files of [Module.Files] do.
type LineRanges = linediff.Lines

// LineRange is a range of lines, both ends included, counted from 1.
type LineRange = linediff.Range

// ParseDiff reads the changed lines from a unified diff, such as git diff -U0
// prints. Its paths must be relative to the root, as those of git diff are
// to the top of the repository.
func ParseDiff(r io.Reader) (LineRanges, error) { return linediff.Parse(r) }

// changes is what of a module has changed.
type changes struct {
	lines LineRanges
	files map[string]bool // relative to the root; deleted ones and those that only lost lines too
	dir   string
}

func (r Runner) changes(m Module) *changes {
	if r.Changed == nil {
		return nil
	}
	c := &changes{lines: r.Changed, files: map[string]bool{}, dir: m.Dir}
	for _, f := range m.Files {
		c.files[path.Join(m.Dir, f)] = true
	}
	for f := range r.Changed {
		if within(m.Dir, f) {
			c.files[f] = true
		}
	}
	return c
}

// touches reports whether f is about something that has changed. A finding that
// spans lines needs one of them; one about no line in particular needs its file.
// Nil touches everything.
func (c *changes) touches(f Finding) bool {
	switch {
	case c == nil:
		return true
	case f.Scope == OfModule:
		return len(c.files) > 0
	case f.Scope == OfFile || f.Line == 0:
		return c.files[f.Path]
	}
	last := max(f.Line, f.EndLine)
	return slices.ContainsFunc(c.lines[f.Path], func(r LineRange) bool { return r.First <= last && f.Line <= r.Last })
}

// checkChanged finds changed lines that are of another tree than root: relative
// to another directory, most often. All findings would be elsewhere.
func (r Runner) checkChanged(root string) error {
	if len(r.Changed) == 0 {
		return nil
	}
	added := false // there is a line that must be in the tree
	for p, ranges := range r.Changed {
		if _, err := os.Lstat(filepath.Join(root, filepath.FromSlash(p))); err == nil {
			return nil
		}
		added = added || len(ranges) > 0
	}
	paths := r.Changed.Paths()
	if !added && !slices.ContainsFunc(paths, func(p string) bool { return fromAbove(root, p) }) {
		return nil // all of them were deleted
	}
	return fmt.Errorf("run checks: no changed file, such as %s, is below the root %s: the paths of a diff must be relative to it", paths[0], root)
}

// fromAbove reports whether p begins with the directories that root ends in, as
// a path does that is relative to a directory above root.
func fromAbove(root, p string) bool {
	root = filepath.ToSlash(root)
	for dir := path.Dir(p); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if strings.HasSuffix(root, "/"+dir) {
			return true
		}
	}
	return false
}

// untouched remarks on the modules in which nothing has changed, since no
// finding in them counts.
func (r Runner) untouched(results []ran) []string {
	var notes []string
	for i, res := range results {
		first := i == 0 || results[i-1].module.Name != res.module.Name
		if c := r.changes(res.module); first && c != nil && len(c.files) == 0 {
			notes = append(notes, fmt.Sprintf("no changed file is in module %s, so no finding in it counts", clean.Text(res.module.Name)))
		}
	}
	return notes
}
