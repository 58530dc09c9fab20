package changes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxDepth is how deep directories may nest, as in git (core.maxTreeDepth).
const maxDepth = 2048

// diffCommits returns the files that differ between two commits, sorted.
func (r *Repository) diffCommits(ctx context.Context, from, to hash) ([]File, error) {
	old, err := r.commit(from)
	if err != nil {
		return nil, err
	}
	now, err := r.commit(to)
	if err != nil {
		return nil, err
	}
	w := &treeWalk{repo: r, files: []File{}}
	if err := w.both(ctx, "", entry{mode: modeTree, hash: old.tree}, entry{mode: modeTree, hash: now.tree}, 0); err != nil {
		return nil, err
	}
	slices.SortFunc(w.files, compareFiles)
	return w.files, nil
}

func compareFiles(a, b File) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Status, b.Status))
}

// treeWalk walks two trees in step and leaves out what is equal.
type treeWalk struct {
	repo  *Repository
	files []File
}

// read returns the entries of a directory. Dir is its path with a "/" at the
// end, or "" for the root.
func (w *treeWalk) read(ctx context.Context, dir string, e entry, depth int) ([]entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("read tree %s: directories are nested more than %d deep", e.hash, maxDepth)
	}
	entries, err := w.repo.tree(e.hash)
	if err != nil && dir != "" {
		return nil, fmt.Errorf("directory %s: %w", printable(strings.TrimSuffix(dir, "/")), err)
	}
	return entries, err
}

// both compares two entries of one name, both directories or both not.
func (w *treeWalk) both(ctx context.Context, path string, old, now entry, depth int) error {
	switch {
	case old.hash == now.hash && old.mode == now.mode:
		return nil
	case !old.isTree() && old.mode&modeType != now.mode&modeType:
		w.add(path, TypeChanged)
		return nil
	case !old.isTree():
		w.add(path, Modified)
		return nil
	}
	dir := path
	if dir != "" {
		dir += "/"
	}
	olds, err := w.read(ctx, dir, old, depth)
	if err != nil {
		return err
	}
	nows, err := w.read(ctx, dir, now, depth)
	if err != nil {
		return err
	}
	return w.merge(ctx, dir, olds, nows, depth)
}

// merge walks the entries of two directories in Git's order.
func (w *treeWalk) merge(ctx context.Context, dir string, olds, nows []entry, depth int) error {
	for len(olds) > 0 || len(nows) > 0 {
		var err error
		switch order := compareHeads(olds, nows); {
		case order < 0:
			err = w.one(ctx, dir, olds[0], Deleted, depth+1)
			olds = olds[1:]
		case order > 0:
			err = w.one(ctx, dir, nows[0], Added, depth+1)
			nows = nows[1:]
		default:
			err = w.both(ctx, dir+olds[0].name, olds[0], nows[0], depth+1)
			olds, nows = olds[1:], nows[1:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one adds an entry that only one side has, and all that is below it.
func (w *treeWalk) one(ctx context.Context, dir string, e entry, status Status, depth int) error {
	path := dir + e.name
	if !e.isTree() {
		w.add(path, status)
		return nil
	}
	entries, err := w.read(ctx, path+"/", e, depth)
	if err != nil {
		return err
	}
	for _, below := range entries {
		if err := w.one(ctx, path+"/", below, status, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *treeWalk) add(path string, status Status) {
	w.files = append(w.files, File{Path: path, Status: status})
}

// compareHeads says which of two lists has the entry that comes first. Git
// sorts a directory as if its name ended in "/", so that a file and a
// directory of one name are never equal.
func compareHeads(olds, nows []entry) int {
	switch {
	case len(olds) == 0:
		return 1
	case len(nows) == 0:
		return -1
	}
	return strings.Compare(olds[0].sortKey(), nows[0].sortKey())
}

func (e entry) sortKey() string {
	if e.isTree() {
		return e.name + "/"
	}
	return e.name
}
