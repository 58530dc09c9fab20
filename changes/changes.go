// Package changes tells which modules of a monorepo a change touches, and why.
//
// [Repository.Diff] lists the files that differ between two commits;
// [Config.Select] maps files to modules, adds the modules that depend on them,
// and gives each its reasons:
//
//	config, err := changes.LoadConfig("modules.yaml")
//	repo, err := changes.Open(".")
//	diff, err := repo.Diff(ctx, "origin/main", "HEAD", changes.MergeBase)
//	selection, err := config.Select(diff.Files, changes.SelectOptions{})
//
// Each half works alone: Select takes files from anywhere. A base that cannot
// be compared with is a typed error (see [RevisionError], [ErrShallow],
// [ErrNoMergeBase]), never silently everything.
//
// It reads repositories itself, without a git binary, and never writes. It
// does not detect renames (one is a deletion and an addition), look at the
// index or the working tree, read the contents of files, fetch what a clone
// lacks, or guess the base from the variables of a CI system.
package changes

import (
	"context"
	"fmt"
	"path/filepath"
)

// Repository is a Git repository on disk. It holds no open files between
// calls. It serves one goroutine at a time.
//
// It reads what Git's object store holds: refs/replace and grafts are not
// applied, and unlike git it does not mind who owns the directory.
type Repository struct {
	dir     string // as people know it: the working tree, or the bare repository
	store   *store
	commits map[hash]*commit
}

// Open finds the repository that path belongs to, as git does: path may be a
// working tree or a directory within it, a linked worktree, a submodule, a
// bare repository, or a .git directory. Environment variables such as GIT_DIR
// are not consulted.
//
// The error is [ErrNotRepository] where neither path nor a directory above it
// is one, and [ErrUnsupported] for a repository whose format this package
// cannot read (SHA-256 objects, reftable).
func Open(path string) (*Repository, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	found, err := discover(path)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", path, err)
	}
	format, err := readFormat(found.common)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", found.dir, err)
	}
	store, err := openStore(found.gitDir, found.common, format)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", found.dir, err)
	}
	return &Repository{dir: found.dir, store: store, commits: map[hash]*commit{}}, nil
}

// Mode says with what the head is compared.
type Mode int

const (
	// MergeBase compares the head with its merge base with the base: what the
	// head's branch did since it left the base. It is git's base...head.
	MergeBase Mode = iota
	// Direct compares the two commits themselves. It is git's base..head.
	Direct
)

// Diff is the difference between two commits. Its JSON form has the keys base,
// head, merge_base and files.
type Diff struct {
	// Base and Head are the full hashes of the commits that were named.
	Base string `json:"base"`
	Head string `json:"head"`
	// MergeBase is the full hash of their best common ancestor. With Direct it
	// is "" where there is none, or where a shallow clone hides it.
	MergeBase string `json:"merge_base"`
	// Files are sorted by the bytes of their paths; never nil.
	Files []File `json:"files"`
}

// Diff lists the files that differ between two commits, as git diff
// --name-status --no-renames does. A revision is HEAD or @, a branch, a tag, a
// remote branch such as origin/main, a full name such as refs/heads/main, or a
// hash, which may be abbreviated to four digits; ~n, ^n and ^{commit} may
// follow. Reflogs (@{1}) and searches (:/text) are unknown revisions.
//
// Where the commits have several merge bases (after a criss-cross merge), the
// one with the newest committer date is taken, and of equals the one with the
// smallest hash.
//
// A revision that does not resolve is a [*RevisionError] that wraps
// [ErrUnknownRevision], [ErrNoRevision] or [ErrShallow]. With MergeBase the
// error is [ErrNoMergeBase] where the histories are unrelated, and [ErrShallow]
// where a shallow clone is cut off before a merge base. A merge base that the
// clone does hold is taken, as git does. [ErrMissingObject] means that a commit
// or a directory is not in the repository though something refers to it.
func (r *Repository) Diff(ctx context.Context, base, head string, mode Mode) (Diff, error) {
	defer r.store.release()
	from, err := r.resolve(ctx, base)
	if err != nil {
		return Diff{}, err
	}
	to, err := r.resolve(ctx, head)
	if err != nil {
		return Diff{}, err
	}
	diff := Diff{Base: from.String(), Head: to.String()}
	ancestor, err := r.mergeBase(ctx, from, to)
	switch {
	case err == nil:
		diff.MergeBase = ancestor.String()
	case mode == Direct && withoutMergeBase(err):
	default:
		return Diff{}, fmt.Errorf("diff %s and %s in %s: %w", base, head, r.dir, err)
	}
	if mode == MergeBase {
		from = ancestor
	}
	if diff.Files, err = r.diffCommits(ctx, from, to); err != nil {
		return Diff{}, fmt.Errorf("diff %s and %s in %s: %w", base, head, r.dir, err)
	}
	return diff, nil
}
