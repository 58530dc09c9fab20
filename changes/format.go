package changes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"
)

// format is what a repository's config says about how it is stored.
type format struct {
	partial bool // some objects were left with the remote (a partial clone)
}

// extension says whether an extension is known, and whether one with this
// value leaves objects and refs as they are read here.
// Source: git-config(1), extensions.*.
func extension(key, value string) (known, readable bool) {
	switch key {
	case "noop", "noop-v1", "partialclone", "preciousobjects", "worktreeconfig", "relativeworktrees":
		return true, true
	case "objectformat":
		return true, strings.EqualFold(value, "sha1")
	case "refstorage":
		return true, strings.EqualFold(value, "files")
	}
	return false, false
}

// readFormat reads the config of the repository at dir and refuses a format
// that this package would misread.
func readFormat(dir string) (format, error) {
	path := filepath.Join(dir, "config")
	file, err := os.Open(path)
	if absent(err) {
		return format{}, nil
	}
	if err != nil {
		return format{}, err
	}
	defer file.Close()
	config := gitconfig.New()
	if err := gitconfig.NewDecoder(file).Decode(config); err != nil {
		return format{}, fmt.Errorf("read %s: %w", path, err)
	}
	version := 0
	if text := config.Section("core").Option("repositoryformatversion"); text != "" {
		if version, err = strconv.Atoi(text); err != nil {
			return format{}, fmt.Errorf("read %s: core.repositoryformatversion %q is not a number", path, text)
		}
	}
	if version > 1 {
		return format{}, fmt.Errorf("%w: repository format version %d", ErrUnsupported, version)
	}
	return readExtensions(config, version)
}

func readExtensions(config *gitconfig.Config, version int) (format, error) {
	var f format
	for _, option := range config.Section("extensions").Options {
		key := strings.ToLower(option.Key)
		known, readable := extension(key, option.Value)
		switch {
		case !known && version == 0: // git ignores these as well
		case !known:
			return format{}, fmt.Errorf("%w: extensions.%s", ErrUnsupported, option.Key)
		case known && !readable:
			return format{}, fmt.Errorf("%w: extensions.%s is %s", ErrUnsupported, option.Key, option.Value)
		}
		f.partial = f.partial || key == "partialclone"
	}
	for _, remote := range config.Section("remote").Subsections {
		f.partial = f.partial || strings.EqualFold(remote.Option("promisor"), "true")
	}
	return f, nil
}
