package worktree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// repositoryState is what a directory is to the repository around it.
type repositoryState int

const (
	noRepository repositoryState = iota
	noCommit                     // a repository whose HEAD names no commit yet
	hasCommit
)

// headOf returns the commit that is checked out in the repository whose working
// tree is dir.
func headOf(dir string) (git.Hash, repositoryState, error) {
	gitDir, ok, err := gitDirOf(dir)
	if !ok || err != nil {
		return git.Hash{}, noRepository, err
	}
	const maxSymbolic = 5 // refs/refs-internal.h, SYMREF_MAXDEPTH
	name := "HEAD"
	for range maxSymbolic {
		hash, target, err := readRef(gitDir, name)
		switch {
		case err != nil:
			return git.Hash{}, noRepository, err
		case hash != git.Hash{}:
			return hash, hasCommit, nil
		case target == "refs/heads/.invalid":
			return git.Hash{}, noRepository, fmt.Errorf("read HEAD of submodule %s: %w: refs in a reftable", dir, git.ErrUnsupported)
		case name == "HEAD" && !strings.HasPrefix(target, "refs/"):
			return git.Hash{}, noRepository, nil
		case target == "":
			return git.Hash{}, noCommit, nil
		}
		name = target
	}
	return git.Hash{}, noCommit, nil
}

// location is where a nested repository keeps its refs.
type location struct{ own, common string }

// gitDirOf finds the Git directory of a working tree. As for git, it has HEAD,
// objects and refs. Source: gitrepository-layout(5).
func gitDirOf(dir string) (location, bool, error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	if absent(err) {
		return location{}, false, nil
	}
	if err != nil {
		return location{}, false, err
	}
	own := dotGit
	if !info.IsDir() {
		content, err := os.ReadFile(dotGit)
		target, ok := bytes.CutPrefix(bytes.TrimRight(content, "\r\n"), []byte("gitdir: "))
		if !ok || err != nil {
			return location{}, false, err
		}
		own = resolvePath(dir, string(target))
	}
	common := own
	if content, err := os.ReadFile(filepath.Join(own, "commondir")); err == nil {
		common = resolvePath(own, strings.TrimRight(string(content), "\r\n"))
	}
	if _, err := os.Lstat(filepath.Join(own, "HEAD")); err != nil {
		return location{}, false, ignoreAbsent(err)
	}
	for _, part := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(common, part)); err != nil || !info.IsDir() {
			return location{}, false, ignoreAbsent(err)
		}
	}
	return location{own: own, common: common}, true, nil
}

func resolvePath(from, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(from, filepath.FromSlash(path))
}

func ignoreAbsent(err error) error {
	if absent(err) {
		return nil
	}
	return err
}

// readRef returns the hash that a ref holds, or the name of the ref that it
// stands for, or neither.
func readRef(at location, name string) (git.Hash, string, error) {
	if strings.Contains(name, "..") {
		return git.Hash{}, "", nil
	}
	for _, dir := range []string{at.own, at.common} {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			if info, statErr := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); absent(err) || statErr == nil && info.IsDir() {
				continue
			}
			return git.Hash{}, "", err
		}
		text := strings.TrimSpace(string(content))
		if target, ok := strings.CutPrefix(text, "ref:"); ok {
			return git.Hash{}, strings.TrimSpace(target), nil
		}
		hash, _ := git.ParseHash(text)
		return hash, "", nil
	}
	return packedRef(at.common, name)
}

// packedRef looks a ref up in packed-refs, whose lines are `hash name`.
func packedRef(common, name string) (git.Hash, string, error) {
	content, err := os.ReadFile(filepath.Join(common, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return git.Hash{}, "", nil
	}
	if err != nil {
		return git.Hash{}, "", err
	}
	for line := range bytes.Lines(content) {
		digits, ref, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		if ok && ref == name {
			hash, _ := git.ParseHash(digits)
			return hash, "", nil
		}
	}
	return git.Hash{}, "", nil
}
