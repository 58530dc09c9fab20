package buildcontext

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher"

	"github.com/mettel-automation/delivery/internal/clean"
)

// walker lists the files of a context.
type walker struct {
	dir    string
	ignore ignore
	files  []File

	// above are the directories that are left out themselves, and that are
	// listed nevertheless as soon as something below them is taken in again.
	above []File
}

func (w *walker) walk(ctx context.Context) error {
	return w.directory(ctx, "", patternmatcher.MatchInfo{}, false)
}

// directory lists what the directory called path holds. Parent is what the
// patterns said of it, and out whether it is left out.
func (w *walker) directory(ctx context.Context, path string, parent patternmatcher.MatchInfo, out bool) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, filepath.FromSlash(path)))
	switch {
	case errors.Is(err, fs.ErrNotExist) && path != "":
		return nil // removed while we looked
	case errors.Is(err, fs.ErrPermission) && out:
		return nil // nothing below it that was asked for can be seen
	case err != nil:
		return fmt.Errorf("read directory %s: %w", clean.Text(path), cause(err))
	}
	if path != "" {
		path += "/"
	}
	for _, e := range entries {
		if err := w.entry(ctx, path+e.Name(), e, parent); err != nil {
			return err
		}
	}
	return nil
}

// entry lists the file called path and what is below it, unless it is left out.
func (w *walker) entry(ctx context.Context, path string, e fs.DirEntry, parent patternmatcher.MatchInfo) error {
	out, info, err := w.ignore.match(path, parent)
	if err != nil {
		return fmt.Errorf("match %s: %w", clean.Text(path), err)
	}
	if out && (!e.IsDir() || w.ignore.prunes(path)) {
		return nil
	}
	file, err := w.file(path, e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // removed while we looked
	case err != nil:
		return fmt.Errorf("read %s: %w", clean.Text(path), cause(err))
	case file.Mode&fs.ModeSocket != 0:
		return nil
	case file.Mode&fs.ModeIrregular != 0:
		return fmt.Errorf("read %s: it is no kind of file that an image can hold", clean.Text(path))
	}
	if out {
		w.above = append(w.above, file)
	} else {
		w.files = append(append(w.files, w.above...), file)
		w.above = w.above[:0]
	}
	if file.Mode.IsDir() {
		err = w.directory(ctx, path, info, out)
	}
	if n := len(w.above); n > 0 && w.above[n-1].Path == path {
		w.above = w.above[:n-1] // nothing below it came back
	}
	return err
}

func (w *walker) file(path string, e fs.DirEntry) (File, error) {
	info, err := e.Info()
	if err != nil {
		return File{}, err
	}
	f := File{Path: path, Mode: sent(info.Mode()), ModTime: info.ModTime(), info: info}
	switch {
	case f.Mode.IsRegular():
		f.Size = info.Size()
	case f.Mode&fs.ModeSymlink != 0:
		f.Link, err = os.Readlink(filepath.Join(w.dir, filepath.FromSlash(path)))
	}
	return f, err
}

// sent is the mode of a file as an image gets it, which is all that its hash has of
// it: like git's, it knows of a file only whether its owner may execute it, since a
// umask and the way of a checkout make the rest; and whether it runs as its owner.
func sent(mode fs.FileMode) fs.FileMode {
	kind := mode & fs.ModeType
	switch {
	case kind&fs.ModeSymlink != 0:
		return kind | 0o777
	case kind.IsDir():
		return kind | 0o755
	case kind.IsRegular() && mode&0o100 != 0:
		return mode&(fs.ModeSetuid|fs.ModeSetgid) | 0o755
	case kind.IsRegular():
		return mode&(fs.ModeSetuid|fs.ModeSetgid) | 0o644
	}
	return kind | 0o644
}
