// Package gitcmd reads a repository by running the git binary, with the same
// answers as the readers beside it. It is for repositories that they cannot
// read: SHA-256 objects, refs in a reftable, pack indexes of version 1, partial
// clones without trees.
//
//	repo, err := gitcmd.Open(ctx, gitcmd.Options{Dir: "."})
//	from, err := repo.Resolve(ctx, "origin/main")
//	changed, err := repo.Diff(ctx, from, to)
//
// Git runs without a shell, a pager, hooks, a file system monitor, prompts, or
// the environment variables that point it elsewhere; refs/replace and grafts
// are not applied. The user's configuration stays (safe.directory, remotes and
// their credentials), and so do content filters, which [Repo.WorkTree] needs to
// tell what changed. Nothing of the repository is written, but for one thing:
// git fetches the objects that a partial clone lacks, as it always does.
package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Options say which git to run, and where. The zero value is the git of PATH
// in the current directory.
type Options struct {
	Binary string   // git's executable; default "git", looked up in PATH
	Dir    string   // a directory of the repository; default "."
	Env    []string // what git's environment is made from, as "key=value"; default that of this process
}

// Repo is a repository that git reads. It holds no processes between calls,
// and serves any number of goroutines.
type Repo struct {
	binary string
	env    []string
	dir    string // where git runs: the top of the working tree, or the Git directory
	bare   bool   // there is no working tree at dir
}

// The oldest git that has all the options this package passes:
// rev-parse --path-format and --end-of-options.
const oldestMajor, oldestMinor = 2, 31

// Open finds the repository of a directory, as git does, but for GIT_DIR and
// its like, which are not consulted.
//
// The error is [git.ErrNotRepository] where there is none, and
// [git.ErrUnsupported] where git itself is too old for the repository or for
// this package.
func Open(ctx context.Context, opts Options) (*Repo, error) {
	name := opts.Binary
	if name == "" {
		name = "git"
	}
	binary, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("find the git binary: %w: install git, or name its executable", err)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open repository %s: %w: %w", dir, git.ErrNotRepository, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("open repository: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("open repository %s: %w: it is a file", dir, git.ErrNotRepository)
	}
	r := &Repo{binary: binary, env: environment(opts.Env), dir: dir}
	if err := r.open(ctx); err != nil {
		return nil, fmt.Errorf("open repository %s: %w", dir, err)
	}
	return r, nil
}

func (r *Repo) open(ctx context.Context) error {
	version, err := r.line(ctx, "version")
	if err != nil {
		return err
	}
	if tooOld(version) {
		return fmt.Errorf("%w: %s is %s; version %d.%d or newer is needed", git.ErrUnsupported, r.binary, version, oldestMajor, oldestMinor)
	}
	inside, err := r.line(ctx, "rev-parse", "--is-inside-work-tree")
	if err != nil {
		return err
	}
	r.bare = inside != "true"
	top := "--show-toplevel"
	if r.bare {
		top = "--absolute-git-dir"
	}
	r.dir, err = r.line(ctx, "rev-parse", top)
	return err
}

// tooOld reads what git version says, such as "git version 2.39.5 (Apple
// Git-154)". What does not read so is taken for new.
func tooOld(version string) bool {
	number := strings.TrimPrefix(version, "git version ")
	first, rest, _ := strings.Cut(number, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return err1 == nil && err2 == nil && (major < oldestMajor || major == oldestMajor && minor < oldestMinor)
}

// Dir returns what people call the repository: the top of its working tree, or
// the repository itself where it is bare.
func (r *Repo) Dir() string { return r.dir }

// Shallow reports whether the repository is a shallow clone. It is false where
// git cannot tell.
func (r *Repo) Shallow(ctx context.Context) bool {
	answer, err := r.line(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && answer == "true"
}

// failed reports whether err is git's exit code for "no".
func failed(err error) bool {
	e, ok := errors.AsType[*commandError](err)
	return ok && e.code == 1
}
