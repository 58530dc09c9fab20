package timeline

import (
	"slices"
	"time"
)

// Step is one subject on the critical path.
type Step struct {
	Op, Subject string
	// Wait is the time between the end of the step before and the start of this
	// one; for the first step, since the subject was first heard of.
	Wait time.Duration
	// Work is how long the subject itself took.
	Work time.Duration
}

// CriticalPath returns what decided how long the run took, in the order of time:
// it begins with the subject whose work ended last (the one that failed last,
// where any did, since that ended the run), goes back to the one among
// its needs that ended last, and so on to a subject whose needs, if it has any,
// never ran. Making any step of it faster is the only way to a faster run.
//
// Needs point to subjects of the same operation. An operation as a whole is a
// step only where no subject began.
func CriticalPath(lanes []Lane) []Step {
	path := criticalLanes(lanes)
	steps := make([]Step, len(path))
	for i, l := range path {
		since := l.Spans[0].Start
		if i > 0 {
			since = path[i-1].End
		}
		steps[i] = Step{Op: l.Op, Subject: l.Subject, Wait: max(0, l.Start.Sub(since)), Work: l.Work()}
	}
	return steps
}

func criticalLanes(lanes []Lane) []Lane {
	type name struct{ op, subject string }
	left := map[name]Lane{} // each is a step once at most, even where needs go round in a circle
	begun := slices.DeleteFunc(slices.Clone(lanes), func(l Lane) bool { return !l.Begun() })
	for _, l := range begun {
		left[name{l.Op, l.Subject}] = l
	}
	ends := slices.DeleteFunc(slices.Clone(begun), func(l Lane) bool { return l.Subject == "" })
	if len(ends) == 0 {
		ends = begun
	}
	if failed := slices.DeleteFunc(slices.Clone(ends), func(l Lane) bool { return !l.failed() }); len(failed) > 0 {
		ends = failed
	}
	var path []Lane
	for len(ends) > 0 {
		l := slices.MaxFunc(ends, func(a, b Lane) int { return a.End.Compare(b.End) })
		path = append(path, l)
		delete(left, name{l.Op, l.Subject})
		ends = nil
		for _, need := range l.Needs {
			if n, ok := left[name{l.Op, need}]; ok {
				ends = append(ends, n)
			}
		}
	}
	slices.Reverse(path)
	return path
}
