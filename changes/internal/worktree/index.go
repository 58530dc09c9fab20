package worktree

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// index is what this package needs of the index, which holds what git last saw
// of each tracked file. Source: gitformat-index(5).
//
// The decoder of go-git is not used: it drops the assume-unchanged bit, and
// refuses an index without a checksum (index.skipHash).
type index struct {
	time    instant             // when it was written
	entries []indexEntry        // sorted by path, then stage
	trees   map[string]git.Hash // of directories, by "path/", that the index holds as the tree says
}

// indexEntry is one path of the index, or one side of a conflict.
type indexEntry struct {
	path  string
	mode  uint32
	hash  git.Hash
	stamp stamp
	stage uint8 // 0, or of a conflict: 1 ancestor, 2 ours, 3 theirs

	assumed bool // assume-unchanged: the file is not to be looked at
	skipped bool // skip-worktree: a sparse checkout leaves the file out
	intent  bool // git add --intent-to-add: the content is not in the index
}

const (
	statSize  = 62      // of an entry, up to its name, without extended flags
	nameLong  = 0xfff   // the length of a name that is not less
	flagValid = 1 << 15 // the flags of an entry
	flagMore  = 1 << 14
	moreSkip  = 1 << 14 // the extended flags
	moreAdd   = 1 << 13
)

// readIndex reads the index. One that does not exist is empty.
func readIndex(path string) (*index, error) {
	f, err := file.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &index{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	content := make([]byte, f.Size)
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	idx, err := parseIndex(content)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	idx.time = instantOf(info.ModTime())
	return idx, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s (remove it, and git reset writes a new one)", git.ErrDamaged, fmt.Sprintf(format, args...))
}

func parseIndex(content []byte) (*index, error) {
	const header = 12
	if len(content) < header+sha1.Size || string(content[:4]) != "DIRC" {
		return nil, damaged("it is no index")
	}
	body, sum := content[:len(content)-sha1.Size], content[len(content)-sha1.Size:]
	// With index.skipHash, git writes zeros in place of the checksum.
	if actual := sha1.Sum(body); !bytes.Equal(actual[:], sum) && !bytes.Equal(sum, make([]byte, sha1.Size)) {
		return nil, damaged("its checksum does not match")
	}
	version, count := binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("%w: an index of version %d", git.ErrUnsupported, version)
	}
	p := &indexParser{text: string(body), at: header, version: version}
	if int(count) > len(body)/(statSize+1) {
		return nil, damaged("it is too short for %d entries", count)
	}
	idx := &index{entries: make([]indexEntry, 0, count)}
	for n := range int(count) {
		e, ok := p.entry()
		if !ok {
			return nil, damaged("entry %d is cut off", n)
		}
		idx.entries = append(idx.entries, e)
	}
	if err := p.extensions(idx); err != nil {
		return nil, err
	}
	for n, e := range idx.entries {
		if e.path == "" || n > 0 && !idx.entries[n-1].before(e) {
			return nil, damaged("entry %d, %q, is out of order", n, e.path)
		}
	}
	return idx, nil
}

func (e indexEntry) before(next indexEntry) bool {
	return e.path < next.path || e.path == next.path && e.stage < next.stage
}

// indexParser reads an index from front to back.
type indexParser struct {
	text    string // names are substrings of it
	at      int
	version uint32
	name    string // of the entry before
}

func (p *indexParser) uint32(at int) uint32 {
	return binary.BigEndian.Uint32([]byte(p.text[at : at+4]))
}

func (p *indexParser) entry() (e indexEntry, ok bool) {
	start := p.at
	if len(p.text)-start < statSize {
		return e, false
	}
	e.stamp = stamp{
		ctime: instant{p.uint32(start), p.uint32(start + 4)},
		mtime: instant{p.uint32(start + 8), p.uint32(start + 12)},
		inode: p.uint32(start + 20),
		size:  p.uint32(start + 36),
	}
	e.mode = p.uint32(start + 24)
	copy(e.hash[:], p.text[start+40:])
	flags := p.uint32(start+statSize-4) & 0xffff
	e.assumed, e.stage = flags&flagValid != 0, uint8(flags>>12&3)
	p.at += statSize
	if flags&flagMore != 0 {
		if len(p.text)-p.at < 2 {
			return e, false
		}
		more := p.uint32(p.at-2) & 0xffff
		e.skipped, e.intent = more&moreSkip != 0, more&moreAdd != 0
		p.at += 2
	}
	if p.version == 4 {
		ok = p.compressedName()
	} else {
		ok = p.paddedName(start, int(flags&nameLong))
	}
	e.path = p.name
	return e, ok
}

// paddedName reads a name that is followed by one to eight NULs, so that the
// length of the entry is a multiple of eight.
func (p *indexParser) paddedName(start, size int) bool {
	if size == nameLong {
		size = strings.IndexByte(p.text[p.at:], 0)
	}
	end := p.at + size
	next := start + (end-start+8)&^7
	if size < 0 || next > len(p.text) || strings.Trim(p.text[end:next], "\x00") != "" {
		return false
	}
	p.name, p.at = p.text[p.at:end], next
	return true
}

// compressedName reads how many bytes to cut off the name before, and what to
// append to the rest.
func (p *indexParser) compressedName() bool {
	cut, ok := p.varint()
	end := strings.IndexByte(p.text[p.at:], 0)
	if !ok || end < 0 || cut > len(p.name) {
		return false
	}
	p.name = p.name[:len(p.name)-cut] + p.text[p.at:p.at+end]
	p.at += end + 1
	return true
}

// varint reads an integer as ofs-deltas of packs have them (gitformat-pack(5)).
func (p *indexParser) varint() (int, bool) {
	n := -1
	for p.at < len(p.text) && n < 1<<31 {
		b := p.text[p.at]
		p.at++
		n = (n+1)<<7 | int(b&0x7f)
		if b < 0x80 {
			return n, true
		}
	}
	return 0, false
}

// extensions reads what follows the entries. An extension whose name begins
// with an upper-case letter may be passed over.
func (p *indexParser) extensions(idx *index) error {
	for p.at < len(p.text) {
		if len(p.text)-p.at < 8 {
			return damaged("an extension is cut off")
		}
		name, size := p.text[p.at:p.at+4], int(p.uint32(p.at+4))
		p.at += 8
		if size > len(p.text)-p.at {
			return damaged("extension %q is cut off", name)
		}
		switch content := p.text[p.at : p.at+size]; {
		case name == "TREE":
			idx.trees = parseCacheTree(content)
		case name == "sdir": // entries may be directories: see expand
		case name == "link":
			return fmt.Errorf("%w: a split index (git update-index --no-split-index joins it)", git.ErrUnsupported)
		case name[0] < 'A' || name[0] > 'Z':
			return fmt.Errorf("%w: an index with extension %q", git.ErrUnsupported, name)
		}
		p.at += size
	}
	return nil
}

// expand puts the files of the directories that a sparse index holds as one
// entry in their place.
func (idx *index) expand(ctx context.Context, objects git.Objects) error {
	var full []indexEntry
	for i, e := range idx.entries {
		if e.mode != modeTree {
			if full != nil {
				full = append(full, e)
			}
			continue
		}
		if full == nil {
			full = append(make([]indexEntry, 0, 2*len(idx.entries)), idx.entries[:i]...)
		}
		w := treeWalk{objects: objects}
		if err := w.walk(ctx, e.path, e.hash, 0); err != nil {
			return err
		}
		for _, below := range w.entries {
			full = append(full, indexEntry{path: below.path, mode: below.mode, hash: below.hash, skipped: true})
		}
	}
	if full != nil {
		idx.entries = full
	}
	return nil
}
