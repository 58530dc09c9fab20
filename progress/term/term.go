// Package term shows events as a live view on a terminal: a line for each
// subject, which changes in place, and a bar with the counts below.
//
//	view := term.Auto(os.Stderr, os.Getenv)
//	defer view.Close()
//	err := rollout(ctx, view.Emit)
//
// [Auto] falls back to the lines of package progress/plain where there is no
// terminal to draw on. Close draws everything once more in full, with the whole
// text of each failure, and gives the cursor back; so it must also run when the
// job is interrupted. Of an operation with more than 40 subjects it counts those that
// are well.
//
// While a view is open nothing else may write to its terminal. It neither reads
// keys nor takes over the screen: what was printed before stays above it. What
// events hold is shown and never obeyed: a control character in the output of a
// failed container does not reach the terminal.
package term

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Options tune a Renderer. The zero value is ready to use.
type Options struct {
	// Size returns the width and height of the terminal in cells. It is asked
	// before each frame, so that the view follows a resize. The default asks
	// the terminal, and is 80 by 24 where the writer is none.
	Size func() (width, height int)
	// NoColor leaves the colours out.
	NoColor bool
	// Brief lets Close count the subjects that are well instead of listing them, and say
	// nothing where there was one alone, for runs of many steps whose outcome is told
	// elsewhere.
	Brief bool
	// Interval is the time between two frames; default 100 milliseconds.
	Interval time.Duration
}

// Renderer is a [progress.Renderer] that draws a live view. Emit never waits
// for the terminal.
type Renderer struct {
	opts  Options
	paint text.Paint
	start time.Time
	stop  chan struct{}
	done  chan struct{}
	end   sync.Once
	out   screen // of the drawing goroutine, and of Close after it

	mu     sync.Mutex
	board  board.Board
	closed bool
}

var _ progress.Renderer = (*Renderer)(nil)

// New returns a Renderer that draws on w, which should be a terminal that knows
// ANSI sequences. Close must be called: until then, a goroutine draws.
func New(w io.Writer, opts Options) *Renderer {
	if opts.Size == nil {
		opts.Size = sizeOf(w)
	}
	if opts.Interval <= 0 {
		opts.Interval = 100 * time.Millisecond
	}
	r := &Renderer{
		opts: opts, paint: text.Paint{On: !opts.NoColor}, start: time.Now(), out: screen{w: w},
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go r.draw()
	return r
}

// Emit takes e into account. The next frame shows it.
func (r *Renderer) Emit(e progress.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.board.Apply(e)
	}
}

// Close draws the final state in full, gives the cursor back, and returns the
// first error of the writer.
func (r *Renderer) Close() error {
	r.end.Do(func() {
		close(r.stop)
		<-r.done
		r.mu.Lock()
		r.closed = true
		rows := r.board.Rows()
		r.mu.Unlock()
		if len(rows) > 0 {
			width, height := r.size()
			r.out.last(r.view(rows, width).final(r.opts.Brief), width, height)
		}
	})
	if r.out.err != nil {
		return fmt.Errorf("draw progress: %w", r.out.err)
	}
	return nil
}

// draw draws a frame each interval until Close.
func (r *Renderer) draw() {
	defer close(r.done)
	tick := time.NewTicker(r.opts.Interval)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		rows := r.board.Rows()
		r.mu.Unlock()
		if len(rows) > 0 {
			width, height := r.size()
			r.out.frame(r.view(rows, width).live(height-1), width, height)
		}
	}
}

func (r *Renderer) view(rows []board.Row, width int) view {
	return newView(rows, width, r.paint, time.Since(r.start), time.Now())
}

// size returns a size in which something can be drawn.
func (r *Renderer) size() (width, height int) {
	width, height = r.opts.Size()
	if width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, max(height, 2)
}

func sizeOf(w io.Writer) func() (int, int) {
	return func() (int, int) {
		if f, ok := w.(*os.File); ok {
			if width, height, err := term.GetSize(int(f.Fd())); err == nil {
				return width, height
			}
		}
		return 80, 24
	}
}
