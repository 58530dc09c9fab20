package worktree

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gitdir"
)

// repositoryState is what a directory is to the repository around it.
type repositoryState int

const (
	noRepository repositoryState = iota
	noCommit                     // a repository whose HEAD names no commit yet
	hasCommit
)

// reftable is what HEAD says where refs are in a reftable (git's
// refs/reftable-backend.c).
const reftable = "refs/heads/.invalid"

// headOf returns the commit that is checked out in the repository whose working
// tree is dir. A .git file that leads to no repository makes none, as for git.
func headOf(dir string) (git.Hash, repositoryState, error) {
	layout, ok, err := gitdir.At(dir)
	switch {
	case errors.Is(err, git.ErrNotRepository):
		return git.Hash{}, noRepository, nil
	case !ok || err != nil:
		return git.Hash{}, noRepository, err
	}
	refs := gitdir.OpenRefs(layout)
	head, ok, err := refs.Read("HEAD")
	switch {
	case !ok || err != nil:
		return git.Hash{}, noRepository, err
	case head.Target == reftable:
		return git.Hash{}, noRepository, fmt.Errorf("read HEAD of submodule %s: %w: refs in a reftable (OpenGit has git read it)", dir, git.ErrUnsupported)
	case head.Target != "" && !strings.HasPrefix(head.Target, "refs/"):
		return git.Hash{}, noRepository, nil
	}
	hash, ok, err := refs.Resolve("HEAD")
	err = errors.Join(err, refs.Close())
	switch {
	case errors.Is(err, git.ErrUnknownRevision):
		return git.Hash{}, noCommit, nil
	case err != nil:
		return git.Hash{}, noRepository, fmt.Errorf("read HEAD of submodule %s: %w", dir, err)
	case !ok:
		return git.Hash{}, noCommit, nil
	}
	return hash, hasCommit, nil
}
