package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// JSON is a [Renderer] that writes each event as one line of JSON, for
// programs: to a file that is drawn later, or to a pipe that is followed. Event
// says what a line holds.
//
// A delivery does not fail because nobody can listen to it. So Emit has no
// error; JSON stops at the first one of its writer, and Close returns it.
type JSON struct {
	mu     sync.Mutex
	enc    *json.Encoder
	err    error
	closed bool
}

// NewJSON returns a JSON that writes to w, each line with one call of Write.
func NewJSON(w io.Writer) *JSON {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &JSON{enc: enc}
}

// Emit writes e.
func (j *JSON) Emit(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed || j.err != nil {
		return
	}
	if err := j.enc.Encode(e.form()); err != nil {
		j.err = fmt.Errorf("write event as JSON: %w", err)
	}
}

// Close returns the first error that Emit met. It leaves the writer open.
func (j *JSON) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	return j.err
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

func (e Event) form() eventJSON {
	out := eventJSON{Time: e.Time, Op: e.Op, Subject: e.Subject, State: e.State, Message: e.Message, Needs: e.Needs}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	return out
}

// MarshalJSON writes e as an object with the keys time (RFC 3339), op, state
// and, where they are not empty, subject, message, needs and error.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.form()) }

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
