package kresystem

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/examples/internal/stages/stackreport"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/report"
	"github.com/mettel-automation/delivery/stack"
)

// Outcome is what a job has planned, and what came of it.
type Outcome interface {
	// record says it in the terms of a report; err is why it was left.
	record(s *report.Stage, err error)
}

func (f *Foundation) record(s *report.Stage, err error) {
	if f.Stack != nil {
		planned := stackreport.Planned(*f.Stack)
		if f.Applied != nil {
			failure := err
			if f.Outputs != nil { // it is what comes after the stack that failed
				failure = nil
			}
			planned = stackreport.Applied(planned, *f.Applied, failure)
		}
		s.Stacks = append(s.Stacks, planned)
	}
	if f.Keys != nil {
		s.Changes = append(s.Changes, ofKeys(*f.Keys)...)
	}
	if f.Access != nil {
		s.Changes = append(s.Changes, ofAccess(*f.Access)...)
	}
	if f.Charts != nil {
		s.Changes = append(s.Changes, ofReleases(*f.Charts)...)
	}
	if f.Installed != nil {
		s.Failures = ofOutcomes(*f.Installed)
	}
	conclude(s, f.Applied != nil || f.Delivered != nil || f.Granted != nil || f.Installed != nil, f.NotBegun, err)
}

func (r *Runtimes) record(s *report.Stage, err error) {
	if r.Plan != nil {
		for _, c := range r.Plan.Runtimes {
			s.Changes = append(s.Changes, ofRuntime(c)...)
			s.Notes = append(s.Notes, c.Notes...)
		}
	}
	if r.Result != nil {
		for _, o := range r.Result.Runtimes {
			if o.Error != "" {
				s.Failures = append(s.Failures, failure(o.Runtime, o.Error))
			}
		}
	}
	conclude(s, r.Result != nil, nil, err)
}

func (d *Destruction) record(s *report.Stage, err error) {
	if d.Runtimes != nil {
		for _, r := range d.Runtimes.Runtimes {
			s.Changes = append(s.Changes, ofRemoval(r)...)
		}
	}
	if d.Destroyed != nil {
		for _, r := range d.Destroyed.Runtimes {
			if r.Error != "" {
				s.Failures = append(s.Failures, failure(r.Runtime, r.Error))
			}
		}
	}
	if d.Charts != nil {
		s.Changes = append(s.Changes, ofReleases(*d.Charts)...)
	}
	if d.Access != nil {
		s.Changes = append(s.Changes, ofAccess(*d.Access)...)
	}
	if d.Keys != nil {
		s.Changes = append(s.Changes, ofKeys(*d.Keys)...)
	}
	if d.Stack != nil {
		doomed := stackreport.Doomed(*d.Stack)
		if d.Deleted != nil {
			doomed = stackreport.Deleted(doomed, *d.Deleted, err)
		}
		s.Stacks = append(s.Stacks, doomed)
	}
	conclude(s, d.Destroyed != nil || d.Deleted != nil, d.NotBegun, err)
}

// conclude says in a few words how many changes there are, and why there are no more.
func conclude(s *report.Stage, applied bool, notBegun []string, err error) {
	if len(notBegun) > 0 {
		s.Notes = append(s.Notes, "not begun: "+strings.Join(notBegun, ", "))
	}
	n := len(s.Changes)
	for _, st := range s.Stacks {
		n += len(st.Changes)
		if _, failed := errors.AsType[*stack.OperationError](err); failed && st.Error != "" {
			s.Failures = stackreport.Failures(st.Name, err)
		}
	}
	switch {
	case err != nil:
	case n == 0:
		s.Summary = "nothing to do"
	case applied:
		s.Summary = numbered(n) + " made"
	default:
		s.Summary = numbered(n) + " to make"
	}
}

func numbered(n int) string {
	if n == 1 {
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}

// failure is one whose first line is the cause.
func failure(subject, text string) report.Failure {
	cause, rest, _ := strings.Cut(text, "\n")
	f := report.Failure{Subject: subject, Cause: cause}
	for line := range strings.Lines(rest) {
		f.Logs = append(f.Logs, strings.TrimRight(line, "\n"))
	}
	return f
}

func ofKeys(p keys.Plan) (changes []report.Change) {
	for _, c := range p.Changes {
		if c.Action != keys.Keep {
			changes = append(changes, report.Change{Action: string(c.Action), Name: c.Subject, Type: "key", Detail: c.Detail})
		}
	}
	return changes
}

func ofAccess(p access.Plan) (changes []report.Change) {
	for _, s := range p.Steps {
		changes = append(changes, report.Change{Action: string(s.Action), Name: s.Name, Type: string(s.Kind)})
	}
	return changes
}

func ofReleases(p kre.Plan) (changes []report.Change) {
	for _, c := range p.Changes {
		if c.Action == kre.Keep {
			continue
		}
		detail := c.Chart
		switch {
		case detail == "":
			detail = c.Was
		case c.Was != "" && c.Was != c.Chart:
			detail = c.Was + " -> " + c.Chart
		}
		changes = append(changes, report.Change{Action: string(c.Action), Name: c.Namespace + "/" + c.Release, Type: "release", Detail: detail})
	}
	return changes
}

// ofOutcomes are the releases that failed, and what was not done because of them.
func ofOutcomes(r kre.Result) (failures []report.Failure) {
	var after []string
	for _, o := range r.Releases {
		switch {
		case o.Skipped:
			after = append(after, o.Release)
		case o.Error != "":
			failures = append(failures, failure(o.Namespace+"/"+o.Release, o.Error))
		}
	}
	if len(failures) == 1 {
		failures[0].After = after
	}
	return failures
}

func ofRuntime(c runtime.Change) (changes []report.Change) {
	add := func(action, name, kind, detail string) {
		changes = append(changes, report.Change{Action: action, Name: name, Type: kind, Detail: detail})
	}
	if z := c.Zone; !z.Empty() {
		add(string(z.Action), z.Zone, "hosted zone", strings.Join(z.Detail, ", "))
		if d := z.Delegation; d != nil {
			add(string(d.Action), z.Zone, "delegation", "in "+d.Parent)
		}
	}
	if c.Namespace {
		add("create", c.Runtime, "namespace", "")
	}
	return append(changes, ofReleases(c.Release)...)
}

func ofRemoval(r runtime.Removal) []report.Change {
	changes := ofReleases(r.Release)
	add := func(name, kind, detail string) {
		changes = append(changes, report.Change{Action: "delete", Name: name, Type: kind, Detail: detail})
	}
	if z := r.Zone; !z.Gone {
		add(z.Zone, "hosted zone", fmt.Sprintf("with %d records", len(z.Records)+len(z.Foreign)))
	}
	for _, v := range r.Volumes {
		if v.DataGoes {
			add(r.Runtime+"/"+v.Claim, "volume", "with all data")
		}
	}
	if r.Namespace {
		add(r.Runtime, "namespace", "with everything in it")
	}
	return changes
}
