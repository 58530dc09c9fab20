package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// checkout is a repository with a working tree.
type checkout struct {
	t    *testing.T
	dir  string
	repo *git.Repository
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	_, err = git.PlainInit(dir, false)
	check(t, err)
	return openCheckout(t, dir)
}

func openCheckout(t *testing.T, dir string) *checkout {
	t.Helper()
	repo, err := git.PlainOpen(dir)
	check(t, err)
	return &checkout{t, dir, repo}
}

// put writes files without committing them.
func (c *checkout) put(files map[string]string) {
	c.t.Helper()
	for name, content := range files {
		check(c.t, os.MkdirAll(filepath.Join(c.dir, filepath.Dir(name)), 0o755))
		check(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o644))
	}
}

// commit writes files and commits all that is there. It returns the hash.
func (c *checkout) commit(files map[string]string) string {
	c.t.Helper()
	c.put(files)
	tree, err := c.repo.Worktree()
	check(c.t, err)
	check(c.t, tree.AddWithOptions(&git.AddOptions{All: true}))
	hash, err := tree.Commit("x", &git.CommitOptions{Author: &object.Signature{Name: "a", Email: "a@example.com", When: time.Unix(1, 0)}})
	check(c.t, err)
	return hash.String()
}

// lose makes the clone a partial one that lacks a file of a commit.
func (c *checkout) lose(commit, name string) {
	c.t.Helper()
	at, err := c.repo.CommitObject(plumbing.NewHash(commit))
	check(c.t, err)
	file, err := at.File(name)
	check(c.t, err)
	hash := file.Hash.String()
	check(c.t, os.Remove(filepath.Join(c.dir, ".git/objects", hash[:2], hash[2:])))
	check(c.t, os.WriteFile(filepath.Join(c.dir, ".git/config"), []byte(
		"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\tpromisor = true\n\tpartialclonefilter = blob:none\n"), 0o644))
}

// checkOut moves HEAD and the working tree to a commit.
func (c *checkout) checkOut(commit string) {
	c.t.Helper()
	tree, err := c.repo.Worktree()
	check(c.t, err)
	check(c.t, tree.Checkout(&git.CheckoutOptions{Hash: plumbing.NewHash(commit)}))
}

// commitBare commits exactly these files without writing them to disk: their names
// may be such as go-git and file systems refuse.
func (c *checkout) commitBare(files map[string]string) string {
	c.t.Helper()
	head, err := c.repo.Reference(plumbing.HEAD, false)
	check(c.t, err)
	parent := ""
	if ref, err := c.repo.Head(); err == nil {
		parent = fmt.Sprintf("parent %s\n", ref.Hash())
	}
	commit := c.object(plumbing.CommitObject, fmt.Sprintf("tree %s\n%sauthor a <a@example.com> 1 +0000\ncommitter a <a@example.com> 1 +0000\n\nx\n", c.tree(files), parent))
	check(c.t, c.repo.Storer.SetReference(plumbing.NewHashReference(head.Target(), commit)))
	return commit.String()
}

func (c *checkout) tree(files map[string]string) plumbing.Hash {
	c.t.Helper()
	below, entries := map[string]map[string]string{}, map[string]string{} // by what git sorts by
	for path, content := range files {
		name, rest, deeper := strings.Cut(path, "/")
		if !deeper {
			hash := c.object(plumbing.BlobObject, content)
			entries[name] = fmt.Sprintf("100644 %s\x00%s", name, hash[:])
			continue
		}
		if below[name] == nil {
			below[name] = map[string]string{}
		}
		below[name][rest] = content
	}
	for name, files := range below {
		hash := c.tree(files)
		entries[name+"/"] = fmt.Sprintf("40000 %s\x00%s", name, hash[:])
	}
	var content strings.Builder
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		content.WriteString(entries[key])
	}
	return c.object(plumbing.TreeObject, content.String())
}

func (c *checkout) object(kind plumbing.ObjectType, content string) plumbing.Hash {
	c.t.Helper()
	o := c.repo.Storer.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	check(c.t, err)
	_, err = io.WriteString(w, content)
	check(c.t, err)
	check(c.t, w.Close())
	hash, err := c.repo.Storer.SetEncodedObject(o)
	check(c.t, err)
	return hash
}
