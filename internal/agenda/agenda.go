// Package agenda keeps what will happen, and when, in a service in memory:
// nothing runs in the background, and at each call the service catches up.
package agenda

import (
	"container/heap"
	"time"
)

// Agenda is a queue, earliest first; what is due at the same time happens in
// the order in which it was planned. The zero value is empty.
type Agenda struct {
	entries entries
	planned int
}

// Plan makes do happen at the given time, which is handed to it.
func (a *Agenda) Plan(at time.Time, do func(now time.Time)) {
	a.planned++
	heap.Push(&a.entries, entry{at: at, n: a.planned, do: do})
}

// CatchUp does all that was due until now, each at its own time.
func (a *Agenda) CatchUp(now time.Time) {
	for a.entries.Len() > 0 && !a.entries[0].at.After(now) {
		e := heap.Pop(&a.entries).(entry)
		e.do(e.at)
	}
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
