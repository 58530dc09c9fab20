// Package odb reads the objects of a repository: from packs, from loose
// objects, and from the object directories that it borrows from.
//
//	store, err := odb.Open(".git/objects", odb.Options{})
//	...
//	defer store.Close()
//	kind, content, err := store.Append(nil, hash)
//
// Nothing is read before it is needed, and nothing that is kept grows with the
// number of objects. Packs that appear while a Store is open, since git gc
// moves objects into them, are found.
//
// It neither writes objects nor hashes what it reads, and it knows neither refs
// nor replacements (refs/replace), nor grafts, nor where missing objects could
// be fetched from.
package odb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/inflate"
	"github.com/mettel-automation/delivery/changes/internal/pack"
)

// Options tune a Store. The zero value is ready to use.
type Options struct {
	// Partial says that the clone has a filter, so that objects may be missing
	// by intention. It changes what the error of a missing object advises.
	Partial bool

	// MaxSize is the largest object that is read, in bytes; default 64 MiB, and
	// at most 1 GiB.
	MaxSize int64
}

// Store reads the objects of one repository, for one goroutine at a time. It is
// a [git.Objects].
type Store struct {
	opts    Options
	dirs    []string // the repository's own, then its alternates
	packs   []*packFile
	listed  bool // the pack directories were read
	reader  pack.Reader
	inflate inflate.Decoder
	file    []byte // the latest loose object
}

// Open finds the object directories of a repository: the one that is given, and
// those that info/alternates names there. A directory that does not exist holds
// no objects.
func Open(objectsDir string, opts Options) (*Store, error) {
	dirs, err := objectDirs(objectsDir)
	if err != nil {
		return nil, err
	}
	if opts.MaxSize <= 0 {
		opts.MaxSize = pack.DefaultMaxSize
	}
	opts.MaxSize = min(opts.MaxSize, pack.LargestMaxSize)
	return &Store{opts: opts, dirs: dirs, reader: pack.Reader{MaxSize: opts.MaxSize}}, nil
}

// Dirs returns the object directories: the repository's own, then its alternates.
func (s *Store) Dirs() []string { return slices.Clone(s.dirs) }

// Close gives back the files that were mapped. The Store may be used again, and
// then opens them again.
func (s *Store) Close() error {
	var errs []error
	for _, f := range s.packs {
		errs = append(errs, f.close())
	}
	s.packs, s.listed = nil, false
	return errors.Join(errs...)
}

// Append appends the content of an object to buf; it returns the kind of the
// object and the extended buffer, or buf if it fails.
//
// It fails with [git.ErrMissingObject] where there is none, with
// [git.ErrDamaged] or [git.ErrUnsupported] where no file that has it, or might
// have it, can be read, and with [pack.ErrTooLarge].
func (s *Store) Append(buf []byte, h git.Hash) (git.Kind, []byte, error) {
	return s.read(buf, h, true)
}

// Kind returns the kind of an object without reading its content. It fails as
// Append does.
func (s *Store) Kind(h git.Hash) (git.Kind, error) {
	kind, _, err := s.read(nil, h, false)
	return kind, err
}

// read reads an object, or only its kind. Like git it looks into the packs,
// then for a loose object, and then for packs that came in the meantime; and a
// copy that is damaged does not count where there is another one.
func (s *Store) read(buf []byte, h git.Hash, content bool) (git.Kind, []byte, error) {
	if err := s.list(); err != nil {
		return 0, buf, err
	}
	kind, out, err := s.readPacked(buf, h, content)
	if err == nil {
		return kind, out, nil
	}
	kind, out, looseErr := s.readLoose(buf, h, content)
	if looseErr == nil {
		return kind, out, nil
	}
	news, listErr := s.relist()
	if news {
		if kind, out, err = s.readPacked(buf, h, content); err == nil {
			return kind, out, nil
		}
	}
	for _, err := range []error{err, looseErr, listErr} {
		if err != nil && err != errNowhere { //nolint:errorlint // it is never wrapped
			return 0, buf, err
		}
	}
	return 0, buf, s.missing(h)
}

// errNowhere is the error of an object that no readable file may have.
var errNowhere = errors.New("not found")

func (s *Store) missing(h git.Hash) error {
	advice := "the repository may be damaged (git fsck tells)"
	if s.opts.Partial {
		advice = "the clone is partial: have git fetch it (OpenGit), or clone without a filter (where only the names of files count, --filter=blob:none will do)"
	}
	return fmt.Errorf("read object %s: %w: %s", h, git.ErrMissingObject, advice)
}
