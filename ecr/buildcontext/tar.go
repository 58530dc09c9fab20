package buildcontext

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/clean"
)

// WriteTar writes the context as the archive that a classic builder takes, a
// file at a time, so that its size costs no memory.
//
// The archive holds [Context.Files] in their order, with their modes and times, in
// seconds; all belong to root. A Dockerfile that is none of them comes last, with an
// ignore file that makes the builder take both away before any step can see them;
// so does one that [Context.Pin] has changed. [Context.ArchivedDockerfile] is its name.
func (c *Context) WriteTar(ctx context.Context, w io.Writer) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	t := tar.NewWriter(buffered)
	extras, err := c.extras()
	if err != nil {
		return fmt.Errorf("archive build context: %w", err)
	}
	for i, f := range c.files {
		if slices.ContainsFunc(extras, func(e extra) bool { return e.path == f.Path }) {
			continue
		}
		if err := c.writeFile(ctx, t, i); err != nil {
			return fmt.Errorf("archive build context: %w", err)
		}
	}
	for _, e := range extras {
		if err := e.write(t); err != nil {
			return fmt.Errorf("archive build context: %w", err)
		}
	}
	if err := errors.Join(t.Close(), buffered.Flush()); err != nil {
		return fmt.Errorf("archive build context: %w", err)
	}
	return nil
}

func (c *Context) writeFile(ctx context.Context, t *tar.Writer, i int) error {
	f := c.files[i]
	if err := context.Cause(ctx); err != nil {
		return err
	}
	h, err := header(f)
	if err != nil {
		return fmt.Errorf("add %s: %w", clean.Text(f.Path), err)
	}
	if !f.Mode.IsRegular() {
		return t.WriteHeader(h)
	}
	r, err := c.open(i)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(t, readerFunc(func(p []byte) (int, error) {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		return r.Read(p)
	}))
	return err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// header describes f as the archive does. Names that are too long or too odd for
// the old format make package tar use PAX records.
func header(f File) (*tar.Header, error) {
	h, err := tar.FileInfoHeader(nameless{f.info, f.Mode}, f.Link)
	if err != nil {
		return nil, err
	}
	h.Name = f.Path
	if f.Mode.IsDir() {
		h.Name += "/"
	}
	h.Uid, h.Gid = 0, 0
	h.ModTime = h.ModTime.Truncate(time.Second)
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{}
	return h, nil
}

// nameless is a file as it is sent. It keeps package tar from asking the system for
// the names of owners.
type nameless struct {
	fs.FileInfo
	mode fs.FileMode
}

func (n nameless) Mode() fs.FileMode    { return n.mode }
func (nameless) Uname() (string, error) { return "", nil }
func (nameless) Gname() (string, error) { return "", nil }

// extra is a file of the archive that is none of the context.
type extra struct {
	path    string
	content []byte
	modTime time.Time
}

func (e extra) write(t *tar.Writer) error {
	err := t.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: e.path, Mode: 0o644,
		Size: int64(len(e.content)), ModTime: e.modTime.Truncate(time.Second),
	})
	if err != nil {
		return err
	}
	_, err = t.Write(e.content)
	return err
}

// ArchivedDockerfile is the path of the Dockerfile in the archive of
// [Context.WriteTar]: its own, unless it is left out of the context or outside, or
// it is pinned.
func (c *Context) ArchivedDockerfile() string {
	if c.asItIs() || c.builderHides() {
		return c.dockerfile.Path
	}
	sum := sha256.Sum256(c.dockerfile.Content)
	name := fmt.Sprintf(".dockerfile.%x", sum[:10])
	for c.Has(name) {
		name += "x"
	}
	return name
}

// asItIs reports whether the Dockerfile is one of the files, which a builder can
// use. A classic builder takes away what a .dockerignore names of the Dockerfile and
// of itself, also where it is not the ignore file of this Dockerfile.
func (c *Context) asItIs() bool {
	misleading := c.Has(defaultIgnore) && c.ignoreFile != defaultIgnore
	return c.regular(c.dockerfile.Path) && !misleading && !c.pinned()
}

// pinned reports whether the Dockerfile is another than that of the directory.
func (c *Context) pinned() bool { return !bytes.Equal(c.dockerfile.Content, c.dockerfile.read) }

// builderHides reports whether a classic builder takes a Dockerfile that is left
// out away by itself: it reads the ignore file of a context for just that. From a
// directory it would take the Dockerfile and leave the directory.
func (c *Context) builderHides() bool {
	atRoot := c.dockerfile.plain && !strings.Contains(c.dockerfile.Path, "/")
	return atRoot && !c.Has(c.dockerfile.Path) && c.ignoreFile == defaultIgnore && c.regular(defaultIgnore)
}

// extras are the Dockerfile that is none of the files, and the ignore file that
// hides it. Where the steps may see an ignore file, they see it with two more
// lines, much as with docker build.
func (c *Context) extras() ([]extra, error) {
	name := c.ArchivedDockerfile()
	if c.asItIs() {
		return nil, nil
	}
	dockerfile := extra{path: name, content: c.dockerfile.Content, modTime: c.dockerfile.modTime}
	if name == c.dockerfile.Path {
		return []extra{dockerfile}, nil
	}
	hides := defaultIgnore + "\n" + name + "\n"
	if c.Has(defaultIgnore) {
		own, err := c.ownIgnore()
		if err != nil {
			return nil, err
		}
		hides = string(own) + "\n!" + hides
	}
	return []extra{dockerfile, {path: defaultIgnore, content: []byte(hides), modTime: c.dockerfile.modTime}}, nil
}

// ownIgnore is what the .dockerignore of the context holds.
func (c *Context) ownIgnore() ([]byte, error) {
	if !c.regular(defaultIgnore) {
		content, _, err := readSmall(filepath.Join(c.dir, defaultIgnore))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", defaultIgnore, cause(err))
		}
		return content, nil
	}
	r, err := c.Open(defaultIgnore)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func (c *Context) regular(path string) bool {
	i, ok := c.index[path]
	return ok && c.files[i].Mode.IsRegular()
}
