//go:build !unix

package worktree

func (c *checkout) pipe(string) {} // there are none
