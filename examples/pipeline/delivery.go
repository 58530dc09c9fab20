package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/changes/modulefile"
	"github.com/mettel-automation/delivery/coverage"
	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/system"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/timeline"
)

// delivery is one branch on its way.
type delivery struct {
	options
	getenv func(string) string
	out    *printer  // for the outcome
	live   io.Writer // for the progress

	env      envname.Environment
	config   changes.Config
	services []system.Service
	diff     changes.Diff
	selected changes.Selection
	api      ecs.API
	tuning   ecs.Options
}

// newDelivery reads all input, so that what is wrong with it is known before
// anything is done.
func newDelivery(ctx context.Context, o options, getenv func(string) string, out, live io.Writer) (*delivery, error) {
	d := &delivery{options: o, getenv: getenv, out: &printer{w: out}, live: live}
	if err := writable(d.timeline); err != nil {
		return nil, err
	}
	if err := d.readEnvironment(); err != nil {
		return nil, err
	}
	if err := d.readFiles(); err != nil {
		return nil, err
	}
	return d, d.readChanges(ctx)
}

// writable says early what would keep a file from being written at the end.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("-timeline %s: it is a directory", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("-timeline %s: %w", path, err)
	}
	return nil
}

func (d *delivery) readEnvironment() (err error) {
	if d.branch == "" {
		d.env, err = envname.Rules{}.FromCI(d.getenv)
	} else {
		d.env, err = envname.Resolve(d.branch)
	}
	if errors.Is(err, envname.ErrNoEnvironment) {
		return cli.Failed(err)
	}
	return err
}

func (d *delivery) readFiles() (err error) {
	if d.config, err = modulefile.Load(d.modules); err != nil {
		return err
	}
	if d.services, err = system.Load(d.options.services); err != nil {
		return err
	}
	d.api, d.tuning, err = d.local.Start(d.env.Name, d.services)
	return err
}

func (d *delivery) readChanges(ctx context.Context) error {
	repo, err := changes.Open(d.repo)
	if err != nil {
		return err
	}
	between := changes.Range{Base: d.base, Head: d.head}
	if d.all {
		between.All = "-all was given"
	}
	if d.diff, err = repo.Diff(ctx, between); err != nil {
		return err
	}
	d.selected, err = d.config.Select(d.diff, changes.SelectOptions{Variables: d.getenv})
	return err
}

func (d *delivery) run(ctx context.Context) error {
	d.printEnvironment()
	d.printChanges()
	err := d.gate(ctx)
	if err == nil && d.out.err == nil {
		err = d.rollout(ctx)
	}
	return errors.Join(err, d.out.err)
}

func (d *delivery) gate(ctx context.Context) error {
	var inputs []coverage.Input
	for _, m := range d.selected.Modules {
		if m.Labels["coverage"] == "none" {
			continue
		}
		paths, err := reports(d.coverage, m.Name)
		if err != nil {
			return err
		}
		for _, path := range paths {
			inputs = append(inputs, coverage.Input{Module: m.Name, Path: path})
		}
	}
	d.title("coverage")
	if len(inputs) == 0 {
		d.say("no selected module has a coverage gate")
		return nil
	}
	gate := coverage.Gate{Minimum: d.minimum}
	result, err := gate.Check(ctx, inputs)
	if err != nil {
		return err
	}
	d.say("%s", result)
	if err := result.Err(); err != nil {
		return err
	}
	if !result.Pass() {
		var names []string
		for _, v := range result.Failed() {
			names = append(names, v.Module)
		}
		return cli.Failed(fmt.Errorf("coverage gate failed: %s", strings.Join(names, ", ")))
	}
	return nil
}

// reports finds the reports of a module: dir/module.* and the files in
// dir/module. Where there is none, it returns the directory in which one was
// expected, so that the gate can say so.
func reports(dir, module string) ([]string, error) {
	if dir == "" {
		return nil, fmt.Errorf("-coverage is required: module %s has a coverage gate (label it \"coverage: none\" if it has no tests)", module)
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("read coverage reports: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("read coverage reports: %s is not a directory", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read coverage reports: %w", err)
	}
	own := filepath.Join(dir, filepath.FromSlash(module))
	var found []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())) == module {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	inside, err := os.ReadDir(own)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read coverage reports: %w", err)
	}
	for _, e := range inside {
		if e.Type().IsRegular() {
			found = append(found, filepath.Join(own, e.Name()))
		}
	}
	if len(found) == 0 {
		return []string{own}, nil
	}
	return found, nil
}

func (d *delivery) rollout(ctx context.Context) error {
	picture := timeline.Timeline{Options: timeline.Options{Title: d.env.Name + ", " + d.env.Branch}}
	var events progress.Recorder
	view := cli.View(d.live, d.getenv)
	defer func() { _ = view.Close() }() // whatever happens, the terminal is given back
	d.tuning.Progress = progress.Tee(view.Emit, picture.Emit, events.Record)
	deployer := ecs.New(d.api, d.tuning)
	plan, err := deployer.Plan(ctx, system.Desired(d.services, d.env.Name, d.image))
	if err != nil {
		return err
	}
	d.title("plan")
	d.say("%s", plan)
	d.title("rollout")
	start := time.Now()
	result, failure := deployer.Apply(ctx, plan)
	if err := view.Close(); err != nil {
		return fmt.Errorf("show progress: %w", err)
	}
	d.title("summary")
	d.printResult(result, timeline.CriticalPath(timeline.Lanes(events.Events())), time.Since(start))
	return errors.Join(cli.Failed(failure), d.draw(&picture))
}

// image is that of a module: built from this branch where it has changed, the
// one that production runs otherwise.
func (d *delivery) image(module string) string {
	changed := func(m changes.Selected) bool { return m.Name == module }
	if slices.ContainsFunc(d.selected.Modules, changed) {
		return fmt.Sprintf("%s/%s:%s-%.8s", d.env.Project, module, d.env.ID, d.diff.Head)
	}
	return fmt.Sprintf("%s/%s:latest", d.env.Project, module)
}

// draw writes the timeline and says where.
func (d *delivery) draw(picture *timeline.Timeline) (err error) {
	file, err := d.pictureFile()
	if err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	if err := errors.Join(picture.WriteSVG(file), file.Close()); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	d.say("timeline: %s", file.Name())
	return nil
}

func (d *delivery) pictureFile() (*os.File, error) {
	if d.timeline != "" {
		return os.Create(d.timeline)
	}
	return os.CreateTemp("", "timeline-"+d.env.Name+"-*.svg")
}
