package worktree

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	gogit "github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

var compareEntry = cmp.AllowUnexported(indexEntry{}, stamp{}, instant{})

func someEntries() []indexEntry {
	at := instant{seconds: 1700000000, nanos: 5}
	return []indexEntry{
		{path: "a", mode: modeFile, hash: git.Hash{1}, stamp: stamp{mtime: at, ctime: at, inode: 7, size: 9}},
		{path: "a/b", mode: modeExecutable, assumed: true},
		{path: "a/b", mode: modeExecutable, stage: 2},
		{path: "a/bc", mode: modeSymlink, skipped: true},
		{path: "a/bc\n\xff", mode: modeSubmodule, intent: true},
		{path: strings.Repeat("long/", 900) + "x", mode: modeFile},
		{path: "x", mode: modeFile, skipped: true, intent: true, assumed: true, stage: 3},
	}
}

func TestParseIndex(t *testing.T) {
	for version := uint32(2); version <= 4; version++ {
		content := encodeIndex(version, someEntries(), extension{"TREE", "\x007 0\n" + strings.Repeat("x", 20)}, extension{"UNTR", "any"}, extension{"EOIE", ""}, extension{"sdir", ""})
		idx, err := parseIndex(content)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if d := cmp.Diff(someEntries(), idx.entries, compareEntry); d != "" {
			t.Errorf("version %d (-want +got):\n%s", version, d)
		}
		if len(idx.trees) != 1 {
			t.Errorf("version %d: trees %v, want one", version, idx.trees)
		}
		without := slices.Concat(content[:len(content)-20], make([]byte, 20)) // index.skipHash
		if _, err := parseIndex(without); err != nil {
			t.Errorf("version %d without a checksum: %v", version, err)
		}
	}
}

func TestParseIndexFails(t *testing.T) {
	valid := encodeIndex(2, someEntries())
	rewrite := func(change func(b []byte) []byte) []byte {
		return append(change(slices.Clone(valid[:len(valid)-20])), make([]byte, 20)...)
	}
	tests := map[string]struct {
		content []byte
		want    string
		is      error
	}{
		"it is empty":                  {nil, "it is no index", git.ErrDamaged},
		"it is something else":         {bytes.Repeat([]byte("x"), 99), "it is no index", git.ErrDamaged},
		"its checksum does not match":  {append(slices.Clone(valid[:len(valid)-1]), valid[len(valid)-1]^1), "checksum does not match", git.ErrDamaged},
		"its version is of the future": {rewrite(func(b []byte) []byte { b[7] = 5; return b }), "an index of version 5", git.ErrUnsupported},
		"it promises too many entries": {rewrite(func(b []byte) []byte { b[8] = 255; return b }), "too short for", git.ErrDamaged},
		"an entry is cut off":          {rewrite(func(b []byte) []byte { return b[:len(b)-70] }), "is cut off", git.ErrDamaged},
		"entries are out of order":     {encodeIndex(4, []indexEntry{{path: "b"}, {path: "a"}}), `entry 1, "a", is out of order`, git.ErrDamaged},
		"an entry comes twice":         {encodeIndex(4, []indexEntry{{path: "a"}, {path: "a"}}), "out of order", git.ErrDamaged},
		"an extension is cut off":      {rewrite(func(b []byte) []byte { return append(b, "TREE\x00\x00\x00\x09x"...) }), `extension "TREE" is cut off`, git.ErrDamaged},
		"an extension has no length":   {rewrite(func(b []byte) []byte { return append(b, "TREE"...) }), "an extension is cut off", git.ErrDamaged},
		"it is split":                  {encodeIndex(2, []indexEntry{{path: ""}}, extension{"link", strings.Repeat("x", 20)}), "a split index (git update-index --no-split-index", git.ErrUnsupported},
		"it has a required extension":  {encodeIndex(2, someEntries(), extension{"abcd", "x"}), `an index with extension "abcd"`, git.ErrUnsupported},
		"a name is cut longer than it is": {rewrite(func([]byte) []byte {
			b := encodeIndex(4, []indexEntry{{path: "a"}})
			b[12+statSize] = 9
			return b[:len(b)-20]
		}), "entry 0 is cut off", git.ErrDamaged},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseIndex(tt.content)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

// TestGoGitReadsAndWritesTheSameIndex compares with another implementation.
func TestGoGitReadsAndWritesTheSameIndex(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		theirs := &gogit.Index{Version: 2 + rng.Uint32N(3)}
		names := map[string]bool{}
		for range rng.IntN(20) {
			name := strings.Repeat(string(rune('a'+rng.IntN(3))), 1+rng.IntN(9)) + "/" + string(rune('a'+rng.IntN(26)))
			if names[name] {
				continue
			}
			names[name] = true
			e := theirs.Add(name)
			e.Mode, e.Size, e.Inode = filemode.Regular, rng.Uint32(), rng.Uint32()
			e.ModifiedAt, e.CreatedAt = time.Unix(rng.Int64N(1<<31), rng.Int64N(1e9)), time.Unix(rng.Int64N(1<<31), rng.Int64N(1e9))
			e.Hash = plumbing.Hash{byte(rng.Uint32())}
			e.SkipWorktree = theirs.Version > 2 && rng.IntN(4) == 0
		}
		var buf bytes.Buffer
		if err := gogit.NewEncoder(&buf).Encode(theirs); err != nil {
			t.Fatal(err)
		}
		ours, err := parseIndex(buf.Bytes())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		slices.SortFunc(theirs.Entries, func(a, b *gogit.Entry) int { return strings.Compare(a.Name, b.Name) })
		var want []indexEntry
		for _, e := range theirs.Entries {
			want = append(want, indexEntry{
				path: e.Name, mode: uint32(e.Mode), hash: git.Hash(e.Hash), skipped: e.SkipWorktree,
				stamp: stamp{mtime: instantOf(e.ModifiedAt), ctime: instantOf(e.CreatedAt), inode: e.Inode, size: e.Size},
			})
		}
		if d := cmp.Diff(append([]indexEntry{}, want...), ours.entries, compareEntry); d != "" {
			t.Fatalf("seed %d (-go-git +ours):\n%s", seed, d)
		}
		back := &gogit.Index{}
		if err := gogit.NewDecoder(bytes.NewReader(encodeIndex(theirs.Version, ours.entries))).Decode(back); err != nil || len(back.Entries) != len(want) {
			t.Fatalf("seed %d: go-git reads %d entries, %v; want %d", seed, len(back.Entries), err, len(want))
		}
	}
}

func FuzzIndex(f *testing.F) {
	for version := uint32(2); version <= 4; version++ {
		f.Add(encodeIndex(version, someEntries(), extension{"TREE", "\x007 1\n" + strings.Repeat("x", 20) + "a\x00-1 0\n"}))
	}
	f.Add(encodeIndex(2, nil, extension{"link", ""}))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 20 {
			clear(content[len(content)-20:]) // so that what is changed gets past the checksum
		}
		idx, err := parseIndex(content)
		if err != nil {
			if !errors.Is(err, git.ErrDamaged) && !errors.Is(err, git.ErrUnsupported) {
				t.Errorf("error = %v", err)
			}
			return
		}
		for i, e := range idx.entries {
			if found, ok := idx.at(e.path); !ok || found.path != e.path {
				t.Errorf("entry %d, %q, is not found", i, e.path)
			}
		}
	})
}

func TestCacheTree(t *testing.T) {
	h := func(b byte) string { return strings.Repeat(string([]byte{b}), 20) }
	tests := map[string]struct {
		content string
		want    []string
	}{
		"nested directories":           {"\x009 2\n" + h(1) + "a\x003 1\n" + h(2) + "b\x001 0\n" + h(3) + "c\x001 0\n" + h(4), []string{"", "a/", "a/b/", "c/"}},
		"one that is not known":        {"\x00-1 2\na\x00-1 1\nb\x001 0\n" + h(3) + "c\x001 0\n" + h(4), []string{"a/b/", "c/"}},
		"a hash that is cut off":       {"\x009 1\n" + h(1) + "a\x003 0\nxx", []string{""}},
		"a number that is none":        {"\x009 1\n" + h(1) + "a\x00x 0\n", []string{""}},
		"fewer than it promises":       {"\x009 7\n" + h(1) + "a\x001 0\n" + h(2), []string{"", "a/"}},
		"more than it promises":        {"\x009 0\n" + h(1) + "a\x001 0\n" + h(2), []string{""}},
		"a negative count of subtrees": {"\x009 -1\n" + h(1), nil},
		"nothing":                      {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for dir := range parseCacheTree(tt.content) {
				got = append(got, dir)
			}
			slices.Sort(got)
			if d := cmp.Diff(append([]string{}, tt.want...), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestStamp(t *testing.T) {
	at := func(seconds, nanos uint32) instant { return instant{seconds, nanos} }
	full := stamp{mtime: at(5, 7), ctime: at(6, 8), inode: 3, size: 4}
	change := func(f func(*stamp)) stamp { s := full; f(&s); return s }
	for name, tt := range map[string]struct {
		known, now stamp
		same       bool
	}{
		"equal":                           {full, full, true},
		"another size":                    {full, change(func(s *stamp) { s.size++ }), false},
		"other nanoseconds":               {full, change(func(s *stamp) { s.mtime.nanos++ }), false},
		"another change time":             {full, change(func(s *stamp) { s.ctime.nanos++ }), false},
		"another inode":                   {full, change(func(s *stamp) { s.inode++ }), false},
		"an index that knows seconds":     {change(func(s *stamp) { s.mtime.nanos, s.ctime.nanos = 0, 0 }), full, true},
		"an index that knows no inodes":   {change(func(s *stamp) { s.inode, s.ctime = 0, instant{} }), full, true},
		"a system that knows no inodes":   {full, change(func(s *stamp) { s.inode, s.ctime = 0, instant{} }), true},
		"an index that knows nothing yet": {stamp{}, full, false},
	} {
		if got := tt.known.same(tt.now); got != tt.same {
			t.Errorf("%s: same = %v", name, got)
		}
	}
	for name, tt := range map[string]struct {
		mtime, written instant
		racy           bool
	}{
		"written long before the index":       {at(1, 5), at(2, 5), false},
		"a nanosecond before":                 {at(2, 4), at(2, 5), false},
		"in the same tick":                    {at(2, 5), at(2, 5), true},
		"after":                               {at(2, 6), at(2, 5), true},
		"in the same second, as far as known": {at(2, 0), at(2, 5), true},
		"in an index of whole seconds":        {at(2, 5), at(2, 0), true},
		"a second before, as far as known":    {at(1, 0), at(2, 0), false},
	} {
		if got := (stamp{mtime: tt.mtime}).racy(tt.written); got != tt.racy {
			t.Errorf("%s: racy = %v", name, got)
		}
	}
}

func TestHashBlob(t *testing.T) {
	for content, want := range map[string]string{"": fmt.Sprintf("%x", emptyBlob), "hello\n": "ce013625030ba8dba906f756967f9e9ca394464a"} {
		if got, err := hashBlob(t.Context(), strings.NewReader(content), int64(len(content))); err != nil || got.String() != want {
			t.Errorf("%q = %s, %v; want %s", content, got, err, want)
		}
	}
	for _, size := range []int64{0, 4, 6, 1 << 20} {
		if _, err := hashBlob(t.Context(), strings.NewReader("hello"), size); !errors.Is(err, errGrew) {
			t.Errorf("5 bytes as %d: %v, want errGrew", size, err)
		}
	}
}
