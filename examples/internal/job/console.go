package job

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/cilog"
	"github.com/mettel-automation/delivery/report"
)

// Console shows stages to whoever watches. In the log of a CI job, each is a section,
// collapsed where all is well. Elsewhere the outcome goes to stdout and the progress to
// stderr, live where that is a terminal.
type Console struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	json           bool
	log            *cilog.Log     // nil outside of CI
	shown          []report.Stage // for JSON
	mu             sync.Mutex
	err            error // the first of writing
}

// NewConsole returns a Console. With asJSON, nothing is printed but one object, by Close.
func NewConsole(stdout, stderr io.Writer, getenv func(string) string, asJSON bool) *Console {
	c := &Console{stdout: stdout, stderr: stderr, getenv: getenv, json: asJSON}
	if dialect := cilog.Detect(getenv); dialect != cilog.Plain && !asJSON {
		c.log = cilog.New(stdout, cilog.Options{Dialect: dialect})
	}
	return c
}

// section is where one stage is shown.
type section interface {
	emit(progress.Event)
	// say shows a text; with whole, a terminal shows all of it, however long it is.
	say(text string, whole bool)
	// end shows how it ended; err is why it failed.
	end(r *Record, err error) error
}

func (c *Console) begin(name string) section {
	switch {
	case c.json:
		return silent{c}
	case c.log != nil:
		return logged{c.log.Section(name)}
	}
	c.printf("%s\n%s\n", name, strings.Repeat("-", len(name)))
	return &screen{console: c}
}

// silent shows nothing but the object of JSON.
type silent struct{ console *Console }

func (silent) emit(progress.Event) {}
func (silent) say(string, bool)    {}
func (s silent) end(r *Record, _ error) error {
	s.console.shown = append(s.console.shown, r.Stage)
	return nil
}

// logged is a section of a CI log.
type logged struct{ section *cilog.Section }

func (l logged) emit(e progress.Event)   { l.section.Emit(e) }
func (l logged) say(text string, _ bool) { _, _ = io.WriteString(l.section, text) } // End tells the error
func (l logged) end(r *Record, err error) error {
	return l.section.End(clean.Text(r.Summary), err)
}

// screen is a terminal, or a file. What is said ends the live view, so that the two
// never meet on a terminal; the next event begins another.
type screen struct {
	console *Console
	mu      sync.Mutex
	view    progress.Renderer
	err     error // the first of the views
}

func (s *screen) emit(e progress.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		s.view = cli.BriefView(s.console.stderr, s.console.getenv)
	}
	s.view.Emit(e)
}

func (s *screen) say(text string, whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.still()
	if width := terminalWidth(s.console.stdout); width > 0 {
		text = fold(text, width, whole)
	}
	s.console.printf("%s", plain(text))
}

// plain is text of which no line steers a terminal: it may have the log of a container.
func plain(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = clean.Text(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// still ends the view.
func (s *screen) still() {
	if s.view == nil {
		return
	}
	if err := s.view.Close(); s.err == nil {
		s.err = err
	}
	s.view = nil
}

func (s *screen) end(r *Record, _ error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.still()
	took := r.Ended.Sub(r.Started)
	if took > time.Second {
		took = took.Round(100 * time.Millisecond)
	} else {
		took = took.Round(time.Millisecond)
	}
	line := fmt.Sprintf("%s: %s", r.Name, r.State)
	if r.Summary != "" {
		line += ", " + clean.Text(r.Summary)
	}
	s.console.printf("%s (%v)\n\n", line, took)
	return s.err
}

// Finish closes the console, and returns err with what that fails with. Where err stands
// in the log of a CI job, it is marked by [cli.Told].
func (c *Console) Finish(err error) error {
	closed := c.Close()
	if c.log != nil && closed == nil {
		return cli.Told(err)
	}
	return errors.Join(err, closed)
}

// Close prints what is left to print, and returns the first error of printing.
func (c *Console) Close() error {
	switch {
	case c.json:
		return errors.Join(c.err, cli.PrintJSON(c.stdout, map[string]any{"stages": c.shown}))
	case c.log != nil:
		return errors.Join(c.err, c.log.Close())
	}
	return c.err
}

// Printf prints a line that belongs to no stage.
func (c *Console) Printf(format string, args ...any) {
	if !c.json {
		c.printf(format, args...)
	}
}

func (c *Console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := fmt.Fprintf(c.stdout, format, args...); err != nil && c.err == nil {
		c.err = fmt.Errorf("print: %w", err)
	}
}
