package treediff

import (
	"bytes"
	"fmt"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Mode is the kind of a tree's entry: a file mode, as git canonicalises it.
type Mode uint32

// The modes that there are today.
const (
	Dir        Mode = 0o040000
	File       Mode = 0o100644
	Executable Mode = 0o100755
	Symlink    Mode = 0o120000
	Submodule  Mode = 0o160000
)

const modeType = 0o170000

// Type is the mode without permissions: the difference of two types is a
// change of type.
func (m Mode) Type() Mode { return m & modeType }

// Entry is one entry of a tree. Name refers to the tree's content.
type Entry struct {
	Name []byte
	Mode Mode
	Hash git.Hash
}

// Cut reads the entry at the start of a tree's content, and returns what
// follows it. The content must not be empty.
//
// It accepts what git reads, so names with a "/" or of ".git" as well. The
// error is [git.ErrDamaged] where the entry is cut off, and where its mode or
// its name is none.
func Cut(content []byte) (e Entry, rest []byte, err error) {
	mode := uint32(0)
	i := 0
	for ; i < len(content) && content[i] != ' '; i++ {
		digit := content[i] - '0'
		if digit > 7 {
			return e, nil, fmt.Errorf("%w: an entry's mode is no octal number", git.ErrDamaged)
		}
		mode = mode<<3 | uint32(digit)
	}
	if i == 0 {
		return e, nil, fmt.Errorf("%w: an entry has no mode", git.ErrDamaged)
	}
	if i < len(content) {
		content = content[i+1:]
	} else {
		content = nil
	}
	end := bytes.IndexByte(content, 0)
	switch {
	case end < 0 || len(content) < end+1+git.HashSize:
		return e, nil, fmt.Errorf("%w: an entry is cut off", git.ErrDamaged)
	case end == 0:
		return e, nil, fmt.Errorf("%w: an entry has no name", git.ErrDamaged)
	}
	e.Name, e.Mode = content[:end], canonical(mode)
	e.Hash = git.Hash(content[end+1:][:git.HashSize])
	return e, content[end+1+git.HashSize:], nil
}

// canonical maps the modes that old writers left to those of today, as git's
// canon_mode does.
func canonical(mode uint32) Mode {
	switch Mode(mode) & modeType {
	case File & modeType:
		if mode&0o100 != 0 {
			return Executable
		}
		return File
	case Symlink:
		return Symlink
	case Dir:
		return Dir
	}
	return Submodule
}

// compare says which of two entries comes first. Git sorts a directory as if
// its name ended in "/", so a file and a directory of one name are not equal.
func compare(a, b *Entry) int {
	n := min(len(a.Name), len(b.Name))
	if order := bytes.Compare(a.Name[:n], b.Name[:n]); order != 0 {
		return order
	}
	return int(a.byteAt(n)) - int(b.byteAt(n))
}

// byteAt is the byte after the n-th of a name; n is at most its length.
func (e *Entry) byteAt(n int) byte {
	switch {
	case n < len(e.Name):
		return e.Name[n]
	case e.Mode == Dir:
		return '/'
	}
	return 0
}
