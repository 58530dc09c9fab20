package changes

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// hash names an object.
type hash [20]byte

func (h hash) String() string { return hex.EncodeToString(h[:]) }

func (h hash) compare(other hash) int { return bytes.Compare(h[:], other[:]) }

// parseHash reads a full hash in hexadecimal digits of either case.
func parseHash(s string) (h hash, ok bool) {
	if len(s) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err == nil
}

// store reads the objects and refs of one repository. This file alone knows
// that go-git does it.
type store struct {
	format  format
	refs    *filesystem.Storage
	objects []*filesystem.Storage // the repository's own, then its alternates
	shallow map[hash]bool         // commits whose parents were not fetched
	broken  error                 // go-git forgets that an index could not be read
}

// maxAlternates is how many alternates may follow one another, as in git
// (object-file.c, link_alt_odb_entry).
const maxAlternates = 5

func openStore(gitDir, common string, f format) (*store, error) {
	s := &store{format: f}
	shared := cache.NewObjectLRUDefault()
	open := func(dir string) *filesystem.Storage {
		return filesystem.NewStorageWithOptions(osfs.New(dir), shared, filesystem.Options{KeepDescriptors: true})
	}
	s.refs = filesystem.NewStorage(dotgit.NewRepositoryFilesystem(osfs.New(gitDir), osfs.New(common)), shared)
	dirs, err := objectDirs(filepath.Join(common, "objects"))
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		s.objects = append(s.objects, open(filepath.Dir(dir)))
	}
	s.shallow, err = readShallow(filepath.Join(common, "shallow"))
	return s, err
}

// release closes the packs that reading has opened; they open again at need.
func (s *store) release() {
	for _, o := range s.objects {
		_ = o.Close() // opened for reading: nothing is lost
	}
}

// object returns the type ("commit", "tree", "tag" or "blob") and the content
// of an object. It fails with ErrMissingObject where there is none.
func (s *store) object(h hash) (kind string, content []byte, err error) {
	if s.broken != nil {
		return "", nil, s.broken
	}
	for _, o := range s.objects {
		object, err := o.EncodedObject(plumbing.AnyObject, plumbing.Hash(h))
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			continue
		}
		if err == nil {
			content, err = readObject(object)
		}
		if err != nil {
			s.broken = fmt.Errorf("read object %s: %w", h, translate(err))
			return "", nil, s.broken
		}
		return object.Type().String(), content, nil
	}
	if s.format.partial {
		return "", nil, fmt.Errorf("read object %s: %w: the clone is partial; clone with --filter=blob:none or without a filter", h, ErrMissingObject)
	}
	return "", nil, fmt.Errorf("read object %s: %w: the repository may be damaged (git fsck tells)", h, ErrMissingObject)
}

// readObject reads all of object. Only a commit, tag or tree is worth it: of a
// blob the type is enough.
func readObject(object plumbing.EncodedObject) (_ []byte, err error) {
	if object.Type() == plumbing.BlobObject {
		return nil, nil
	}
	r, err := object.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return io.ReadAll(r)
}

func translate(err error) error {
	if errors.Is(err, idxfile.ErrUnsupportedVersion) {
		return fmt.Errorf("%w: a pack index of version 1 (git repack -a -d writes a new one)", ErrUnsupported)
	}
	return err
}

// abbreviated returns the hashes of the objects whose hash begins with digits.
func (s *store) abbreviated(digits string) ([]hash, error) {
	digits = strings.ToLower(digits)
	prefix, err := hex.DecodeString(digits[:len(digits)/2*2])
	if err != nil {
		return nil, nil // no hexadecimal digits, so no abbreviation
	}
	var found []hash
	for _, o := range s.objects {
		hashes, err := o.HashesWithPrefix(prefix)
		if err != nil {
			return nil, fmt.Errorf("look up abbreviated hash %s: %w", digits, translate(err))
		}
		for _, h := range hashes {
			if strings.HasPrefix(h.String(), digits) {
				found = append(found, hash(h))
			}
		}
	}
	slices.SortFunc(found, hash.compare)
	return slices.Compact(found), nil
}

// ref reads a ref by its full name: the hash that it holds or, if it is a
// symbolic one, the name of the ref that it stands for. It is not ok where
// there is no such ref.
func (s *store) ref(name string) (h hash, symbolic string, ok bool, err error) {
	ref, err := s.refs.Reference(plumbing.ReferenceName(name))
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound), errors.Is(err, dotgit.ErrReferenceNameEscape):
		return hash{}, "", false, nil
	case err != nil:
		return hash{}, "", false, fmt.Errorf("read ref %s: %w", name, err)
	case ref.Type() == plumbing.SymbolicReference:
		return hash{}, ref.Target().String(), true, nil
	}
	return hash(ref.Hash()), "", true, nil
}

// objectDirs returns an object directory and its alternates, each once.
// Alternates that do not exist are passed over, as git does.
// Source: gitrepository-layout(5), objects/info/alternates.
func objectDirs(own string) ([]string, error) {
	dirs := []string{own}
	level := dirs
	for range maxAlternates {
		var next []string
		for _, dir := range level {
			alternates, err := readAlternates(dir)
			if err != nil {
				return nil, err
			}
			for _, a := range alternates {
				if !slices.Contains(dirs, a) {
					dirs, next = append(dirs, a), append(next, a)
				}
			}
		}
		level = next
	}
	return dirs, nil
}

func readAlternates(objects string) ([]string, error) {
	file := filepath.Join(objects, "info", "alternates")
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	var dirs []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		dir := resolvePath(objects, line)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		if filepath.Base(dir) != "objects" {
			return nil, fmt.Errorf("read %s: %w: an alternate that is not called objects: %s", file, ErrUnsupported, dir)
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

func readShallow(path string) (map[hash]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	defer file.Close()
	shallow := map[hash]bool{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		h, ok := parseHash(strings.TrimSpace(lines.Text()))
		if !ok {
			return nil, fmt.Errorf("read %s:%d: %q is no commit hash", path, n, lines.Text())
		}
		shallow[h] = true
	}
	return shallow, lines.Err()
}
