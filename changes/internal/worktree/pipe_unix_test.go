//go:build unix

package worktree

import (
	"os"
	"syscall"
)

func (c *checkout) pipe(name string) {
	c.t.Helper()
	_ = os.Remove(c.path(name))
	if err := syscall.Mkfifo(c.path(name), 0o600); err != nil {
		c.t.Fatal(err)
	}
}
