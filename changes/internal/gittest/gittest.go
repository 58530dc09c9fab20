// Package gittest holds Git objects in memory, for tests. It writes what no
// porcelain would: whatever bytes a test calls a tree.
package gittest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Objects are objects in memory. It serves one goroutine at a time.
type Objects struct {
	objects map[git.Hash]object
	// Reads counts how often each object was read.
	Reads map[git.Hash]int
}

type object struct {
	kind    git.Kind
	content []byte
}

// New returns a store without objects.
func New() *Objects {
	return &Objects{objects: map[git.Hash]object{}, Reads: map[git.Hash]int{}}
}

// Put adds an object and returns its hash.
func (o *Objects) Put(kind git.Kind, content string) git.Hash {
	h := git.Hash(sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(content), content)))
	o.PutAs(h, kind, content)
	return h
}

// PutAs adds an object by a hash that need not be its own, which a damaged
// repository could hold.
func (o *Objects) PutAs(h git.Hash, kind git.Kind, content string) {
	o.objects[h] = object{kind, []byte(content)}
}

// Remove takes an object away.
func (o *Objects) Remove(h git.Hash) { delete(o.objects, h) }

// Append appends the content of an object to buf.
func (o *Objects) Append(buf []byte, h git.Hash) (git.Kind, []byte, error) {
	found, ok := o.objects[h]
	if !ok {
		return 0, buf, missing(h)
	}
	o.Reads[h]++
	return found.kind, append(buf, found.content...), nil
}

// Kind returns the type of an object.
func (o *Objects) Kind(h git.Hash) (git.Kind, error) {
	found, ok := o.objects[h]
	if !ok {
		return 0, missing(h)
	}
	return found.kind, nil
}

func missing(h git.Hash) error { return fmt.Errorf("read object %s: %w", h, git.ErrMissingObject) }

// Prefix returns the objects whose hash begins with digits, sorted.
func (o *Objects) Prefix(digits string) ([]git.Hash, error) {
	var found []git.Hash
	for h := range o.objects {
		if strings.HasPrefix(hex.EncodeToString(h[:]), strings.ToLower(digits)) {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, git.Hash.Compare)
	return found, nil
}

// Commit adds a commit of a tree at a time, in seconds since 1970.
func (o *Objects) Commit(tree git.Hash, seconds int64, parents ...git.Hash) git.Hash {
	var b strings.Builder
	fmt.Fprintf(&b, "tree %s\n", tree)
	for _, p := range parents {
		fmt.Fprintf(&b, "parent %s\n", p)
	}
	fmt.Fprintf(&b, "author A <a@example.com> 1 +0000\ncommitter C <c@example.com> %d +0100\n\nsubject\n", seconds)
	return o.Put(git.Commit, b.String())
}

// Entry writes one entry of a tree; the mode is octal.
func Entry(mode, name string, h git.Hash) string {
	return mode + " " + name + "\x00" + string(h[:])
}

// Node is a file of a tree: its mode, in octal, and its content. For a
// submodule the content is the 40 digits of a commit.
type Node struct{ Mode, Content string }

// File is an ordinary file.
func File(content string) Node { return Node{"100644", content} }

// Link is a symbolic link.
func Link(target string) Node { return Node{"120000", target} }

// Submodule is one at the commit that a digit makes.
func Submodule(digit string) Node { return Node{"160000", strings.Repeat(digit, 40)} }

// Files is a tree by path.
type Files map[string]Node

// Tree adds a tree with all that is in it.
func (o *Objects) Tree(files Files) git.Hash {
	below := map[string]Files{}
	entries := map[string]string{} // by what git sorts by
	for path, n := range files {
		dir, rest, nested := strings.Cut(path, "/")
		switch {
		case nested:
			if below[dir] == nil {
				below[dir] = Files{}
			}
			below[dir][rest] = n
		case n.Mode == "160000":
			h, _ := git.ParseHash(n.Content)
			entries[path] = Entry(n.Mode, path, h)
		default:
			entries[path] = Entry(n.Mode, path, o.Put(git.Blob, n.Content))
		}
	}
	for dir, files := range below {
		entries[dir+"/"] = Entry("40000", dir, o.Tree(files))
	}
	var content strings.Builder
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		content.WriteString(entries[key])
	}
	return o.Put(git.Tree, content.String())
}

// History adds a graph of commits, "b: a" a line, oldest first: a name, its
// parents, and after "@" the time, which otherwise is the number of the line.
func (o *Objects) History(graph string) map[string]git.Hash {
	commits := map[string]git.Hash{}
	for i, line := range strings.Split(strings.TrimSpace(graph), "\n") {
		head, at, dated := strings.Cut(line, "@")
		name, rest, _ := strings.Cut(head, ":")
		name = strings.TrimSpace(name)
		seconds := int64(i + 1)
		if dated {
			if _, err := fmt.Sscan(at, &seconds); err != nil {
				panic(fmt.Sprintf("gittest: time of %q: %v", line, err))
			}
		}
		var parents []git.Hash
		for p := range strings.FieldsSeq(rest) {
			parents = append(parents, commits[p])
		}
		commits[name] = o.Commit(o.Tree(Files{name: File(name)}), seconds, parents...)
	}
	return commits
}
