// Package buildcontext reads the directory that an image is built from: its
// files, without those that .dockerignore leaves out, and its Dockerfile.
//
// [Open] walks the directory once. What it found is what [Context.Hash] hashes,
// [Context.WriteTar] sends to a classic builder, and [Context.Open] reads for any
// other; a file that has changed in between is an error, never a surprise:
//
//	c, err := buildcontext.Open(ctx, "services/notifier", buildcontext.Options{})
//	if err != nil { ... }
//	hash, err := c.Hash(ctx, buildcontext.Inputs{Platform: "linux/amd64", Epoch: "2026-03"})
//	err = c.WriteTar(ctx, w)
//
// It builds nothing, pulls nothing and resolves no tags. It keeps neither owners
// (all files are root's), extended attributes nor, as git, any permission but the right
// to execute a file: see [File].
package buildcontext

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/clean"
)

// What an error of this package may match, besides those of io/fs.
var (
	// ErrChanged: a file is not what it was when the context was opened.
	ErrChanged = errors.New("the file has changed since the context was opened: open it again")
	// ErrPattern: an ignore file holds a pattern that Docker does not understand.
	ErrPattern = errors.New("malformed pattern")
	// ErrDockerfile: the Dockerfile cannot be understood.
	ErrDockerfile = errors.New("malformed Dockerfile")
	// ErrNoStage: the Dockerfile has no stage of the name of the target.
	ErrNoStage = errors.New("no such stage")
)

// Options say how to read a context. The zero value is ready to use.
type Options struct {
	// Dockerfile is the path of the Dockerfile, relative to the directory of the
	// context (not to the working directory, as for docker build -f). It may be
	// excluded by the ignore file, and it may lie outside the context. Default
	// "Dockerfile".
	Dockerfile string
	// Hashing limits the files that Hash reads at once; default GOMAXPROCS.
	Hashing int
}

// Context is a directory to build from, as it was when it was opened. It is
// safe for concurrent use.
type Context struct {
	dir     string
	hashing int
	files   []File
	index   map[string]int // of files, by path
	sums    *sums

	dockerfile Dockerfile
	ignoreFile string // as dockerfile.Path; "" without one
}

// Dockerfile is the Dockerfile of a context.
type Dockerfile struct {
	// Path is the path below the directory of the context, with slashes; where the
	// file lies outside, it is what Options said.
	Path string
	// Content is what the file held when the context was opened; with the digests
	// of [Context.Pin] in a context that comes from there.
	Content []byte

	read    []byte // what the file held
	modTime time.Time
	plain   bool // it is no link
}

// File is one file, directory or link of a context. Of its permissions, an image gets,
// as git does, whether the owner may execute it: files are sent with 0644 or 0755, and
// set-id bits, directories with 0755. A hard link is one more file. Use COPY --chmod for
// others.
type File struct {
	Path    string      // below the directory of the context, with slashes
	Mode    fs.FileMode // type and permissions, as an image gets them
	Size    int64       // bytes; 0 for all but regular files
	ModTime time.Time
	Link    string // what a symbolic link holds; it may lead anywhere, or nowhere

	info fs.FileInfo
}

// Open reads what dir holds, but for the content of its files.
//
// The rules of what belongs to a context are those of docker build with BuildKit 0.25
// (the builder of Docker 20.10, and the legacy one of newer command lines, do not look
// for what "!docs/**/x" takes in again below "docs/**"):
// [<Dockerfile>.dockerignore] is read where it exists, and .dockerignore otherwise;
// links are kept as links and never followed; sockets are left out; devices and
// named pipes are kept. Empty directories, odd names and long ones are all right.
//
// A directory that cannot be read is an error, unless it is left out. A malformed
// pattern of the ignore file is [ErrPattern].
//
// [<Dockerfile>.dockerignore]: https://docs.docker.com/build/concepts/context/#dockerignore-files
func Open(ctx context.Context, dir string, opts Options) (*Context, error) {
	fail := func(err error) (*Context, error) {
		return nil, fmt.Errorf("open build context %s: %w", clean.Text(dir), err)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return fail(err)
	}
	info, err := os.Stat(root)
	if err != nil {
		return fail(cause(err))
	}
	if !info.IsDir() {
		return fail(errors.New("it is not a directory"))
	}
	c := &Context{dir: root, hashing: opts.Hashing, sums: newSums()}
	if c.hashing <= 0 {
		c.hashing = runtime.GOMAXPROCS(0)
	}
	if c.dockerfile, err = readDockerfile(root, opts.Dockerfile); err != nil {
		return fail(err)
	}
	ignored, err := readIgnore(root, c.dockerfile.Path)
	if err != nil {
		return fail(err)
	}
	c.ignoreFile = ignored.path
	w := walker{dir: root, ignore: ignored}
	if err := w.walk(ctx); err != nil {
		return fail(err)
	}
	c.files = w.files
	c.index = make(map[string]int, len(c.files))
	for i, f := range c.files {
		c.index[f.Path] = i
	}
	return c, nil
}

// Dir returns the absolute path of the directory.
func (c *Context) Dir() string { return c.dir }

// Dockerfile returns the Dockerfile.
func (c *Context) Dockerfile() Dockerfile {
	d := c.dockerfile
	d.Content = slices.Clone(d.Content)
	return d
}

// Has reports whether a build sees a file, directory or link called path, as in
// [File]: a context that has ".git" makes another image with every commit.
func (c *Context) Has(path string) bool {
	_, ok := c.index[path]
	return ok
}

// Files returns all that a build sees of the directory, a directory before what
// it holds, and siblings sorted by name.
func (c *Context) Files() []File { return slices.Clone(c.files) }

// readDockerfile reads the Dockerfile called name, which may be a link.
func readDockerfile(dir, name string) (Dockerfile, error) {
	if name == "" {
		name = "Dockerfile"
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, name)
	}
	d := Dockerfile{Path: filepath.ToSlash(name)}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		d.Path = filepath.ToSlash(rel)
	}
	fail := func(err error) (Dockerfile, error) {
		return d, fmt.Errorf("read Dockerfile %s: %w", clean.Text(name), cause(err))
	}
	content, info, err := readSmall(path)
	if err != nil {
		return fail(err)
	}
	d.modTime, d.read, d.Content = info.ModTime(), content, content
	link, err := os.Lstat(path)
	if err != nil {
		return fail(err)
	}
	d.plain = link.Mode().IsRegular()
	return d, nil
}

// cause takes the operation and the path off an error of package os, which name
// a file that the message around them names better.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
