package changes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gitdir"
	"github.com/mettel-automation/delivery/changes/internal/history"
	"github.com/mettel-automation/delivery/changes/internal/odb"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
	"github.com/mettel-automation/delivery/changes/internal/treefs"
	"github.com/mettel-automation/delivery/changes/internal/worktree"
)

// native reads a repository in this process.
type native struct {
	layout  gitdir.Layout
	config  *gitdir.Config
	root    string // of the working tree; "" where there is none
	refs    *gitdir.Refs
	objects *odb.Store
	shallow *gitdir.Shallow
	history *history.History // nil before it is needed

	useGraph bool // core.commitGraph
}

func openNative(layout gitdir.Layout) (*native, error) {
	config, err := gitdir.ReadConfig(layout)
	if err != nil {
		return nil, err
	}
	format, err := config.Format()
	if err != nil {
		return nil, err
	}
	useGraph, err := config.Bool("core.commitgraph", true)
	if err != nil {
		return nil, err
	}
	shallow := gitdir.OpenShallow(layout)
	if _, err := shallow.Refresh(); err != nil {
		return nil, err
	}
	objects, err := odb.Open(layout.Objects(), odb.Options{Partial: format.Partial})
	if err != nil {
		return nil, err
	}
	return &native{
		layout: layout, config: config, root: format.WorkTree,
		refs: gitdir.OpenRefs(layout), objects: objects, shallow: shallow, useGraph: useGraph,
	}, nil
}

func (n *native) commits() *history.History {
	if n.history == nil {
		opts := history.Options{Refs: n.refs, Shallow: n.shallow.Commits()}
		if n.useGraph {
			opts.ObjectDirs = n.objects.Dirs()
		}
		n.history = history.New(n.objects, opts)
	}
	return n.history
}

// refresh forgets the history where the clone is no longer cut off where it was.
func (n *native) refresh() error {
	changed, err := n.shallow.Refresh()
	if err != nil || !changed || n.history == nil {
		return err
	}
	err = n.history.Close()
	n.history = nil
	return err
}

// Resolve is where each question begins, so that it looks for what has changed
// since the last one.
func (n *native) Resolve(ctx context.Context, rev string) (string, error) {
	if err := n.refresh(); err != nil {
		return "", err
	}
	h, err := n.commits().Resolve(ctx, rev)
	if err != nil {
		return "", err
	}
	return h.String(), nil
}

func (n *native) MergeBases(ctx context.Context, a, b string) ([]string, error) {
	from, to, err := pair(a, b)
	if err != nil {
		return nil, err
	}
	best, err := n.commits().MergeBases(ctx, from, to)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(best))
	for i, h := range best {
		hashes[i] = h.String()
	}
	return hashes, nil
}

func (n *native) Cut(ctx context.Context, base, head string) (bool, error) {
	from, to, err := pair(base, head)
	if err != nil {
		return false, err
	}
	return n.commits().Cut(ctx, from, to)
}

func (n *native) Diff(ctx context.Context, from, to string) ([]git.Change, error) {
	old, now, err := pair(from, to)
	if err != nil {
		return nil, err
	}
	before, err := n.commits().Tree(old)
	if err != nil {
		return nil, err
	}
	after, err := n.commits().Tree(now)
	if err != nil {
		return nil, err
	}
	return treediff.Diff(ctx, n.objects, before, after)
}

func (n *native) WorkTree(ctx context.Context, from string) ([]git.Change, error) {
	h, err := parse(from)
	if err != nil {
		return nil, err
	}
	tree, err := n.commits().Tree(h)
	if err != nil {
		return nil, err
	}
	opts, err := n.workTreeOptions()
	if err != nil {
		return nil, err
	}
	return worktree.Diff(ctx, n.objects, opts, tree)
}

func (n *native) workTreeOptions() (worktree.Options, error) {
	opts := worktree.Options{Root: n.root, GitDir: n.layout.GitDir, CommonDir: n.layout.CommonDir}
	for name, into := range map[string]*bool{
		"core.filemode": &opts.FileMode, "core.symlinks": &opts.Symlinks, "core.sparsecheckout": &opts.Sparse,
	} {
		on, err := n.config.Bool(name, name != "core.sparsecheckout")
		if err != nil {
			return opts, err
		}
		*into = on
	}
	var err error
	opts.ExcludesFile, err = n.excludesFile()
	return opts, err
}

// excludesFile returns core.excludesFile of the repository's own config. A
// relative one is relative to where git runs, which is the top of the working tree.
func (n *native) excludesFile() (string, error) {
	path, _ := n.config.Get("core.excludesfile")
	switch {
	case strings.HasPrefix(path, "~"): // whose home, the environment tells
		return "", fmt.Errorf("%w: core.excludesFile is %s; write an absolute path, or have git read it (OpenGit)", ErrUnsupported, path)
	case path == "" || filepath.IsAbs(path):
		return path, nil
	}
	return filepath.Join(n.root, path), nil
}

func (n *native) Root() string { return n.root }

func (n *native) FS(ctx context.Context, commit string) (fs.FS, error) {
	h, err := parse(commit)
	if err != nil {
		return nil, err
	}
	tree, err := n.commits().Tree(h)
	if err != nil {
		return nil, err
	}
	return treefs.New(ctx, n.objects, tree), nil
}

func (n *native) Close() error {
	errs := []error{n.refs.Close(), n.objects.Close()}
	if n.history != nil {
		errs = append(errs, n.history.Close())
		n.history = nil
	}
	return errors.Join(errs...)
}

// pair reads two full hashes.
func pair(a, b string) (from, to git.Hash, err error) {
	if from, err = parse(a); err == nil {
		to, err = parse(b)
	}
	return from, to, err
}

// parse reads a full hash.
func parse(hash string) (git.Hash, error) {
	h, ok := git.ParseHash(hash)
	if !ok {
		return h, fmt.Errorf("%w: %q is no full hash", ErrUnknownRevision, hash)
	}
	return h, nil
}
