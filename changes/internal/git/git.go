// Package git holds the words that the readers of a repository share: hashes,
// kinds of objects, differences, and what goes wrong.
package git

import (
	"bytes"
	"encoding/hex"
)

// HashSize is the length of a SHA-1 hash in bytes.
const HashSize = 20

// Hash names an object of a repository with SHA-1 objects.
type Hash [HashSize]byte

// String returns the 40 hexadecimal digits of h.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Compare orders hashes by their bytes.
func (h Hash) Compare(other Hash) int { return bytes.Compare(h[:], other[:]) }

// ParseHash reads 40 hexadecimal digits of either case.
func ParseHash(s string) (h Hash, ok bool) {
	if len(s) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}

// Kind is the type of an object, numbered as in packs (gitformat-pack(5)).
type Kind uint8

// The types of objects.
const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4
)

func (k Kind) String() string {
	if k < Commit || k > Tag {
		return "object of unknown type"
	}
	return [...]string{"commit", "tree", "blob", "tag"}[k-Commit]
}

// Objects reads objects by their hashes.
type Objects interface {
	// Append appends the content of an object to buf, and returns the whole. It
	// fails with [ErrMissingObject] where there is none.
	Append(buf []byte, h Hash) (Kind, []byte, error)
	// Kind returns the type of an object without reading its content.
	Kind(h Hash) (Kind, error)
}

// Change is a path at which two trees differ.
type Change struct {
	Path   string // relative to the root, "/"-separated, with the bytes that Git holds
	Status Status
}

// Status is what happened to a path: a letter of git diff --name-status.
type Status byte

// The statuses of git diff --no-renames.
const (
	Added       Status = 'A'
	Modified    Status = 'M'
	Deleted     Status = 'D'
	TypeChanged Status = 'T'
)
