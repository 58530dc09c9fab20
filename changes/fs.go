package changes

import (
	"context"
	"fmt"
	"io/fs"
	"os"
)

// Dir returns the directory that people know the repository by: the root of its
// working tree or, of a bare one, the repository itself.
func (r *Repository) Dir() string { return r.dir }

// FS returns the files of a commit, or with [WorkTree] those on disk, ignored
// ones included. It reads when it is read from, and is good until ctx is done or
// the repository is closed. Any number of them, Diff and the other methods may be
// used in turn, by the one goroutine that has the repository.
//
// Of a commit it shows what Git holds: a symbolic link is not followed and has
// its target for a content, a submodule is an empty directory, and there are no
// times. Names that are no UTF-8 are left out, since io/fs has no room for them.
//
// The error is a [*RevisionError] where rev does not resolve, and
// [ErrUnsupported] for the working tree of a bare repository. Reading a file
// fails with [ErrMissingObject] where a partial clone has left it with the
// remote, and with [ErrTooLarge].
func (r *Repository) FS(ctx context.Context, rev string) (fs.FS, error) {
	if r.backend == nil {
		return nil, errNotOpen
	}
	if rev == WorkTree {
		if root := r.backend.Root(); root != "" {
			return os.DirFS(root), nil
		}
		return nil, fmt.Errorf("read working tree of %s: %w: a bare repository has none", r.dir, ErrUnsupported)
	}
	commit, err := r.commitOf(ctx, rev)
	if err != nil {
		return nil, err
	}
	files, err := r.backend.FS(ctx, commit)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", rev, r.dir, err)
	}
	return files, nil
}
