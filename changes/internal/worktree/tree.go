package worktree

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// flatten returns the entries of a tree and of the trees below it, sorted by
// path. A directory that the index is known to hold as the tree does is taken
// from there, so that only trees that differ are read.
func flatten(ctx context.Context, objects git.Objects, tree git.Hash, idx *index) ([]entry, error) {
	w := treeWalk{objects: objects, index: idx}
	if err := w.walk(ctx, "", tree, 0); err != nil {
		return nil, err
	}
	byPath := func(a, b entry) int { return strings.Compare(a.path, b.path) }
	if !slices.IsSortedFunc(w.entries, byPath) { // so written by no git
		slices.SortFunc(w.entries, byPath)
	}
	return w.entries, nil
}

type treeWalk struct {
	objects git.Objects
	index   *index   // may be nil
	buffers [][]byte // one for each depth, used again and again
	entries []entry
}

// walk appends what is below a directory: "", or a path with a "/" at its end.
func (w *treeWalk) walk(ctx context.Context, dir string, tree git.Hash, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.fromIndex(dir, tree) || tree == treediff.EmptyTree {
		return nil
	}
	if depth > treediff.MaxDepth {
		return fmt.Errorf("read tree %s: %w: directories are nested more than %d deep", tree, git.ErrDamaged, treediff.MaxDepth)
	}
	if depth == len(w.buffers) {
		w.buffers = append(w.buffers, nil)
	}
	kind, content, err := w.objects.Append(w.buffers[depth][:0], tree)
	if err != nil {
		return inDirectory(dir, err)
	}
	if kind != git.Tree {
		return inDirectory(dir, fmt.Errorf("read tree %s: %w: it is a %s", tree, git.ErrDamaged, kind))
	}
	w.buffers[depth] = content
	for len(content) > 0 {
		e, rest, err := treediff.Cut(content)
		if err == nil && bytes.IndexByte(e.Name, '/') >= 0 { // it would be another file on disk
			err = fmt.Errorf("%w: name %q", git.ErrDamaged, e.Name)
		}
		if err != nil {
			return inDirectory(dir, fmt.Errorf("read tree %s: %w", tree, err))
		}
		content = rest
		path := dir + string(e.Name)
		if e.Mode != treediff.Dir {
			w.entries = append(w.entries, entry{path: path, mode: uint32(e.Mode), hash: e.Hash})
			continue
		}
		if err := w.walk(ctx, path+"/", e.Hash, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func inDirectory(dir string, err error) error {
	if dir == "" {
		return err
	}
	return fmt.Errorf("directory %q: %w", strings.TrimSuffix(dir, "/"), err)
}

func (w *treeWalk) fromIndex(dir string, tree git.Hash) bool {
	if w.index == nil {
		return false
	}
	if known, ok := w.index.trees[dir]; !ok || known != tree {
		return false
	}
	for _, e := range w.index.below(dir) {
		if e.stage == 0 && !e.intent { // else the tree would not be known
			w.entries = append(w.entries, entry{path: e.path, mode: e.mode, hash: e.hash})
		}
	}
	return true
}

// parseCacheTree reads the hashes of the trees that the index is known to hold,
// by "path/". Each is `name NUL count " " subtrees "\n" hash`, parents first; a
// count below zero means that the tree is not known, and there is no hash.
// What does not read so is left out, for the trees themselves tell.
func parseCacheTree(s string) map[string]git.Hash {
	trees := map[string]git.Hash{}
	type parent struct {
		dir  string
		left int
	}
	above := []parent{{left: 1}}
	for s != "" && len(above) > 0 {
		top := &above[len(above)-1]
		if top.left == 0 {
			above = above[:len(above)-1]
			continue
		}
		top.left--
		name, rest, ok1 := strings.Cut(s, "\x00")
		line, rest, ok2 := strings.Cut(rest, "\n")
		first, second, ok3 := strings.Cut(line, " ")
		count, err1 := strconv.Atoi(first)
		subtrees, err2 := strconv.Atoi(second)
		if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || subtrees < 0 {
			return trees
		}
		dir := top.dir
		if len(above) > 1 {
			dir += name + "/"
		}
		if count >= 0 {
			var h git.Hash
			if len(rest) < len(h) {
				return trees
			}
			rest = rest[copy(h[:], rest):]
			trees[dir] = h
		}
		s, above = rest, append(above, parent{dir: dir, left: subtrees})
	}
	return trees
}
