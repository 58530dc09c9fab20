// Package treediff lists the paths at which two trees differ.
//
//	changed, err := treediff.Diff(ctx, objects, from, to)
//
// It walks both trees in step, and leaves out what is equal without looking at
// it. Blobs are not read, and renames are not looked for: a rename is a
// deletion and an addition.
package treediff

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// MaxDepth is how deep directories may nest. Git's own limit is
// core.maxTreeDepth, 2048 unless it is set.
const MaxDepth = 4096

// Diff returns the paths at which two trees differ, sorted by their bytes, as
// git diff --name-status --no-renames does. A submodule is one path. Where a
// file becomes a directory, or the reverse, the one is deleted and the files of
// the other are added.
//
// The error names the tree that could not be read, and its directory. It is
// [git.ErrMissingObject] for one that the repository does not hold, and
// [git.ErrDamaged] for what is no tree, or one that is deeper than MaxDepth.
// Trees whose entries are out of order are compared as git does it; a path may
// then come twice.
func Diff(ctx context.Context, objects git.Objects, from, to git.Hash) ([]git.Change, error) {
	if from == to {
		return nil, nil
	}
	w := &walk{objects: objects, canceled: ctx.Err}
	if err := w.both(from, to, 0); err != nil {
		return nil, err
	}
	return w.changes(), nil
}

// walk is one comparison. Paths are put together in one buffer, so that an
// entry that is equal costs no memory, and one that differs little.
type walk struct {
	objects  git.Objects
	canceled func() error
	dir      []byte    // path of the directory that is being compared, with a "/" at its end
	contents []content // of the trees on the way there, by depth
	paths    []byte    // of the changes, one after the other
	found    []change
}

// content has the trees of one depth. It is used again for the next ones.
type content struct{ old, now []byte }

type change struct {
	end    int // of the path, in paths
	status git.Status
}

// tree reads a tree into a buffer and returns its content.
func (w *walk) tree(buffer *[]byte, h git.Hash, depth int) ([]byte, error) {
	if err := w.canceled(); err != nil {
		return nil, err
	}
	if h == EmptyTree {
		return nil, nil
	}
	if depth > MaxDepth {
		return nil, w.fault(h, fmt.Errorf("%w: directories are nested more than %d deep", git.ErrDamaged, MaxDepth))
	}
	kind, read, err := w.objects.Append((*buffer)[:0], h)
	if err == nil && kind != git.Tree {
		err = w.fault(h, fmt.Errorf("%w: it is a %s", git.ErrDamaged, kind))
	} else if err != nil {
		err = w.inDir(err)
	}
	if err != nil {
		return nil, err
	}
	*buffer = read
	return read, nil
}

// EmptyTree is the tree without entries, which git knows without an object.
var EmptyTree = git.Hash{0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04}

// at returns the buffers of a depth, which stay good until the next one is begun.
func (w *walk) at(depth int) *content {
	if depth == len(w.contents) {
		w.contents = append(w.contents, content{})
	}
	return &w.contents[depth]
}

// both compares two trees that differ.
func (w *walk) both(from, to git.Hash, depth int) error {
	olds, err := w.tree(&w.at(depth).old, from, depth)
	if err != nil {
		return err
	}
	nows, err := w.tree(&w.at(depth).now, to, depth)
	if err != nil {
		return err
	}
	var old, now Entry
	for {
		olds, nows = skipEqual(olds, nows)
		// An entry is read again where it waits for one of the other side: that
		// is rarer than what skipEqual leaves out.
		oldRest, nowRest := olds, nows
		if len(olds) > 0 {
			if old, oldRest, err = Cut(olds); err != nil {
				return w.fault(from, err)
			}
		}
		if len(nows) > 0 {
			if now, nowRest, err = Cut(nows); err != nil {
				return w.fault(to, err)
			}
		}
		order := 0
		switch {
		case len(olds) == 0 && len(nows) == 0:
			return nil
		case len(olds) == 0:
			order = 1
		case len(nows) == 0:
			order = -1
		default:
			order = compare(&old, &now)
		}
		if order <= 0 {
			olds = oldRest
		}
		if order >= 0 {
			nows = nowRest
		}
		if err := w.pair(&old, &now, order, depth+1); err != nil {
			return err
		}
	}
}

// skipEqual leaves out the entries that two trees begin with, byte by byte the
// same. What it leaves begins with an entry that differs, or is malformed.
func skipEqual(a, b []byte) (restA, restB []byte) {
	for {
		end := bytes.IndexByte(a, 0) + 1 + git.HashSize
		if end <= git.HashSize || end > len(a) || end > len(b) || !bytes.Equal(a[:end], b[:end]) {
			return a, b
		}
		a, b = a[end:], b[end:]
	}
}

// pair compares the first entries of two trees: order says whether only the
// old one has it (-), only the new one (+), or both.
func (w *walk) pair(old, now *Entry, order, depth int) error {
	switch {
	case order < 0:
		return w.one(old, git.Deleted, depth)
	case order > 0:
		return w.one(now, git.Added, depth)
	case old.Hash == now.Hash && old.Mode == now.Mode:
		return nil
	case old.Mode == Dir && now.Mode == Dir:
		length := w.enter(old.Name)
		err := w.both(old.Hash, now.Hash, depth)
		w.dir = w.dir[:length]
		return err
	case old.Mode == Dir || now.Mode == Dir: // of a name with a "/" at its end, as only damage has it
		if err := w.one(old, git.Deleted, depth); err != nil {
			return err
		}
		return w.one(now, git.Added, depth)
	case old.Mode.Type() != now.Mode.Type():
		w.add(now.Name, git.TypeChanged)
	default:
		w.add(now.Name, git.Modified)
	}
	return nil
}

// one adds an entry that only one side has, with all that is below it.
func (w *walk) one(e *Entry, status git.Status, depth int) error {
	if e.Mode != Dir {
		w.add(e.Name, status)
		return nil
	}
	length := w.enter(e.Name)
	tree := e.Hash
	entries, err := w.tree(&w.at(depth).old, tree, depth)
	for err == nil && len(entries) > 0 {
		var below Entry
		if below, entries, err = Cut(entries); err != nil {
			return w.fault(tree, err)
		}
		err = w.one(&below, status, depth+1)
	}
	w.dir = w.dir[:length]
	return err
}

// enter goes into a directory, and returns the length of the path to go back to.
func (w *walk) enter(name []byte) (length int) {
	length = len(w.dir)
	w.dir = append(append(w.dir, name...), '/')
	return length
}

func (w *walk) add(name []byte, status git.Status) {
	w.paths = append(append(w.paths, w.dir...), name...)
	w.found = append(w.found, change{end: len(w.paths), status: status})
}

// changes returns what was found, in the order of its paths. Sorted trees are
// walked in this order.
func (w *walk) changes() []git.Change {
	paths := string(w.paths)
	changes := make([]git.Change, len(w.found))
	start := 0
	for i, c := range w.found {
		changes[i] = git.Change{Path: paths[start:c.end], Status: c.status}
		start = c.end
	}
	if !slices.IsSortedFunc(changes, comparePaths) {
		slices.SortStableFunc(changes, comparePaths)
	}
	return changes
}

func comparePaths(a, b git.Change) int { return cmp.Compare(a.Path, b.Path) }

func (w *walk) fault(tree git.Hash, err error) error {
	return w.inDir(fmt.Errorf("read tree %s: %w", tree, err))
}

func (w *walk) inDir(err error) error {
	if len(w.dir) == 0 {
		return err
	}
	return fmt.Errorf("directory %s: %w", printable(string(w.dir[:len(w.dir)-1])), err)
}

// printable returns a path as it may stand in a log: file names are input, and
// must not forge lines, move the cursor or fill the screen.
func printable(path string) string {
	const enough = 200
	if len(path) > enough {
		return strconv.Quote(path[:enough]) + "..."
	}
	for _, r := range path {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return strconv.Quote(path)
		}
	}
	return path
}
