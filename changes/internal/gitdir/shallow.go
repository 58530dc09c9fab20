package gitdir

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// ReadShallow returns the commits at which a shallow clone is cut off, sorted:
// the clone does not hold their parents. There are none in a full clone.
// Source: gitrepository-layout(5), shallow.
func ReadShallow(l Layout) ([]git.Hash, error) {
	path := filepath.Join(l.CommonDir, "shallow")
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, ignoreAbsent(err)
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
