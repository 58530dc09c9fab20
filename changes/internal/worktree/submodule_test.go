package worktree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHeadOf(t *testing.T) {
	tests := map[string]struct {
		make  func(c *checkout)
		want  string
		state repositoryState
	}{
		"a plain directory":         {make: func(c *checkout) { c.write("s/x", "") }, state: noRepository},
		"an empty .git directory":   {make: func(c *checkout) { c.mkdir("s/.git") }, state: noRepository},
		"a branch with a commit":    {make: func(c *checkout) { c.repository("s", commitA) }, want: commitA, state: hasCommit},
		"a branch without a commit": {make: func(c *checkout) { c.repository("s", "") }, state: noCommit},
		"a detached HEAD":           {make: func(c *checkout) { c.repository("s", ""); c.write("s/.git/HEAD", commitB+"\n") }, want: commitB, state: hasCommit},
		"a packed ref": {make: func(c *checkout) {
			c.repository("s", "")
			c.write("s/.git/packed-refs", "# pack-refs\n"+commitB+" refs/heads/other\n"+commitA+" refs/heads/main\n^"+commitB+"\n")
		}, want: commitA, state: hasCommit},
		"a loose ref above a packed": {make: func(c *checkout) {
			c.repository("s", commitB)
			c.write("s/.git/packed-refs", commitA+" refs/heads/main\n")
		}, want: commitB, state: hasCommit},
		"a chain of symbolic refs": {make: func(c *checkout) {
			c.repository("s", "")
			c.write("s/.git/refs/heads/main", "ref: refs/heads/b\n")
			c.write("s/.git/refs/heads/b", commitA)
		}, want: commitA, state: hasCommit},
		"symbolic refs without end": {make: func(c *checkout) { c.repository("s", ""); c.write("s/.git/refs/heads/main", "ref: refs/heads/main\n") }, state: noCommit},
		"a ref that leads elsewhere": {make: func(c *checkout) {
			c.repository("s", "")
			c.write("s/.git/HEAD", "ref: ../../secret\n")
			c.write("secret", commitA)
		}, state: noRepository},
		"a HEAD that is neither":      {make: func(c *checkout) { c.repository("s", ""); c.write("s/.git/HEAD", "what\n") }, state: noRepository},
		"a .git file":                 {make: func(c *checkout) { c.repository("m", commitA); c.write("s/.git", "gitdir: ../m/.git\n") }, want: commitA, state: hasCommit},
		"an absolute .git file":       {make: func(c *checkout) { c.repository("m", commitA); c.write("s/.git", "gitdir: "+c.path("m/.git")+"\n") }, want: commitA, state: hasCommit},
		"a .git file of another kind": {make: func(c *checkout) { c.write("s/.git", "what\n") }, state: noRepository},
		"a .git file to nowhere":      {make: func(c *checkout) { c.write("s/.git", "gitdir: nowhere\n") }, state: noRepository},
		"a linked worktree": {make: func(c *checkout) {
			c.repository("m", commitA)
			c.write("m/.git/worktrees/w/HEAD", "ref: refs/heads/main\n")
			c.write("m/.git/worktrees/w/commondir", "../..\n")
			c.write("s/.git", "gitdir: ../m/.git/worktrees/w\n")
		}, want: commitA, state: hasCommit},
		"HEAD is a symbolic link, as long ago": {make: func(c *checkout) {
			c.repository("s", commitA)
			if err := os.Remove(c.path("s/.git/HEAD")); err != nil {
				c.t.Fatal(err)
			}
			if err := os.Symlink("refs/heads/main", c.path("s/.git/HEAD")); err != nil {
				c.t.Fatal(err)
			}
		}, want: commitA, state: hasCommit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			tt.make(c)
			head, state, err := headOf(c.path("s"))
			got := strings.Trim(head.String(), "0")
			if err != nil || got != tt.want || state != tt.state {
				t.Errorf("= %s, %d, %v; want %s, %d", got, state, err, tt.want, tt.state)
			}
		})
	}
}

func (c *checkout) mkdir(name string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Join(c.opts.Root, name), 0o755); err != nil {
		c.t.Fatal(err)
	}
}
