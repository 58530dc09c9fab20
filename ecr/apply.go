package ecr

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/progress"
)

// Outcome is what became of one image.
type Outcome string

// The outcomes of applying a plan.
const (
	Built          Outcome = "built"           // and pushed
	BuiltElsewhere Outcome = "built elsewhere" // somebody else pushed the same inputs meanwhile; theirs counts
	Retagged       Outcome = "retagged"
	Unchanged      Outcome = "unchanged"
)

// Published is an image that is in its repository.
type Published struct {
	Module     string  `json:"module"`
	Repository string  `json:"repository"`
	Tag        string  `json:"tag"`    // of its inputs
	Digest     string  `json:"digest"` // "sha256:" and 64 hex digits
	URI        string  `json:"uri"`    // host/repository@digest: what to deploy
	Outcome    Outcome `json:"outcome"`
	// Tags are those of Image.Tags that pointed to the image when Apply had looked
	// and moved them, sorted. One that does not is missing, and is in the error.
	Tags []string `json:"tags"`
}

// Result is what Apply did.
type Result struct {
	// Images are those that are in their repository, sorted by module. An image
	// that failed before that is missing.
	Images []Published `json:"images"`
}

// Apply builds, pushes and tags what plan says, Options.Parallel images at once.
// An image that has all its tags costs one call, for a look at them, and none where
// it has no tags. A tag that is no longer where the plan saw it, and not at the image
// either, stays there: [ErrMoved]. So an older run does not take "latest" from a newer.
//
// Each failure is an [*ImageError] in the joined error and does not stop the
// other images. Where ctx ends, what is under way is stopped and nothing more is
// begun. Result holds what was published either way.
//
// What is built is what was planned: a file that has changed since fails the
// build. Where somebody else has pushed the same inputs meanwhile, nothing is built,
// or what was built is not pushed: theirs is the image that counts, so that all who
// deploy these inputs deploy one digest. So a plan can be applied twice. In
// the engine, the name that an image was pushed by is removed again; its build
// cache stays.
func (p *Publisher) Apply(ctx context.Context, plan Plan) (Result, error) {
	if !plan.made {
		return Result{}, fmt.Errorf("publish images: %w", ErrNotPlanned)
	}
	if plan.Count(ActionBuild) > 0 && (p.opts.Engine == nil || p.opts.Builder == nil) {
		return Result{}, fmt.Errorf("publish images: %w", ErrNoEngine)
	}
	ends := make([]end, len(plan.Images))
	var group errgroup.Group
	group.SetLimit(p.opts.Parallel)
	for _, i := range plan.Images {
		if i.Action != ActionSkip {
			p.emit(i.Module, progress.Waiting, i.Reason, nil)
		}
	}
	for _, same := range sameInputs(plan.Images) {
		group.Go(func() error {
			p.publish(ctx, plan.Images, same, ends)
			return nil
		})
	}
	_ = group.Wait() // failures are in ends, one an image
	return result(ctx, ends)
}

// end is how far one image came.
type end struct {
	published Published // without a digest it is not there
	err       error
	skipped   bool // ctx had ended before it was begun
}

// sameInputs groups the indices of images that are one image in one repository
// and need to be built only once. Groups without a build come first, since they
// take no time.
func sameInputs(images []PlannedImage) [][]int {
	type key struct{ repository, tag string }
	at := make(map[key]int)
	var groups [][]int
	for i, image := range images {
		k := key{image.Repository, image.Tag}
		n, known := at[k]
		if !known {
			n = len(groups)
			at[k] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return weight(images[a[0]]) - weight(images[b[0]]) })
	return groups
}

func weight(i PlannedImage) int {
	if i.Action == ActionBuild {
		return 1
	}
	return 0
}

// publish brings the images at the indices same, which have the same inputs,
// into their repository, and fills in their ends.
func (p *Publisher) publish(ctx context.Context, images []PlannedImage, same []int, ends []end) {
	first := images[same[0]]
	if ctx.Err() != nil && first.Action != ActionSkip {
		for _, i := range same {
			ends[i].skipped = true
			p.emit(images[i].Module, progress.Skipped, "not begun", nil)
		}
		return
	}
	got := p.obtain(ctx, first)
	for _, i := range same {
		image, e := images[i], end{}
		phase, err := got.phase, got.err
		if err == nil {
			phase = PhaseTag
			e.published, err = p.tag(ctx, image, got)
		}
		if err != nil {
			e.err = &ImageError{Module: image.Module, Repository: image.Repository, Phase: phase, Err: err}
		}
		ends[i] = e
		p.finish(image, e)
	}
}

// obtained is the image that has the inputs of a plan, or why there is none.
type obtained struct {
	digest  string
	outcome Outcome
	phase   Phase // that failed
	err     error
}

// obtain returns the digest of image i, which it builds where the plan says so.
func (p *Publisher) obtain(ctx context.Context, i PlannedImage) obtained {
	switch i.Action {
	case ActionSkip:
		return obtained{digest: i.Digest, outcome: Unchanged}
	case ActionRetag:
		return obtained{digest: i.Digest, outcome: Retagged}
	}
	return p.make(ctx, i)
}

// finish tells how image i ended.
func (p *Publisher) finish(i PlannedImage, e end) {
	switch {
	case e.err != nil:
		p.emit(i.Module, progress.Failed, "", e.err)
	case e.published.Outcome == Unchanged:
		p.emit(i.Module, progress.Unchanged, i.Reason, nil)
	default:
		p.emit(i.Module, progress.Done, string(e.published.Outcome)+": "+lookup.Short(e.published.Digest), nil)
	}
}

func (p *Publisher) emit(module string, state progress.State, message string, err error) {
	p.opts.Progress.Emit(progress.Event{Op: opPublish, Subject: module, State: state, Message: message, Err: err})
}

func result(ctx context.Context, ends []end) (Result, error) {
	r := Result{Images: []Published{}}
	var errs []error
	skipped := 0
	for _, e := range ends {
		if e.published.Digest != "" {
			r.Images = append(r.Images, e.published)
		}
		if e.skipped {
			skipped++
		}
		errs = append(errs, e.err)
	}
	if skipped > 0 {
		errs = append(errs, fmt.Errorf("publish images: %d not begun: %w", skipped, context.Cause(ctx)))
	}
	return r, errors.Join(errs...)
}
