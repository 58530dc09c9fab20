package report

import (
	"slices"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// State returns where the run stands as a whole: the state of its worst stage
// where one failed or was rolled back, Running where one is under way, Waiting
// where one has yet to begin, and otherwise Done, Unchanged or Skipped, whichever
// of these any stage is first. A run without stages is Waiting.
func (r Run) State() progress.State {
	for _, s := range []progress.State{
		progress.Failed, progress.RollingBack, progress.RolledBack, progress.Running,
		progress.Waiting, progress.Done, progress.Unchanged, progress.Skipped,
	} {
		if slices.ContainsFunc(r.Stages, func(stage Stage) bool { return stage.State == s }) {
			return s
		}
	}
	return progress.Waiting
}

// Began returns when the first stage began; the zero time where none has.
func (r Run) Began() time.Time {
	var began time.Time
	for _, s := range r.Stages {
		if !s.Started.IsZero() && (began.IsZero() || s.Started.Before(began)) {
			began = s.Started
		}
	}
	return began
}

// Took returns the time from the beginning of the first stage to the end of the
// last; while a stage runs, to when the page was written. It is zero where
// nothing has a time.
func (r Run) Took() time.Duration {
	began := r.Began()
	if began.IsZero() {
		return 0
	}
	var ended time.Time
	for _, s := range r.Stages {
		if end := s.end(r.Written); end.After(ended) {
			ended = end
		}
	}
	return max(0, ended.Sub(began))
}

// end is when s ended, or now where it is still running.
func (s Stage) end(now time.Time) time.Time {
	if s.Ended.IsZero() && !s.Started.IsZero() && !s.State.Ended() {
		return now
	}
	return s.Ended
}

// took is how long s took, or has taken until now; zero where that is unknown.
func (s Stage) took(now time.Time) time.Duration {
	end := s.end(now)
	if s.Started.IsZero() || end.IsZero() {
		return 0
	}
	return max(0, end.Sub(s.Started))
}

// removes reports whether all that the run does is to take away.
func (r Run) removes() bool {
	var actions []string
	for _, s := range r.Stages {
		for _, stack := range s.Stacks {
			actions = append(actions, stack.Action)
		}
		for _, c := range s.Changes {
			actions = append(actions, c.Action)
		}
		if s.Rollout != nil {
			for _, service := range s.Rollout.Services {
				actions = append(actions, service.Action)
			}
		}
	}
	keeps := func(action string) bool { return !deletes(action) && !nothing(action) }
	return slices.ContainsFunc(actions, deletes) && !slices.ContainsFunc(actions, keeps)
}
