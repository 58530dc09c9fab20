// Package cilog writes the steps of a job into a CI log, each as one section:
// a line that says all where the step went well, and everything that one needs
// where it did not.
//
//	log := cilog.New(os.Stdout, cilog.Options{Dialect: cilog.Detect(os.Getenv)})
//	defer log.Close()
//
//	step := log.Section("deploy automation-1a2b3c4d")
//	result, err := rollout(ctx, step.Emit) // events, and step takes text too
//	err = step.End(result.String(), err)
//
//	✓ build  3 built, 25 unchanged  12s
//	✗ deploy automation-1a2b3c4d  failed after 3m20s: 26 of 28 done, 1 failed (notifier), 1 skipped (web)
//
// GitLab and GitHub show a section that went well collapsed, and one that failed
// open, with the reason last. Since a log cannot be changed once it is written, a
// section is kept, in bounded memory, until its step ends. Until then a line now
// and then says what is going on, and Close of the log writes what is unfinished;
// so Close must also run when the job is interrupted. A process that is killed
// without warning takes what is unfinished with it.
//
// Text of a step is shown and never obeyed: it can neither begin nor end a
// section, nor give the CI service a command. It is no logger, hides no secrets,
// and does not draw on terminals; package progress/term does.
package cilog

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mettel-automation/delivery/progress/internal/text"
)

// Options tune a Log. The zero value is ready to use.
type Options struct {
	// Dialect is how sections are marked; default Plain. See [Detect].
	Dialect Dialect
	// NoColor leaves the colours out that GitLab and GitHub show.
	NoColor bool
	// Verbose also writes what sections that went well hold where the dialect is
	// Plain, below their titles.
	Verbose bool
	// Heartbeat is how long the log may be silent while a section is open before
	// a line says what is going on, as services end jobs that seem to hang. The
	// default is one minute; below zero there is no such line.
	Heartbeat time.Duration
	// Limit is how many bytes of text a section keeps, about. Of what is longer,
	// the middle is left out, and the log says how many lines. The default is
	// 1 MiB: a GitLab runner ends the log of a whole job at 4 MiB.
	// Source: https://docs.gitlab.com/runner/configuration/advanced-configuration/, output_limit.
	Limit int
}

// Log writes sections to a CI log. It is safe for concurrent use, and so are its
// sections, of which several may be open at once: each is written whole, with one
// call of Write, when it ends.
type Log struct {
	opts  Options
	paint text.Paint

	mu     sync.Mutex
	w      io.Writer
	open   []*Section      // in the order in which they began
	ids    map[string]bool // those in use
	last   time.Time       // when the log was last written to, or began to be silent
	timer  *time.Timer     // of the heartbeat
	err    error
	closed bool
}

// New returns a Log that writes to w.
func New(w io.Writer, opts Options) *Log {
	if opts.Heartbeat == 0 {
		opts.Heartbeat = time.Minute
	}
	if opts.Limit <= 0 {
		opts.Limit = 1 << 20
	}
	colors := opts.Dialect.collapses() && !opts.NoColor
	return &Log{opts: opts, paint: text.Paint{On: colors}, w: w, ids: map[string]bool{}}
}

// Section begins a section. Whoever begins it ends it, by [Section.End]. What a
// section takes after the log was closed is dropped.
func (l *Log) Section(title string) *Section {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	s := &Section{log: l, title: text.Line(title), began: now, text: excerpt{limit: l.opts.Limit}, ended: l.closed}
	if l.closed {
		return s
	}
	s.id = l.id(s.title, now)
	if len(l.open) == 0 {
		l.last = now
	}
	l.open = append(l.open, s)
	if l.timer == nil && l.opts.Heartbeat > 0 {
		l.timer = time.AfterFunc(l.opts.Heartbeat, l.beat)
	}
	return s
}

// Close writes the sections that have not ended, open and as stopped, and
// returns the first error of the writer. It leaves the writer open. A second call
// changes nothing and returns the same.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.open) > 0 {
		l.open[0].end(stopped, "", nil)
	}
	l.closed = true
	return l.err
}

// id returns a name for the section called title that no other has. GitLab takes
// letters, digits, "_", "." and "-". The time keeps the sections apart that
// several processes write into the log of one job, and those of the runner.
func (l *Log) id(title string, now time.Time) string {
	const longest = 40
	name := strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}), "_")
	name = name[:min(len(name), longest)]
	base := name + "_" + strconv.FormatInt(now.UnixMilli(), 36)
	id := base
	for n := 2; l.ids[id]; n++ {
		id = fmt.Sprintf("%s_%d", base, n)
	}
	l.ids[id] = true
	return id
}

// write writes s at once. The mutex is held.
func (l *Log) write(s string) {
	l.last = time.Now()
	if l.err != nil {
		return
	}
	if _, err := io.WriteString(l.w, s); err != nil {
		l.err = fmt.Errorf("write log: %w", err)
	}
}

// beat writes a line for each open section if the log was silent for long
// enough, and sees to it that it is called again.
func (l *Log) beat() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) == 0 {
		l.timer = nil
		return
	}
	now := time.Now()
	left := l.opts.Heartbeat - now.Sub(l.last)
	if left <= 0 {
		left = l.opts.Heartbeat
		var b strings.Builder
		for _, s := range l.open {
			b.WriteString(s.pulse(now))
		}
		l.write(b.String())
	}
	l.timer.Reset(left)
}
