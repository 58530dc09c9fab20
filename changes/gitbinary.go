package changes

import (
	"context"

	"github.com/mettel-automation/delivery/changes/internal/gitcmd"
)

// OpenGit finds the repository that path belongs to, and has the git binary read
// it. It is for repositories that [Open] refuses (SHA-256, reftable, pack indexes
// of version 1), for partial clones without trees, whose missing objects git
// fetches, and for working trees whose files are filtered (Git LFS, line
// endings). Elsewhere it gives the answers of Open, in more time.
//
// Binary is the path or the name of the program; "" is git, from PATH. It runs
// without a shell, and without the variables that would point it elsewhere
// (GIT_DIR and the like). It applies no replace refs. Unlike Open, it refuses
// directories of other owners, unless git's safe.directory allows them.
//
// The error is [ErrNotRepository] where there is none; one of the binary names it.
func OpenGit(ctx context.Context, path, binary string) (*Repository, error) {
	repo, err := gitcmd.Open(ctx, gitcmd.Options{Binary: binary, Dir: path})
	if err != nil {
		return nil, err
	}
	return &Repository{dir: repo.Dir(), backend: stateless{repo}}, nil
}

// stateless holds nothing between calls.
type stateless struct{ *gitcmd.Repo }

func (stateless) Close() error { return nil }
