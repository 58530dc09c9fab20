package gitdir

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// maxSymbolic is how many symbolic refs may follow one another, as in git
// (refs/refs-internal.h, SYMREF_MAXDEPTH).
const maxSymbolic = 5

// Refs reads the refs of one working tree: loose ones, and those of
// packed-refs. It sees what is written while it is in use. It serves one
// goroutine at a time.
type Refs struct {
	layout Layout
	packed packedRefs
}

// Ref is the value of one ref.
type Ref struct {
	Hash   git.Hash
	Target string // of a symbolic ref: the full name of the ref that it stands for
}

// OpenRefs returns the refs of a repository. Nothing is read yet.
func OpenRefs(l Layout) *Refs {
	return &Refs{layout: l, packed: packedRefs{path: filepath.Join(l.CommonDir, "packed-refs")}}
}

// Close lets go of packed-refs, which is opened again at need.
func (r *Refs) Close() error { return r.packed.close() }

// Resolve reads a ref by its full name, such as HEAD or refs/heads/main, and
// follows symbolic ones. It is not ok where there is no such ref.
//
// The error is [git.ErrUnknownRevision] for a symbolic ref that leads nowhere,
// and [git.ErrDamaged] where a file under refs holds no ref.
func (r *Refs) Resolve(name string) (h git.Hash, ok bool, err error) {
	next := name
	for range maxSymbolic {
		ref, ok, err := r.Read(next)
		switch {
		case err != nil:
			return git.Hash{}, false, err
		case !ok && next == name:
			return git.Hash{}, false, nil
		case !ok:
			return git.Hash{}, false, fmt.Errorf("%w: %s stands for %s, which has no commit yet or is gone", git.ErrUnknownRevision, name, next)
		case ref.Target == "":
			return ref.Hash, true, nil
		}
		next = ref.Target
	}
	return git.Hash{}, false, fmt.Errorf("%w: %s is a chain of too many symbolic refs", git.ErrUnknownRevision, name)
}

// Read reads a ref by its full name. It is not ok where there is no such ref,
// or where there can be none of this name.
func (r *Refs) Read(name string) (ref Ref, ok bool, err error) {
	if !validName(name) {
		return Ref{}, false, nil
	}
	// A ref moves from its file to packed-refs, so the file comes first.
	ref, ok, err = r.loose(name)
	if ok || err != nil || !strings.HasPrefix(name, "refs/") {
		return ref, ok, err
	}
	ref.Hash, ok, err = r.packed.find(name)
	return ref, ok, err
}

// path is where a ref that is not packed stands. Source: git-worktree(1), REFS.
func (r *Refs) path(name string) string {
	if main, ok := strings.CutPrefix(name, "main-worktree/"); ok {
		return filepath.Join(r.layout.CommonDir, filepath.FromSlash(main))
	}
	dir := r.layout.GitDir
	switch {
	case strings.HasPrefix(name, "refs/bisect/"), strings.HasPrefix(name, "refs/worktree/"), strings.HasPrefix(name, "refs/rewritten/"):
	case strings.HasPrefix(name, "refs/"), strings.HasPrefix(name, "worktrees/"):
		dir = r.layout.CommonDir
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// maxLoose bounds what is read of a ref's file; a name is shorter than this.
const maxLoose = 8 << 10

func (r *Refs) loose(name string) (Ref, bool, error) {
	path := r.path(name)
	f, err := file.Open(path)
	if err != nil {
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() { // of refs that begin with this name
			return Ref{}, false, nil
		}
		return Ref{}, false, file.IgnoreAbsent(err)
	}
	defer f.Close()
	var buf [256]byte
	content, err := readUpTo(f, buf[:], maxLoose)
	ref, ok := parseLoose(content)
	if ok && err == nil {
		return ref, true, nil
	}
	if err != nil || !strings.HasPrefix(name, "refs/") {
		return Ref{}, false, err
	}
	return Ref{}, false, fmt.Errorf("read ref %s: %w: %s holds neither a hash nor \"ref: <name>\" (git update-ref writes it anew)", name, git.ErrDamaged, path)
}

// readUpTo reads a file into buf, which it grows up to limit.
func readUpTo(r io.Reader, buf []byte, limit int) ([]byte, error) {
	n := 0
	for {
		got, err := r.Read(buf[n:])
		n += got
		switch {
		case err == io.EOF || n >= limit:
			return buf[:n], nil
		case err != nil:
			return nil, err
		case n == len(buf):
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// parseLoose reads the content of a ref's file. More may follow a hash, as in
// FETCH_HEAD.
func parseLoose(content []byte) (ref Ref, ok bool) {
	if target, symbolic := bytes.CutPrefix(content, []byte("ref:")); symbolic {
		ref.Target = string(bytes.TrimSpace(target))
		return ref, ref.Target != ""
	}
	const digits = 2 * git.HashSize
	if len(content) < digits || len(content) > digits && !isSpace(content[digits]) {
		return Ref{}, false
	}
	ref.Hash, ok = git.ParseHash(string(content[:digits]))
	return ref, ok
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// validName reports whether a ref may have this name, so that none leads out of
// the repository. Source: git-check-ref-format(1), with --allow-onelevel.
func validName(name string) bool {
	if name == "" || name == "@" || strings.HasSuffix(name, ".") || strings.Contains(name, "@{") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") || strings.Contains(part, "..") {
			return false
		}
		for i := range len(part) {
			if c := part[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`~^:?*[\`, c) >= 0 {
				return false
			}
		}
	}
	return true
}
