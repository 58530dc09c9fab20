package gitcmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FS returns the files of a commit. Names come from one run of git ls-tree;
// contents from one git cat-file, which starts with the first file that is
// read and ends with ctx, after which reading fails: cancel ctx to be rid of
// it. A file is read as a whole when it is opened, or asked for its size.
//
// A symbolic link has mode [fs.ModeSymlink] and its target as content; a
// submodule is an empty directory. Names that io/fs does not allow, those that
// are not UTF-8, are left out.
func (r *Repo) FS(ctx context.Context, commit string) (fs.FS, error) {
	if err := check(commit); err != nil {
		return nil, err
	}
	out, err := r.run(ctx, nil, "ls-tree", "-r", "-t", "-z", "--full-tree", "--end-of-options", commit)
	if err != nil {
		return nil, err
	}
	blobs := &blobs{}
	t := &treeFS{nodes: map[string]*node{".": {name: ".", mode: fs.ModeDir | 0o755}}}
	t.read = func(hash string) ([]byte, error) { return blobs.read(ctx, r, hash) }
	if err := t.fill(string(out)); err != nil {
		return nil, err
	}
	return t, nil
}

// treeFS is the files of a commit.
type treeFS struct {
	nodes map[string]*node // by path
	read  func(hash string) ([]byte, error)
}

// node is a file or a directory.
type node struct {
	name    string
	mode    fs.FileMode
	hash    string  // of a file
	entries []*node // of a directory, sorted by name
}

// fill reads `mode kind hash TAB path NUL`, directories before what is in them.
func (t *treeFS) fill(list string) error {
	for list != "" {
		line, rest, ok := strings.Cut(list, "\x00")
		meta, name, tab := strings.Cut(line, "\t")
		fields := strings.Fields(meta)
		if !ok || !tab || len(fields) != 3 {
			return fmt.Errorf("git ls-tree: it says %q", line)
		}
		list = rest
		parent := t.nodes[path.Dir(name)]
		if !fs.ValidPath(name) || t.nodes[name] != nil || parent == nil || !parent.mode.IsDir() {
			continue
		}
		n := &node{name: path.Base(name), mode: modeOf(fields[0]), hash: fields[2]}
		t.nodes[name] = n
		parent.entries = append(parent.entries, n)
	}
	for _, n := range t.nodes {
		slices.SortFunc(n.entries, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	}
	return nil
}

func modeOf(octal string) fs.FileMode {
	bits, _ := strconv.ParseUint(octal, 8, 32)
	switch bits & 0o170000 {
	case 0o040000, 0o160000:
		return fs.ModeDir | 0o755
	case 0o120000:
		return fs.ModeSymlink | 0o777
	}
	return 0o644 | fs.FileMode(bits&0o111)
}

func (t *treeFS) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := t.nodes[name]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Open opens a file or a directory.
func (t *treeFS) Open(name string) (fs.File, error) {
	n, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return &openDir{info: info{node: n}, tree: t}, nil
	}
	content, err := t.read(n.hash)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &openFile{info: info{node: n, size: int64(len(content))}, Reader: bytes.NewReader(content)}, nil
}

// ReadFile returns the content of a file.
func (t *treeFS) ReadFile(name string) ([]byte, error) {
	n, err := t.find("read", name)
	if err == nil && n.mode.IsDir() {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	content, err := t.read(n.hash)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

// ReadDir returns the entries of a directory, sorted by name.
func (t *treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.find("readdir", name)
	if err == nil && !n.mode.IsDir() {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return t.list(n), nil
}

func (t *treeFS) list(n *node) []fs.DirEntry {
	entries := make([]fs.DirEntry, len(n.entries))
	for i, e := range n.entries {
		entries[i] = dirEntry{node: e, tree: t}
	}
	return entries
}

// Stat returns what is known of a file. For its size, the file is read.
func (t *treeFS) Stat(name string) (fs.FileInfo, error) {
	n, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	return dirEntry{node: n, tree: t}.Info()
}

// dirEntry is a node in a directory.
type dirEntry struct {
	node *node
	tree *treeFS
}

func (e dirEntry) Name() string      { return e.node.name }
func (e dirEntry) IsDir() bool       { return e.node.mode.IsDir() }
func (e dirEntry) Type() fs.FileMode { return e.node.mode.Type() }
func (e dirEntry) String() string    { return fs.FormatDirEntry(e) }

func (e dirEntry) Info() (fs.FileInfo, error) {
	if e.IsDir() {
		return info{node: e.node}, nil
	}
	content, err := e.tree.read(e.node.hash)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: e.node.name, Err: err}
	}
	return info{node: e.node, size: int64(len(content))}, nil
}

// info is what is known of a node.
type info struct {
	node *node
	size int64
}

func (i info) Name() string               { return i.node.name }
func (i info) Size() int64                { return i.size }
func (i info) Mode() fs.FileMode          { return i.node.mode }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) IsDir() bool                { return i.node.mode.IsDir() }
func (i info) Sys() any                   { return nil }
func (i info) Stat() (fs.FileInfo, error) { return i, nil }
func (i info) Close() error               { return nil }
func (i info) String() string             { return fs.FormatFileInfo(i) }

type openFile struct {
	info
	*bytes.Reader
}

// Size is that of the file, for bytes.Reader has one too.
func (f *openFile) Size() int64 { return f.size }

type openDir struct {
	info
	tree *treeFS
	done int // entries that were read
}

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.Name(), Err: fs.ErrInvalid}
}

// ReadDir returns the next n entries, or all that are left.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	left := d.tree.list(d.node)[d.done:]
	if n > 0 {
		if len(left) == 0 {
			return nil, io.EOF
		}
		left = left[:min(n, len(left))]
	}
	d.done += len(left)
	return left, nil
}
