// Changes lists the files and modules that differ between two states of a
// repository, and turns the modules into jobs of a CI system.
//
// Use:
//
//	changes -base REVISION [-head REVISION | -worktree] [-direct] [-modules FILE | -discover] ...
//	changes -ci [-since-default] [-modules FILE | -discover] ...
//
// It compares the head with its merge base with the base (git's base...head),
// or with -direct the two commits themselves. With -ci, the variables of GitLab
// or GitHub say what is compared, as changes.FromCI documents. Where there is no
// base to compare with, it fails, or with -on-no-base all takes everything.
//
// The file of -modules is YAML, as package modulefile documents it. It is read
// from disk where the head is HEAD or the working tree, and where it lies outside
// of the repository. Of any other head, it is read as the head's commit has it.
//
// With -discover, modules are found by their markers instead (go.mod, package.json
// and others; see package discovery): in the head's commit or, with -worktree, in
// the files on disk that are not ignored. With neither, only files are listed.
// -global names files that concern all modules.
//
// Modules that the base had are deleted where the head has them no more. They are
// read from the commit that the head is compared with. -before names a file of
// them on disk, for where the repository does not hold one.
//
// A repository that cannot be read in process (SHA-256, reftable) is read by
// the git binary with -git. So is a partial clone that lacks what is asked for,
// since only git fetches.
//
// It prints text, or with -json one object. Its arrays are never null, and hashes
// are full:
//
//	{
//	  "base": "<hash>", "head": "<hash>",  // "" where there is no base
//	  "mergeBase": "<hash>",              // "" where there is none
//	  "mergeBases": ["<hash>"],           // all that are equally good, mergeBase first
//	  "from": "<hash>",                    // what head was compared with; "" where nothing was
//	  "worktree": false,                   // whether the working tree was, instead of head
//	  "all": "",                           // why everything counts as changed
//	  "files": [{"path": "services/a/main.go", "status": "modified"}],
//	  "modules": [{
//	    "name": "a", "status": "changed",
//	    "labels": {"language": "go"},      // left out where there are none
//	    "reasons": [{"kind": "file", "path": "services/a/main.go", "via": [], "text": "services/a/main.go modified"}]
//	  }],
//	  "deleted": [],                       // of modules that are gone; as modules
//	  "unowned": ["README.md"]             // files of no module
//	}
//
// Texts are escaped where they could give orders to a terminal or a CI system, in
// JSON too. The status of a file is added, modified, deleted or type-changed, that of a
// module changed, dependent, global, asked for or deleted. A kind is file,
// dependency (via is the chain, and "removed": true stands beside it where its
// last is deleted), global, all, variable or removed. Where a path is not UTF-8,
// "pathBase64" stands beside "path", and where one of "unowned" is not,
// "unownedBase64" has the bytes of them all. Variables of modules on demand are
// read from the environment.
//
// With -matrix it prints the matrix of a GitHub job instead. Files for GitLab are
// written besides: -dotenv for a report, -child-pipeline from a -job-template.
//
// Exit codes: 0 done, also where nothing changed; 2 wrong use, no base, or a
// repository, revision or file that cannot be read or written.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/github"
	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const about = `
changes lists the files and modules that differ between two states of a
repository, and why each module is selected.

  changes -base origin/main -modules modules.yaml
  changes -base v1.2 -head v1.3 -direct -json
  changes -ci -modules modules.yaml -job-template jobs.yml -child-pipeline child.yml`

func main() { cli.Main("changes", run) }

// run is the body of main. What its error says may come from the repository.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if err := compare(ctx, args, stdout, stderr); err != nil {
		return fault{err}
	}
	return nil
}

// fault is an error on one line that is safe to print.
type fault struct{ err error }

func (f fault) Error() string { return oneLine(f.err.Error()) }
func (f fault) Unwrap() error { return f.err }

func compare(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	between, err := o.between(os.Getenv)
	if err != nil {
		return err
	}
	repo, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = repo.Close() }() // what it read is used up by then
	found := &answer{Modules: []changes.Selected{}, Deleted: []changes.Selected{}, Unowned: []string{}}
	if found.Diff, err = diff(ctx, repo, between); err != nil {
		return err
	}
	if o.selects() {
		if err := o.selectModules(ctx, repo, found, stderr); err != nil {
			return err
		}
	}
	if o.matrix && found.All != "" { // a matrix cannot say it
		fmt.Fprintf(stderr, "changes: everything counts as changed: %s\n", changes.Printable(found.All))
	}
	return o.print(found, stdout)
}

// diff is Repository.Diff, and knows what to say of a working tree before its
// first commit.
func diff(ctx context.Context, repo *changes.Repository, between changes.Range) (changes.Diff, error) {
	found, err := repo.Diff(ctx, between)
	unborn, ok := errors.AsType[*changes.RevisionError](err)
	if !ok || between.Head != changes.WorkTree || unborn.Rev != "HEAD" || !errors.Is(err, changes.ErrUnknownRevision) {
		return found, err
	}
	if between.All == "" && between.OnNoBase != changes.SelectAll {
		return found, fmt.Errorf("HEAD has no commit yet to compare the working tree with: commit first, or with -on-no-base all let everything count as changed (%w)", err)
	}
	all := cmp.Or(between.All, "HEAD has no commit yet")
	return changes.Diff{WorkTree: true, All: all, MergeBases: []string{}, Files: []changes.File{}}, nil
}

// selectModules adds the modules to an answer, and writes the files for GitLab.
func (o *options) selectModules(ctx context.Context, repo *changes.Repository, found *answer, stderr io.Writer) error {
	s, err := o.configs(ctx, repo, found.Diff, stderr)
	if err != nil {
		return err
	}
	selection, err := s.now.Select(found.Diff, changes.SelectOptions{Before: s.before, Variables: os.Getenv, Dependents: o.dependents})
	if err != nil {
		return err
	}
	found.take(selection)
	return o.writeFiles(s, selection)
}

func (o *options) print(found *answer, stdout io.Writer) error {
	switch {
	case o.matrix:
		matrix, err := github.Matrix(found.Modules)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s\n", logJSON(string(matrix)))
		return err
	case o.json:
		return found.printJSON(stdout)
	}
	_, err := io.WriteString(stdout, found.view(o.selects()))
	return err
}
