package kresystem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/stack"
)

// Main is the main of a job of KRE: a [job.Main] of one stage, with a verb before its
// flags, which is plan, the default, or apply.
type Main struct {
	Name  string
	About string       // the text of -h
	Stage string       // the name of what it leaves in the run directory
	Begin func() State // what there is in memory at the beginning
	// Flags adds flags of its own, and Check refuses some; Check may be nil.
	Flags func(*cli.Flags)
	Check func(o Options, apply bool) error
	// Do does the work. What it returns is kept, beside its error.
	Do func(ctx context.Context, s *System, apply bool) (Outcome, error)
}

// Run is a [cli.Job].
func (m Main) Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	verbs := []string{"plan", "apply"}
	verb := verbs[0]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		verb, args = args[0], args[1:]
	}
	if !slices.Contains(verbs, verb) {
		return fmt.Errorf("unknown command %q, want one of %s (-h helps)", verb, strings.Join(verbs, ", "))
	}
	var o Options
	return job.Main{
		Name: m.Name, About: m.About, AnyBranch: true, // -kind may stand for one
		Flags: func(flags *cli.Flags) {
			o.Flags(flags)
			m.Flags(flags)
		},
		Check: func() error {
			err := o.Check()
			if err == nil && m.Check != nil {
				err = m.Check(o, verb == "apply")
			}
			return err
		},
		Stages: func(j *job.Job) []job.Stage {
			o.identify(j)
			return []job.Stage{{Name: m.Stage, Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
				return m.do(ctx, j, r, o, verb == "apply")
			}}}
		},
	}.Run(ctx, args, stdout, stderr)
}

// identify says of which run the job is, where no branch does.
func (o Options) identify(j *job.Job) {
	if o.Local {
		j.Run.Cloud = "an AWS in memory"
	}
	if j.Env.Name == "" && o.Kind != "" {
		j.Run.Environment, j.Run.Kind = j.Config.KREName(o.Kind), o.Kind
	}
}

func (m Main) do(ctx context.Context, j *job.Job, r *job.Record, o Options, apply bool) error {
	environment, err := o.environment(j.Config, cmp.Or(o.Kind, j.Env.KRE), j.Env.Branch)
	if err != nil {
		return err
	}
	system, err := o.Open(ctx, j, environment, m.Begin(), &Console{Print: r.Say, Emit: r.Emit})
	if err != nil {
		return blame(err)
	}
	done, err := m.Do(ctx, system, apply)
	done.record(&r.Stage, err)
	r.Keep(done)
	return blame(err)
}

// environment is the one of a kind; branch is for whoever has to be told that there is none.
func (o Options) environment(file *config.File, kind, branch string) (*Environment, error) {
	switch {
	case kind != "":
		return New(file, kind)
	case branch != "":
		return nil, cli.Failed(fmt.Errorf("branch %s has no environment: -kind names the one of KRE that is meant", branch))
	}
	return nil, errors.New("it is not known which environment is meant: -branch or -kind says so")
}

// blame marks as failures of the delivery all errors but those of the input.
func blame(err error) error {
	if _, input := errors.AsType[*InputError](err); input || errors.Is(err, stack.ErrInvalid) || errors.Is(err, stack.ErrTemplateTooLarge) {
		return err
	}
	return cli.Failed(err)
}
