package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// Action says what applying does to one repository.
type Action string

// The actions of a plan.
const (
	Create Action = "create"
	Update Action = "update"
	Keep   Action = "keep"
)

// Change is what happens to one repository.
type Change struct {
	Repository string   `json:"repository"`
	Action     Action   `json:"action"`
	Detail     []string `json:"detail,omitempty"` // readable differences
	// Warnings are what differs and cannot be changed, and what runs and is in no
	// repository.
	Warnings []string `json:"warnings,omitempty"`

	desired Repository
	arn     string
	steps   []step // in the order in which they are written
}

// Plan is what Apply would do, sorted by repository.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Keep })
}

// String shows the plan as people read it: a line for each repository that
// changes or cannot, and one for each difference.
func (p Plan) String() string {
	marks := map[Action]string{Create: "+", Update: "~", Keep: "="}
	var b strings.Builder
	for _, c := range p.Changes {
		if c.Action == Keep && len(c.Warnings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s repository %s\n", marks[c.Action], c.Repository)
		for _, line := range c.Detail {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		for _, line := range c.Warnings {
			fmt.Fprintf(&b, "  warning: %s\n", line)
		}
	}
	return b.String()
}

// Plan compares desired with what exists. It only reads. Faults of desired match
// [ErrInvalid] and are found before any call; a lifecycle policy that could take
// away an image which runs is a [*LifecycleError], unless the repository has that
// very policy already: then it is a warning. All of either kind are joined.
func (m *Manager) Plan(ctx context.Context, desired []Repository) (Plan, error) {
	all := make([]Repository, len(desired))
	for i, r := range desired {
		all[i] = r.explicit()
	}
	slices.SortStableFunc(all, func(a, b Repository) int { return cmp.Compare(a.Name, b.Name) })
	if err := checkAll(all); err != nil {
		return Plan{}, err
	}
	if len(all) == 0 {
		return Plan{}, nil
	}
	existing, err := m.list(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("plan repositories: %w", err)
	}
	plan := Plan{Changes: make([]Change, len(all))}
	errs := make([]error, len(all))
	var group errgroup.Group
	group.SetLimit(m.opts.Parallel)
	for i, r := range all {
		group.Go(func() error {
			plan.Changes[i], errs[i] = m.plan(ctx, r, existing[r.Name])
			return nil
		})
	}
	_ = group.Wait() // errors are in errs, one a repository
	if err := errors.Join(errs...); err != nil {
		return Plan{}, err
	}
	return plan, nil
}

// plan compares one repository with found, which is nil where there is none.
func (m *Manager) plan(ctx context.Context, desired Repository, found *state) (Change, error) {
	if found == nil {
		change := diff(desired, nil)
		_, change.Warnings = running(desired, nil)
		return change, nil
	}
	if err := m.read(ctx, desired, found); err != nil {
		return Change{}, fmt.Errorf("plan repository %s: %w", desired.Name, err)
	}
	change := diff(desired, found)
	if desired.Lifecycle == nil {
		return change, nil
	}
	digests, missing := running(desired, found.images)
	change.Warnings = append(change.Warnings, missing...)
	risks := desired.Lifecycle.Risks(found.images, digests, lifecycle.RiskOptions{Headroom: m.opts.Headroom})
	if slices.Contains(change.steps, stepLifecycle) && len(risks) > 0 {
		return Change{}, &LifecycleError{Repository: desired.Name, Risks: risks}
	}
	for _, r := range risks {
		change.Warnings = append(change.Warnings, "lifecycle policy, "+r.String())
	}
	return change, nil
}

// running returns the digests of what runs of desired, which has images, and what
// is not there: nothing protects that, and it may be the wrong list.
func running(desired Repository, images []lifecycle.Image) (digests, missing []string) {
	if desired.Lifecycle == nil || len(desired.Lifecycle.Rules) == 0 {
		return nil, nil
	}
	for _, runs := range desired.images() {
		i := slices.IndexFunc(images, func(image lifecycle.Image) bool {
			return image.Digest == runs.Digest || slices.Contains(image.Tags, runs.Tag)
		})
		if i >= 0 {
			digests = append(digests, images[i].Digest)
			continue
		}
		missing = append(missing, cmp.Or(runs.Digest, "tag "+runs.Tag)+" runs, and the repository does not have it: is the list of what runs the right one?")
	}
	return slices.Compact(slices.Sorted(slices.Values(digests))), missing
}
