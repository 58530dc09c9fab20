package main

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes"
)

// overlay shows the working tree without what Git ignores: the files of HEAD,
// with what differs from them on disk. It serves [fs.ReadDir] and the opening of
// files, which is what package discovery needs.
type overlay struct {
	head, disk fs.FS
	changed    map[string]changes.Status
	added      map[string]map[string]bool // the names that the disk adds to a directory
}

// workTree returns the files of the working tree that are tracked, or untracked
// and not ignored. Diff has the working tree for its head.
func workTree(ctx context.Context, repo *changes.Repository, diff changes.Diff) (fs.FS, error) {
	disk, err := repo.FS(ctx, changes.WorkTree)
	if err != nil || diff.Head == "" { // no commit is there to tell what is tracked
		return disk, err
	}
	head, err := repo.FS(ctx, diff.Head)
	if err != nil {
		return nil, err
	}
	if diff.From != diff.Head {
		if diff, err = repo.Diff(ctx, changes.Range{Base: diff.Head, Head: changes.WorkTree, Mode: changes.Direct}); err != nil {
			return nil, err
		}
	}
	return newOverlay(head, disk, diff.Files), nil
}

func newOverlay(head, disk fs.FS, files []changes.File) *overlay {
	o := &overlay{head: head, disk: disk, changed: map[string]changes.Status{}, added: map[string]map[string]bool{}}
	for _, f := range files {
		if !fs.ValidPath(f.Path) { // not UTF-8: see Repository.FS
			continue
		}
		o.changed[f.Path] = f.Status
		if f.Status == changes.Deleted {
			continue
		}
		for name := f.Path; name != "."; name = path.Dir(name) {
			dir, base := path.Dir(name), path.Base(name)
			if o.added[dir] == nil {
				o.added[dir] = map[string]bool{}
			}
			if o.added[dir][base] {
				break
			}
			o.added[dir][base] = true
		}
	}
	return o
}

// Open opens a file.
func (o *overlay) Open(name string) (fs.File, error) {
	switch status, ok := o.changed[name]; {
	case !ok:
		return o.head.Open(name)
	case status == changes.Deleted:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.disk.Open(name)
}

// ReadDir returns the entries of a directory, sorted by name. One of which all
// files were deleted is empty.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	added := o.added[name]
	var entries []fs.DirEntry
	if _, file := o.changed[name]; !file { // a file in HEAD, or a nested repository
		var err error
		entries, err = fs.ReadDir(o.head, name)
		if err != nil && (!errors.Is(err, fs.ErrNotExist) || len(added) == 0) {
			return nil, err
		}
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return o.changed[path.Join(name, e.Name())] == changes.Deleted || added[e.Name()]
	})
	for base := range added {
		info, err := fs.Lstat(o.disk, path.Join(name, base))
		if errors.Is(err, fs.ErrNotExist) { // it was deleted this moment
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}
