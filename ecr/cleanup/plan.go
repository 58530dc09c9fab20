package cleanup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/internal/english"
)

// Image is an image that loses tags.
type Image struct {
	Digest string `json:"digest"` // "sha256:" and 64 hex digits
	// Remove are the tags that go, sorted; never empty.
	Remove []string `json:"remove"`
	// Keep are the tags that stay, sorted. Where there are none, the image goes.
	Keep   []string `json:"keep"`
	Reason string   `json:"reason"`
	// Bytes is its size in the repository. Layers that it shares with an image
	// that stays are not freed.
	Bytes    int64      `json:"bytes"`
	PushedAt *time.Time `json:"pushedAt,omitempty"`
}

// Goes reports whether the image is deleted with its last tag.
func (i Image) Goes() bool { return len(i.Keep) == 0 }

// Spared is an image that would have lost tags and keeps them all.
type Spared struct {
	Digest string   `json:"digest"`
	Tags   []string `json:"tags"` // that would have gone, sorted
	Reason string   `json:"reason"`
}

// Repository is what happens in one repository.
type Repository struct {
	Name   string   `json:"name"`
	Images []Image  `json:"images"` // that lose tags, sorted by digest
	Spared []Spared `json:"spared"` // sorted by digest
	Kept   int      `json:"kept"`   // images that are there afterwards
	// Warnings are what makes the request look wrong, such as an image that runs
	// and is not there; never nil.
	Warnings []string `json:"warnings"`
}

// Plan is what Apply would do.
type Plan struct {
	Repositories []Repository `json:"repositories"` // sorted by name
}

// Empty reports whether applying would remove nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Repositories, func(r Repository) bool { return len(r.Images) > 0 })
}

// String shows the plan as people read it: a line a repository, then one an
// image that loses tags or is spared, and one a warning.
func (p Plan) String() string {
	var b strings.Builder
	for _, r := range p.Repositories {
		images, bytes, tags := 0, int64(0), 0
		for _, i := range r.Images {
			if i.Goes() {
				images++
				bytes += i.Bytes
			} else {
				tags += len(i.Remove)
			}
		}
		fmt.Fprintf(&b, "%s: delete %s (%s), remove %s, keep %s\n", r.Name,
			english.Count(images, "image"), size(bytes), english.Count(tags, "tag"), english.Count(r.Kept, "image"))
		for _, i := range r.Images {
			mark, keeps := "-", ""
			if !i.Goes() {
				mark, keeps = "~", "; keeps "+strings.Join(i.Keep, ", ")
			}
			fmt.Fprintf(&b, "  %s %s  %s: %s%s\n", mark, lookup.Short(i.Digest), strings.Join(i.Remove, ", "), i.Reason, keeps)
		}
		for _, s := range r.Spared {
			fmt.Fprintf(&b, "  ! %s  %s: spared, %s\n", lookup.Short(s.Digest), strings.Join(s.Tags, ", "), s.Reason)
		}
		for _, w := range r.Warnings {
			fmt.Fprintf(&b, "  warning: %s\n", w)
		}
	}
	return b.String()
}

// size is a number of bytes in the units of the ECR console.
func size(bytes int64) string {
	switch {
	case bytes >= 10e9:
		return fmt.Sprintf("%d GB", bytes/1e9)
	case bytes >= 10e6:
		return fmt.Sprintf("%d MB", bytes/1e6)
	}
	return fmt.Sprintf("%d kB", (bytes+999)/1e3)
}

// atOnce limits the repositories that are read or cleaned up at once.
const atOnce = 4

// Plan finds what can go. It only reads.
//
// It fails with [ErrNoLive] where no environment is said to exist, with
// [ErrNoRunning] where nothing is said about what runs, and with [ErrInvalid] where
// the request is not plausible, all before the first call. A repository that does not
// exist matches [ErrNoRepository].
func (c *Cleaner) Plan(ctx context.Context, request Request) (Plan, error) {
	use, err := c.check(request)
	if err != nil {
		return Plan{}, fmt.Errorf("plan clean-up: %w", err)
	}
	asked := slices.Compact(slices.Sorted(slices.Values(request.Repositories)))
	repositories := make([]repository, len(asked))
	errs := make([]error, len(asked))
	now := time.Now()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, name := range asked {
		group.Go(func() error {
			images, err := c.read(ctx, name)
			if err != nil {
				errs[i] = fmt.Errorf("plan clean-up of %s: %w", name, err)
				return nil
			}
			repositories[i] = repository{
				name: name, images: images, use: use, environmentOf: c.opts.EnvironmentOf,
				oldest: now.Add(-c.opts.KeepInputs), newest: now.Add(-c.opts.MinAge),
			}
			return nil
		})
	}
	_ = group.Wait() // failures are in errs, one a repository
	if err := errors.Join(errs...); err != nil {
		return Plan{}, err
	}
	plan := Plan{Repositories: make([]Repository, len(repositories))}
	inMaking := young(repositories, now.Add(-c.opts.MinAge))
	for i := range repositories {
		repositories[i].young = inMaking
		plan.Repositories[i] = repositories[i].decide()
	}
	return plan, nil
}
