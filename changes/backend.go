package changes

import (
	"context"
	"io/fs"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// backend reads one repository: in this process, or by the git binary. Commits
// are full hashes in hexadecimal digits.
type backend interface {
	// Resolve returns the commit that a revision names.
	Resolve(ctx context.Context, rev string) (string, error)
	// MergeBases returns all best common ancestors of two commits, at least one,
	// in the order of Diff.MergeBases.
	MergeBases(ctx context.Context, a, b string) ([]string, error)
	// Cut reports whether a shallow clone leaves open whether head descends from
	// base, which is not among their merge bases.
	Cut(ctx context.Context, base, head string) (bool, error)
	// Diff returns what differs between two commits, sorted by path.
	Diff(ctx context.Context, from, to string) ([]git.Change, error)
	// WorkTree returns what differs between a commit and the working tree,
	// sorted by path.
	WorkTree(ctx context.Context, from string) ([]git.Change, error)
	// Root returns the root of the working tree, or "" where there is none.
	Root() string
	// FS returns the files of a commit.
	FS(ctx context.Context, commit string) (fs.FS, error)
	// Close lets go of files and memory; the backend may be used afterwards.
	Close() error
}
