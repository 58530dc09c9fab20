package odb

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/pack"
)

// packFile is a pack that was listed. It opens when it is first searched.
type packFile struct {
	idx   string
	entry fs.DirEntry
	time  int64 // when the index was written, if there are several
	pack  *pack.Pack
	err   error // why it cannot be opened
}

func (f *packFile) open() error {
	if f.pack == nil && f.err == nil {
		f.pack, f.err = pack.Open(f.idx)
	}
	return f.err
}

func (f *packFile) find(h git.Hash) (offset int64, ok bool, err error) {
	if err := f.open(); err != nil {
		return 0, false, err
	}
	return f.pack.Find(h)
}

// in names the pack in an error, unless it could not be opened: that error does.
func (f *packFile) in() string {
	if f.pack == nil {
		return ""
	}
	return " in " + f.pack.Path()
}

func (f *packFile) close() error {
	if f.pack == nil {
		return nil
	}
	return f.pack.Close()
}

// list lists the packs once.
func (s *Store) list() error {
	if s.listed {
		return nil
	}
	_, err := s.relist()
	s.listed = err == nil
	return err
}

// relist lists the packs again, and reports whether there are new ones. Those
// that were removed stay usable if they are mapped.
func (s *Store) relist() (news bool, err error) {
	known := make(map[string]bool, len(s.packs))
	for _, f := range s.packs {
		known[f.idx] = true
	}
	var fresh []*packFile
	for _, dir := range s.dirs {
		dir = filepath.Join(dir, "pack")
		entries, err := os.ReadDir(dir)
		if err != nil && !file.IsAbsent(err) {
			return false, fmt.Errorf("list packs: %w", err)
		}
		for _, e := range entries {
			if idx := filepath.Join(dir, e.Name()); strings.HasSuffix(idx, ".idx") && !known[idx] {
				fresh = append(fresh, &packFile{idx: idx, entry: e})
			}
		}
	}
	sortByAge(fresh)
	s.packs = append(fresh, s.packs...)
	return len(fresh) > 0, nil
}

// sortByAge puts the newest packs first, since what is new is what is asked for,
// as git does (packfile.c, rearrange_packed_git).
func sortByAge(packs []*packFile) {
	if len(packs) < 2 {
		return
	}
	for _, f := range packs {
		if info, err := f.entry.Info(); err == nil {
			f.time = info.ModTime().UnixNano()
		}
	}
	slices.SortStableFunc(packs, func(a, b *packFile) int { return cmp.Compare(b.time, a.time) })
}

// readPacked reads an object from a pack. It fails with errNowhere where no pack
// has it, and with what was wrong first where one that is damaged may have it.
func (s *Store) readPacked(buf []byte, h git.Hash, content bool) (git.Kind, []byte, error) {
	failure := errNowhere
	for i := 0; i < len(s.packs); i++ {
		f := s.packs[i]
		offset, ok, err := f.find(h)
		if !ok && err == nil {
			continue
		}
		if err == nil {
			var kind git.Kind
			var out []byte
			if kind, out, err = s.fromPack(buf, f.pack, offset, content); err == nil {
				copy(s.packs[1:i+1], s.packs[:i]) // the next object is probably here as well
				s.packs[0] = f
				return kind, out, nil
			}
		}
		if file.IsAbsent(err) { // git gc removed it
			err = f.close()
			s.packs = slices.Delete(s.packs, i, i+1)
			i--
		}
		if err != nil && failure == errNowhere { //nolint:errorlint // it is never wrapped
			failure = fmt.Errorf("read object %s%s: %w", h, f.in(), err)
		}
	}
	return 0, buf, failure
}

func (s *Store) fromPack(buf []byte, p *pack.Pack, offset int64, content bool) (git.Kind, []byte, error) {
	if content {
		return s.reader.Append(buf, p, offset)
	}
	kind, err := s.reader.Kind(p, offset)
	return kind, buf, err
}
