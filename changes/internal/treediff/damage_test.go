package treediff

import (
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

func TestDamage(t *testing.T) {
	o := gittest.New()
	blob := o.Put(git.Blob, "x")
	sound := gittest.Entry("100644", "a", blob)
	tests := map[string]struct{ content, want string }{
		"a mode that is no number":       {"10x644 a\x00" + string(blob[:]), "an entry's mode is no octal number"},
		"no mode":                        {" a\x00" + string(blob[:]), "an entry has no mode"},
		"a mode alone":                   {"100644", "an entry is cut off"},
		"no name":                        {gittest.Entry("100644", "", blob), "an entry has no name"},
		"a name that does not end":       {"100644 a", "an entry is cut off"},
		"a hash that is cut off":         {sound[:len(sound)-1], "an entry is cut off"},
		"a second entry that is cut off": {sound + "100644 b\x00x", "an entry is cut off"},
	}
	for name, tt := range tests {
		damaged := o.Put(git.Tree, tt.content)
		good := o.Put(git.Tree, sound)
		above := o.Put(git.Tree, gittest.Entry("40000", "dir\n", damaged))
		for what, pair := range map[string][2]git.Hash{"before": {damaged, good}, "after": {good, damaged}, "in a directory that is new": {good, above}} {
			t.Run(name+" "+what, func(t *testing.T) {
				got, err := Diff(t.Context(), o, pair[0], pair[1])
				if !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), "read tree "+damaged.String()+": repository is damaged: "+tt.want) {
					t.Errorf("= %q, %v; want ErrDamaged of %s with %q", say(got), err, damaged, tt.want)
				}
				if pair[1] == above && !strings.HasPrefix(err.Error(), `directory "dir\n": `) {
					t.Errorf("error = %v, want one that names the directory", err)
				}
			})
		}
	}
}

// Git compares such trees as well, and says the same.
func TestTreesThatGitWouldNotWrite(t *testing.T) {
	o := gittest.New()
	x, y := o.Put(git.Blob, "x"), o.Put(git.Blob, "y")
	dir := o.Put(git.Tree, gittest.Entry("100644", "f", x))
	entry := gittest.Entry
	tests := map[string]struct {
		from, to string
		want     []string
	}{
		"entries out of order":                {entry("100644", "b", x) + entry("100644", "a", x), entry("100644", "a", x), []string{"A a", "D a", "D b"}},
		"an entry that comes twice":           {entry("100644", "a", x) + entry("100644", "a", x), entry("100644", "a", x), []string{"D a"}},
		"twice, with different content":       {entry("100644", "a", x) + entry("100644", "a", y), entry("100644", "a", y) + entry("100644", "a", x), []string{"M a", "M a"}},
		"a file and a directory of one name":  {entry("100644", "a", x) + entry("40000", "a", dir), entry("100644", "a", y) + entry("40000", "a", dir), []string{"M a"}},
		"a name with a slash":                 {entry("100644", "a/b", x), entry("100644", "a/b", y), []string{"M a/b"}},
		"a directory against a name with one": {entry("40000", "a", dir), entry("100644", "a/", x), []string{"A a/", "D a/f"}},
		"names of git's own":                  {"", entry("100644", "..", x) + entry("100644", ".git", x), []string{"A ..", "A .git"}},
		"a mode of no kind":                   {entry("0", "a", x), entry("1", "a", y), []string{"M a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Diff(t.Context(), o, o.Put(git.Tree, tt.from), o.Put(git.Tree, tt.to))
			if d := gocmp.Diff(tt.want, say(got)); err != nil || d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestWhatIsNoTree(t *testing.T) {
	o := gittest.New()
	blob := o.Put(git.Blob, "x")
	missing := git.Hash{1}
	for name, tt := range map[string]struct {
		hash git.Hash
		is   error
		want string
	}{
		"a blob":                {blob, git.ErrDamaged, "directory d: read tree " + blob.String() + ": repository is damaged: it is a blob"},
		"one that is not there": {missing, git.ErrMissingObject, "directory d: read object " + missing.String()},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Diff(t.Context(), o, EmptyTree, o.Put(git.Tree, gittest.Entry("40000", "d", tt.hash)))
			if !errors.Is(err, tt.is) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error = %v, want %v with %q", err, tt.is, tt.want)
			}
		})
	}
}

func TestTheDepthIsBounded(t *testing.T) {
	o := gittest.New()
	leaf := o.Put(git.Blob, "x")
	nested := func(depth int, name string) git.Hash {
		h := o.Put(git.Tree, gittest.Entry("100644", name, leaf))
		for range depth {
			h = o.Put(git.Tree, gittest.Entry("40000", "d", h))
		}
		return h
	}
	got, err := Diff(t.Context(), o, nested(MaxDepth, "x"), nested(MaxDepth, "y"))
	if err != nil || len(got) != 2 || got[1].Path != strings.Repeat("d/", MaxDepth)+"y" {
		t.Errorf("as deep as may be: %d changes, %v", len(got), err)
	}
	for name, from := range map[string]git.Hash{"both sides": nested(MaxDepth+1, "x"), "one side": EmptyTree} {
		_, err := Diff(t.Context(), o, from, nested(MaxDepth+1, "y"))
		if !errors.Is(err, git.ErrDamaged) || !strings.Contains(err.Error(), "directories are nested more than 4096 deep") || len(err.Error()) > 500 {
			t.Errorf("on %s: error = %.600v", name, err)
		}
	}
	// A tree that holds itself cannot be written, but a damaged store might say so.
	circle := git.Hash{7}
	o.PutAs(circle, git.Tree, gittest.Entry("40000", "d", circle))
	if _, err := Diff(t.Context(), o, EmptyTree, circle); !errors.Is(err, git.ErrDamaged) {
		t.Errorf("of a circle: error = %.200v", err)
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 d\x000123456789012345678940000 e\x0001234567890123456789"))
	f.Add([]byte("100644 a\x00short"))
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for rest := content; len(rest) > 0; {
			e, after, err := Cut(rest)
			if err != nil {
				if !errors.Is(err, git.ErrDamaged) {
					t.Errorf("error = %v, want ErrDamaged", err)
				}
				return
			}
			if len(e.Name) == 0 || canonical(uint32(e.Mode)) != e.Mode || len(after) >= len(rest) {
				t.Fatalf("entry %+v of %q", e, rest)
			}
			if !strings.HasSuffix(string(rest[:len(rest)-len(after)]), " "+string(e.Name)+"\x00"+string(e.Hash[:])) {
				t.Fatalf("entry %+v of %q", e, rest)
			}
			rest = after
		}
	})
}

// FuzzDiff compares any two trees: there is an error or there is none, and one
// way says the same as the other.
func FuzzDiff(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"), []byte("40000 a\x0001234567890123456789"))
	f.Add([]byte("100644 a\x0001234567890123456789100644 b\x0001234567890123456789"), []byte("100644 b\x0001234567890123456789"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		o := gittest.New()
		sub := git.Hash([]byte("01234567890123456789"))
		o.PutAs(sub, git.Tree, gittest.Entry("100644", "x", git.Hash{}))
		from, to := o.Put(git.Tree, string(a)), o.Put(git.Tree, string(b))
		there, err := Diff(t.Context(), o, from, to)
		back, errBack := Diff(t.Context(), o, to, from)
		if (err == nil) != (errBack == nil) || len(there) != len(back) {
			t.Fatalf("%q, %v; and back %q, %v", say(there), err, say(back), errBack)
		}
		if err == nil && !slices.IsSortedFunc(there, comparePaths) {
			t.Errorf("not sorted: %q", say(there))
		}
	})
}
