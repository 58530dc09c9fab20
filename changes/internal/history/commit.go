package history

import (
	"bytes"
	"fmt"
	"math"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// commit is what the object of a commit says.
type commit struct {
	tree  git.Hash
	lines []byte // "parent <hash>" each
	count int    // of parents
	time  int64  // of the committer, seconds since 1970; 0 where it is malformed, as in git
}

const (
	digits     = 2 * git.HashSize
	parentLine = len("parent ") + digits + 1
)

// parent returns a parent by its number, from 0.
func (c commit) parent(i int) git.Hash {
	h, _ := parseHex(c.lines[i*parentLine+len("parent "):]) // checked by parseCommit
	return h
}

// parseCommit reads the headers of a commit, whose order is fixed. What it
// returns refers to content.
func parseCommit(content []byte) (commit, error) {
	var c commit
	var ok bool
	if c.tree, ok = parseLine(content, "tree "); !ok {
		return c, fmt.Errorf("%w: it does not begin with a tree", git.ErrDamaged)
	}
	content = content[len("tree ")+digits+1:]
	for bytes.HasPrefix(content[c.count*parentLine:], []byte("parent ")) {
		if _, ok := parseLine(content[c.count*parentLine:], "parent "); !ok {
			return c, fmt.Errorf("%w: its parent %d is malformed", git.ErrDamaged, c.count+1)
		}
		c.count++
	}
	c.lines, content = content[:c.count*parentLine], content[c.count*parentLine:]
	for len(content) > 0 && content[0] != '\n' {
		line, rest, _ := bytes.Cut(content, []byte("\n"))
		if who, found := bytes.CutPrefix(line, []byte("committer ")); found {
			c.time = committed(who)
			break
		}
		content = rest
	}
	return c, nil
}

// committed reads the time of `Name <address> 1700000000 +0100`.
func committed(who []byte) int64 {
	text := bytes.TrimLeft(who[bytes.LastIndexByte(who, '>')+1:], " \t")
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	time := int64(0)
	for _, c := range text {
		switch {
		case c < '0' || c > '9':
			return signed(time, negative)
		case time > (math.MaxInt64-9)/10:
			return signed(math.MaxInt64, negative)
		}
		time = time*10 + int64(c-'0')
	}
	return signed(time, negative)
}

func signed(n int64, negative bool) int64 {
	if negative {
		return -n
	}
	return n
}

// parseTag returns the hash of what an annotated tag names.
func parseTag(content []byte) (git.Hash, error) {
	target, ok := parseLine(content, "object ")
	if !ok {
		return git.Hash{}, fmt.Errorf("%w: it does not begin with an object", git.ErrDamaged)
	}
	return target, nil
}

// parseLine reads a line of key and hash at the start of content.
func parseLine(content []byte, key string) (h git.Hash, ok bool) {
	end := len(key) + digits
	if len(content) <= end || string(content[:len(key)]) != key || content[end] != '\n' {
		return h, false
	}
	return parseHex(content[len(key):])
}

// parseHex reads the hash at the start of at least 40 bytes. It is the
// innermost loop of reading history, and worth a table.
func parseHex(text []byte) (h git.Hash, ok bool) {
	text = text[:digits]
	all := byte(isDigit)
	for i := range h {
		high, low := hexadecimal[text[2*i]], hexadecimal[text[2*i+1]]
		all &= high & low
		h[i] = high<<4 | low&0xf
	}
	return h, all == isDigit
}

const isDigit = 0x10 // marks the bytes that are digits

// hexadecimal has the values of digits, and isDigit.
var hexadecimal = [256]byte{
	'0': 0x10, '1': 0x11, '2': 0x12, '3': 0x13, '4': 0x14, '5': 0x15, '6': 0x16, '7': 0x17, '8': 0x18, '9': 0x19,
	'a': 0x1a, 'b': 0x1b, 'c': 0x1c, 'd': 0x1d, 'e': 0x1e, 'f': 0x1f,
	'A': 0x1a, 'B': 0x1b, 'C': 0x1c, 'D': 0x1d, 'E': 0x1e, 'F': 0x1f,
}
