// Package progress is the one vocabulary in which long work tells how it goes.
//
// Every step of a delivery reports [Event] values to a [Func] that its caller
// hands in; a nil Func is silence. An event names an operation ("ecs.rollout"),
// a subject ("notifier") and the state that the subject has just entered:
//
//	opts.Progress.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Running})
//
// Renderers are functions like any other, so they can be combined with [Tee]:
// [JSON] here, and the packages progress/plain (a CI log), progress/term (a
// live view on a terminal) and progress/timeline (a picture of the run).
//
// It is no logger: there are no levels, and nothing that is not a change of
// some subject's state, or news about a subject that is under way.
package progress

import (
	"encoding/json"
	"errors"
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
	return append([]Event(nil), r.events...)
}

// eventJSON is the form of an event in JSON, a stable contract for programs.
type eventJSON struct {
	Time    time.Time `json:"time"`
	Op      string    `json:"op"`
	Subject string    `json:"subject,omitempty"`
	State   State     `json:"state"`
	Message string    `json:"message,omitempty"`
	Needs   []string  `json:"needs,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// MarshalJSON writes e as an object with the keys time (RFC 3339), op, state
// and, where they are not empty, subject, message, needs and error.
func (e Event) MarshalJSON() ([]byte, error) {
	out := eventJSON{Time: e.Time, Op: e.Op, Subject: e.Subject, State: e.State, Message: e.Message, Needs: e.Needs}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. The error comes back as a plain
// text.
func (e *Event) UnmarshalJSON(b []byte) error {
	var in eventJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*e = Event{Time: in.Time, Op: in.Op, Subject: in.Subject, State: in.State, Message: in.Message, Needs: in.Needs}
	if in.Error != "" {
		e.Err = errors.New(in.Error)
	}
	return nil
}
