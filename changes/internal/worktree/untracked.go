package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// untracked walks the working tree for files that the index does not have and
// that no rule ignores. Ignored directories are not walked.
func (s *scan) untracked(ctx context.Context) error {
	var outer []*ruleList
	for _, path := range []string{s.opts.ExcludesFile, filepath.Join(s.opts.CommonDir, "info", "exclude")} {
		if path == "" {
			continue
		}
		content, err := readRules(path)
		switch {
		case err == nil:
			outer = append(outer, parseRules("", content))
		case !file.IsAbsent(err):
			return fmt.Errorf("read ignore rules: %w", err)
		}
	}
	return s.walk(ctx, "", s.index.entries, outer, 0)
}

// readRules reads a file of rules, which may be /dev/null.
func readRules(path string) ([]byte, error) {
	content, err := file.ReadAll(path)
	if errors.Is(err, file.ErrNotRegular) {
		info, err1 := os.Stat(path)
		null, err2 := os.Stat(os.DevNull)
		if err1 == nil && err2 == nil && os.SameFile(info, null) {
			return nil, nil
		}
	}
	return content, err
}

// walk looks at a directory: "", or a path with a "/" at its end. Within are
// the entries of the index below it, and rules those from above it, of which
// later ones go first.
func (s *scan) walk(ctx context.Context, dir string, within []indexEntry, rules []*ruleList, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if depth > treediff.MaxDepth {
		return fmt.Errorf("read directory %s: directories are nested more than %d deep", s.file(dir), treediff.MaxDepth)
	}
	names, err := os.ReadDir(s.file(dir))
	if file.IsAbsent(err) {
		return nil // since it was seen
	}
	if err != nil {
		return fmt.Errorf("%w (a directory that .gitignore names is not read)", err)
	}
	own, err := s.rulesOf(dir, names)
	if err != nil {
		return err
	}
	if own != nil {
		rules = append(slices.Clip(rules), own)
	}
	local := index{entries: within}
	for _, name := range names {
		path := dir + name.Name()
		var err error
		switch kind := name.Type(); {
		case name.Name() == ".git":
		case kind.IsDir():
			err = s.directory(ctx, path, &local, rules, depth)
		case kind.IsRegular() || kind&fs.ModeSymlink != 0:
			err = s.untrackedFile(path, name, &local, rules)
		} // git takes no notice of pipes, sockets and devices
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) untrackedFile(path string, name fs.DirEntry, local *index, rules []*ruleList) error {
	if _, tracked := local.at(path); tracked || ignored(rules, path, false) {
		return nil
	}
	mode := name.Type()
	if s.opts.FileMode && mode.IsRegular() { // the executable bit is wanted
		info, err := name.Info()
		if file.IsAbsent(err) {
			return nil
		}
		if err != nil {
			return err
		}
		mode = info.Mode()
	}
	s.found = append(s.found, entry{path: path, mode: s.modeOf(0, mode), unread: true})
	return nil
}

// directory walks a directory, or adds the repository that it is.
func (s *scan) directory(ctx context.Context, path string, local *index, rules []*ruleList, depth int) error {
	if e, ok := local.at(path); ok && e.mode == modeSubmodule || ignored(rules, path, true) {
		return nil
	}
	within := local.below(path + "/")
	if len(within) > 0 {
		return s.walk(ctx, path+"/", within, rules, depth+1)
	}
	head, state, err := headOf(s.file(path))
	if err != nil {
		return err
	}
	if state != noRepository {
		s.found = append(s.found, entry{path: path, mode: modeSubmodule, hash: head, unread: state != hasCommit})
		return nil
	}
	return s.walk(ctx, path+"/", nil, rules, depth+1)
}

// rulesOf reads the .gitignore of a directory. Where a sparse checkout leaves
// it out, its content is that of the index. As for git, it may not be a
// symbolic link.
func (s *scan) rulesOf(dir string, names []fs.DirEntry) (*ruleList, error) {
	const name = ".gitignore"
	for _, n := range names {
		if n.Name() != name {
			continue
		}
		if !n.Type().IsRegular() {
			return nil, nil
		}
		content, err := file.ReadAll(s.file(dir + name))
		if err != nil {
			return nil, fmt.Errorf("read ignore rules: %w", err)
		}
		return parseRules(dir, content), nil
	}
	e, ok := s.index.at(dir + name)
	if !ok || !e.skipped || e.mode&modeType != modeFile&modeType {
		return nil, nil
	}
	kind, content, err := s.objects.Append(nil, e.hash)
	if err == nil && kind != git.Blob {
		err = fmt.Errorf("%w: object %s is a %s", git.ErrDamaged, e.hash, kind)
	}
	if err != nil {
		return nil, fmt.Errorf("read ignore rules of %s%s, which the sparse checkout leaves out: %w", dir, name, err)
	}
	return parseRules(dir, content), nil
}
