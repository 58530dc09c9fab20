package kresystem

import (
	"context"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// Console is where a run shows what it is going to do, how that goes, and what came of
// it. The zero value shows nothing.
type Console struct {
	Print func(format string, args ...any) // such as the Say of a job's record
	Emit  progress.Func                    // hears of what is under way
}

// Say prints a heading and, indented, the lines of text below it.
func (c *Console) Say(heading, text string) {
	if c.Print == nil {
		return
	}
	var b strings.Builder
	b.WriteString(clean.Text(heading) + "\n")
	for line := range strings.Lines(text) {
		b.WriteString("  " + clean.Text(strings.TrimSuffix(line, "\n")) + "\n")
	}
	c.Print("%s", b.String())
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
	c.Say("plan: "+s.name, text)
	return plan, nil
}

func (s step[P, R]) carryOut(ctx context.Context, c *Console, plan P) (result R, err error) {
	if plan.Empty() {
		return result, nil
	}
	result, err = s.apply(ctx, plan)
	if text := s.says(plan, result); text != "" { // without, the error says what there is to say
		c.Say("outcome: "+s.name, text)
	}
	return result, err
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
