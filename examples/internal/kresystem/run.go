package kresystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/stack"
)

// Main is what the mains of KRE have in common: how they are called, and how they end.
type Main struct {
	Name  string
	About string // the text of -h
	Begin State  // what there is in memory at the beginning
	Verbs []string
	// Flags adds flags of its own, and Check refuses some; either may be nil.
	Flags func(*cli.Flags)
	Check func(verb string) error
	// Before may change what there is at the beginning; nil leaves Begin.
	Before func() State
	// Do does the work. What it returns is printed with -json, beside its error.
	Do func(ctx context.Context, s *System, verb string) (any, error)
}

// Run is a [cli.Job]. The first verb is the default.
func (m Main) Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verb := m.Verbs[0]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	if !slices.Contains(m.Verbs, verb) {
		return fmt.Errorf("unknown command %q, want one of %s (-h helps)", verb, strings.Join(m.Verbs, ", "))
	}
	var o Options
	flags := cli.NewFlags(m.Name, m.About, stdout)
	o.Flags(flags.FlagSet)
	if m.Flags != nil {
		m.Flags(flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	err := o.Check()
	if err == nil && m.Check != nil {
		err = m.Check(verb)
	}
	if err != nil {
		return err
	}
	environment, err := Read(o.File)
	if err != nil {
		return err
	}
	begin := m.Begin
	if m.Before != nil {
		begin = m.Before()
	}
	console := &Console{Stdout: stdout, Stderr: stderr, JSON: o.JSON, Getenv: os.Getenv}
	system, err := o.Open(ctx, environment, begin, console)
	if err != nil {
		return blame(err)
	}
	done, err := m.Do(ctx, system, verb)
	if o.JSON {
		failure := ""
		if err != nil {
			failure = err.Error()
		}
		err = errors.Join(err, cli.PrintJSON(stdout, map[string]any{"environment": environment.Name, "done": done, "error": failure}))
	}
	return blame(err)
}

// blame marks as failures of the delivery all errors but those of the input.
func blame(err error) error {
	if _, input := errors.AsType[*InputError](err); input || errors.Is(err, stack.ErrInvalid) || errors.Is(err, stack.ErrTemplateTooLarge) {
		return err
	}
	return cli.Failed(err)
}
