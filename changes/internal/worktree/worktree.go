// Package worktree compares a commit with the working tree: what git add --all
// and git commit would record now, be it staged already or not.
//
//	changed, err := worktree.Diff(ctx, objects, worktree.Options{Root: dir, GitDir: gitDir}, tree)
//
// That is git diff --no-renames <commit>, with the untracked files that no rule
// ignores (git ls-files --others --exclude-standard) as additions. An untracked
// file at a path that the commit has is compared with it, so that git rm
// --cached alone changes nothing; one that is ignored counts as deleted.
//
// The index serves as a cache of what files hold. It is never written, nor is
// anything else. Content filters (line endings, Git LFS, ident, encodings) are
// not run: a file that filters alter and that was touched since git last looked
// at it is compared as it is on disk. Submodules are compared by their HEAD.
// core.ignoreCase and core.precomposeUnicode are not looked at.
package worktree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// Options say where a working tree is, and how its repository is configured.
type Options struct {
	Root      string // directory of the working tree; "" is an error, since a bare repository has none
	GitDir    string // directory that holds the index
	CommonDir string // directory that holds info/exclude; default GitDir

	FileMode bool // core.fileMode: the executable bit on disk counts
	Symlinks bool // core.symlinks: symbolic links are links, not files that hold a target
	Sparse   bool // core.sparseCheckout: a file that is on disk though the checkout leaves it out is looked at

	// ExcludesFile is core.excludesFile, or its default
	// $XDG_CONFIG_HOME/git/ignore; "" is none.
	ExcludesFile string
}

// Diff returns what differs between a tree and the working tree, sorted by the
// bytes of the paths.
//
// The error is [git.ErrUnsupported] for a bare repository and for an index that
// cannot be read (a split index), and [git.ErrDamaged] for one that is broken.
func Diff(ctx context.Context, objects git.Objects, opts Options, tree git.Hash) ([]git.Change, error) {
	if opts.Root == "" {
		return nil, fmt.Errorf("compare working tree: %w: a bare repository has none", git.ErrUnsupported)
	}
	opts.CommonDir = cmp.Or(opts.CommonDir, opts.GitDir)
	changed, err := diff(ctx, objects, opts, tree)
	if err != nil {
		return nil, fmt.Errorf("compare working tree %s: %w", opts.Root, err)
	}
	return changed, nil
}

func diff(ctx context.Context, objects git.Objects, opts Options, tree git.Hash) ([]git.Change, error) {
	idx, err := readIndex(filepath.Join(opts.GitDir, "index"))
	if err != nil {
		return nil, err
	}
	if err := idx.expand(ctx, objects); err != nil {
		return nil, err
	}
	before, err := flatten(ctx, objects, tree, idx)
	if err != nil {
		return nil, err
	}
	now, err := look(ctx, scan{opts: opts, objects: objects, index: idx})
	if err != nil {
		return nil, err
	}
	return compare(ctx, opts.Root, before, now)
}

// look returns what would be committed now, sorted. As most of the time goes
// into asking the operating system, the two halves of s run side by side.
func look(ctx context.Context, s scan) ([]entry, error) {
	tracked, untracked := s, s
	var failed error
	var other sync.WaitGroup
	other.Go(func() { failed = tracked.tracked(ctx) })
	err := untracked.untracked(ctx)
	other.Wait()
	if err := cmp.Or(ctx.Err(), errors.Join(failed, err)); err != nil {
		return nil, err
	}
	// Both see a repository that took the place of a tracked file.
	now := slices.Concat(tracked.found, untracked.found)
	slices.SortStableFunc(now, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return slices.CompactFunc(now, func(a, b entry) bool { return a.path == b.path }), nil
}

// entry is a path of a tree: of the commit, or of what would be committed.
type entry struct {
	path   string
	mode   uint32
	hash   git.Hash
	unread bool // the hash is not known: the content is on disk
}

// The modes of entries, as git writes them.
const (
	modeTree       = uint32(treediff.Dir)
	modeFile       = uint32(treediff.File)
	modeExecutable = uint32(treediff.Executable)
	modeSymlink    = uint32(treediff.Symlink)
	modeSubmodule  = uint32(treediff.Submodule)
	modeType       = 0o170000
)

// compare merges two sorted lists of entries. It alone reads files, and only
// those of which neither the index nor the commit says enough.
func compare(ctx context.Context, root string, before, now []entry) ([]git.Change, error) {
	changed := []git.Change{}
	add := func(path string, status git.Status) {
		changed = append(changed, git.Change{Path: path, Status: status})
	}
	for len(before) > 0 || len(now) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(now) == 0:
			order = -1
		default:
			order = strings.Compare(before[0].path, now[0].path)
		}
		switch {
		case order < 0:
			add(before[0].path, git.Deleted)
			before = before[1:]
		case order > 0:
			add(now[0].path, git.Added)
			now = now[1:]
		default:
			status, err := compareEntries(ctx, root, before[0], now[0])
			if err != nil {
				return nil, err
			}
			if status != 0 {
				add(now[0].path, status)
			}
			before, now = before[1:], now[1:]
		}
	}
	return changed, nil
}

// compareEntries returns what happened to a path, or 0 for nothing.
func compareEntries(ctx context.Context, root string, before, now entry) (git.Status, error) {
	switch {
	case before.mode&modeType != now.mode&modeType:
		return git.TypeChanged, nil
	case before.mode != now.mode:
		return git.Modified, nil
	case now.unread && now.mode == modeSubmodule: // nothing is checked out there
		return 0, nil
	case now.unread:
		hash, err := hashFile(ctx, filepath.Join(root, filepath.FromSlash(now.path)))
		if errors.Is(err, fs.ErrNotExist) {
			return git.Deleted, nil // since it was seen
		}
		if err != nil {
			return 0, err
		}
		now.hash = hash
	}
	if before.hash != now.hash {
		return git.Modified, nil
	}
	return 0, nil
}
