// Package progress is the one vocabulary in which long work tells how it goes.
//
// Every step of a delivery reports [Event] values to a [Func] that its caller
// hands in; a nil Func is silence. An event names an operation ("ecs.rollout"),
// a subject ("notifier") and the state that the subject has just entered:
//
//	opts.Progress.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Running})
//
// What shows events is a [Renderer]. Its Emit method is a Func, so that several
// can be combined with [Tee]: [JSON] here, and those of the packages
// progress/plain (a CI log) and progress/term (a live view on a terminal).
// Package progress/timeline draws a picture of the run when it is over.
//
// It is no logger: there are no levels, and nothing that is not a change of
// some subject's state, or news about a subject that is under way.
package progress

import (
	"slices"
	"sync"
	"time"
)

// Event is one thing that happened to one subject.
type Event struct {
	// Time is when it happened. Emit fills it in where it is zero.
	Time time.Time
	// Op is the operation, as package.verb: "ecs.rollout", "coverage.gate".
	Op string
	// Subject is what the operation acts on: a service, a module, a stack. An
	// event without a subject is about the operation as a whole.
	Subject string
	// State is what the subject has entered, or is still in.
	State State
	// Message is the news in a few words: "2 of 3 tasks running". It never holds a secret.
	Message string
	// Needs are the subjects of the same operation that this one waits for. It
	// is given once, with the first event of a subject.
	Needs []string
	// Err is why the subject failed; nil otherwise.
	Err error
}

// State is where a subject stands.
type State string

// The states of a subject. Waiting, Running and RollingBack are passed
// through; the others are ends, though RollingBack may follow Done and Failed.
const (
	Waiting     State = "waiting"      // known, and not begun
	Running     State = "running"      // under way
	Done        State = "done"         // reached what was asked for
	Unchanged   State = "unchanged"    // was already as asked for
	Failed      State = "failed"       // Err says why
	Skipped     State = "skipped"      // never begun; Message says why
	RollingBack State = "rolling back" // returning to what was before
	RolledBack  State = "rolled back"  // returned to what was before
)

// Ended reports whether a subject in state s has come to rest.
func (s State) Ended() bool {
	switch s {
	case Waiting, Running, RollingBack:
		return false
	}
	return true
}

// Func receives events. Unless its documentation says otherwise, whoever emits
// may do so from several goroutines at once, so a Func must be safe for that;
// the renderers of this module are.
type Func func(Event)

// Emit hands e to f, with the present time where e has none. A nil f does nothing.
func (f Func) Emit(e Event) {
	if f == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	f(e)
}

// Tee returns a Func that hands each event to all of fs, in order; nil ones are
// left out.
func Tee(fs ...Func) Func {
	return func(e Event) {
		for _, f := range fs {
			f.Emit(e)
		}
	}
}

// Renderer shows events to somebody, or keeps them for a program.
type Renderer interface {
	// Emit takes one event. It is a Func, safe for several goroutines at once.
	Emit(Event)
	// Close ends the rendering and returns the first error that the renderer
	// met. It leaves the writer open. A second call changes nothing and returns
	// the same, and what is emitted afterwards is dropped.
	Close() error
}

// Recorder keeps events in the order in which they came, for tests and for
// renderers that draw at the end. The zero value is ready; its Record method is
// a Func.
type Recorder struct {
	mu     sync.Mutex
	events []Event
}

// Record keeps e.
func (r *Recorder) Record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Events returns a copy of what has been recorded so far.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}
