package worktree

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// hashFile returns the hash of the blob that a file, or the target of a
// symbolic link, would be.
func hashFile(ctx context.Context, path string) (git.Hash, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return git.Hash{}, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return git.Hash{}, err
		}
		return hashBlob(ctx, strings.NewReader(filepath.ToSlash(target)), int64(len(target)))
	}
	f, err := file.Open(path)
	if err != nil {
		return git.Hash{}, err
	}
	defer f.Close()
	hash, err := hashBlob(ctx, f, f.Size)
	if err != nil {
		return git.Hash{}, fmt.Errorf("read %s: %w", path, err)
	}
	return hash, nil
}

var errGrew = errors.New("its size changed meanwhile; try again")

// hashBlob hashes what r reads, which must be size bytes.
func hashBlob(ctx context.Context, r io.Reader, size int64) (h git.Hash, err error) {
	sum := sha1.New()
	_, _ = fmt.Fprintf(sum, "blob %d\x00", size) // a hash takes all
	buf := make([]byte, min(size+1, 1<<16))
	for left := size; ; {
		if err := ctx.Err(); err != nil {
			return h, err
		}
		n, err := r.Read(buf)
		sum.Write(buf[:n])
		if left -= int64(n); left < 0 {
			return h, errGrew
		}
		if err == io.EOF {
			if left > 0 {
				return h, errGrew
			}
			return git.Hash(sum.Sum(nil)), nil
		}
		if err != nil {
			return h, err
		}
	}
}
