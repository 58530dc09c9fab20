package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/discovery"
	"github.com/mettel-automation/delivery/changes/modulefile"
)

// sides are the modules at the head and, where that is known, at the base.
type sides struct {
	now    changes.Config
	before *changes.Config
}

// finder finds the modules of one comparison.
type finder struct {
	*options
	repo   *changes.Repository
	diff   changes.Diff
	file   string // of modules, as its name in the repository; "" where it is elsewhere
	stderr io.Writer
}

// configs finds the modules of both sides.
func (o *options) configs(ctx context.Context, repo *changes.Repository, diff changes.Diff, stderr io.Writer) (s sides, err error) {
	f := finder{options: o, repo: repo, diff: diff, stderr: stderr}
	if !o.discover {
		if f.file, err = f.inRepository(ctx); err != nil {
			return s, err
		}
	}
	if s.now, err = f.now(ctx); err != nil {
		return s, f.remedy(err, "")
	}
	s.now.Global = append(s.now.Global, o.global...)
	if s.before, err = f.earlier(ctx); err != nil {
		return s, f.remedy(err, "-before FILE names the modules of the base")
	}
	return s, nil
}

// now finds the modules at the head.
func (f *finder) now(ctx context.Context) (changes.Config, error) {
	switch {
	case f.discover && f.diff.WorkTree:
		tree, err := workTree(ctx, f.repo, f.diff)
		if err != nil {
			return changes.Config{}, err
		}
		return discovery.Find(ctx, tree, discovery.Options{})
	case f.discover:
		return f.at(ctx, f.diff.Head)
	case f.file == "" || f.diff.WorkTree || f.checkedOut(ctx):
		return modulefile.Load(f.modules)
	}
	config, err := f.at(ctx, f.diff.Head)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w (of a head that is not checked out, the commit's file is read; one that lies outside of the repository is read as it is)", err)
	}
	return config, err
}

// earlier finds the modules at the base, or nil where they are not known. What
// is wrong with them cannot be mended by the change, so it is only said; but an
// object that is missing might hide anything.
func (f *finder) earlier(ctx context.Context) (*changes.Config, error) {
	switch {
	case f.before != "":
		before, err := modulefile.Load(f.before)
		return &before, err
	case f.diff.From == "":
		return nil, nil
	case !f.discover && f.file == "":
		f.note("deleted modules are not seen, for %s is outside of the repository (-before FILE names the modules of the base)", f.modules)
		return nil, nil
	}
	before, err := f.at(ctx, f.diff.From)
	switch {
	case err == nil:
		return &before, nil
	case errors.Is(err, changes.ErrMissingObject), ctx.Err() != nil:
		return nil, err
	case !f.discover && errors.Is(err, fs.ErrNotExist): // there was no such file yet
		return nil, nil
	}
	f.note("deleted modules may be missing, for those of the base: %v", err)
	if errors.Is(err, discovery.ErrIncomplete) {
		return &before, nil
	}
	return nil, nil
}

// at finds the modules as a commit has them.
func (f *finder) at(ctx context.Context, commit string) (changes.Config, error) {
	tree, err := f.repo.FS(ctx, commit)
	if err != nil {
		return changes.Config{}, err
	}
	var config changes.Config
	if f.discover {
		config, err = discovery.Find(ctx, tree, discovery.Options{})
	} else {
		config, err = modulefile.LoadFS(tree, f.file)
	}
	if err != nil { // it may be incomplete, and of use
		return config, fmt.Errorf("in commit %.12s: %w", commit, err)
	}
	return config, nil
}

// checkedOut reports whether the head is the commit that is checked out.
func (f *finder) checkedOut(ctx context.Context) bool {
	here, err := f.repo.Diff(ctx, changes.Range{Base: "HEAD", Head: "HEAD", Mode: changes.Direct})
	return err == nil && here.Head == f.diff.Head
}

// remedy adds what helps against an object that a partial clone lacks.
func (f *finder) remedy(err error, other string) error {
	var remedies []string
	if !f.git {
		remedies = append(remedies, "with -git, git fetches what a partial clone lacks")
	}
	if other != "" {
		remedies = append(remedies, other)
	}
	if len(remedies) == 0 || !errors.Is(err, changes.ErrMissingObject) {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(remedies, "; "))
}

func (f *finder) note(format string, args ...any) {
	fmt.Fprintf(f.stderr, "changes: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

// inRepository is the name that the file of modules has in the trees of the
// repository, or "" where it lies outside of its working tree.
func (f *finder) inRepository(ctx context.Context) (string, error) {
	if _, err := f.repo.FS(ctx, changes.WorkTree); errors.Is(err, changes.ErrUnsupported) {
		return "", nil // a bare repository
	}
	path, err := filepath.Abs(f.modules)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(f.repo.Dir())
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(dir, resolve(path))
	if name = filepath.ToSlash(name); err != nil || !fs.ValidPath(name) {
		return "", nil
	}
	return name, nil
}

// resolve follows the symbolic links of a path, whose last elements need not exist.
func resolve(path string) string {
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		return followed
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(resolve(parent), filepath.Base(path))
}
