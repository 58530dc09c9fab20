package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// Lane is the history of one subject of one operation.
type Lane struct {
	Op, Subject string // an empty subject is the operation as a whole
	Needs       []string
	// Start and End are those of the work itself: from the first time it ran to
	// when it was done or failed, without waiting before and rolling back after.
	// What still ran at the end ends with the last of all events. Both are zero
	// where the work never began.
	Start, End time.Time
	// Spans are the states in their order, without gaps. The last one reaches to
	// the last of all events.
	Spans   []Span
	Message string // the last news
	Err     error  // why it failed, also once it was rolled back; nil where a later try did not
}

// Span is the time that a subject spent in one state.
type Span struct {
	State      progress.State
	Start, End time.Time
}

// State returns where the subject stood at the end.
func (l Lane) State() progress.State { return l.Spans[len(l.Spans)-1].State }

// Begun reports whether the work on the subject ever began.
func (l Lane) Begun() bool { return !l.Start.IsZero() }

// failed reports whether the subject has failed, also where that was rolled back.
func (l Lane) failed() bool {
	return slices.ContainsFunc(l.Spans, func(s Span) bool { return s.State == progress.Failed })
}

// Work returns how long the work took.
func (l Lane) Work() time.Duration { return l.End.Sub(l.Start) }

// Lanes returns the lanes of events: operations in the order in which they
// began, and within one the operation as a whole, then its subjects by the start
// of their work; those that never began come last. Events need not be sorted.
// One without a time counts as simultaneous with the one before it.
func Lanes(events []progress.Event) []Lane {
	events = sorted(events)
	if len(events) == 0 {
		return nil
	}
	last := events[len(events)-1].Time
	type key struct{ op, subject string }
	index := map[key]int{}
	ops := map[string]int{}
	var lanes []Lane
	for _, e := range events {
		if _, known := ops[e.Op]; !known {
			ops[e.Op] = len(ops)
		}
		k := key{e.Op, e.Subject}
		i, known := index[k]
		if !known {
			i = len(lanes)
			index[k] = i
			lanes = append(lanes, Lane{Op: e.Op, Subject: e.Subject})
		}
		lanes[i].take(e)
	}
	for i := range lanes {
		lanes[i].finish(last)
	}
	slices.SortStableFunc(lanes, func(a, b Lane) int {
		return cmp.Or(
			cmp.Compare(ops[a.Op], ops[b.Op]),
			first(a.Subject == "", b.Subject == ""),
			first(a.Begun(), b.Begun()),
			a.Start.Compare(b.Start),
		)
	})
	return lanes
}

// take appends what e says.
func (l *Lane) take(e progress.Event) {
	if n := len(l.Spans); n == 0 || l.Spans[n-1].State != e.State {
		if n > 0 {
			l.Spans[n-1].End = e.Time
		}
		l.Spans = append(l.Spans, Span{State: e.State, Start: e.Time})
	}
	if len(e.Needs) > 0 {
		l.Needs = slices.Clone(e.Needs)
	}
	l.Message = e.Message
	switch e.State {
	case progress.Failed:
		l.Err = e.Err
	case progress.Waiting, progress.Running, progress.Done, progress.Unchanged:
		l.Err = nil
	}
}

// finish closes the last span, and finds the start and the end of the work.
func (l *Lane) finish(last time.Time) {
	l.Spans[len(l.Spans)-1].End = last
	for _, s := range l.Spans {
		end := s.Start
		switch s.State {
		case progress.Running:
			end = s.End
		case progress.Done, progress.Unchanged, progress.Failed:
		default:
			continue
		}
		if l.Start.IsZero() {
			l.Start = s.Start
		}
		l.End = end
	}
}

// sorted returns events by time, each with one.
func sorted(events []progress.Event) []progress.Event {
	events = slices.Clone(events)
	var before time.Time
	for _, e := range events { // those at the beginning have none before them
		if !e.Time.IsZero() {
			before = e.Time
			break
		}
	}
	if before.IsZero() {
		before = time.Unix(0, 0)
	}
	for i := range events {
		if events[i].Time.IsZero() {
			events[i].Time = before
		}
		before = events[i].Time
	}
	slices.SortStableFunc(events, func(a, b progress.Event) int { return a.Time.Compare(b.Time) })
	return events
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
