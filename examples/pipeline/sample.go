package main

import (
	"context"
	"embed"
	"errors"
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

// sample holds a small monorepo: the tree of its base commit, what a feature
// branch changes in it, and the reports of that branch's tests.
//
//go:embed all:sample
var sample embed.FS

const (
	sampleBase   = "master"
	sampleBranch = "dev/feature/velocloud-retries"
)

// complete fills in what the flags leave open, from the sample where no
// repository is given. Cleanup removes what it made.
func (o *options) complete(ctx context.Context) (cleanup func(), err error) {
	dir, err := os.MkdirTemp("", "delivery-pipeline-")
	if err != nil {
		return func() {}, fmt.Errorf("make the sample: %w", err)
	}
	cleanup = func() { _ = os.RemoveAll(dir) } // a leftover in the temporary directory harms nobody
	if o.repo != "" {
		setDefault(&o.head, "HEAD")
		for _, flag := range []struct{ name, value string }{{"base", o.base}, {"modules", o.modules}} {
			if flag.value == "" {
				return cleanup, fmt.Errorf("-%s is required with -repo (-h lists the flags)", flag.name)
			}
		}
	} else {
		o.repo = filepath.Join(dir, "monorepo")
		if err := makeSample(ctx, o.repo); err != nil {
			return cleanup, fmt.Errorf("make the sample: %w", err)
		}
		setDefault(&o.base, sampleBase)
		setDefault(&o.head, sampleBranch)
		setDefault(&o.branch, sampleBranch)
		setDefault(&o.modules, filepath.Join(o.repo, "delivery", "modules.yaml"))
		if o.coverage == "" {
			o.coverage = filepath.Join(dir, "coverage")
			err = extract("sample/coverage", o.coverage)
		}
	}
	if o.services == "" {
		o.services = filepath.Join(dir, "services.yaml")
		err = errors.Join(err, extractFile("sample/base/delivery/services.yaml", o.services))
	}
	return cleanup, err
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// makeSample makes a repository in dir: the base commit on master, and a
// feature branch on top, which stays checked out.
func makeSample(ctx context.Context, dir string) error {
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName(sampleBase)},
	})
	if err != nil {
		return err
	}
	if err := extract("sample/base", dir); err != nil {
		return err
	}
	if err := commit(repo, "The system as it is in production", 0); err != nil {
		return err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	branch := plumbing.NewBranchReferenceName(sampleBranch)
	if err := tree.Checkout(&git.CheckoutOptions{Branch: branch, Create: true}); err != nil {
		return err
	}
	if err := extract("sample/feature", dir); err != nil {
		return err
	}
	deleted, err := sample.ReadFile("sample/deleted.txt")
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

// commit commits all that is in the working tree, at a fixed time, so that
// hashes repeat.
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
	return fs.WalkDir(sample, from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return extractFile(path, filepath.Join(to, filepath.FromSlash(strings.TrimPrefix(path, from+"/"))))
	})
}

func extractFile(from, to string) error {
	content, err := sample.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
