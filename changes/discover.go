package changes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// location is where a repository is. Source of the layout: gitrepository-layout(5).
type location struct {
	dir    string // what people call the repository
	gitDir string // its own HEAD
	common string // objects, refs and config; differs from gitDir in a linked worktree
}

// discover looks for a repository at an absolute path and then in each
// directory above it.
func discover(path string) (location, error) {
	start, err := filepath.EvalSymlinks(path)
	switch {
	case absent(err):
		return location{}, fmt.Errorf("%w: %w", ErrNotRepository, fs.ErrNotExist)
	case err != nil:
		return location{}, err
	}
	if info, err := os.Stat(start); err == nil && !info.IsDir() {
		return location{}, fmt.Errorf("%w: it is a file", ErrNotRepository)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		found, ok, err := repositoryAt(dir)
		if ok || err != nil {
			return found, err
		}
		if dir == filepath.Dir(dir) {
			return location{}, fmt.Errorf("%w: neither it nor a directory above it holds .git", ErrNotRepository)
		}
	}
}

// repositoryAt looks for a repository whose working tree, or whose Git
// directory, is dir.
func repositoryAt(dir string) (location, bool, error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	switch {
	case absent(err):
	case err != nil:
		return location{}, false, err
	case info.IsDir():
		if common, ok, err := gitDirectory(dotGit); ok || err != nil {
			return location{dir: dir, gitDir: dotGit, common: common}, ok, err
		}
	default:
		gitDir, err := linkedGitDir(dotGit)
		if err != nil {
			return location{}, false, err
		}
		common, ok, err := gitDirectory(gitDir)
		if err == nil && !ok {
			err = fmt.Errorf("%w: %s points at %s, which is none", ErrNotRepository, dotGit, gitDir)
		}
		return location{dir: dir, gitDir: gitDir, common: common}, ok, err
	}
	common, ok, err := gitDirectory(dir)
	return location{dir: dir, gitDir: dir, common: common}, ok, err
}

// linkedGitDir reads a .git file, which linked worktrees and submodules have.
func linkedGitDir(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(string(content), "gitdir:")
	if target = strings.TrimSpace(target); !ok || target == "" {
		return "", fmt.Errorf("%w: %s does not say \"gitdir: <directory>\"", ErrNotRepository, file)
	}
	return resolvePath(filepath.Dir(file), target), nil
}

// gitDirectory reports whether dir is a Git directory, and where its shared
// part is. As for git, it needs HEAD, objects and refs.
func gitDirectory(dir string) (common string, ok bool, err error) {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return "", false, ignoreAbsent(err)
	}
	common = dir
	content, err := os.ReadFile(filepath.Join(dir, "commondir"))
	switch {
	case err == nil:
		common = resolvePath(dir, strings.TrimSpace(string(content)))
	case !absent(err):
		return "", false, err
	}
	for _, part := range []string{"objects", "refs"} {
		info, err := os.Stat(filepath.Join(common, part))
		if err != nil || !info.IsDir() {
			return "", false, ignoreAbsent(err)
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

func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func ignoreAbsent(err error) error {
	if absent(err) {
		return nil
	}
	return err
}
