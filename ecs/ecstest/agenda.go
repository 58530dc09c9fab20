package ecstest

import (
	"container/heap"
	"time"
)

// agenda is a queue of what will happen, earliest first; what is due at the
// same time happens in the order in which it was planned.
type agenda struct {
	entries entries
	planned int
}

type entry struct {
	at time.Time
	n  int
	do func(now time.Time)
}

type entries []entry

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].n < e[j].n
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

func (a *agenda) plan(at time.Time, do func(now time.Time)) {
	a.planned++
	heap.Push(&a.entries, entry{at: at, n: a.planned, do: do})
}

// catchUp does all that was due until now, each at its own time.
func (c *Cloud) catchUp(now time.Time) {
	for c.agenda.entries.Len() > 0 && !c.agenda.entries[0].at.After(now) {
		e := heap.Pop(&c.agenda.entries).(entry)
		e.do(e.at)
	}
}
