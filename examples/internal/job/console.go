package job

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

// Console shows stages to whoever watches: the outcome on stdout, the progress on
// stderr, live where that is a terminal.
type Console struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	json           bool
	shown          []report.Stage // for JSON
	err            error          // the first of writing
}

// NewConsole returns a Console. With asJSON, nothing is printed but one object, by Close.
func NewConsole(stdout, stderr io.Writer, getenv func(string) string, asJSON bool) *Console {
	return &Console{stdout: stdout, stderr: stderr, getenv: getenv, json: asJSON}
}

// section is where one stage is shown.
type section struct {
	emit progress.Func
	say  func(text string)
	// end shows how it ended.
	end func(r *Record, err error) error
}

func (c *Console) begin(name string) section {
	if c.json {
		return section{say: func(string) {}, end: func(r *Record, _ error) error {
			c.shown = append(c.shown, r.Stage)
			return nil
		}}
	}
	c.printf("%s\n", name)
	out := &synced{write: func(text string) { c.printf("%s", text) }}
	view := cli.View(c.stderr, c.getenv)
	return section{emit: view.Emit, say: out.say, end: func(r *Record, _ error) error {
		err := view.Close()
		took := r.Ended.Sub(r.Started).Round(100 * time.Millisecond)
		c.printf("%s %s: %s (%v)\n\n", name, r.State, clean.Text(r.Summary), took)
		return err
	}}
}

// Close prints what is left to print, and returns the first error of printing.
func (c *Console) Close() error {
	if c.json {
		return errors.Join(c.err, cli.PrintJSON(c.stdout, map[string]any{"stages": c.shown}))
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
	if _, err := fmt.Fprintf(c.stdout, format, args...); err != nil && c.err == nil {
		c.err = fmt.Errorf("print: %w", err)
	}
}
