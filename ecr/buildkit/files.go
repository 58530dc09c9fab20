package buildkit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// contextFiles serves the files of a context, and no others, to BuildKit.
type contextFiles struct {
	*buildcontext.Context
	sums [][sha256.Size]byte // of what the files hold
}

// Walk is that of [fsutil.FS]: fn is called for all that is at or below target.
func (c contextFiles) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	target = below(target)
	skipped := "" // a directory, with a slash at its end
	for i, f := range c.Files() {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		within := target == "" || f.Path == target || strings.HasPrefix(f.Path, target+"/")
		if !within || skipped != "" && strings.HasPrefix(f.Path, skipped) {
			continue
		}
		stat, err := c.stat(i, f)
		if err != nil {
			return err
		}
		switch err := fn(f.Path, &fsutil.DirEntryInfo{Stat: stat}, nil); {
		case err == fs.SkipAll: //nolint:errorlint // a signal, as for fs.WalkDir, that is never wrapped
			return nil
		case err == fs.SkipDir && f.Mode.IsDir(): //nolint:errorlint // the same
			skipped = f.Path + "/"
		case err == fs.SkipDir: //nolint:errorlint // the same: what is left of its directory
			skipped = f.Path[:strings.LastIndexByte(f.Path, '/')+1]
			if skipped == "" {
				return nil
			}
		case err != nil:
			return err
		}
	}
	return nil
}

// below is the path that a walk begins at, "" for all there is.
func below(target string) string { return path.Clean("/" + filepath.ToSlash(target))[1:] }

// stat describes file i as belonging to root, as the classic builder has it.
//
// BuildKit takes a file for the one that it was sent before if size and time are the
// same. That is not so with an edit that keeps both, such as of files that come out
// of an archive, so that of the time only the second is told, and the rest of it is
// made of what the file holds. The second stays, since tools that run in the build
// compare it with that of what they have in a cache mount.
func (c contextFiles) stat(i int, f buildcontext.File) (*types.Stat, error) {
	stat := &types.Stat{Path: f.Path, Mode: uint32(f.Mode), Size: f.Size, ModTime: f.ModTime.UnixNano(), Linkname: f.Link}
	if f.Mode.IsRegular() {
		stat.ModTime = f.ModTime.Unix()*int64(time.Second) + fraction(c.sums[i])
	}
	if f.Mode&fs.ModeDevice == 0 {
		return stat, nil
	}
	device, err := fsutil.Stat(filepath.Join(c.Dir(), filepath.FromSlash(f.Path)))
	if err != nil {
		return nil, err
	}
	stat.Devmajor, stat.Devminor = device.Devmajor, device.Devminor
	return stat, nil
}

// fraction makes nanoseconds, less than a second, of a sum.
func fraction(sum [sha256.Size]byte) int64 {
	return int64(binary.BigEndian.Uint64(sum[:8]) % uint64(time.Second))
}

// The names by which the engine asks for the Dockerfile and what it ignores.
const (
	dockerfileName = "Dockerfile"
	ignoreName     = dockerfileName + ".dockerignore"
)

// memory is a directory with a few files.
type memory []memoryFile

type memoryFile struct {
	stat    *types.Stat
	content []byte
}

// dockerfile serves the Dockerfile as it was when the context was opened. The
// ignore file beside it, in which nothing is ignored, keeps BuildKit from asking for
// one of the context: the context is without what is ignored already.
//
// Their times are made of what they hold: BuildKit looks at nothing else to see
// whether it has them already, and there may be several Dockerfiles of one length.
func dockerfile(c *buildcontext.Context) memory {
	file := func(name string, content []byte) memoryFile {
		sum := sha256.Sum256(content)
		second := firstSecond + int64(binary.BigEndian.Uint32(sum[8:])%seconds)
		return memoryFile{&types.Stat{
			Path: name, Mode: 0o644, Size: int64(len(content)), ModTime: second*int64(time.Second) + fraction(sum),
		}, content}
	}
	return memory{
		file(dockerfileName, c.Dockerfile().Content),
		file(ignoreName, []byte("# what is ignored is not sent\n")),
	}
}

// The times of memory files are from 2000 to 2034, which every file system can keep.
const (
	firstSecond = 946684800
	seconds     = 1 << 30
)

// Walk is that of [fsutil.FS].
func (m memory) Walk(_ context.Context, target string, fn fs.WalkDirFunc) error {
	target = below(target)
	for _, f := range m {
		if target != "" && target != f.stat.Path {
			continue
		}
		if err := fn(f.stat.Path, &fsutil.DirEntryInfo{Stat: f.stat}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Open is that of [fsutil.FS].
func (m memory) Open(name string) (io.ReadCloser, error) {
	for _, f := range m {
		if f.stat.Path == name {
			return io.NopCloser(bytes.NewReader(f.content)), nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
