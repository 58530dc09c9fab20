package worktree

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

func TestDiffFails(t *testing.T) {
	tests := map[string]struct {
		prepare func(c *checkout) git.Hash
		want    string
		is      error
	}{
		"in a bare repository": {
			func(c *checkout) git.Hash { c.opts.Root = ""; return treediff.EmptyTree },
			"a bare repository has none", git.ErrUnsupported,
		},
		"with a broken index": {
			func(c *checkout) git.Hash { c.write(".git/index", "DIRC"); return treediff.EmptyTree },
			"index: repository is damaged: it is no index (remove it, and git reset writes a new one)", git.ErrDamaged,
		},
		"with a tree that is not there": {
			func(*checkout) git.Hash { return git.Hash{1} },
			"read object 0100", git.ErrMissingObject,
		},
		"with a directory that is not there": {
			func(c *checkout) git.Hash {
				root := c.objects.tree(files{"d/x": text("1")})
				delete(c.objects, c.objects.tree(files{"x": text("1")}))
				return root
			},
			`directory "d": read object`, git.ErrMissingObject,
		},
		"with a tree that is none": {
			func(c *checkout) git.Hash { return c.objects.add(git.Blob, "x") },
			"it is a blob", git.ErrDamaged,
		},
		"with a tree that is cut off": {
			func(c *checkout) git.Hash { return c.objects.add(git.Tree, "100644 a\x00short") },
			"an entry is cut off", git.ErrDamaged,
		},
		"with a mode that is no number": {
			func(c *checkout) git.Hash { return c.objects.add(git.Tree, "10x644 a\x00"+strings.Repeat("x", 20)) },
			"an entry's mode is no octal number", git.ErrDamaged,
		},
		"with a name that has a slash": {
			func(c *checkout) git.Hash { return c.objects.add(git.Tree, "100644 ../a\x00"+strings.Repeat("x", 20)) },
			`name "../a"`, git.ErrDamaged,
		},
		"with directories without end": {
			func(c *checkout) git.Hash {
				tree := c.objects.tree(files{"x": text("1")})
				for range treediff.MaxDepth + 1 {
					tree = c.objects.add(git.Tree, fmt.Sprintf("40000 d\x00%s", tree[:]))
				}
				return tree
			},
			"nested more than 4096 deep", git.ErrDamaged,
		},
		"with ignore rules that are a directory": {
			func(c *checkout) git.Hash { c.opts.ExcludesFile = c.opts.Root; return treediff.EmptyTree },
			"read ignore rules: ", nil,
		},
		"with a sparse .gitignore that is not there": {
			func(c *checkout) git.Hash {
				c.entries = []indexEntry{{path: ".gitignore", mode: modeFile, hash: git.Hash{1}, skipped: true}}
				c.write(".git/index", string(encodeIndex(3, c.entries)))
				return treediff.EmptyTree
			},
			"read ignore rules of .gitignore, which the sparse checkout leaves out", git.ErrMissingObject,
		},
		"with a submodule whose refs are in a reftable": {
			func(c *checkout) git.Hash {
				c.repository("s", "")
				c.write("s/.git/HEAD", "ref: refs/heads/.invalid\n")
				return treediff.EmptyTree
			},
			"refs in a reftable", git.ErrUnsupported,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			tree := tt.prepare(c)
			_, err := Diff(t.Context(), c.objects, c.opts, tree)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "compare working tree") || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDiffStopsWhenItsContextDoes(t *testing.T) {
	c := newCheckout(t)
	c.put(files{"a": text("1")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tree := range []git.Hash{treediff.EmptyTree, c.objects.tree(files{"a": text("1")})} {
		if _, err := Diff(ctx, c.objects, c.opts, tree); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want context.Canceled", err)
		}
	}
}
