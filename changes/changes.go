// Package changes tells which modules of a monorepo a change touches, and why.
//
// [FromCI] says what to compare, [Repository.Diff] lists the files that differ,
// and [Config.Select] maps files to modules, adds the modules that depend on
// them, and gives each its status and its reasons:
//
//	config, err := modulefile.Load("modules.yaml")
//	between, err := changes.FromCI(os.Getenv, changes.CIOptions{})
//	repo, err := changes.Open(".")
//	diff, err := repo.Diff(ctx, between)
//	selection, err := config.Select(diff, changes.SelectOptions{})
//	fmt.Print(selection)
//
// Each works alone. A base that cannot be had is a typed error (see [NoBaseError]),
// and silently everything only for a caller who asks for that. Packages
// changes/gitlab and changes/github turn a selection into jobs of these systems.
//
// It reads repositories itself, without a git binary, and never writes. It
// does not detect renames (one is a deletion and an addition), read the contents
// of files, or fetch what a clone lacks.
package changes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gitdir"
)

// Repository is a Git repository on disk. It serves one goroutine at a time.
//
// It reads what Git's object store holds: refs/replace and grafts are not
// applied, and unlike git it does not mind who owns the directory. It sees what
// git writes meanwhile: commits, refs, packs, the index, and that a shallow clone
// was deepened. Its config and its alternates are read once, by Open.
//
// Its methods fail with [ErrNotRepository] if neither Open nor OpenGit made it.
type Repository struct {
	dir     string // as people know it: the working tree, or the bare repository
	backend backend
}

// Open finds the repository that path belongs to, as git does: path may be a
// working tree or a directory within it, a linked worktree, a submodule, a
// bare repository, or a .git directory. Environment variables such as GIT_DIR
// are not consulted.
//
// It reads the repository's own config alone: neither the user's, nor the
// machine's, nor the ignore file that the user keeps for all repositories; and
// it runs no content filters. What that means for the working tree stands with
// [WorkTree]. [OpenGit] leaves both to git.
//
// The error is [ErrNotRepository] where neither path nor a directory above it
// is one, and [ErrUnsupported] for a repository whose format this package
// cannot read (SHA-256 objects, reftable); see [OpenGit].
func Open(path string) (*Repository, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	layout, err := gitdir.Discover(path)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", path, err)
	}
	native, err := openNative(layout)
	if errors.Is(err, ErrUnsupported) {
		err = fmt.Errorf("%w (OpenGit has git read it)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", layout.Dir, err)
	}
	return &Repository{dir: layout.Dir, backend: native}, nil
}

// Close lets go of the files and the memory that reading has taken. What FS
// returned must not be used afterwards; the Repository itself may.
func (r *Repository) Close() error {
	if r.backend == nil {
		return errNotOpen
	}
	return r.backend.Close()
}

var errNotOpen = fmt.Errorf("%w: it was not opened", ErrNotRepository)

// commitOf returns the full hash of the commit that rev names.
func (r *Repository) commitOf(ctx context.Context, rev string) (string, error) {
	if r.backend == nil {
		return "", errNotOpen
	}
	hash, err := r.backend.Resolve(ctx, rev)
	if err != nil && ctx.Err() == nil {
		err = &RevisionError{Rev: rev, Repository: r.dir, Err: err}
	}
	return hash, err
}

// files lists what differs between diff.From and the head.
func (r *Repository) files(ctx context.Context, diff *Diff) ([]File, error) {
	var changed []git.Change
	var err error
	if diff.WorkTree {
		changed, err = r.backend.WorkTree(ctx, diff.From)
	} else {
		changed, err = r.backend.Diff(ctx, diff.From, diff.Head)
	}
	if err != nil {
		return nil, err
	}
	files := make([]File, len(changed))
	for i, c := range changed {
		files[i] = File{Path: c.Path, Status: statusOf(c.Status)}
	}
	return files, nil
}

func statusOf(s git.Status) Status {
	switch s {
	case git.Added:
		return Added
	case git.Deleted:
		return Deleted
	case git.TypeChanged:
		return TypeChanged
	}
	return Modified
}
