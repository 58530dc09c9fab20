// Package board folds events into where each subject stands, which is what the
// renderers show.
package board

import (
	"slices"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// Row is where one subject of one operation stands.
type Row struct {
	Op, Subject string // an empty subject is the operation as a whole
	State       progress.State
	Message     string
	Needs       []string
	Failure     error // why it failed, also once it was rolled back
	Since       time.Time
	Until       time.Time
}

// Name returns what people call the row: its subject, or else its operation.
func (r Row) Name() string {
	if r.Subject == "" {
		return r.Op
	}
	return r.Subject
}

// Active reports whether something is being done to the subject.
func (r Row) Active() bool {
	return r.State == progress.Running || r.State == progress.RollingBack
}

// Begun reports whether anything was ever done to the subject.
func (r Row) Begun() bool { return !r.Since.IsZero() }

// Elapsed returns how long the subject's present activity has taken at now, or
// how long the last one took. A rollback is an activity of its own.
func (r Row) Elapsed(now time.Time) time.Duration {
	if r.Since.IsZero() {
		return 0
	}
	if !r.Until.IsZero() {
		now = r.Until
	}
	return max(0, now.Sub(r.Since))
}

// Board holds a row for each subject. The zero value is empty. It is not safe
// for concurrent use.
type Board struct {
	rows  []*Row
	index map[key]*Row
}

type key struct{ op, subject string }

// Apply takes e into account. It returns the row of e's subject, the state that
// it was in before ("" for a new one), and whether e told anything that the row
// did not say already.
func (b *Board) Apply(e progress.Event) (now Row, was progress.State, news bool) {
	k := key{e.Op, e.Subject}
	row, known := b.index[k]
	if !known {
		row = &Row{Op: e.Op, Subject: e.Subject}
		if b.index == nil {
			b.index = map[key]*Row{}
		}
		b.index[k] = row
		b.rows = append(b.rows, row)
	}
	was = row.State
	news = !known || e.State != row.State || e.Message != row.Message ||
		e.State == progress.Failed && cause(e.Err) != cause(row.Failure)
	row.enter(e)
	return *row, was, news
}

func (r *Row) enter(e progress.Event) {
	active, state := r.Active(), r.State
	r.State, r.Message = e.State, e.Message
	if len(e.Needs) > 0 {
		r.Needs = slices.Clone(e.Needs)
	}
	switch {
	case r.Active():
		if !active || state != e.State {
			r.Since = e.Time
		}
		r.Until = time.Time{}
	case active && e.State.Ended():
		r.Until = e.Time
	}
	switch e.State {
	case progress.Failed:
		r.Failure = e.Err
	case progress.Waiting, progress.Running, progress.Done, progress.Unchanged:
		r.Failure = nil
	}
}

func cause(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Rows returns the rows in the order in which they first appeared.
func (b *Board) Rows() []Row {
	rows := make([]Row, len(b.rows))
	for i, r := range b.rows {
		rows[i] = *r
	}
	return rows
}
