package gitdir

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Shallow is where a shallow clone is cut off: the clone does not hold the
// parents of these commits. Source: gitrepository-layout(5), shallow.
type Shallow struct {
	path    string
	stamp   file.Stamp // of what was read
	commits []git.Hash
}

// OpenShallow returns where a repository is cut off. Nothing is read yet.
func OpenShallow(l Layout) *Shallow { return &Shallow{path: filepath.Join(l.CommonDir, "shallow")} }

// Commits returns the commits as they were last read, sorted. There are none in
// a full clone.
func (s *Shallow) Commits() []git.Hash { return s.commits }

// Refresh reads the commits where git has written them since they were last
// read, as git fetch --unshallow does, and reports whether it has. The error is
// [git.ErrDamaged] for a file that is not as Git writes it.
func (s *Shallow) Refresh() (changed bool, err error) {
	stamp, err := file.StampOf(s.path)
	if err != nil || stamp.Same(s.stamp) {
		return false, err
	}
	commits, err := readShallow(s.path)
	if err != nil {
		return false, err
	}
	s.stamp, s.commits = stamp, commits
	return true, nil
}

func readShallow(path string) ([]git.Hash, error) {
	content, err := file.ReadAll(path)
	if err != nil {
		return nil, file.IgnoreAbsent(err)
	}
	var commits []git.Hash
	line := 0
	for text := range bytes.Lines(content) {
		line++
		text = bytes.TrimSpace(text)
		h, ok := git.ParseHash(string(text))
		if !ok {
			return nil, fmt.Errorf("read %s:%d: %w: %q is no commit hash", path, line, git.ErrDamaged, text)
		}
		commits = append(commits, h)
	}
	slices.SortFunc(commits, git.Hash.Compare)
	return commits, nil
}
