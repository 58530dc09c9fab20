package gitdir

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// refHash is a hash of one digit.
func refHash(digit string) git.Hash {
	h, _ := git.ParseHash(strings.Repeat(digit, 40))
	return h
}

func TestResolve(t *testing.T) {
	dir := tempDir(t)
	common := filepath.Join(dir, "common")
	own := filepath.Join(common, "worktrees/w")
	a, b, c := strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40)
	for name, content := range map[string]string{
		"HEAD":                            "ref: refs/heads/main\n",
		"config":                          "[core]\n",
		"FETCH_HEAD":                      b + "\t\tbranch 'x' of https://example.com/" + strings.Repeat("r", 20000) + "\n",
		"refs/heads/main":                 a + "\n",
		"refs/heads/dir/x":                b,
		"refs/heads/upper":                strings.ToUpper(a) + "\n",
		"refs/heads/x.lock":               a + "\n",
		"refs/heads/long":                 a + "a\n",
		"refs/heads/empty":                "",
		"refs/heads/text":                 "nonsense\n",
		"refs/heads/none":                 "ref: \n",
		"refs/heads/both":                 b + "\n",
		"refs/bisect/bad":                 a + "\n",
		"refs/remotes/origin/HEAD":        "ref:refs/remotes/origin/main  \n",
		"refs/remotes/gone/HEAD":          "ref: refs/remotes/gone/x\n",
		"refs/loop":                       "ref: refs/loop\n",
		"refs/five/1":                     "ref: refs/five/2",
		"refs/five/2":                     "ref: refs/five/3",
		"refs/five/3":                     "ref: refs/five/4",
		"refs/five/4":                     "ref: refs/heads/main",
		"refs/six/1":                      "ref: refs/five/1",
		"refs/out":                        "ref: ../../secret",
		"../secret":                       c + "\n",
		"worktrees/w/HEAD":                "ref: refs/heads/dir/x\n",
		"worktrees/w/refs/bisect/bad":     b + "\n",
		"worktrees/w/refs/worktree/mine":  c + "\n",
		"worktrees/w/refs/rewritten/mine": c + "\n",
		"packed-refs": "# pack-refs with: peeled fully-peeled sorted \n" +
			c + " refs/heads/both\n" + b + " refs/heads/dir\n" + c + " refs/remotes/origin/main\n" + a + " refs/tags/v1\n^" + b + "\n",
	} {
		write(t, filepath.Join(common, name), content)
	}
	type want struct {
		hash string // "" for none
		text string // of the error
		is   error
	}
	tests := map[string]struct {
		refs map[string]want
		l    Layout
	}{
		"in the main worktree": {l: Layout{GitDir: common, CommonDir: common}, refs: map[string]want{
			"HEAD": {hash: "a"}, "refs/heads/main": {hash: "a"}, "refs/heads/upper": {hash: "a"}, "FETCH_HEAD": {hash: "b"},
			"refs/heads/both": {hash: "b"}, "refs/heads/dir": {hash: "b"}, "refs/tags/v1": {hash: "a"},
			"refs/remotes/origin/HEAD": {hash: "c"}, "refs/bisect/bad": {hash: "a"}, "refs/five/1": {hash: "a"},
			"worktrees/w/HEAD": {hash: "b"}, "refs/worktree/mine": {},
			"refs/heads/none/x": {}, "refs/heads": {}, "refs": {}, "config": {}, "nope": {}, "refs/heads/x.lock": {},
			"": {}, "@": {}, "/HEAD": {}, "refs/heads/../heads/main": {}, "../secret": {}, ".": {}, "..": {}, "a\x00b": {}, "refs/heads/main/": {}, "a b": {},
			"refs/heads/long":        {text: "read ref refs/heads/long: repository is damaged", is: git.ErrDamaged},
			"refs/heads/empty":       {text: "holds neither a hash nor", is: git.ErrDamaged},
			"refs/heads/text":        {text: filepath.Join(common, "refs/heads/text"), is: git.ErrDamaged},
			"refs/heads/none":        {text: "holds neither a hash nor", is: git.ErrDamaged},
			"refs/remotes/gone/HEAD": {text: "refs/remotes/gone/HEAD stands for refs/remotes/gone/x, which has no commit yet", is: git.ErrUnknownRevision},
			"refs/out":               {text: "refs/out stands for ../../secret, which", is: git.ErrUnknownRevision},
			"refs/loop":              {text: "refs/loop is a chain of too many symbolic refs", is: git.ErrUnknownRevision},
			"refs/six/1":             {text: "too many symbolic refs", is: git.ErrUnknownRevision},
		}},
		"in a linked worktree": {l: Layout{GitDir: own, CommonDir: common}, refs: map[string]want{
			"HEAD": {hash: "b"}, "refs/heads/main": {hash: "a"}, "refs/bisect/bad": {hash: "b"},
			"refs/worktree/mine": {hash: "c"}, "refs/rewritten/mine": {hash: "c"}, "FETCH_HEAD": {},
			"main-worktree/HEAD": {hash: "a"}, "main-worktree/refs/bisect/bad": {hash: "a"}, "worktrees/w/HEAD": {hash: "b"},
			"refs/tags/v1": {hash: "a"},
		}},
	}
	for where, tt := range tests {
		refs := OpenRefs(tt.l)
		for name, want := range tt.refs {
			t.Run(where+", "+name, func(t *testing.T) {
				got, ok, err := refs.Resolve(name)
				switch {
				case want.is != nil:
					if !errors.Is(err, want.is) || !strings.Contains(err.Error(), want.text) {
						t.Errorf("error = %v, want %v with %q", err, want.is, want.text)
					}
				case err != nil || ok != (want.hash != "") || ok && got != refHash(want.hash):
					t.Errorf("= %v, %v, %v; want %q", got, ok, err, want.hash)
				}
			})
		}
		if err := refs.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPackedRefsThatAreReplacedAreReadAgain(t *testing.T) {
	dir := tempDir(t)
	refs := OpenRefs(Layout{GitDir: dir, CommonDir: dir})
	defer func() {
		if err := refs.Close(); err != nil {
			t.Error(err)
		}
	}()
	check := func(when, want string) {
		t.Helper()
		got, ok, err := refs.Resolve("refs/heads/x")
		if err != nil || ok != (want != "") || ok && got != refHash(want) {
			t.Errorf("%s: = %v, %v, %v; want %q", when, got, ok, err, want)
		}
	}
	path := filepath.Join(dir, "packed-refs")
	replace := func(digit string, at int64) {
		t.Helper()
		write(t, path+".new", strings.Repeat(digit, 40)+" refs/heads/x\n")
		if err := os.Chtimes(path+".new", time.Unix(at, 0), time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	check("before there is a file", "")
	replace("a", 1)
	check("when there is one", "a")
	check("the second time", "a")
	replace("b", 2)
	check("when it is replaced", "b")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("when it is gone", "")
}

func TestDamagedPackedRefs(t *testing.T) {
	a := strings.Repeat("a", 40)
	tests := map[string]struct{ content, want string }{
		"that are cut off":       {a + " refs/heads/a\n" + a + " refs/he", "the last line is cut off"},
		"with a line of text":    {"nonsense\n", `a line is not "<hash> <name>": "nonsense"`},
		"with an empty line":     {"\n", "a line is not"},
		"with a hash that is no": {strings.Repeat("x", 40) + " refs/heads/a\n", "a line is not"},
		"with a hash alone":      {a + " \n", "a line is not"},
	}
	for name, tt := range tests {
		for _, header := range []string{"", "# pack-refs with: peeled fully-peeled sorted \n"} {
			t.Run(fmt.Sprintf("%s, after %q", name, header), func(t *testing.T) {
				dir := tempDir(t)
				write(t, filepath.Join(dir, "packed-refs"), header+tt.content)
				_, ok, err := OpenRefs(Layout{GitDir: dir, CommonDir: dir}).Resolve("refs/heads/x")
				if ok || !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir) {
					t.Errorf("= %v, %v; want ErrDamaged with %q and the path", ok, err, tt.want)
				}
			})
		}
	}
}

// TestPackedRefsAreFound draws lists of refs and looks for each, and for names
// that are not there, with and without the header that says that they are sorted.
func TestPackedRefsAreFound(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		names := map[string]git.Hash{}
		for range rng.IntN(40) {
			names["refs/"+strings.Repeat(string(rune('a'+rng.IntN(3))), 1+rng.IntN(3))+fmt.Sprint(rng.IntN(60))] = git.Hash{byte(rng.Uint32()), byte(rng.Uint32())}
		}
		var sorted []string
		for name := range names {
			sorted = append(sorted, name)
		}
		slices.Sort(sorted)
		var lines strings.Builder
		for _, name := range sorted {
			fmt.Fprintf(&lines, "%s %s\n", names[name], name)
			if rng.IntN(3) == 0 {
				fmt.Fprintf(&lines, "^%s\n", refHash("d"))
			}
		}
		for _, header := range []string{"", "# pack-refs with: peeled \n", "# pack-refs with: sorted\n", "# pack-refs with: peeled fully-peeled sorted \n"} {
			list, err := newRefList([]byte(header + lines.String()))
			if err != nil || list.sorted != strings.Contains(header, "sorted") {
				t.Fatalf("seed %d: sorted %v, %v after %q", seed, list.sorted, err, header)
			}
			for _, name := range append(slices.Clone(sorted), "refs/", "refs/a", "refs/b30x", "refs/zzz", "") {
				want, exists := names[name]
				if got, ok, err := list.find(name); err != nil || ok != exists || got != want {
					t.Fatalf("seed %d: %q in %q = %v, %v, %v; want %v, %v", seed, name, header+lines.String(), got, ok, err, want, exists)
				}
			}
		}
	}
}

func FuzzPackedRefs(f *testing.F) {
	a := strings.Repeat("a", 40)
	f.Add("# pack-refs with: peeled fully-peeled sorted \n"+a+" refs/heads/a\n"+a+" refs/tags/b\n^"+a+"\n", "refs/tags/b")
	f.Add(a+" refs/heads/a\n", "refs/heads/a")
	f.Add("# pack-refs with: sorted \n^^^\n\n\n", "x")
	f.Fuzz(func(t *testing.T, content, name string) {
		list, err := newRefList([]byte(content))
		if err == nil {
			var h git.Hash
			var ok bool
			if h, ok, err = list.find(name); ok && !strings.Contains(strings.ToLower(content), h.String()+" "+strings.ToLower(name)+"\n") {
				t.Errorf("%q in %q = %v", name, content, h)
			}
		}
		if err != nil && !errors.Is(err, git.ErrDamaged) {
			t.Errorf("error = %v, want ErrDamaged", err)
		}
	})
}

func FuzzLooseRef(f *testing.F) {
	f.Add([]byte("ref: refs/heads/main\n"))
	f.Add([]byte(strings.Repeat("a", 40) + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		ref, ok := parseLoose(content)
		if ok && ref.Target == "" && !strings.HasPrefix(strings.ToLower(string(content)), ref.Hash.String()) {
			t.Errorf("%q = %v", content, ref)
		}
		if ok && ref.Target != "" && !strings.Contains(string(content), ref.Target) {
			t.Errorf("%q = %v", content, ref)
		}
	})
}

func BenchmarkPackedRefs(b *testing.B) {
	dir := tempDir(b)
	var lines strings.Builder
	lines.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for i := range 30_000 {
		fmt.Fprintf(&lines, "%040x refs/pull/%06d/head\n", i+1, i)
	}
	write(b, filepath.Join(dir, "packed-refs"), lines.String())
	for b.Loop() {
		refs := OpenRefs(Layout{GitDir: dir, CommonDir: dir})
		if _, ok, err := refs.Resolve("refs/pull/012345/head"); !ok || err != nil {
			b.Fatal(ok, err)
		}
		if err := refs.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
