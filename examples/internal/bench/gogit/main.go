// Gogit prints the names that differ between two commits, as a user of plain
// go-git would find them:
//
//	gogit [-direct] REPOSITORY BASE HEAD
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gogit:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	direct := len(args) > 0 && args[0] == "-direct"
	if direct {
		args = args[1:]
	}
	if len(args) != 3 {
		return fmt.Errorf("want a repository, a base and a head, not %d arguments", len(args))
	}
	repo, err := git.PlainOpen(args[0])
	if err != nil {
		return err
	}
	base, err := commit(repo, args[1])
	if err != nil {
		return err
	}
	head, err := commit(repo, args[2])
	if err != nil {
		return err
	}
	if !direct {
		bases, err := base.MergeBase(head)
		if err != nil {
			return err
		}
		if len(bases) == 0 {
			return errors.New("no merge base")
		}
		base = bases[0]
	}
	return printNames(base, head)
}

func commit(repo *git.Repository, rev string) (*object.Commit, error) {
	hash, err := repo.ResolveRevision(plumbing.Revision(rev))
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", rev, err)
	}
	return repo.CommitObject(*hash)
}

func printNames(base, head *object.Commit) error {
	from, err := base.Tree()
	if err != nil {
		return err
	}
	to, err := head.Tree()
	if err != nil {
		return err
	}
	changes, err := object.DiffTree(from, to)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	for _, c := range changes {
		name := c.To.Name
		if name == "" {
			name = c.From.Name
		}
		_, _ = out.WriteString(name + "\n") // Flush tells
	}
	return out.Flush()
}
