// Package sample makes the small monorepo that the examples deliver; README.md says
// what is in it.
package sample

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

//go:embed all:base all:feature all:coverage deleted.txt
var files embed.FS

// The branches of the monorepo. Feature is the one that is checked out.
const (
	Base    = "master"
	Feature = "dev/feature/velocloud-retries"
)

// Make makes the repository in dir, with files besides those of the sample, such as
// delivery.yaml: its base commit on master, and a feature branch on top. Hashes repeat
// where the files are the same.
func Make(ctx context.Context, dir string, files map[string][]byte) error {
	if err := makeRepository(ctx, dir, files); err != nil {
		return fmt.Errorf("make the sample: %w", err)
	}
	return nil
}

func makeRepository(ctx context.Context, dir string, more map[string][]byte) error {
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName(Base)},
	})
	if err != nil {
		return err
	}
	if err := extract("base", dir); err != nil {
		return err
	}
	for name, content := range more {
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	if err := commit(repo, "The system as it is in production", 0); err != nil {
		return err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.Checkout(&git.CheckoutOptions{Branch: plumbing.NewBranchReferenceName(Feature), Create: true}); err != nil {
		return err
	}
	if err := extract("feature", dir); err != nil {
		return err
	}
	deleted, err := files.ReadFile("deleted.txt")
	if err != nil {
		return err
	}
	for path := range strings.FieldsSeq(string(deleted)) {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
			return err
		}
	}
	if err := commit(repo, "Retry what the VeloCloud API refuses for now", time.Hour); err != nil {
		return err
	}
	return ctx.Err()
}

// BaseTree copies the tree of master into dir.
func BaseTree(dir string) error { return extract("base", dir) }

// Coverage copies the reports that the tests of the feature branch write into dir.
func Coverage(dir string) error { return extract("coverage", dir) }

// commit commits all that is in the working tree, at a fixed time.
func commit(repo *git.Repository, message string, after time.Duration) error {
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return err
	}
	author := &object.Signature{Name: "Sample", Email: "sample@example.com", When: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Add(after)}
	_, err = tree.Commit(message, &git.CommitOptions{Author: author, Committer: author})
	return err
}

// extract copies the embedded folder from into the directory to.
func extract(from, to string) error {
	return fs.WalkDir(files, from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		return write(filepath.Join(to, filepath.FromSlash(strings.TrimPrefix(path, from+"/"))), content)
	})
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
