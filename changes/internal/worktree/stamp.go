package worktree

import (
	"io/fs"
	"time"
)

// stamp is what the index remembers of a file's metadata to tell that the file
// was not written since. All of it is cut to 32 bits, as the index has it.
type stamp struct {
	mtime, ctime instant
	inode, size  uint32
}

// instant is seconds and nanoseconds since 1970.
type instant struct{ seconds, nanos uint32 }

func instantOf(t time.Time) instant {
	return instant{seconds: uint32(t.Unix()), nanos: uint32(t.Nanosecond())}
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{mtime: instantOf(info.ModTime()), size: uint32(info.Size())}
	s.ctime, s.inode = changedAt(info)
	return s
}

// same reports whether a file that had stamp s when it was added to the index
// still has. What a writer of indexes did not know (JGit's have neither inodes
// nor change times, some only seconds) is not compared.
func (s stamp) same(now stamp) bool {
	return s.size == now.size && s.mtime.same(now.mtime) &&
		(s.ctime == instant{} || now.ctime == instant{} || s.ctime.same(now.ctime)) &&
		(s.inode == 0 || now.inode == 0 || s.inode == now.inode)
}

func (t instant) same(now instant) bool {
	return t.seconds == now.seconds && (t.nanos == 0 || t.nanos == now.nanos)
}

// racy reports whether a file may have been written after it was added to an
// index of time written, within one tick of the clock, so that its stamp does
// not tell. Source: Git's Documentation/technical/racy-git.txt.
func (s stamp) racy(written instant) bool {
	if s.mtime.nanos == 0 || written.nanos == 0 {
		return s.mtime.seconds >= written.seconds
	}
	return s.mtime.seconds > written.seconds || s.mtime.seconds == written.seconds && s.mtime.nanos >= written.nanos
}
