// Package gitdir reads what surrounds the objects of a Git repository: where
// its parts are, its config and format, its refs, and where a shallow clone
// is cut off.
//
//	layout, err := gitdir.Discover(path)
//	config, err := gitdir.ReadConfig(layout)
//	format, err := config.Format()
//	refs := gitdir.OpenRefs(layout)
//	head, ok, err := refs.Resolve("HEAD")
//
// It reads files only: no environment variable, no config of the user or the
// machine, and nothing that a config includes. Unlike git, it does not mind who
// owns the directory.
package gitdir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Layout is where a repository is. Source: gitrepository-layout(5).
type Layout struct {
	// Dir is what people call the repository: the directory that holds .git, or
	// the Git directory where none does. Format tells the working tree's root,
	// which core.worktree may put elsewhere.
	Dir string
	// GitDir holds HEAD and what else is the working tree's own.
	GitDir string
	// CommonDir holds objects, refs and config. It differs from GitDir in a
	// linked worktree.
	CommonDir string
}

// Objects is the directory of the repository's own objects.
func (l Layout) Objects() string { return filepath.Join(l.CommonDir, "objects") }

// Discover looks for a repository at an absolute path and then in each
// directory above it: a working tree, a linked one, a submodule, a bare
// repository or a .git directory. Symbolic links in path are followed first.
//
// The error is [git.ErrNotRepository] where there is none, and where path does
// not exist fs.ErrNotExist as well.
func Discover(path string) (Layout, error) {
	start, err := filepath.EvalSymlinks(path)
	switch {
	case file.IsAbsent(err):
		return Layout{}, fmt.Errorf("%w: %w", git.ErrNotRepository, fs.ErrNotExist)
	case err != nil:
		return Layout{}, err
	}
	if info, err := os.Stat(start); err == nil && !info.IsDir() {
		return Layout{}, fmt.Errorf("%w: it is a file", git.ErrNotRepository)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		found, ok, err := repositoryAt(dir)
		if ok || err != nil {
			return found, err
		}
		if dir == filepath.Dir(dir) {
			return Layout{}, fmt.Errorf("%w: neither it nor a directory above it holds .git", git.ErrNotRepository)
		}
	}
}

// repositoryAt looks for a repository whose working tree, or whose Git
// directory, is dir.
func repositoryAt(dir string) (Layout, bool, error) {
	if l, ok, err := At(dir); ok || err != nil {
		return l, ok, err
	}
	common, ok, err := commonDir(dir)
	return Layout{Dir: dir, GitDir: dir, CommonDir: common}, ok, err
}

// At looks for a repository whose working tree is dir. It is not ok where there
// is none. The error is [git.ErrNotRepository] for a .git file that leads to none.
func At(dir string) (l Layout, ok bool, err error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	switch {
	case err != nil:
		return Layout{}, false, file.IgnoreAbsent(err)
	case info.IsDir():
		common, ok, err := commonDir(dotGit)
		return Layout{Dir: dir, GitDir: dotGit, CommonDir: common}, ok, err
	case !info.Mode().IsRegular(): // git passes over pipes and the like
		return Layout{}, false, nil
	}
	gitDir, err := linkedGitDir(dotGit)
	if err != nil {
		return Layout{}, false, err
	}
	common, ok, err := commonDir(gitDir)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s points at %s, which is none", git.ErrNotRepository, dotGit, gitDir)
	}
	return Layout{Dir: dir, GitDir: gitDir, CommonDir: common}, ok, err
}

// linkedGitDir reads a .git file, which linked worktrees and submodules have.
func linkedGitDir(path string) (string, error) {
	content, err := file.ReadAll(path)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(string(content), "gitdir: ")
	if target = strings.TrimRight(target, "\r\n"); !ok || target == "" {
		return "", fmt.Errorf("%w: %s does not say \"gitdir: <directory>\"", git.ErrNotRepository, path)
	}
	return resolvePath(filepath.Dir(path), target), nil
}

// commonDir reports whether dir is a Git directory, and where its shared part
// is. As for git, it needs HEAD, objects and refs.
func commonDir(dir string) (common string, ok bool, err error) {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return "", false, file.IgnoreAbsent(err)
	}
	common = dir
	content, err := file.ReadAll(filepath.Join(dir, "commondir"))
	switch {
	case err == nil:
		common = resolvePath(dir, strings.TrimRight(string(content), "\r\n"))
	case !file.IsAbsent(err):
		return "", false, err
	}
	for _, part := range []string{"objects", "refs"} {
		info, err := os.Stat(filepath.Join(common, part))
		if err != nil || !info.IsDir() {
			return "", false, file.IgnoreAbsent(err)
		}
	}
	return common, true, nil
}

func resolvePath(from, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(from, path)
}
