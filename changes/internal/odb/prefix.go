package odb

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// minPrefix is the fewest digits of an abbreviated hash, as in git
// (cache.h, MINIMUM_ABBREV).
const minPrefix = 4

// Prefix returns the hashes of all objects whose hash begins with digits: at
// least four hexadecimal digits of either case. They are sorted, each once. For
// other digits, or if there are no such objects, there are none.
func (s *Store) Prefix(digits string) ([]git.Hash, error) {
	digits = strings.ToLower(digits)
	pad := 2*git.HashSize - len(digits)
	if len(digits) < minPrefix || pad < 0 {
		return nil, nil
	}
	from, ok := git.ParseHash(digits + strings.Repeat("0", pad))
	to, _ := git.ParseHash(digits + strings.Repeat("f", pad))
	if !ok {
		return nil, nil
	}
	if err := s.list(); err != nil {
		return nil, err
	}
	found, err := s.between(from, to)
	if err == nil && len(found) == 0 {
		var news bool
		if news, err = s.relist(); news && err == nil {
			found, err = s.between(from, to)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look up abbreviated hash %s: %w", digits, err)
	}
	slices.SortFunc(found, git.Hash.Compare)
	return slices.Compact(found), nil
}

// between returns the hashes from one to another, which share a first byte.
func (s *Store) between(from, to git.Hash) (found []git.Hash, err error) {
	for _, f := range s.packs {
		switch err := f.open(); {
		case err == nil:
			if found, err = f.pack.Between(found, from, to); err != nil {
				return nil, fmt.Errorf("search %s: %w", f.idx, err)
			}
		case !file.IsAbsent(err): // if it is, git gc removed it
			return nil, err
		}
	}
	first := hex.EncodeToString(from[:1])
	for _, dir := range s.dirs {
		entries, err := os.ReadDir(filepath.Join(dir, first))
		if err != nil && !file.IsAbsent(err) {
			return nil, err
		}
		for _, e := range entries {
			h, ok := git.ParseHash(first + e.Name())
			if ok && h.Compare(from) >= 0 && h.Compare(to) <= 0 {
				found = append(found, h)
			}
		}
	}
	return found, nil
}
