package worktree

import (
	"io/fs"
	"syscall"
)

// changedAt returns when a file's metadata changed last, and its inode.
func changedAt(info fs.FileInfo) (instant, uint32) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return instant{}, 0
	}
	return instant{seconds: uint32(s.Ctimespec.Sec), nanos: uint32(s.Ctimespec.Nsec)}, uint32(s.Ino)
}
