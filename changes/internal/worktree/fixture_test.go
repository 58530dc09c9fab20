package worktree

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// backdate makes a file older than any index that is written now.
func backdate(t testing.TB, file string) {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
}

// memory holds objects in memory.
type memory map[git.Hash]object

type object struct {
	kind    git.Kind
	content string
}

func (m memory) Append(buf []byte, h git.Hash) (git.Kind, []byte, error) {
	o, ok := m[h]
	if !ok {
		return 0, nil, fmt.Errorf("read object %s: %w", h, git.ErrMissingObject)
	}
	return o.kind, append(buf, o.content...), nil
}

func (m memory) Kind(h git.Hash) (git.Kind, error) {
	kind, _, err := m.Append(nil, h)
	return kind, err
}

func (m memory) add(kind git.Kind, content string) git.Hash {
	h := git.Hash(sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content)))
	m[h] = object{kind, content}
	return h
}

// node is a file of a tree: its mode and its content; for a submodule, 40 digits.
type node struct {
	mode    uint32
	content string
}

func text(content string) node    { return node{modeFile, content} }
func script(content string) node  { return node{modeExecutable, content} }
func symlink(target string) node  { return node{modeSymlink, target} }
func submodule(digit string) node { return node{modeSubmodule, strings.Repeat(digit, 40)} }

// files is a tree by path.
type files map[string]node

func (m memory) tree(fs files) git.Hash {
	below := map[string]files{}
	var entries []entry
	for path, n := range fs {
		if dir, rest, ok := strings.Cut(path, "/"); ok {
			if below[dir] == nil {
				below[dir] = files{}
			}
			below[dir][rest] = n
			continue
		}
		entries = append(entries, entry{path: path, mode: n.mode, hash: m.hash(n)})
	}
	for dir, fs := range below {
		entries = append(entries, entry{path: dir, mode: modeTree, hash: m.tree(fs)})
	}
	key := func(e entry) string {
		if e.mode == modeTree {
			return e.path + "/"
		}
		return e.path
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(key(a), key(b)) })
	var content bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&content, "%o %s\x00%s", e.mode, e.path, e.hash[:])
	}
	return m.add(git.Tree, content.String())
}

func (m memory) hash(n node) git.Hash {
	if n.mode == modeSubmodule {
		h, _ := git.ParseHash(n.content)
		return h
	}
	return m.add(git.Blob, n.content)
}

// checkout is a repository with a working tree, made without git.
type checkout struct {
	t       testing.TB
	objects memory
	opts    Options
	entries []indexEntry
}

func newCheckout(t testing.TB) *checkout {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &checkout{t: t, objects: memory{}, opts: Options{Root: root, GitDir: filepath.Join(root, ".git"), FileMode: true, Symlinks: true}}
	if err := os.MkdirAll(filepath.Join(c.opts.GitDir, "info"), 0o755); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *checkout) path(name string) string { return filepath.Join(c.opts.Root, name) }

// put writes files, one hour old, so that the index can be trusted.
func (c *checkout) put(fs files) {
	c.t.Helper()
	for name, n := range fs {
		path := c.path(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			c.t.Fatal(err)
		}
		var err error
		switch n.mode {
		case modeSymlink:
			err = os.Symlink(n.content, path)
		case modeSubmodule:
			c.repository(name, n.content)
		default:
			if err = os.WriteFile(path, []byte(n.content), os.FileMode(n.mode&0o777)); err == nil {
				backdate(c.t, path)
			}
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// repository makes a nested repository whose HEAD is a commit, or "".
func (c *checkout) repository(name, head string) {
	c.t.Helper()
	for _, dir := range []string{"objects", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(c.path(name), ".git", dir), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	c.write(name+"/.git/HEAD", "ref: refs/heads/main\n")
	if head != "" {
		c.write(name+"/.git/refs/heads/main", head+"\n")
	}
}

func (c *checkout) write(name, content string) {
	c.t.Helper()
	path := c.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// stage adds files to the index, with the stamps that they have on disk.
func (c *checkout) stage(fs files) {
	c.t.Helper()
	for name, n := range fs {
		e := indexEntry{path: name, mode: n.mode, hash: c.objects.hash(n)}
		if info, err := os.Lstat(c.path(name)); err == nil {
			e.stamp = stampOf(info)
		}
		c.entries = append(c.entries, e)
	}
}

// alter changes the entry of a path.
func (c *checkout) alter(path string, change func(*indexEntry)) {
	for i := range c.entries {
		if c.entries[i].path == path {
			change(&c.entries[i])
		}
	}
}

func (c *checkout) diff(before files) ([]git.Change, error) {
	c.t.Helper()
	slices.SortFunc(c.entries, func(a, b indexEntry) int {
		return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.stage, b.stage))
	})
	if c.entries != nil {
		c.write(".git/index", string(encodeIndex(3, c.entries)))
	}
	return Diff(c.t.Context(), c.objects, c.opts, c.objects.tree(before))
}

// extension is an extension of an index.
type extension struct{ name, content string }

// encodeIndex writes an index as gitformat-index(5) says.
func encodeIndex(version uint32, entries []indexEntry, extensions ...extension) []byte {
	var b []byte
	u32 := func(n uint32) { b = binary.BigEndian.AppendUint32(b, n) }
	b = append(b, "DIRC"...)
	u32(version)
	u32(uint32(len(entries)))
	before := ""
	for _, e := range entries {
		start := len(b)
		for _, n := range []uint32{
			e.stamp.ctime.seconds, e.stamp.ctime.nanos, e.stamp.mtime.seconds, e.stamp.mtime.nanos,
			0, e.stamp.inode, e.mode, 0, 0, e.stamp.size,
		} {
			u32(n)
		}
		b = append(b, e.hash[:]...)
		flags := uint16(e.stage)<<12 | uint16(min(len(e.path), nameLong))
		var more uint16
		if e.assumed {
			flags |= flagValid
		}
		if e.skipped {
			more |= moreSkip
		}
		if e.intent {
			more |= moreAdd
		}
		if more != 0 {
			flags |= flagMore
		}
		b = binary.BigEndian.AppendUint16(b, flags)
		if more != 0 {
			b = binary.BigEndian.AppendUint16(b, more)
		}
		if version == 4 {
			same := 0
			for same < min(len(before), len(e.path)) && before[same] == e.path[same] {
				same++
			}
			b = append(append(appendVarint(b, len(before)-same), e.path[same:]...), 0)
		} else {
			b = append(b, e.path...)
			b = append(b, make([]byte, 8-(len(b)-start)%8)...)
		}
		before = e.path
	}
	for _, x := range extensions {
		b = append(b, x.name...)
		u32(uint32(len(x.content)))
		b = append(b, x.content...)
	}
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

func appendVarint(b []byte, n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		out = append(out, byte(n&0x7f)|0x80)
	}
	slices.Reverse(out)
	return append(b, out...)
}
