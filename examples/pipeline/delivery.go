package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/localcloud"
	"github.com/mettel-automation/delivery/examples/internal/stages/basicinfra"
	"github.com/mettel-automation/delivery/examples/internal/stages/build"
	"github.com/mettel-automation/delivery/examples/internal/stages/deploy"
	"github.com/mettel-automation/delivery/examples/internal/stages/destroy"
	"github.com/mettel-automation/delivery/examples/internal/stages/detect"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/examples/internal/stages/unittests"
	"github.com/mettel-automation/delivery/examples/internal/stages/validation"
)

// delivery is one branch on its way.
type delivery struct {
	*options
	job     *job.Job
	console *job.Console

	memory  *localcloud.Cloud // nil with -aws
	connect cloud.Connect
	engine  func(context.Context) (ecr.Engine, error)
	passed  bool // the stage before was done before
}

// phase is what one job of CI does.
type phase struct {
	name   string
	writes bool // to the cloud
	stages []job.Stage
}

// names are those of the phases, in their order.
func names() []string {
	var names []string
	for _, p := range (&delivery{options: &options{kre: true}}).phases() {
		names = append(names, p.name)
	}
	return names
}

// phases are the jobs of a delivery, in their order.
func (d *delivery) phases() []phase {
	all := []phase{
		{"detect", false, []job.Stage{detect.Stage(detect.Options{Base: d.base, Head: d.head, All: d.all.Text})}},
		{"validate", false, []job.Stage{validation.Stage(validation.Options{SkipMissing: d.isSample})}},
		{"unit-coverage", false, []job.Stage{unittests.Stage(unittests.Options{})}},
		{"basic-infra", true, append([]job.Stage{basicinfra.Network(d.connect, basicinfra.Options{})}, basicinfra.Stages(d.connect, basicinfra.Options{})...)},
		{"basic-infra-kre", false, []job.Stage{d.own("basic-infra-kre")}},
		{"kre-runtimes", false, []job.Stage{d.own("kre-runtimes")}},
		{"build", true, []job.Stage{build.Stage(d.connect, build.Options{Engine: d.engine})}},
		{"deploy", true, deploy.Stages(deploy.Options{Connect: d.connect, Images: build.Deployed})},
	}
	if !d.kre {
		all = slices.DeleteFunc(all, func(p phase) bool { return strings.Contains(p.name, "kre") })
	}
	return all
}

func (d *delivery) run(ctx context.Context) error {
	finish, err := d.open(ctx)
	defer finish()
	if err != nil {
		return err
	}
	env := d.job.Env
	d.console.Printf("branch %s\nis the %s environment %s, in %s\n\n", env.Branch, env.Kind, env.Name, d.job.Run.Cloud)
	if d.destroy {
		return d.remove(ctx)
	}
	if err := d.forget(); err != nil {
		return err
	}
	return d.deliver(ctx)
}

// deliver does the stages of a delivery, from where it begins to where it ends.
func (d *delivery) deliver(ctx context.Context) error {
	begun := d.from == ""
	for _, p := range d.phases() {
		begun = begun || p.name == d.from
		if !begun && p.name != detect.Name { // what is detected says which run it is
			if err := d.past(ctx, p, p.stages...); err != nil {
				return err
			}
			continue
		}
		for _, stage := range p.stages {
			if err := d.do(ctx, p, stage); err != nil {
				return err
			}
		}
		if p.name == d.until {
			break
		}
	}
	return nil
}

// forget removes the records of an earlier run, but for those that this one goes on from.
// Where the environment was destroyed since, there is nothing to go on from, nor is there
// a rollout in the cloud of a process that has ended.
func (d *delivery) forget() error {
	if d.memory != nil {
		journal, err := deploy.Journal(d.job)
		if err != nil {
			return err
		}
		if err := os.Remove(journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	names := destroy.Names()
	if d.resume {
		if !slices.ContainsFunc(names, d.job.Dir.Has) {
			return nil
		}
		d.resume = false
		d.console.Printf("the job destroy was run since: the run begins anew\n\n")
	}
	begun := d.from == ""
	for _, p := range d.phases() {
		begun = begun || p.name == d.from
		for _, stage := range p.stages {
			if begun {
				names = append(names, stage.Name)
			}
		}
	}
	for _, name := range names {
		if err := d.job.Dir.Forget(name); err != nil {
			return err
		}
	}
	return nil
}

// do does a stage, unless it was done before the run was resumed.
func (d *delivery) do(ctx context.Context, p phase, stage job.Stage) error {
	if d.resume && stage.Name != detect.Name && d.job.Load(stage.Name, nil) == nil {
		d.console.Printf("%s: was done before\n", stage.Name)
		d.passed = true
		return d.past(ctx, p, stage)
	}
	if d.passed {
		d.console.Printf("\n")
		d.passed = false
	}
	return d.job.Do(ctx, d.console, stage)
}

// past is what was done before. A cloud in memory has ended with the process that did
// it: there, it is done again, unseen.
func (d *delivery) past(ctx context.Context, p phase, stages ...job.Stage) error {
	if d.memory == nil || !p.writes {
		return nil
	}
	return d.unseen(ctx, d.job, stages...)
}

// unseen does stages of a job, without a trace but in the cloud.
func (d *delivery) unseen(ctx context.Context, j *job.Job, stages ...job.Stage) error {
	dir, err := os.MkdirTemp("", "delivery-past-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary directory harms nobody
	quiet := *j
	quiet.Dir = job.Directory(dir)
	if err := quiet.Do(ctx, job.NewConsole(io.Discard, io.Discard, d.job.Getenv, true), stages...); err != nil {
		return fmt.Errorf("repeat in memory what was done before: %w", err)
	}
	return nil
}

// remove takes the environment away. In memory, it is delivered first.
func (d *delivery) remove(ctx context.Context) error {
	for _, p := range d.phases() {
		if err := d.past(ctx, p, p.stages...); err != nil {
			return err
		}
	}
	if err := d.forget(); err != nil {
		return err
	}
	err := d.job.Do(ctx, d.console, destroy.Stages(d.job, destroy.Options{Connect: d.connect, Yes: true, AllowProduction: d.allowProduction})...)
	if err != nil || d.memory == nil {
		return err
	}
	stays, err := site.Of(d.job).Network().StackName()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(d.memory.Leftovers(), func(name string) bool { return name == "stack "+stays })
	if len(left) > 0 {
		return cli.Failed(fmt.Errorf("destroyed, and yet there is left: %s", strings.Join(left, ", ")))
	}
	d.console.Printf("nothing of %s is left; the network %s stays, which environments share\n\n", d.job.Env.Name, stays)
	return nil
}
