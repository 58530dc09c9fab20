package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// What is read of a file at most, in bytes. Real markers have a few kilobytes;
// the tokens of HCL take about a hundred times the room of their text.
const (
	maxMarker = 4 << 20
	maxHCL    = 1 << 20
)

// survey is what has been found in a tree so far.
type survey struct {
	tree   fs.FS
	opts   Options
	node   bool         // package.json is a marker
	order  []*directory // those with a marker or a workspace, or with faults; each after those above it
	faults []*FileError
}

// directory is one that matters, for itself or for those below it.
type directory struct {
	path      string
	above     *directory // the nearest above it that is in survey.order, or nil
	marks     []mark     // in the order of the files' names; none where it is no module
	refers    []string   // paths in the tree that its files refer to
	goMod     goMod
	pkg       *manifest // of package.json
	locked    bool      // a lockfile of a package manager is beside package.json
	workspace *workspace
	member    []*workspace // those that list it
	faults    []*FileError // of the files of Node.js: they may turn out not to matter
}

// mark is one file that makes a directory a module.
type mark struct{ kind, file string }

// maxDepth is how deep directories may nest, as git allows by its default
// (core.maxTreeDepth).
const maxDepth = treediff.MaxDepth

// walk visits dir, which is so many directories below the root, and all below it.
func (s *survey) walk(ctx context.Context, dir string, above *directory, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(s.tree, dir)
	if err == nil && depth > maxDepth {
		err = fmt.Errorf("directories are nested more than %d deep", maxDepth)
	}
	if err != nil {
		return fmt.Errorf("read directory %s: %w", shorten(dir), cause(err))
	}
	if dir != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" }) {
		return nil
	}
	above = s.visit(dir, entries, above)
	for _, e := range entries {
		below := e.Name()
		if dir != "." {
			below = dir + "/" + below
		}
		if !e.IsDir() || !fs.ValidPath(e.Name()) || s.opts.ignored(below) {
			continue
		}
		if err := s.walk(ctx, below, above, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// visit takes in the markers among the entries of dir, and returns it, or above
// where it does not matter.
func (s *survey) visit(dir string, entries []fs.DirEntry, above *directory) *directory {
	d := &directory{path: dir, above: above}
	for _, e := range entries {
		name, link := e.Name(), e.Type()&fs.ModeSymlink != 0
		if !link && !e.Type().IsRegular() || !fs.ValidPath(name) {
			continue
		}
		kinds := s.opts.kinds(name)
		if len(kinds) == 0 || !s.read(d, name, link) {
			continue
		}
		for _, kind := range kinds {
			d.marks = append(d.marks, mark{kind, name})
		}
	}
	if s.node {
		s.readWorkspace(d, entries)
	}
	if len(d.marks)+len(d.faults) > 0 || d.workspace != nil {
		s.order = append(s.order, d)
		return d
	}
	return above
}

// read takes in what a marker declares, and reports whether it marks its
// directory. A file that cannot be read does.
func (s *survey) read(d *directory, name string, link bool) bool {
	if name == "package.json" {
		d.pkg = &manifest{substantial: true}
	}
	parse := parser(name)
	if link || parse == nil {
		return true
	}
	content, err := s.content(path.Join(d.path, name))
	if err != nil {
		s.fail(d, name, fault{err: err})
		return true
	}
	return parse(s, d, name, content)
}

// parser returns what takes in the content of a file of this name, and reports
// whether the file marks d. It is nil for a file that need not be read.
func parser(name string) func(s *survey, d *directory, name string, content []byte) bool {
	switch {
	case name == "go.mod":
		return (*survey).readGoMod
	case name == "package.json":
		return (*survey).readPackage
	case name == "pyproject.toml":
		return func(_ *survey, _ *directory, _ string, content []byte) bool { return isPythonProject(content) }
	case isTerraform(name):
		return (*survey).readTerraform
	}
	return nil
}

func (s *survey) content(name string) ([]byte, error) {
	limit := maxMarker
	if isHCL(name) {
		limit = maxHCL
	}
	file, err := s.tree.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	switch {
	case err != nil:
		return nil, cause(err)
	case len(content) > limit:
		return nil, fmt.Errorf("it is larger than %d MiB; no more is read of a marker", limit>>20)
	}
	return content, nil
}

// cause leaves out the path of an error that will be shown behind it.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}

// maxShown is how many bytes of a text that is not ours an error shows.
const maxShown = 80

// quote quotes the beginning of a text.
func quote(s string) string {
	if len(s) > maxShown {
		return strconv.Quote(s[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}

// shorten returns the beginning of a path.
func shorten(dir string) string {
	if len(dir) > 4*maxShown {
		return dir[:maxShown] + "…"
	}
	return dir
}

// fail notes the faults of a file in d.
func (s *survey) fail(d *directory, name string, faults ...fault) {
	to := &s.faults
	if name == "package.json" || name == pnpmWorkspace {
		to = &d.faults // see settlePackages
	}
	for _, f := range faults {
		*to = append(*to, &FileError{File: path.Join(d.path, name), Line: f.line, Err: f.err})
	}
}

// refer notes the paths that a file in d refers to, relative to it. Those that
// leave the tree are dropped.
func (d *directory) refer(paths []string) {
	for _, p := range paths {
		target := path.Join(d.path, p)
		if path.IsAbs(p) || target == ".." || strings.HasPrefix(target, "../") {
			continue
		}
		d.refers = append(d.refers, target)
	}
}
