package changes

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestResolve(t *testing.T) {
	f := newFixture(t)
	c := f.history("root:\nleft: root\nright: root\nmain: left right")
	tag := f.object(plumbing.TagObject, fmt.Sprintf("object %s\ntype commit\ntag v1\n\nx\n", c["left"]))
	outer := f.object(plumbing.TagObject, fmt.Sprintf("object %s\ntype tag\ntag v2\n\nx\n", tag))
	blob := f.object(plumbing.BlobObject, "x")
	tree := f.tree(files{"x": file("1")})
	f.ref("refs/tags/v1", tag)
	f.ref("refs/tags/v2", outer)
	f.ref("refs/tags/blob", blob)
	badTag := f.object(plumbing.TagObject, "type commit\n")
	f.ref("refs/tags/bad", badTag)
	f.ref("refs/tags/both", c["right"])
	f.ref("refs/heads/both", c["left"])
	f.ref("refs/heads/feature/x", c["right"])
	f.ref("refs/heads/-dash", c["right"])
	f.ref("refs/heads/dead", hash{1})
	f.ref("refs/remotes/origin/dev", c["left"])
	f.write("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/dev\n")
	f.write("refs/remotes/fork/HEAD", "ref: refs/remotes/fork/gone\n")
	f.write("refs/loop", "ref: refs/loop\n")
	f.write("packed-refs", fmt.Sprintf("# pack-refs with: peeled fully-peeled sorted \n%s refs/heads/packed\n%s refs/tags/packed-tag\n^%s\n", c["root"], tag, c["left"]))
	f.write("FETCH_HEAD", c["right"].String()+"\t\tbranch 'right' of https://example.com/r\n")

	good := map[string]string{
		"HEAD": "main", "@": "main", "main": "main", "heads/main": "main", "refs/heads/main": "main",
		"feature/x": "right", "packed": "root", "packed-tag": "left", "FETCH_HEAD": "right",
		"origin/dev": "left", "origin": "left", "remotes/origin/dev": "left",
		"v1": "left", "v2": "left", "v2^{}": "left", "v2^{commit}": "left", "v1~1": "root", "v2^": "root",
		"both": "right", "heads/both": "left", "heads/-dash": "right",
		"HEAD~": "left", "HEAD^": "left", "@~1": "left", "HEAD^2": "right", "HEAD~2": "root", "HEAD^^": "root", "HEAD^2~1": "root", "HEAD^0": "main", "HEAD~0": "main", "main^2^{commit}": "right",
		c["left"].String(): "left", strings.ToUpper(c["left"].String()): "left", c["main"].String()[:12]: "main", c["main"].String()[:7] + "^2": "right", tag.String()[:9]: "left",
	}
	for rev, want := range good {
		t.Run("resolves "+rev, func(t *testing.T) {
			h, err := f.open().commitOf(t.Context(), rev)
			if err != nil || h != c[want].String() {
				t.Errorf("= %v, %v; want %v", h, err, c[want])
			}
		})
	}

	bad := map[string]struct {
		rev, want string
		is        error
	}{
		"nothing":                               {"", "it is empty", ErrNoRevision},
		"blanks":                                {" \n", "it is empty", ErrNoRevision},
		"the zero hash":                         {strings.Repeat("0", 40), "no previous commit", ErrNoRevision},
		"the zero hash of SHA-256":              {strings.Repeat("0", 64), "no previous commit", ErrNoRevision},
		"another number of zeros":               {strings.Repeat("0", 41), "no branch", ErrUnknownRevision},
		"a name that is not there":              {"nope", "fetch it first", ErrUnknownRevision},
		"a directory of refs":                   {"feature", "no branch", ErrUnknownRevision},
		"a file that is no ref":                 {"config", "no branch", ErrUnknownRevision},
		"a path that leaves the repository":     {"../../etc/passwd", "no branch", ErrUnknownRevision},
		"an option":                             {"--all", "no branch", ErrUnknownRevision},
		"a control character":                   {"a\x00b", "no branch", ErrUnknownRevision},
		"a reflog":                              {"HEAD@{1}", "not supported", ErrUnknownRevision},
		"a path in a commit":                    {"HEAD:x", "not supported", ErrUnknownRevision},
		"a search":                              {":/fix", "not supported", ErrUnknownRevision},
		"a commit that is not there":            {strings.Repeat("ab", 20), "force-pushed", ErrUnknownRevision},
		"a hash of SHA-256":                     {strings.Repeat("ab", 32), "no branch", ErrUnknownRevision},
		"an abbreviation that is too short":     {c["main"].String()[:3], "no branch", ErrUnknownRevision},
		"digits of an odd number, not there":    {"abcde", "no branch", ErrUnknownRevision},
		"an abbreviated tree":                   {tree.String()[:12], "no branch", ErrUnknownRevision},
		"a tree":                                {tree.String(), "names a tree", ErrUnknownRevision},
		"a tag of a blob":                       {"blob", "names a blob", ErrUnknownRevision},
		"a tag of nothing":                      {"bad", "read tag " + badTag.String() + ": repository is damaged: it does not begin with an object", ErrDamaged},
		"a parent of the first commit":          {"HEAD~3", "is the first one", ErrUnknownRevision},
		"a third parent":                        {"HEAD^3", "no parent 3, only 2", ErrUnknownRevision},
		"a number beyond all":                   {"HEAD~" + strings.Repeat("9", 30), "too large", ErrUnknownRevision},
		"a type that is no commit":              {"HEAD^{tree}", "may not follow", ErrUnknownRevision},
		"something after a number":              {"HEAD~1x", `"x" may not follow`, ErrUnknownRevision},
		"steps from nowhere":                    {"~1", "no branch", ErrUnknownRevision},
		"a branch whose commit is not there":    {"dead", "may be damaged", ErrMissingObject},
		"a remote whose HEAD stands for none":   {"fork", "refs/remotes/fork/gone, which has no commit yet", ErrUnknownRevision},
		"a symbolic ref that stands for itself": {"refs/loop", "too many symbolic refs", ErrUnknownRevision},
	}
	for name, tt := range bad {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := f.open().commitOf(t.Context(), tt.rev)
			var rev *RevisionError
			if !errors.As(err, &rev) || rev.Rev != tt.rev || rev.Repository != f.dir {
				t.Fatalf("error = %#v, want a RevisionError of %q in %s", err, tt.rev, f.dir)
			}
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one with %q that is %v", err, tt.want, tt.is)
			}
		})
	}
}

func TestResolveInAnEmptyRepository(t *testing.T) {
	_, err := newFixture(t).diff("HEAD", "HEAD", Direct)
	if !errors.Is(err, ErrUnknownRevision) || !strings.Contains(err.Error(), "refs/heads/main, which has no commit yet") {
		t.Errorf("error = %v", err)
	}
}

func TestAbbreviationsAreAmbiguousAmongCommitsOnly(t *testing.T) {
	f := newFixture(t)
	byPrefix := map[string][]hash{}
	var prefix string
	tree := f.tree(files{})
	// Four digits have 65,536 values: two of some 300 or more commits share them.
	for i := int64(1); prefix == ""; i++ {
		c := f.commitTree(tree, i)
		p := c.String()[:4]
		if byPrefix[p] = append(byPrefix[p], c); len(byPrefix[p]) == 2 {
			prefix = p
		}
	}
	f.pack()
	two := byPrefix[prefix]
	_, err := f.diff(prefix, prefix, Direct)
	if !errors.Is(err, ErrUnknownRevision) || !strings.Contains(err.Error(), "2 commits begin with it") {
		t.Errorf("error of %s = %v", prefix, err)
	}
	n := 4
	for two[0].String()[:n] == two[1].String()[:n] {
		n++
	}
	if got, err := f.diff(two[0].String()[:n], two[1].String(), Direct); err != nil || got.Base != two[0].String() {
		t.Errorf("diff = %+v, %v; want base %s", got, err, two[0])
	}
}
