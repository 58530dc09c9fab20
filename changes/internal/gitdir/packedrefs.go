package gitdir

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// packedRefs is the file packed-refs. Source: git-pack-refs(1), and git's
// refs/packed-backend.c for the header.
type packedRefs struct {
	path  string
	stamp file.Stamp // of what is open; zero where nothing is
	file  *file.Content
	list  refList
}

// find looks for a ref by its full name.
func (p *packedRefs) find(name string) (git.Hash, bool, error) {
	if err := p.refresh(); err != nil {
		return git.Hash{}, false, err
	}
	h, ok, err := p.list.find(name)
	if err != nil {
		err = fmt.Errorf("read %s: %w", p.path, err)
	}
	return h, ok, err
}

// refresh opens packed-refs where that is not done yet, and again where it has
// been replaced.
func (p *packedRefs) refresh() error {
	stamp, err := file.StampOf(p.path)
	if err == nil && p.stamp.Same(stamp) {
		return nil
	}
	if err := errors.Join(err, p.close()); err != nil || stamp.IsZero() {
		return err
	}
	content, err := file.Read(p.path)
	if err != nil {
		return file.IgnoreAbsent(err)
	}
	list, err := newRefList(content.Bytes())
	if err != nil {
		_ = content.Close()
		return fmt.Errorf("read %s: %w", p.path, err)
	}
	p.stamp, p.file, p.list = stamp, content, list
	return nil
}

func (p *packedRefs) close() error {
	content := p.file
	p.stamp, p.file, p.list = file.Stamp{}, nil, refList{}
	if content == nil {
		return nil
	}
	return content.Close()
}

// refList is the content of packed-refs: a line "hash name" for each ref, and
// after that of an annotated tag a line "^hash" with what it names.
type refList struct {
	lines  []byte // without the header
	sorted bool   // by the bytes of the names
}

func newRefList(content []byte) (refList, error) {
	if n := len(content); n > 0 && content[n-1] != '\n' {
		return refList{}, fmt.Errorf("%w: the last line is cut off", git.ErrDamaged)
	}
	list := refList{lines: content}
	if len(content) > 0 && content[0] == '#' {
		header, rest, _ := bytes.Cut(content, []byte("\n"))
		traits, ok := bytes.CutPrefix(header, []byte("# pack-refs with:"))
		list.sorted = ok && slices.ContainsFunc(bytes.Fields(traits), func(trait []byte) bool { return string(trait) == "sorted" })
		list.lines = rest
	}
	return list, nil
}

func (l refList) find(name string) (git.Hash, bool, error) {
	if !l.sorted {
		return l.scan(name)
	}
	low, high := 0, len(l.lines) // starts of lines; the one that is looked for is between
	for low < high {
		start := l.lineAround(low, low+(high-low)/2)
		line, end := l.lineAt(start)
		h, found, err := parsePacked(line)
		if err != nil {
			return git.Hash{}, false, err
		}
		switch order := compareName(found, name); {
		case order == 0:
			return h, true, nil
		case order < 0:
			low = end
		default:
			high = start
		}
	}
	return git.Hash{}, false, nil
}

// scan looks at each line.
func (l refList) scan(name string) (git.Hash, bool, error) {
	for at := 0; at < len(l.lines); {
		line, end := l.lineAt(at)
		at = end
		if len(line) > 0 && line[0] == '^' {
			continue
		}
		h, found, err := parsePacked(line)
		if err != nil {
			return git.Hash{}, false, err
		}
		if string(found) == name {
			return h, true, nil
		}
	}
	return git.Hash{}, false, nil
}

// lineAround returns the start of the line of a ref that at is in, or of the
// one before it where at is in a line "^hash". Low is where lines start.
func (l refList) lineAround(low, at int) int {
	start := low + bytes.LastIndexByte(l.lines[low:at], '\n') + 1
	if l.lines[start] == '^' && start > low {
		start = low + bytes.LastIndexByte(l.lines[low:start-1], '\n') + 1
	}
	return start
}

// lineAt returns the line at start, and the start of the next ref's.
func (l refList) lineAt(start int) (line []byte, next int) {
	length := bytes.IndexByte(l.lines[start:], '\n')
	next = start + length + 1
	for next < len(l.lines) && l.lines[next] == '^' {
		next += bytes.IndexByte(l.lines[next:], '\n') + 1
	}
	return l.lines[start : start+length], next
}

func parsePacked(line []byte) (h git.Hash, name []byte, err error) {
	const digits = 2 * git.HashSize
	ok := len(line) > digits+1 && line[digits] == ' '
	if ok {
		h, ok = git.ParseHash(string(line[:digits]))
	}
	if !ok {
		return h, nil, fmt.Errorf("%w: a line is not \"<hash> <name>\": %.80q", git.ErrDamaged, line)
	}
	return h, line[digits+1:], nil
}

func compareName(a []byte, b string) int {
	switch {
	case string(a) == b: // neither of these copies
		return 0
	case string(a) < b:
		return -1
	}
	return 1
}
