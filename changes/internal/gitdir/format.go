package gitdir

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Format is what the config says about how a repository is stored.
type Format struct {
	// Partial says that some objects were left with a remote (a partial clone).
	Partial bool
	// WorkTree is the root of the working tree, or "" where there is none: in a
	// bare repository, or where the Git directory itself was given.
	WorkTree string
}

// Format reads how the repository is stored. The error is [git.ErrUnsupported],
// with the name of the feature, where objects or refs are not as they are read
// here: SHA-256, reftable, an extension that is not known, a format version
// above 1.
func (c *Config) Format() (Format, error) {
	version, err := c.version()
	if err != nil {
		return Format{}, err
	}
	var f Format
	for _, s := range c.settings[:c.own] {
		switch {
		case strings.HasPrefix(s.name, "extensions."):
			if err := checkExtension(s, version); err != nil {
				return Format{}, err
			}
			f.Partial = f.Partial || s.name == "extensions.partialclone"
		case strings.HasPrefix(s.name, "remote.") && strings.HasSuffix(s.name, ".partialclonefilter"):
			f.Partial = true
		case strings.HasPrefix(s.name, "remote.") && strings.HasSuffix(s.name, ".promisor"):
			on, err := s.boolean()
			if err != nil {
				return Format{}, fmt.Errorf("read config of %s: %w", c.layout.Dir, err)
			}
			f.Partial = f.Partial || on
		}
	}
	f.WorkTree, err = c.workTree()
	return f, err
}

func (c *Config) version() (int64, error) {
	s, ok := last(c.settings[:c.own], "core.repositoryformatversion")
	if !ok {
		return 0, nil
	}
	version, err := s.number()
	if err != nil {
		return 0, fmt.Errorf("read config of %s: %w", c.layout.Dir, err)
	}
	if version > 1 {
		return 0, fmt.Errorf("%w: repository format version %d", git.ErrUnsupported, version)
	}
	return version, nil
}

// checkExtension refuses an extension that is not known, or that stores
// objects or refs in another way. Source: git-config(1), extensions.*.
func checkExtension(s setting, version int64) error {
	name := strings.TrimPrefix(s.name, "extensions.")
	switch name {
	case "noop", "noop-v1", "partialclone", "preciousobjects", "worktreeconfig", "relativeworktrees":
		return nil
	case "compatobjectformat": // a second name for objects that are stored by the first
		return nil
	case "objectformat":
		if strings.EqualFold(s.value, "sha1") {
			return nil
		}
	case "refstorage":
		if strings.EqualFold(s.value, "files") {
			return nil
		}
	default:
		if version == 0 { // git ignores these as well
			return nil
		}
		return fmt.Errorf("%w: %s", git.ErrUnsupported, s.name)
	}
	return fmt.Errorf("%w: %s is %s", git.ErrUnsupported, s.name, s.value)
}

// workTree finds the root of the working tree as git does (setup.c,
// check_repository_format_gently and setup_discovered_git_dir): core.bare and
// core.worktree of the shared config are not meant for linked worktrees.
func (c *Config) workTree() (string, error) {
	l := c.layout
	meant := c.settings
	if l.GitDir != l.CommonDir {
		meant = c.settings[c.own:]
	}
	if s, ok := last(meant, "core.worktree"); ok && s.value != "" {
		return resolvePath(l.GitDir, s.value), nil
	}
	if s, ok := last(meant, "core.bare"); ok {
		bare, err := s.boolean()
		if err != nil {
			return "", fmt.Errorf("read config of %s: %w", l.Dir, err)
		}
		if bare {
			return "", nil
		}
	}
	if filepath.Clean(l.Dir) == filepath.Clean(l.GitDir) {
		return "", nil
	}
	return l.Dir, nil
}
