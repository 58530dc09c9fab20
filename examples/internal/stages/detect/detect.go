// Package detect is the stage that says which modules of the repository a run is about,
// and why.
package detect

import (
	"context"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/changes"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/report"
)

// Name is that of the stage.
const Name = "detect"

// Options say what is compared.
type Options struct {
	// Base and Head are revisions; default what the CI job is about, and HEAD. A push of
	// a branch is about all that it has on top of the default branch, since the gates of
	// a former push may have failed.
	Base, Head string
	// All takes every module as changed, and says why; empty does not.
	All string
	// Write writes what else a job wants of the selection, such as a child pipeline;
	// nil writes nothing. Before are the modules as they were.
	Write func(j *job.Job, r *job.Record, found Found, before *changes.Config) error
}

// Found is what later stages need of it.
type Found struct {
	Diff      changes.Diff      `json:"diff"`
	Selection changes.Selection `json:"selection"`
}

// Stage returns the stage.
func Stage(o Options) job.Stage {
	return job.Stage{Name: Name, Do: func(ctx context.Context, j *job.Job, r *job.Record) error {
		found, before, err := o.find(ctx, j)
		if err != nil {
			return err
		}
		j.Run.Base, j.Run.Revision = found.Diff.From, found.Diff.Head
		r.Keep(found)
		tell(j, r, found)
		if o.Write != nil {
			return o.Write(j, r, found, before)
		}
		return nil
	}}
}

// Selected is what this run has detected or, where it has not or other options are
// given, what it would.
func Selected(ctx context.Context, j *job.Job, o Options) (Found, error) {
	var found Found
	err := job.ErrNoRecord
	if !o.given() {
		err = j.Load(Name, &found)
	}
	if errors.Is(err, job.ErrNoRecord) {
		found, _, err = o.find(ctx, j)
	}
	return found, err
}

func (o Options) find(ctx context.Context, j *job.Job) (found Found, before *changes.Config, err error) {
	between, err := o.between(j)
	if err != nil {
		return found, nil, err
	}
	repo, err := changes.Open(j.Config.Dir)
	if err != nil {
		return found, nil, err
	}
	defer func() { _ = repo.Close() }() // what it read is used up by then
	if found.Diff, err = repo.Diff(ctx, between); err != nil {
		return found, nil, err
	}
	if found.Diff.From != "" {
		tree, err := repo.FS(ctx, found.Diff.From)
		if err != nil {
			return found, nil, err
		}
		if before, err = config.ModulesBefore(tree, config.Name); err != nil { // which a later commit may mend
			between.All = fmt.Sprintf("what it changes is not known: %v", err)
			if found.Diff, err = repo.Diff(ctx, between); err != nil {
				return found, nil, err
			}
		}
	}
	found.Selection, err = j.Config.Modules.Select(found.Diff, changes.SelectOptions{Before: before, Variables: j.Getenv})
	return found, before, err
}

func (o Options) between(j *job.Job) (changes.Range, error) {
	if o.Base != "" || o.Head != "" {
		return changes.Range{Base: o.Base, Head: o.Head, All: o.All}, nil
	}
	between, err := changes.FromCI(j.Getenv, changes.CIOptions{Everything: o.All, SinceDefault: true, OnNoBase: changes.SelectAll})
	if errors.Is(err, changes.ErrNoCI) {
		err = fmt.Errorf("%w: outside of CI, -base names the revision to compare with", err)
	}
	return between, err
}

// tell puts what was found into the record.
func tell(j *job.Job, r *job.Record, found Found) {
	selected := make(map[string]changes.Selected)
	for _, m := range found.Selection.Modules {
		selected[m.Name] = m
	}
	for _, m := range j.Config.Modules.Modules {
		s, is := selected[m.Name]
		r.Modules = append(r.Modules, module(m.Name, is, s))
	}
	for _, m := range found.Selection.Deleted {
		r.Modules = append(r.Modules, module(m.Name, true, m))
	}
	for _, path := range found.Selection.Unowned {
		r.Notes = append(r.Notes, fmt.Sprintf("%s belongs to no module", changes.Printable(path)))
	}
	r.Summary = fmt.Sprintf("%d of %d modules selected", len(selected), len(j.Config.Modules.Modules))
	r.Say("%s", found.Selection)
}

func module(name string, selected bool, s changes.Selected) report.Module {
	m := report.Module{Name: name, Selected: selected, Status: string(s.Status)}
	for _, reason := range s.Reasons {
		m.Reasons = append(m.Reasons, reason.String())
	}
	return m
}
