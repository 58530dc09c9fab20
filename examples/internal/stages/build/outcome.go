package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/report"
)

// The outcomes of images that are not in their repository, beside those of package ecr.
const (
	notBegun = "not begun"
	failed   = "failed"
)

// planned are the images as the plan has them. What is there with all its tags is
// unchanged whatever comes.
func planned(plan ecr.Plan) []report.Image {
	images := make([]report.Image, len(plan.Images))
	for i, p := range plan.Images {
		images[i] = report.Image{Module: p.Module, Repository: p.Repository, Tag: p.Tag, Digest: p.Digest, Outcome: notBegun, Reason: p.Reason}
		if p.Action == ecr.ActionSkip {
			images[i].Outcome = string(ecr.Unchanged)
		}
		for _, m := range p.Moves {
			images[i].Tags = append(images[i].Tags, m.Tag)
		}
	}
	return images
}

// outcome puts what came of the plan into the record.
func outcome(r *job.Record, result ecr.Result, err error) {
	for i, image := range r.Images {
		at := slices.IndexFunc(result.Images, func(p ecr.Published) bool { return p.Module == image.Module })
		if at < 0 {
			r.Images[i].Tags = nil
			continue
		}
		done := result.Images[at]
		r.Images[i].Outcome, r.Images[i].Digest = string(done.Outcome), done.Digest
		r.Images[i].Tags = slices.DeleteFunc(image.Tags, func(tag string) bool { return !slices.Contains(done.Tags, tag) })
	}
	for _, f := range failures(err) {
		r.Failures = append(r.Failures, f)
		at := slices.IndexFunc(r.Images, func(i report.Image) bool { return i.Module == f.Subject })
		if at >= 0 && r.Images[at].Outcome == notBegun {
			r.Images[at].Outcome = failed
		}
		if len(f.Logs) > 0 {
			r.Say("\nlast lines of %s:\n  %s", f.Subject, strings.Join(f.Logs, "\n  "))
		}
	}
	r.Summary = counts(r.Images)
}

// failures are those of single images in err, which may be joined.
func failures(err error) (all []report.Failure) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // each by itself
		for _, e := range joined.Unwrap() {
			all = append(all, failures(e)...)
		}
		return all
	}
	image, ok := errors.AsType[*ecr.ImageError](err)
	if !ok {
		return nil
	}
	f := report.Failure{Subject: image.Module, Cause: image.Err.Error()}
	if step, ok := errors.AsType[*ecr.BuildError](err); ok {
		f.Logs = step.Lines
	}
	return []report.Failure{f}
}

// counts says how many images had each outcome, in the order in which they come.
func counts(images []report.Image) string {
	var order []string
	n := map[string]int{}
	for _, i := range images {
		if n[i.Outcome]++; n[i.Outcome] == 1 {
			order = append(order, i.Outcome)
		}
	}
	slices.Sort(order)
	for i, outcome := range order {
		order[i] = fmt.Sprintf("%d %s", n[outcome], outcome)
	}
	return strings.Join(order, ", ")
}
