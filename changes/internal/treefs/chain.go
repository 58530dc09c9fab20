package treefs

import (
	"sort"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/treediff"
)

// chain is the way from the root to the entry that was looked for last. The next
// one is mostly near it, so that a walk of a deep tree need not begin at the
// root for each step.
type chain struct {
	path  string
	links []link
}

// link is an entry on the way.
type link struct {
	end  int // of its path, within that of the chain
	mode treediff.Mode
	hash git.Hash
}

// shared returns how many links lead to path as well.
func (c *chain) shared(path string) int {
	same := 0
	for same < min(len(path), len(c.path)) && path[same] == c.path[same] {
		same++
	}
	n := sort.Search(len(c.links), func(i int) bool { return c.links[i].end > same })
	if n > 0 && c.links[n-1].end == same && same < len(path) && path[same] != '/' {
		n-- // the name in path only begins like this one
	}
	return n
}

// turn makes path that of the chain, of which n links stay.
func (c *chain) turn(path string, n int) {
	c.path, c.links = path, c.links[:n]
}
