package ecr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// Action says what applying does to one image.
type Action string

// The actions of a plan.
const (
	ActionBuild Action = "build" // build it, push it, and move its tags
	ActionRetag Action = "retag" // it is there; move tags to it
	ActionSkip  Action = "skip"  // it is there with all its tags
)

// Move is a tag that comes to point to the image.
type Move struct {
	Tag  string `json:"tag"`
	From string `json:"from,omitempty"` // the digest that it points to now; empty for a new tag
}

// PlannedImage is what happens to one image.
type PlannedImage struct {
	Module     string `json:"module"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"` // of its inputs, see InputsTag
	Action     Action `json:"action"`
	Reason     string `json:"reason"`
	// Digest is what Tag points to now, "sha256:" and 64 hex digits; empty where
	// there is no such tag.
	Digest string `json:"digest,omitempty"`
	// PushedAt is when that was pushed; nil where Options.MaxAge is not set.
	PushedAt *time.Time `json:"pushedAt,omitempty"`
	// Moves are the tags of Image.Tags that do not point to the image yet, sorted.
	Moves []Move `json:"moves,omitempty"`

	image  Image
	inputs inputs
	uri    string // host/repository
}

// Plan is what Apply would do.
type Plan struct {
	// Images are sorted by module.
	Images []PlannedImage `json:"images"`

	made bool // by Plan, so that images hold what Apply needs
}

// Empty reports whether applying would build and write nothing.
func (p Plan) Empty() bool { return p.Count(ActionSkip) == len(p.Images) }

// Count returns how many images the plan has for action a.
func (p Plan) Count(a Action) int {
	n := 0
	for _, i := range p.Images {
		if i.Action == a {
			n++
		}
	}
	return n
}

// String shows the plan as people read it: a line of counts, then a line an image.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "images: %d to build, %d to tag, %d unchanged\n",
		p.Count(ActionBuild), p.Count(ActionRetag), p.Count(ActionSkip))
	width := 0
	for _, i := range p.Images {
		width = max(width, len(clean.Text(i.Module)))
	}
	marks := map[Action]string{ActionBuild: "+", ActionRetag: "~", ActionSkip: "="}
	for _, i := range p.Images {
		fmt.Fprintf(&b, "  %s %-*s  %s\n", marks[i.Action], width, clean.Text(i.Module), i.summary())
	}
	return b.String()
}

// summary is reason and moves in one line.
func (i PlannedImage) summary() string {
	text := i.Reason
	if len(i.Moves) > 0 {
		tags := make([]string, len(i.Moves))
		for n, m := range i.Moves {
			tags[n] = m.Tag
		}
		text += "; tag " + strings.Join(tags, ", ")
	}
	return text
}

// Plan hashes the inputs of images and compares them with what the registry has.
// It only reads: one DescribeRepositories call a hundred repositories, and one
// BatchGetImage call a repository (and hundred tags), with Options.MaxAge also
// one of DescribeImages.
//
// All faults of images are found before the first call, and joined: they match
// [ErrInvalid] or [ErrUnpinned]. A repository that does not exist matches
// [ErrNoRepository], a tag that may not be moved [ErrImmutable].
func (p *Publisher) Plan(ctx context.Context, images []Image) (Plan, error) {
	plan, err := p.plan(ctx, images)
	if err != nil {
		return Plan{}, fmt.Errorf("plan images: %w", err)
	}
	return plan, nil
}

func (p *Publisher) plan(ctx context.Context, images []Image) (plan Plan, err error) {
	images, err = normalise(images)
	if err != nil {
		return Plan{}, err
	}
	plan = Plan{Images: make([]PlannedImage, len(images)), made: true}
	faults := make([]error, len(images))
	defer func() { p.tell(images, plan, faults, err) }()
	read := p.readInputs(ctx, images, faults)
	if err := together(images, faults); err != nil {
		return plan, err
	}
	for i, image := range images {
		plan.Images[i] = PlannedImage{
			Module: image.Module, Repository: image.Repository, Tag: InputsTag(read[i].hash),
			image: image, inputs: read[i],
		}
	}
	registry, err := p.read(ctx, plan.Images)
	if err != nil {
		return plan, err
	}
	for i := range plan.Images {
		image := &plan.Images[i]
		faults[i] = p.decide(image, registry[image.Repository], time.Now())
	}
	return plan, errors.Join(faults...)
}

// tell tells how the planning of each image ended, where err is how that of all
// did.
func (p *Publisher) tell(images []Image, plan Plan, faults []error, err error) {
	for i, image := range images {
		event := progress.Event{Op: opPublish, Subject: image.Module, State: progress.Done}
		switch {
		case faults[i] != nil:
			event.State, event.Err = progress.Failed, faults[i]
		case err != nil:
			event.State, event.Message = progress.Skipped, "there is no plan"
		default:
			event.Message = "planned to " + string(plan.Images[i].Action) + ": " + plan.Images[i].Reason
		}
		p.opts.Progress.Emit(event)
	}
}

// holding is what the registry has of one repository.
type holding struct {
	repository types.Repository
	uri        string               // host/repository
	digests    map[string]string    // by tag
	pushed     map[string]time.Time // by digest
}

// decide is the whole decision for one image: its inputs against what the
// registry holds.
func (p *Publisher) decide(i *PlannedImage, has holding, now time.Time) error {
	i.uri = has.uri
	i.Digest = has.digests[i.Tag]
	if pushed, known := has.pushed[i.Digest]; known {
		i.PushedAt = &pushed
	}
	i.Action, i.Reason = p.judge(i, now)
	for _, tag := range i.image.Tags {
		if at := has.digests[tag]; i.Action == ActionBuild || at != i.Digest {
			i.Moves = append(i.Moves, Move{Tag: tag, From: at})
		}
	}
	slices.SortFunc(i.Moves, func(a, b Move) int { return cmp.Compare(a.Tag, b.Tag) })
	if i.Action == ActionSkip && len(i.Moves) > 0 {
		i.Action = ActionRetag
	}
	return p.movable(i, has.repository)
}

// judge says whether to build, and why.
func (p *Publisher) judge(i *PlannedImage, now time.Time) (Action, string) {
	switch {
	case i.Digest == "":
		return ActionBuild, "no image has these inputs" + i.inputs.hint()
	case p.opts.Force:
		return ActionBuild, "forced"
	case p.opts.MaxAge > 0 && i.PushedAt != nil && now.Sub(*i.PushedAt) > p.opts.MaxAge:
		return ActionBuild, fmt.Sprintf("pushed %s ago, more than %s", age(now.Sub(*i.PushedAt)), age(p.opts.MaxAge))
	}
	return ActionSkip, "same inputs as " + lookup.Short(i.Digest)
}

// movable refuses a plan that the repository would refuse after the build.
func (p *Publisher) movable(i *PlannedImage, r types.Repository) error {
	var errs []error
	refuse := func(tag, remedy string) {
		errs = append(errs, fmt.Errorf("image %s: tag %s of %s may not move: %w: %s", i.Module, tag, i.Repository, ErrImmutable, remedy))
	}
	if i.Action == ActionBuild && i.Digest != "" && immutable(r, i.Tag) {
		refuse(i.Tag, `to build the same inputs again, add "`+InputsPrefix+`*" to the exclusions of the repository, or change Image.Epoch`)
	}
	for _, m := range i.Moves {
		if m.From != "" && immutable(r, m.Tag) {
			refuse(m.Tag, "it points to "+lookup.Short(m.From)+"; choose a new tag, or exclude it from immutability")
		}
	}
	return errors.Join(errs...)
}

// age is d in the largest unit of which it has two, so that people see its size.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
