package cilog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Section is one step of a job in the log: a [progress.Renderer], and an
// [io.Writer] for the output of tools.
type Section struct {
	log   *Log
	id    string
	title string
	began time.Time

	// guarded by the mutex of the log
	board board.Board
	trail trail
	text  excerpt
	ended bool
}

var _ progress.Renderer = (*Section)(nil)

// Emit takes e into account. Of a subject that goes well, its last state is
// shown; of one that fails, the way to it too.
func (s *Section) Emit(e progress.Event) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.ended {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if row, _, news := s.board.Apply(e); news {
		s.trail.add(row, e)
	}
}

// Write takes text of the step. It always succeeds; what the log cannot write is
// told by [Log.Close].
func (s *Section) Write(p []byte) (int, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if !s.ended {
		s.text.write(p)
	}
	return len(p), nil
}

// End writes the section: collapsed where err is nil, and else open, with err
// last. Where that says [context.Canceled], and nothing had failed before, the
// step was stopped and did not fail. Summary says in a few words what came out and stands in the title; where
// it is empty, the subjects of the events are counted. End returns err as it is,
// so that a step can end with
//
//	return step.End(summary, err)
//
// A second call writes nothing.
func (s *Section) End(summary string, err error) error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	switch {
	case err == nil:
		s.end(fine, summary, nil)
	case errors.Is(err, context.Canceled) && !slices.ContainsFunc(s.board.Rows(), unprompted):
		s.end(stopped, summary, err)
	default:
		s.end(failed, summary, err)
	}
	return err
}

// unprompted reports whether r has failed by itself, and not by being cancelled.
func unprompted(r board.Row) bool { return failing(r) && !errors.Is(r.Failure, context.Canceled) }

// Close ends a section whose caller has no verdict of its own: it went well where
// every subject came to rest and none failed. Close returns the first error of
// the log's writer, and does nothing after End.
func (s *Section) Close() error {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	v, rows := fine, s.board.Rows()
	if slices.ContainsFunc(rows, func(r board.Row) bool { return !r.State.Ended() }) {
		v = stopped
	}
	if slices.ContainsFunc(rows, failing) {
		v = failed
	}
	s.end(v, "", nil)
	return s.log.err
}

// How a section ended; failed and stopped stand in its title.
const (
	fine    = progress.Done
	failed  = progress.Failed
	stopped = progress.State("stopped")
)

// end writes the section. The mutex of the log is held.
func (s *Section) end(v progress.State, summary string, err error) {
	if s.ended {
		return
	}
	s.ended = true
	l, d, now := s.log, s.log.opts.Dialect, time.Now()
	l.open = slices.DeleteFunc(l.open, func(o *Section) bool { return o == s })
	if len(l.open) == 0 && l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	title, body := s.headline(v, summary, now), s.body(v, err, now)
	if v == fine && !d.collapses() && !l.opts.Verbose {
		body = nil
	}
	if len(body) == 0 {
		l.write(title + "\n")
		return
	}
	var b strings.Builder
	b.WriteString(d.open(s.id, s.began, title, v == fine))
	for _, line := range body {
		b.WriteString(line + "\n")
	}
	b.WriteString(d.close(s.id, now, v == fine))
	l.write(b.String())
}

// headline is the title of the section, which says how the step went. The time
// is left out below a second.
func (s *Section) headline(v progress.State, summary string, now time.Time) string {
	l := s.log
	title := l.paint.State(v, sign(v)) + " " + l.paint.Bold(l.opts.Dialect.line(s.title, false))
	summary = text.Line(summary)
	if rows := s.board.Rows(); summary == "" && len(rows) > 0 {
		summary = board.Summary(rows)
	}
	took := ""
	if t := now.Sub(s.began); t >= time.Second {
		took = text.Elapsed(t)
	}
	if v != fine {
		said := string(v)
		if took != "" {
			said += " after " + took
		}
		title, took = title+"  "+l.paint.State(v, said), ""
		if summary != "" {
			title += ": "
		}
	} else if summary != "" {
		title += "  "
	}
	title += l.opts.Dialect.line(summary, false)
	if took != "" {
		title += "  " + l.paint.Dim(took)
	}
	return title
}

// body returns all lines below the title.
func (s *Section) body(v progress.State, err error, now time.Time) []string {
	d, paint := s.log.opts.Dialect, s.log.paint
	var lines []string
	for _, line := range s.text.lines() {
		if line = d.line(line, paint.On); line != "" || len(lines) > 0 {
			lines = append(lines, line)
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	table := table{rows: s.board.Rows(), paint: paint, now: now, trail: &s.trail, began: s.began}
	var rows []string
	if v == fine {
		rows = table.lines()
	} else {
		rows = table.failuresLast(err)
	}
	for _, line := range rows {
		lines = append(lines, d.line(line, paint.On))
	}
	if err == nil {
		return lines
	}
	cause := text.Lines(err.Error())
	if d == GitHub && v == failed {
		return append(lines, strings.TrimSuffix(annotation(s.title, strings.Join(cause, "\n")), "\n"))
	}
	for _, line := range cause {
		line = d.line(line, false)
		if v == failed {
			line = paint.State(v, line)
		}
		lines = append(lines, line)
	}
	return lines
}

// pulse says what is going on in the section.
func (s *Section) pulse(now time.Time) string {
	d, paint := s.log.opts.Dialect, s.log.paint
	said := board.Underway(s.board.Rows(), now)
	if said == "" {
		said = clip(text.Line(sequences(s.text.latest(), false)), 100)
	}
	if said != "" {
		said = ": " + said
	}
	return paint.Dim(d.line(fmt.Sprintf("… %s, %s so far%s", s.title, text.Elapsed(now.Sub(s.began)), said), false)) + "\n"
}

// clip returns s in at most n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
