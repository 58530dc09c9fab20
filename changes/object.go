package changes

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errMalformed = errors.New("malformed object")

// commit is what this package needs to know of one.
type commit struct {
	hash    hash
	tree    hash
	parents []hash // none where the clone is cut off
	time    int64  // of the committer, seconds since 1970; 0 where it is malformed, as in git
	cut     bool   // it has parents that a shallow clone does not hold
}

// commit reads a commit, once.
func (r *Repository) commit(h hash) (*commit, error) {
	if c, ok := r.commits[h]; ok {
		return c, nil
	}
	kind, content, err := r.store.object(h)
	if err != nil {
		return nil, err
	}
	if kind != "commit" {
		return nil, fmt.Errorf("read commit %s: it is a %s", h, kind)
	}
	c, err := parseCommit(h, content)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", h, err)
	}
	if r.store.shallow[h] && len(c.parents) > 0 {
		c.parents, c.cut = nil, true
	}
	r.commits[h] = c
	return c, nil
}

// parseCommit reads the headers of a commit. Their order is fixed.
func parseCommit(h hash, content []byte) (*commit, error) {
	c := &commit{hash: h}
	var ok bool
	if c.tree, content, ok = cutHash(content, "tree "); !ok {
		return nil, fmt.Errorf("%w: no tree", errMalformed)
	}
	for {
		parent, rest, ok := cutHash(content, "parent ")
		if !ok {
			break
		}
		c.parents, content = append(c.parents, parent), rest
	}
	headers, _, _ := bytes.Cut(content, []byte("\n\n"))
	for line := range bytes.Lines(headers) {
		if who, ok := bytes.CutPrefix(line, []byte("committer ")); ok {
			c.time = committed(string(who))
			break
		}
	}
	return c, nil
}

// committed reads the time of `Name <address> 1700000000 +0100`.
func committed(who string) int64 {
	after := who[strings.LastIndexByte(who, '>')+1:]
	seconds, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	t, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return 0
	}
	return t
}

// parseTag returns the hash of what an annotated tag names.
func parseTag(content []byte) (hash, error) {
	target, _, ok := cutHash(content, "object ")
	if !ok {
		return hash{}, fmt.Errorf("%w: no object", errMalformed)
	}
	return target, nil
}

// cutHash cuts a line of key and hash off content.
func cutHash(content []byte, key string) (h hash, rest []byte, ok bool) {
	line, rest, found := bytes.Cut(content, []byte("\n"))
	digits, keyed := bytes.CutPrefix(line, []byte(key))
	if !found || !keyed {
		return hash{}, content, false
	}
	h, ok = parseHash(string(digits))
	return h, rest, ok
}

// The kinds of a tree's entries: git's file modes, as git canonicalises them.
const (
	modeTree       = 0o040000
	modeFile       = 0o100644
	modeExecutable = 0o100755
	modeSymlink    = 0o120000
	modeSubmodule  = 0o160000
	modeType       = 0o170000
)

// entry is one name of a tree.
type entry struct {
	name string
	mode uint32
	hash hash
}

func (e entry) isTree() bool { return e.mode == modeTree }

// tree reads the entries of a tree, in Git's order.
func (r *Repository) tree(h hash) ([]entry, error) {
	kind, content, err := r.store.object(h)
	if err != nil {
		return nil, err
	}
	if kind != "tree" {
		return nil, fmt.Errorf("read tree %s: it is a %s", h, kind)
	}
	entries, err := parseTree(content)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", h, err)
	}
	return entries, nil
}

// parseTree reads a list of `mode name NUL hash`.
func parseTree(content []byte) ([]entry, error) {
	var entries []entry
	for len(content) > 0 {
		var e entry
		mode, rest, ok := bytes.Cut(content, []byte(" "))
		name, rest, ended := bytes.Cut(rest, []byte{0})
		if !ok || !ended || len(rest) < len(e.hash) {
			return nil, fmt.Errorf("%w: an entry is cut off", errMalformed)
		}
		bits, err := strconv.ParseUint(string(mode), 8, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: mode %q", errMalformed, mode)
		}
		if len(name) == 0 || bytes.IndexByte(name, '/') >= 0 {
			return nil, fmt.Errorf("%w: name %q", errMalformed, name)
		}
		e.name, e.mode = string(name), canonical(uint32(bits))
		content = rest[copy(e.hash[:], rest):]
		entries = append(entries, e)
	}
	return entries, nil
}

// canonical maps the modes that old writers left to those of today, as git's
// canon_mode does.
func canonical(mode uint32) uint32 {
	switch mode & modeType {
	case modeFile & modeType:
		if mode&0o100 != 0 {
			return modeExecutable
		}
		return modeFile
	case modeSymlink:
		return modeSymlink
	case modeTree:
		return modeTree
	}
	return modeSubmodule
}
