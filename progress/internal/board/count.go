package board

import (
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/progress"
)

// Counts says how many subjects there are, and how many are in each state. What
// was unchanged counts as done.
type Counts struct {
	Total int
	In    map[progress.State]int
}

// Subjects returns rows without those of operations as a whole, but for an
// operation that has no other.
func Subjects(rows []Row) []Row {
	has := map[string]bool{}
	for _, r := range rows {
		has[r.Op] = has[r.Op] || r.Subject != ""
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Subject == "" && has[r.Op] })
}

// Count counts the subjects among rows.
func Count(rows []Row) Counts {
	c := Counts{In: map[progress.State]int{}}
	for _, r := range Subjects(rows) {
		c.Total++
		if r.State == progress.Unchanged {
			r.State = progress.Done
		}
		c.In[r.State]++
	}
	return c
}

// Part is one of the numbers of Counts, in words.
type Part struct {
	State progress.State
	Text  string // "3 running"
}

// Parts returns the numbers that are not zero, but for those that are done:
// what is under way first, then what went wrong, then what is still to come.
func (c Counts) Parts() []Part {
	var parts []Part
	for _, s := range []progress.State{
		progress.Running, progress.RollingBack, progress.Failed, progress.RolledBack, progress.Skipped, progress.Waiting,
	} {
		if n := c.In[s]; n > 0 {
			parts = append(parts, Part{State: s, Text: fmt.Sprintf("%d %s", n, s)})
		}
	}
	return parts
}
