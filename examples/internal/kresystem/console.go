package kresystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// Console is where a run shows what it is going to do, how that goes, and what came of
// it: plans and outcomes on Stdout as they come, progress on Stderr. With JSON there is
// nothing on Stdout but what [cli.PrintJSON] writes at the end.
type Console struct {
	Stdout, Stderr io.Writer
	JSON           bool
	Getenv         func(string) string // such as [os.Getenv]; for the view of progress

	mu   sync.Mutex
	view progress.Renderer
}

// Emit is a [progress.Func]: it shows an event while something is under way.
func (c *Console) Emit(e progress.Event) {
	c.mu.Lock()
	view := c.view
	c.mu.Unlock()
	if view != nil {
		view.Emit(e)
	}
}

// during shows progress while do runs.
func (c *Console) during(do func() error) error {
	view := cli.View(c.Stderr, c.Getenv)
	c.mu.Lock()
	c.view = view
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.view = nil
		c.mu.Unlock()
		_ = view.Close() // what was to be seen is over
	}()
	return do()
}

// Say prints a heading and, indented, the lines of text below it.
func (c *Console) Say(heading, text string) error {
	if c.JSON {
		return nil
	}
	var b strings.Builder
	b.WriteString(heading + "\n")
	for line := range strings.Lines(text) {
		b.WriteString("  " + clean.Text(strings.TrimSuffix(line, "\n")) + "\n")
	}
	_, err := io.WriteString(c.Stdout, b.String())
	return err
}

// Hint prints a line on Stderr.
func (c *Console) Hint(format string, args ...any) {
	fmt.Fprintf(c.Stderr, format+"\n", args...)
}

// planned is a plan of any package here.
type planned interface {
	Empty() bool
	String() string
}

// step plans something and shows the plan; unless that is all that is wanted, it applies
// it and shows the outcome, whether it failed or not.
type step[P planned, R any] struct {
	name  string
	plan  func(context.Context) (P, error)
	begun func(P) // hears of a plan that could be made
	apply func(context.Context, P) (R, error)
	says  func(P, R) string
}

func (s step[P, R]) propose(ctx context.Context, c *Console) (plan P, err error) {
	if plan, err = s.plan(ctx); err != nil {
		return plan, err
	}
	s.begun(plan)
	text := plan.String()
	if plan.Empty() {
		text = "nothing to do\n"
	}
	return plan, c.Say("plan: "+s.name, text)
}

func (s step[P, R]) carryOut(ctx context.Context, c *Console, plan P) (result R, err error) {
	if plan.Empty() {
		return result, nil
	}
	err = c.during(func() error {
		result, err = s.apply(ctx, plan)
		return err
	})
	text := s.says(plan, result)
	if text == "" { // the error says what there is to say
		return result, err
	}
	return result, errors.Join(err, c.Say("outcome: "+s.name, text))
}

// run proposes and, where it is to be done, carries out.
func (s step[P, R]) run(ctx context.Context, c *Console, apply bool) (*R, error) {
	plan, err := s.propose(ctx, c)
	if err != nil || !apply || plan.Empty() {
		return nil, err
	}
	result, err := s.carryOut(ctx, c, plan)
	return &result, err
}
