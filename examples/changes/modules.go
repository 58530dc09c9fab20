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

// configs finds the modules of both sides. What is wrong with those of the base
// hides deleted modules at the most, so it is only said.
func (o *options) configs(ctx context.Context, repo *changes.Repository, diff changes.Diff, stderr io.Writer) (s sides, err error) {
	switch {
	case o.discover:
		s.now, err = find(ctx, repo, head(diff))
	default:
		s.now, err = modulefile.Load(o.modules)
	}
	if err != nil {
		return s, err
	}
	var before changes.Config
	switch {
	case o.before != "":
		before, err = modulefile.Load(o.before)
		s.before = &before
		return s, err
	case diff.From == "":
		return s, nil
	case o.discover:
		before, err = find(ctx, repo, diff.From)
	default:
		before, err = committed(ctx, repo, diff.From, o.modules)
	}
	switch {
	case err == nil, errors.Is(err, discovery.ErrIncomplete):
		s.before = &before
	case errors.Is(err, fs.ErrNotExist): // there was no such file yet
		return s, nil
	case errors.Is(err, context.Canceled), errors.Is(err, changes.ErrMissingObject):
		return s, err
	}
	if err != nil {
		fmt.Fprintf(stderr, "changes: deleted modules may be missing, for those of the base: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return s, nil
}

// head is the revision of the side that has the changes.
func head(diff changes.Diff) string {
	if diff.WorkTree {
		return changes.WorkTree
	}
	return diff.Head
}

// find discovers the modules of a revision by their markers.
func find(ctx context.Context, repo *changes.Repository, rev string) (changes.Config, error) {
	tree, err := repo.FS(ctx, rev)
	if err != nil {
		return changes.Config{}, err
	}
	return discovery.Find(ctx, tree, discovery.Options{})
}

// committed reads the file of modules as a commit has it. One outside of the
// repository does not exist in it.
func committed(ctx context.Context, repo *changes.Repository, commit, file string) (changes.Config, error) {
	name, err := within(repo.Dir(), file)
	if err != nil {
		return changes.Config{}, err
	}
	tree, err := repo.FS(ctx, commit)
	if err != nil {
		return changes.Config{}, err
	}
	return modulefile.LoadFS(tree, name)
}

// within is the name of a file in a directory's [fs.FS].
func within(dir, file string) (string, error) {
	path, err := filepath.Abs(file)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	name, err := filepath.Rel(dir, path)
	if name = filepath.ToSlash(name); err != nil || !fs.ValidPath(name) {
		return "", fs.ErrNotExist
	}
	return name, nil
}
