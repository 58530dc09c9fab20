package worktree

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// scan looks at the working tree.
type scan struct {
	opts    Options
	objects git.Objects
	index   *index
	found   []entry // what would be committed
}

func (s *scan) file(path string) string {
	return filepath.Join(s.opts.Root, filepath.FromSlash(path))
}

// below returns the entries below a directory: "", or a path with a "/" at its
// end.
func (idx *index) below(dir string) []indexEntry {
	if dir == "" {
		return idx.entries
	}
	from := sort.Search(len(idx.entries), func(i int) bool { return idx.entries[i].path >= dir })
	count := sort.Search(len(idx.entries)-from, func(i int) bool { return !strings.HasPrefix(idx.entries[from+i].path, dir) })
	return idx.entries[from : from+count]
}

// at returns the entry at a path. Of a conflict it is our side, for what git
// add takes from it.
func (idx *index) at(path string) (indexEntry, bool) {
	i := sort.Search(len(idx.entries), func(i int) bool { return idx.entries[i].path >= path })
	if i == len(idx.entries) || idx.entries[i].path != path {
		return indexEntry{}, false
	}
	return preferred(idx.entries[i:]), true
}

// preferred returns, of the entries that have the path of the first one, the
// one that says most: ours, else the ancestor, else theirs.
func preferred(entries []indexEntry) indexEntry {
	best := entries[0]
	for _, e := range entries[1:] {
		if e.path != best.path {
			break
		}
		if e.stage == 2 {
			best = e
		}
	}
	return best
}

// tracked looks at the paths that the index has.
func (s *scan) tracked(ctx context.Context) error {
	dirs := realDirs{root: s.opts.Root, known: map[string]bool{"": true}}
	last := ""
	for i, e := range s.index.entries {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if i > 0 && e.path == last {
			continue
		}
		last = e.path
		e = preferred(s.index.entries[i:])
		if e.assumed {
			s.add(e, e.mode, false)
			continue
		}
		info, err := s.stat(&dirs, e.path)
		if err != nil {
			return err
		}
		if e.skipped && (info == nil || !s.opts.Sparse) {
			s.add(e, e.mode, false)
			continue
		}
		if info != nil {
			if err := s.look(e, info); err != nil {
				return err
			}
		}
	}
	return nil
}

// stat returns nil for a path that is not there, or that is reached only
// through a symbolic link.
func (s *scan) stat(dirs *realDirs, path string) (fs.FileInfo, error) {
	dir := ""
	if slash := strings.LastIndexByte(path, '/'); slash >= 0 {
		dir = path[:slash]
	}
	if is, err := dirs.is(dir); !is || err != nil {
		return nil, err
	}
	info, err := os.Lstat(s.file(path))
	if file.IsAbsent(err) {
		return nil, nil
	}
	return info, err
}

// look adds what would be committed for a path of the index where info is.
func (s *scan) look(e indexEntry, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		head, state, err := headOf(s.file(e.path))
		switch {
		case err != nil:
			return err
		case state == hasCommit: // also where it took the place of a file
			s.found = append(s.found, entry{path: e.path, mode: modeSubmodule, hash: head})
		case e.mode == modeSubmodule: // not checked out
			s.add(e, e.mode, false)
		}
	case info.Mode().IsRegular() || info.Mode()&fs.ModeSymlink != 0:
		s.add(e, s.modeOf(e.mode, info.Mode()), !s.clean(e, info))
	} // git adds no pipes, sockets and devices: the path is gone
	return nil
}

func (s *scan) add(e indexEntry, mode uint32, unread bool) {
	s.found = append(s.found, entry{path: e.path, mode: mode, hash: e.hash, unread: unread})
}

// modeOf returns the mode that git add gives a file, where the index has one
// of mode indexed, or 0.
func (s *scan) modeOf(indexed uint32, mode fs.FileMode) uint32 {
	switch {
	case mode&fs.ModeSymlink != 0:
		return modeSymlink
	case !s.opts.Symlinks && indexed == modeSymlink:
		return modeSymlink
	case !s.opts.FileMode && indexed&modeType == modeFile&modeType:
		return indexed
	case !s.opts.FileMode || mode&0o100 == 0:
		return modeFile
	}
	return modeExecutable
}

// clean reports whether the content of a file is certain to be that of the
// index. Source: Git's ie_match_stat (read-cache.c).
func (s *scan) clean(e indexEntry, info fs.FileInfo) bool {
	now := stampOf(info)
	return e.stage == 0 && !e.intent && s.modeOf(e.mode, info.Mode())&modeType == e.mode&modeType &&
		e.stamp.same(now) && !e.stamp.racy(s.index.time) &&
		(now.size > 0 || e.hash == emptyBlob) // git writes size 0 where it knows that the stamp does not tell
}

// emptyBlob is the hash of a file without content.
var emptyBlob = [git.HashSize]byte{0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53, 0x91}

// realDirs remembers which directories are such, and are not reached through
// symbolic links.
type realDirs struct {
	root  string
	known map[string]bool
}

func (r *realDirs) is(dir string) (bool, error) {
	if is, ok := r.known[dir]; ok {
		return is, nil
	}
	parent := ""
	if slash := strings.LastIndexByte(dir, '/'); slash >= 0 {
		parent = dir[:slash]
	}
	is, err := r.is(parent)
	if is && err == nil {
		var info fs.FileInfo
		info, err = os.Lstat(filepath.Join(r.root, filepath.FromSlash(dir)))
		is = err == nil && info.IsDir()
	}
	if err != nil && !file.IsAbsent(err) {
		return false, err
	}
	r.known[dir] = is
	return is, nil
}
