package history

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/gittest"
	"github.com/mettel-automation/delivery/changes/internal/history/commitgraph"
)

const someHash = "0123456789abcdef0123456789ABCDEF01234567"

func TestParseCommit(t *testing.T) {
	want, _ := git.ParseHash(someHash)
	tree, parent := "tree "+someHash+"\n", "parent "+someHash+"\n"
	author := "author A <a> 1 +0000\n"
	tests := map[string]struct {
		text    string
		parents int
		time    int64
	}{
		"a commit":                          {tree + parent + author + "committer C <c> 1700000000 +0100\n\nx", 1, 1700000000},
		"the first one":                     {tree + author + "committer C <c> 5 +0100\n\nx", 0, 5},
		"an octopus":                        {tree + parent + parent + parent + author + "committer C <c> 5 +0100\n", 3, 5},
		"without a message":                 {tree + author + "committer C <c> 5 +0100", 0, 5},
		"without a committer":               {tree + author + "\ncommitter C <c> 5 +0100\n", 0, 0},
		"a tree alone":                      {tree, 0, 0},
		"a name with brackets":              {tree + author + "committer C <> 7 <c> 5 +0100\n\n", 0, 5},
		"no brackets":                       {tree + author + "committer 5 +0100\n\n", 0, 5},
		"no time":                           {tree + author + "committer C <c>\n\n", 0, 0},
		"a time of letters":                 {tree + author + "committer C <c> now\n\n", 0, 0},
		"a time before 1970":                {tree + author + "committer C <c> -5 +0000\n\n", 0, -5},
		"a time beyond all":                 {tree + author + "committer C <c> 99999999999999999999999 +0000\n\n", 0, 1<<63 - 1},
		"headers between":                   {tree + author + "odd x\ncommitter C <c> 5 +0100\ngpgsig x\n committer C <c> 6 +0000\n\n", 0, 5},
		"a parent that comes too late":      {tree + parent + author + parent + "committer C <c> 5 +0100\n\n", 1, 5},
		"a message that looks like parents": {tree + author + "committer C <c> 5 +0100\n\n" + parent, 0, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := parseCommit([]byte(tt.text))
			if err != nil || c.tree != want || c.count != tt.parents || c.time != tt.time {
				t.Errorf("= %+v, %v; want %d parents, time %d", c, err, tt.parents, tt.time)
			}
			for i := range c.count {
				if c.parent(i) != want {
					t.Errorf("parent %d is %s", i, c.parent(i))
				}
			}
		})
	}
	for name, text := range map[string]string{
		"nothing":                   "",
		"a tree that is cut off":    tree[:20],
		"a tree without an end":     tree[:len(tree)-1],
		"a tree of other letters":   strings.Replace(tree, "0", "x", 1),
		"a parent that is cut off":  tree + parent[:30] + "\n",
		"a parent without an end":   tree + parent[:len(parent)-1],
		"a parent of other letters": tree + parent + strings.Replace(parent, "f", "g", 1),
		"a parent first":            parent + tree,
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			if c, err := parseCommit([]byte(text)); !errors.Is(err, git.ErrDamaged) {
				t.Errorf("= %+v, %v; want ErrDamaged", c, err)
			}
		})
	}
}

func TestTree(t *testing.T) {
	o := gittest.New()
	c := o.History("a:")["a"]
	h := New(o, Options{})
	if tree, err := h.Tree(c); err != nil || tree != o.Tree(gittest.Files{"a": gittest.File("a")}) {
		t.Errorf("= %s, %v", tree, err)
	}
	blob := o.Put(git.Blob, "x")
	bad := o.Put(git.Commit, "tree x\n")
	for hash, want := range map[git.Hash]string{
		blob:      "read commit " + blob.String() + ": repository is damaged: it is a blob",
		bad:       "read commit " + bad.String() + ": repository is damaged: it does not begin with a tree",
		{1, 2, 3}: "object is missing",
	} {
		if _, err := h.Tree(hash); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

func TestTheTableFindsWhatItHolds(t *testing.T) {
	var table table
	name := func(i int) git.Hash { return git.Hash{byte(i), byte(i >> 8), 0, 0, 0, 0, 0, 0, byte(i % 7)} }
	for round := range 2 {
		for i := range 3000 {
			if got := table.atHash(name(i)); int(got) != 2*i {
				t.Fatalf("round %d: hash %d is at %d", round, i, got)
			}
			if got := table.atPosition(commitgraph.Position(2 * i)); int(got) != 2*i+1 {
				t.Fatalf("round %d: position %d is at %d", round, i, got)
			}
		}
	}
	if table.count != 6000 || table.node(2).hash != name(1) || table.node(3).position != 3 {
		t.Errorf("%d nodes, %+v, %+v", table.count, table.node(2), table.node(3))
	}
}

func TestTheQueueIsInOrder(t *testing.T) {
	var q queue
	var got []string
	for i, rank := range []uint64{5, 1, 9, 5, 7, 1 << 63, 0, 5, 9} {
		q.push(queued{rank, int32(i)})
	}
	for len(q) > 0 {
		item := q.pop()
		got = append(got, fmt.Sprintf("%d:%d", item.rank, item.index))
		if len(got) == 3 { // news while it is walked
			q.push(queued{8, 20})
			q.push(queued{2, 21})
		}
	}
	want := []string{"9223372036854775808:5", "9:2", "9:8", "8:20", "7:4", "5:0", "5:3", "5:7", "2:21", "1:1", "0:6"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte("tree " + someHash + "\nparent " + someHash + "\nauthor A <a> 1 +0\ncommitter C <c> 1700000000 +0100\n\nx"))
	f.Add([]byte("tree " + someHash + "\ncommitter C <c> > x 5\n"))
	f.Add([]byte("tree x\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := parseCommit(content)
		if err != nil && !errors.Is(err, git.ErrDamaged) {
			t.Errorf("error = %v", err)
		}
		if err == nil {
			text := strings.ToLower(string(content))
			if !strings.HasPrefix(text, "tree "+c.tree.String()+"\n") {
				t.Errorf("%q has tree %s", content, c.tree)
			}
			for i := range c.count {
				if !strings.Contains(text, "\nparent "+c.parent(i).String()+"\n") {
					t.Errorf("%q has parent %s", content, c.parent(i))
				}
			}
		}
		if h, err := parseTag(content); err == nil && !strings.HasPrefix(strings.ToLower(string(content)), "object "+h.String()+"\n") {
			t.Errorf("%q has object %s", content, h)
		}
	})
}
