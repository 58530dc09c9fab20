package history

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
)

// refs are refs by their full names.
type refs map[string]git.Hash

func (r refs) Resolve(name string) (git.Hash, bool, error) {
	if name == "refs/heads/broken" {
		return git.Hash{}, false, fmt.Errorf("read ref %s: %w", name, git.ErrDamaged)
	}
	h, ok := r[name]
	return h, ok, nil
}

func TestResolve(t *testing.T) {
	o := gittest.New()
	c := o.History("root:\nleft: root\nright: root\nmain: left right")
	tag := o.Put(git.Tag, fmt.Sprintf("object %s\ntype commit\ntag v1\n\nx\n", c["left"]))
	outer := o.Put(git.Tag, fmt.Sprintf("object %s\ntype tag\ntag v2\n\nx\n", tag))
	blob := o.Put(git.Blob, "x")
	tree := o.Tree(gittest.Files{"x": gittest.File("1")})
	badTag := o.Put(git.Tag, "type commit\n")
	circle := git.Hash{9, 9, 9}
	o.PutAs(circle, git.Tag, "object "+circle.String()+"\n")
	orphan := o.Commit(tree, 9, git.Hash{8})
	list := refs{
		"HEAD": c["main"], "refs/heads/main": c["main"], "refs/heads/feature/x": c["right"], "refs/heads/-dash": c["right"],
		"refs/tags/v1": tag, "refs/tags/v2": outer, "refs/tags/blob": blob, "refs/tags/bad": badTag, "refs/tags/circle": circle,
		"refs/tags/both": c["right"], "refs/heads/both": c["left"], "refs/heads/dead": {1}, "refs/heads/orphan": orphan,
		"refs/remotes/origin/dev": c["left"], "refs/remotes/origin/HEAD": c["left"], "FETCH_HEAD": c["right"], "refs/heads/feed": c["root"],
	}
	h := New(o, Options{Refs: list})

	good := map[string]string{
		"HEAD": "main", "@": "main", "main": "main", "heads/main": "main", "refs/heads/main": "main",
		"feature/x": "right", "FETCH_HEAD": "right", "origin/dev": "left", "origin": "left", "remotes/origin/dev": "left", "feed": "root",
		"v1": "left", "v2": "left", "v2^{}": "left", "v2^{commit}": "left", "v1~1": "root", "v2^": "root",
		"both": "right", "heads/both": "left", "heads/-dash": "right",
		"HEAD~": "left", "HEAD^": "left", "@~1": "left", "HEAD^2": "right", "HEAD~2": "root", "HEAD^^": "root", "HEAD^2~1": "root", "HEAD^0": "main", "HEAD~0": "main", "main^2^{commit}": "right",
		c["left"].String(): "left", strings.ToUpper(c["left"].String()): "left", c["main"].String()[:12]: "main", c["main"].String()[:7] + "^2": "right", tag.String()[:9]: "left", strings.ToUpper(c["root"].String()[:11]): "root",
	}
	for rev, want := range good {
		t.Run("resolves "+rev, func(t *testing.T) {
			got, err := h.Resolve(t.Context(), rev)
			if err != nil || got != c[want] {
				t.Errorf("= %v, %v; want %v", got, err, c[want])
			}
		})
	}

	bad := map[string]struct {
		rev, want string
		is        error
	}{
		"nothing":                            {"", "it is empty", git.ErrNoRevision},
		"blanks":                             {" \n", "it is empty", git.ErrNoRevision},
		"the zero hash":                      {strings.Repeat("0", 40), "no previous commit", git.ErrNoRevision},
		"the zero hash of SHA-256":           {strings.Repeat("0", 64), "no previous commit", git.ErrNoRevision},
		"another number of zeros":            {strings.Repeat("0", 41), "no branch", git.ErrUnknownRevision},
		"what looks like an option":          {"-dash", "no branch, tag or commit can have this name", git.ErrUnknownRevision},
		"a range":                            {"left..main", "no branch, tag or commit can have this name", git.ErrUnknownRevision},
		"a name that is not there":           {"nope", "fetch it first", git.ErrUnknownRevision},
		"a ref that is damaged":              {"broken", "read ref refs/heads/broken", git.ErrDamaged},
		"a reflog":                           {"HEAD@{1}", "not supported", git.ErrUnknownRevision},
		"a path in a commit":                 {"HEAD:x", "not supported", git.ErrUnknownRevision},
		"a search":                           {":/fix", "not supported", git.ErrUnknownRevision},
		"a commit that is not there":         {strings.Repeat("ab", 20), "force-pushed", git.ErrUnknownRevision},
		"a hash of SHA-256":                  {strings.Repeat("ab", 32), "no branch", git.ErrUnknownRevision},
		"an abbreviation that is too short":  {c["main"].String()[:3], "no branch", git.ErrUnknownRevision},
		"digits of an odd number, not there": {"abcde", "no branch", git.ErrUnknownRevision},
		"an abbreviated tree":                {tree.String()[:12], "no branch", git.ErrUnknownRevision},
		"a tree":                             {tree.String(), "it names a tree, not a commit", git.ErrUnknownRevision},
		"a tag of a blob":                    {"blob", "it names a blob, not a commit", git.ErrUnknownRevision},
		"a tag of nothing":                   {"bad", "read tag " + badTag.String() + ": repository is damaged", git.ErrDamaged},
		"a tag of itself":                    {"circle", "tags of tags, more than 1000", git.ErrDamaged},
		"a parent of the first commit":       {"HEAD~3", "is the first one", git.ErrUnknownRevision},
		"a third parent":                     {"HEAD^3", "no parent 3, only 2", git.ErrUnknownRevision},
		"a number beyond all":                {"HEAD~" + strings.Repeat("9", 30), "too large", git.ErrUnknownRevision},
		"a type that is no commit":           {"HEAD^{tree}", "may not follow", git.ErrUnknownRevision},
		"something after a number":           {"HEAD~1x", `"x" may not follow`, git.ErrUnknownRevision},
		"steps from nowhere":                 {"~1", "no branch", git.ErrUnknownRevision},
		"a branch whose commit is missing":   {"dead", "object is missing", git.ErrMissingObject},
		"a parent that is missing":           {"orphan~1", "object is missing", git.ErrMissingObject},
	}
	for name, tt := range bad {
		t.Run("refuses "+name, func(t *testing.T) {
			if got, err := h.Resolve(t.Context(), tt.rev); !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("= %s, %v; want %v with %q", got, err, tt.is, tt.want)
			}
		})
	}
}

func TestResolveWithoutRefs(t *testing.T) {
	o := gittest.New()
	c := o.History("a:")["a"]
	h := New(o, Options{})
	if got, err := h.Resolve(t.Context(), c.String()[:10]); err != nil || got != c {
		t.Errorf("= %s, %v", got, err)
	}
	if _, err := h.Resolve(t.Context(), "HEAD"); !errors.Is(err, git.ErrUnknownRevision) {
		t.Errorf("error = %v", err)
	}
}

func TestResolveInAShallowClone(t *testing.T) {
	o := gittest.New()
	c := o.History("a:\nb: a\nc: b")
	o.Remove(c["a"])
	h := New(o, Options{Refs: refs{"HEAD": c["c"]}, Shallow: []git.Hash{c["b"]}})
	if got, err := h.Resolve(t.Context(), "HEAD~1"); err != nil || got != c["b"] {
		t.Errorf("HEAD~1 = %s, %v", got, err)
	}
	for rev, is := range map[string]error{
		"HEAD~2": git.ErrShallow, c["a"].String(): git.ErrShallow, c["a"].String()[:8]: git.ErrShallow, "origin/x": git.ErrUnknownRevision, "feed": git.ErrUnknownRevision,
	} {
		_, err := h.Resolve(t.Context(), rev)
		if !errors.Is(err, is) || !strings.Contains(err.Error(), "fetch-depth: 0") {
			t.Errorf("%s: error = %v, want %v with its remedy", rev, err, is)
		}
	}
}

func TestAbbreviationsAreAmbiguousAmongCommitsOnly(t *testing.T) {
	o := gittest.New()
	byPrefix := map[string][]git.Hash{}
	var prefix string
	tree := o.Tree(nil)
	// Four digits have 65,536 values: two of some 300 or more commits share them.
	for i := int64(1); prefix == ""; i++ {
		c := o.Commit(tree, i)
		p := c.String()[:4]
		if byPrefix[p] = append(byPrefix[p], c); len(byPrefix[p]) == 2 {
			prefix = p
		}
	}
	two := byPrefix[prefix]
	h := New(o, Options{})
	if _, err := h.Resolve(t.Context(), prefix); !errors.Is(err, git.ErrUnknownRevision) || !strings.Contains(err.Error(), "2 commits begin with it") {
		t.Errorf("error of %s = %v", prefix, err)
	}
	same := git.Hash{two[0][0], two[0][1], 1}
	o.PutAs(same, git.Blob, "x")
	n := 5
	for two[0].String()[:n] == two[1].String()[:n] {
		n++
	}
	if got, err := h.Resolve(t.Context(), two[0].String()[:n]); err != nil || got != two[0] {
		t.Errorf("= %s, %v; want %s", got, err, two[0])
	}
}
