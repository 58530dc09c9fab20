package gittest

import (
	"errors"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

func TestObjectsHaveTheHashesThatGitGivesThem(t *testing.T) {
	o := New()
	for name, got := range map[string]git.Hash{
		"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391": o.Put(git.Blob, ""),
		"4b825dc642cb6eb9a060e54bf8d69288fbee4904": o.Tree(nil),
		"cca0522255866961ae30d3a16d9f129c6f4c3388": o.Tree(Files{"a/x": File("1"), "a-b": File("2"), "a0": File("3")}),
	} {
		if got.String() != name {
			t.Errorf("hash = %s, want %s", got, name)
		}
	}
}

func TestObjects(t *testing.T) {
	o := New()
	h := o.Put(git.Blob, "x")
	kind, content, err := o.Append([]byte("before "), h)
	if kind != git.Blob || string(content) != "before x" || err != nil || o.Reads[h] != 1 {
		t.Errorf("= %s, %q, %v; %d reads", kind, content, err, o.Reads[h])
	}
	if found, err := o.Prefix(h.String()[:5]); len(found) != 1 || found[0] != h || err != nil {
		t.Errorf("prefix: %v, %v", found, err)
	}
	o.Remove(h)
	if _, _, err := o.Append(nil, h); !errors.Is(err, git.ErrMissingObject) {
		t.Errorf("error = %v", err)
	}
	if _, err := o.Kind(h); !errors.Is(err, git.ErrMissingObject) {
		t.Errorf("error = %v", err)
	}
}
