package job

import (
	"context"

	"github.com/mettel-automation/delivery/changes"
)

// head is the commit that is checked out around dir; "" where there is no repository, as
// a job that removes an environment needs none.
func head(ctx context.Context, dir string) string {
	repo, err := changes.Open(dir)
	if err != nil {
		return ""
	}
	defer func() { _ = repo.Close() }() // it was only read
	diff, err := repo.Diff(ctx, changes.Range{Base: "HEAD", Mode: changes.Direct})
	if err != nil {
		return ""
	}
	return diff.Head
}
