// Package stagetest does stages in repositories that it makes for a test.
package stagetest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/mettel-automation/delivery/examples/internal/job"
)

// Branch is the branch that is checked out. Its base is master.
const Branch = "dev/feature/login"

// Repository makes a repository of files by their paths: base on master, and what
// changed, on top of it, on [Branch]. An empty text deletes a file.
func Repository(t testing.TB, base, changed map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("master")},
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tree, dir, base)
	if err := tree.Checkout(&git.CheckoutOptions{Branch: plumbing.NewBranchReferenceName(Branch), Create: true}); err != nil {
		t.Fatal(err)
	}
	commit(t, tree, dir, changed)
	return dir
}

func commit(t testing.TB, tree *git.Worktree, dir string, files map[string]string) {
	t.Helper()
	Write(t, dir, files)
	if err := tree.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	author := &object.Signature{Name: "a", Email: "a@example.com", When: time.Unix(1, 0)}
	if _, err := tree.Commit("x", &git.CommitOptions{Author: author, AllowEmptyCommits: true}); err != nil {
		t.Fatal(err)
	}
}

// Write writes files below dir, without a commit. An empty text deletes a file.
func Write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(path, []byte(text), 0o600)
		if text == "" {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Outcome is what a stage came to.
type Outcome struct {
	Job    *job.Job
	Stdout string
	Err    error
}

// Do does a stage for [Branch] in dir, with these variables of the environment alone.
func Do(t testing.TB, dir string, variables map[string]string, stage job.Stage) Outcome {
	t.Helper()
	variables = maps.Clone(variables)
	getenv := func(name string) string { return variables[name] }
	j, err := job.Options{File: filepath.Join(dir, "delivery.yaml"), Branch: Branch}.Open(getenv, true)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	console := job.NewConsole(&stdout, &stderr, func(string) string { return "" }, false)
	err = j.Do(t.Context(), console, stage)
	if closed := console.Close(); closed != nil {
		t.Fatal(closed)
	}
	return Outcome{Job: j, Stdout: stdout.String(), Err: err}
}

// Read is a file of the run directory; a test fails where it is missing.
func (o Outcome) Read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(o.Job.Dir), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
