// Package plain shows events as lines of a log, for CI and for whatever else is
// no terminal.
//
// A subject that enters another state is a line. While nothing happens, a
// heartbeat tells a slow job from a dead one:
//
//	log := plain.New(os.Stdout, plain.Options{})
//	defer log.Close()
//	err := rollout(ctx, log.Emit)
//
//	[   12s] running       ecs.rollout notifier
//	[   42s] still running: 1 of 2 done; notifier (30s)
//	[ 1m05s] done          ecs.rollout notifier in 53s: healthy
//	[ 1m05s] 2 of 2 done
//
// It keeps no levels and rewrites no line; package progress/term does that on a
// terminal.
package plain

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Options tune a Renderer. The zero value is ready to use.
type Options struct {
	// Interval is how long the log may be silent while something is under way
	// before a heartbeat. The default is 30 seconds; below zero there is none.
	Interval time.Duration
	// Verbose also writes a line for each subject that waits, and for each piece
	// of news about one that stays in its state, such as "2 of 3 tasks running".
	Verbose bool
	// Color marks the states with ANSI colours, which GitLab and GitHub show.
	Color bool
}

// Renderer is a [progress.Renderer] that writes lines. Each is written with one
// call of Write, while Emit waits.
type Renderer struct {
	w     io.Writer
	opts  Options
	paint text.Paint
	start time.Time
	stop  chan struct{}
	done  chan struct{}

	mu     sync.Mutex
	board  board.Board
	last   time.Time // when the last line was written
	err    error
	closed bool
}

var _ progress.Renderer = (*Renderer)(nil)

// New returns a Renderer that writes to w. The times at the beginning of its
// lines count from now. Close must be called: until then, a goroutine looks
// after the heartbeat.
func New(w io.Writer, opts Options) *Renderer {
	if opts.Interval == 0 {
		opts.Interval = 30 * time.Second
	}
	now := time.Now()
	r := &Renderer{
		w: w, opts: opts, paint: text.Paint{On: opts.Color},
		start: now, last: now,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go r.watch()
	return r
}

// Emit writes a line about e where its subject has entered another state.
func (r *Renderer) Emit(e progress.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	row, was, news := r.board.Apply(e)
	if news && (r.opts.Verbose || e.State != progress.Waiting && (e.State != was || e.State == progress.Failed)) {
		r.print(e.Time, r.describe(row, e))
	}
}

// Close writes a last line that sums up, ends the heartbeat, and returns the
// first error of the writer.
func (r *Renderer) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.stop)
		if rows := r.board.Rows(); len(rows) > 0 {
			r.print(time.Now(), board.Summary(rows))
		}
	}
	err := r.err
	r.mu.Unlock()
	<-r.done
	return err
}

// print writes s after the time since the start. The mutex is held.
func (r *Renderer) print(at time.Time, s string) {
	r.last = time.Now()
	if r.err != nil {
		return
	}
	if _, err := fmt.Fprintf(r.w, "[%6s] %s\n", text.Elapsed(at.Sub(r.start)), s); err != nil {
		r.err = fmt.Errorf("write progress: %w", err)
	}
}

// watch writes the heartbeats until Close.
func (r *Renderer) watch() {
	defer close(r.done)
	if r.opts.Interval < 0 {
		return
	}
	timer := time.NewTimer(r.opts.Interval)
	defer timer.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-timer.C:
			timer.Reset(r.beat(now))
		}
	}
}

// beat writes a heartbeat if the log was silent for long enough, and returns
// when to look again.
func (r *Renderer) beat(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if left := r.opts.Interval - now.Sub(r.last); left > 0 {
		return left
	}
	if s := board.Underway(r.board.Rows(), now); s != "" && !r.closed {
		r.print(now, "still running: "+s)
	}
	return r.opts.Interval
}

// describe returns the line, or the lines, about what e did to row.
func (r *Renderer) describe(row board.Row, e progress.Event) string {
	state := fmt.Sprintf("%-12s", text.Line(string(e.State)))
	if e.State == progress.Failed {
		state = fmt.Sprintf("%-12s", "FAILED")
	}
	var b strings.Builder
	b.WriteString(r.paint.State(e.State, state))
	b.WriteString("  " + text.Line(e.Op))
	if e.Subject != "" {
		b.WriteString(" " + text.Line(e.Subject))
	}
	if took := row.Elapsed(e.Time); e.State.Ended() && row.Begun() {
		b.WriteString(after(e.State) + text.Span(took))
	}
	if e.State == progress.Waiting && len(e.Needs) > 0 {
		b.WriteString(", after " + text.Line(strings.Join(e.Needs, ", ")))
	}
	if e.Message != "" {
		b.WriteString(": " + text.Line(e.Message))
	}
	if e.Err != nil {
		for _, line := range text.Lines(e.Err.Error()) {
			b.WriteString("\n" + strings.Repeat(" ", len("[      ] ")+len(state)+2) + line)
		}
	}
	return b.String()
}

func after(s progress.State) string {
	if s == progress.Failed {
		return " after "
	}
	return " in "
}
