// Package treefs shows the tree of a commit as an [fs.FS].
//
//	tree := treefs.New(ctx, objects, hash)
//	content, err := tree.ReadFile("go.mod")
//	err = fs.WalkDir(tree, ".", visit)
//
// It shows what Git holds, so nothing follows symbolic links: one has
// [fs.ModeSymlink], its target for a content, and nothing below it. A submodule
// is an empty directory. Names that io/fs has no room for (not UTF-8, or with a
// "/") are left out; package treediff has them. There are no times.
package treefs

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// FS is one tree. It is an [fs.ReadDirFS], [fs.ReadFileFS], [fs.StatFS] and
// [fs.ReadLinkFS], and good as long as the context and the objects that it was
// made of. Several goroutines may use it, if nothing else reads the objects
// meanwhile. One goroutine may use several of the same objects in turn: no call
// leaves anything of the objects in use, not even by a file that is open.
//
// Directories may nest as deep as in package treediff; deeper ones are
// [git.ErrDamaged].
type FS struct {
	canceled func() error
	objects  git.Objects
	root     git.Hash

	mu   sync.Mutex // held while objects are read
	dirs map[git.Hash][]entry
	held int // entries of dirs
	last chain
}

// maxHeld bounds the entries of directories that are kept in memory, at some
// 100 bytes each.
const maxHeld = 1 << 14

// New returns the files of a tree. Nothing is read yet.
func New(ctx context.Context, objects git.Objects, tree git.Hash) *FS {
	return &FS{canceled: ctx.Err, objects: objects, root: tree, dirs: map[git.Hash][]entry{}}
}

// Open opens a file or a directory. The content of a file is read as a whole.
func (f *FS) Open(name string) (fs.File, error) {
	e, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		entries, err := f.entries(e, name)
		if err != nil {
			return nil, pathError("open", name, err)
		}
		return &dir{info: info{e}, entries: entries}, nil
	}
	content, err := f.blob(e.hash)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return newFile(e, content), nil
}

// ReadDir returns the entries of a directory, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := f.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !e.IsDir() {
		return nil, pathError("readdir", name, errNoDir)
	}
	entries, err := f.entries(e, name)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return list(entries), nil
}

// ReadFile returns the content of a file; that of a symbolic link is its target.
func (f *FS) ReadFile(name string) ([]byte, error) {
	e, err := f.find("read", name)
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		return nil, pathError("read", name, errIsDir)
	}
	content, err := f.blob(e.hash)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return content, nil
}

// Stat describes an entry. No blob is read before its size is asked for; the
// size is -1 where it cannot be read.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	e, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info{e}, nil
}

// Lstat is Stat, which follows no links.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.Stat(name) }

// ReadLink returns the target of a symbolic link, as it is written.
func (f *FS) ReadLink(name string) (string, error) {
	e, err := f.find("readlink", name)
	if err != nil {
		return "", err
	}
	if e.mode != treediff.Symlink {
		return "", pathError("readlink", name, fs.ErrInvalid)
	}
	target, err := f.blob(e.hash)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return string(target), nil
}

// find looks for an entry by its path.
func (f *FS) find(op, path string) (*entry, error) {
	if !fs.ValidPath(path) {
		return nil, pathError(op, path, fs.ErrInvalid)
	}
	if path == "." {
		return &entry{fs: f, name: ".", mode: treediff.Dir, hash: f.root}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	depth := f.last.shared(path)
	at := link{end: -1, mode: treediff.Dir, hash: f.root}
	if depth > 0 {
		at = f.last.links[depth-1]
	}
	if at.end < len(path) {
		f.last.turn(path, depth)
	}
	for at.end < len(path) {
		name, _, _ := strings.Cut(path[at.end+1:], "/")
		entries, err := f.read(at.mode, at.hash, depth)
		if err != nil {
			return nil, pathError(op, path, err)
		}
		i, ok := slices.BinarySearchFunc(entries, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
		if !ok {
			return nil, pathError(op, path, fs.ErrNotExist)
		}
		at = link{end: at.end + 1 + len(name), mode: entries[i].mode, hash: entries[i].hash}
		f.last.links = append(f.last.links, at)
		depth++
	}
	return &entry{fs: f, name: path[strings.LastIndexByte(path, '/')+1:], mode: at.mode, hash: at.hash}, nil
}

// entries returns what is in the directory at path, sorted by name.
func (f *FS) entries(e *entry, path string) ([]entry, error) {
	depth := 0
	if path != "." {
		depth = 1 + strings.Count(path, "/")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read(e.mode, e.hash, depth)
}

// read returns what is in a directory so many below the root; nothing where it
// is none. The caller holds f.mu.
func (f *FS) read(mode treediff.Mode, h git.Hash, depth int) ([]entry, error) {
	if mode != treediff.Dir {
		return nil, nil
	}
	if depth > treediff.MaxDepth {
		return nil, fmt.Errorf("read tree %s: %w: directories are nested more than %d deep", h, git.ErrDamaged, treediff.MaxDepth)
	}
	if entries, ok := f.dirs[h]; ok {
		return entries, nil
	}
	content, err := f.object(git.Tree, h)
	if err != nil {
		return nil, err
	}
	entries, err := f.parse(content)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", h, err)
	}
	if f.held += 1 + len(entries); f.held > maxHeld {
		clear(f.dirs)
		f.held = 1 + len(entries)
	}
	f.dirs[h] = entries
	return entries, nil
}

// parse reads the entries of a tree. Their names share the memory of one string.
func (f *FS) parse(content []byte) ([]entry, error) {
	var entries []entry
	text := string(content)
	for rest := content; len(rest) > 0; {
		var e treediff.Entry
		var err error
		if e, rest, err = treediff.Cut(rest); err != nil {
			return nil, err
		}
		if !utf8.Valid(e.Name) || !validName(string(e.Name)) {
			continue
		}
		end := len(content) - len(rest) - git.HashSize - 1
		entries = append(entries, entry{fs: f, name: text[end-len(e.Name) : end], mode: e.Mode, hash: e.Hash})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(entries, func(a, b entry) bool { return a.name == b.name }), nil
}

func validName(name string) bool {
	return name != "." && fs.ValidPath(name) && !strings.Contains(name, "/")
}

func (f *FS) blob(h git.Hash) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.object(git.Blob, h)
}

func (f *FS) object(want git.Kind, h git.Hash) ([]byte, error) {
	if err := f.canceled(); err != nil {
		return nil, err
	}
	if h == treediff.EmptyTree && want == git.Tree {
		return nil, nil
	}
	kind, content, err := f.objects.Append(nil, h)
	if err == nil && kind != want {
		err = fmt.Errorf("read %s %s: %w: it is a %s", want, h, git.ErrDamaged, kind)
	}
	return content, err
}
