package cleanup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// Cleaned is what was removed from one repository.
type Cleaned struct {
	Repository string   `json:"repository"`
	Removed    []string `json:"removed"` // tags, sorted
	// Changed are tags that point to another image than when it was planned, or
	// are gone by themselves. They were left alone.
	Changed []string `json:"changed"`
}

// Result is what Apply did.
type Result struct {
	Repositories []Cleaned `json:"repositories"` // sorted by name; those that lost nothing are left out
}

// Apply removes the tags of plan, a hundred a call, and the images that lose
// their last one with them. It names tags, never digests: an image that got
// another tag since it was planned stays, and so does a tag that was moved.
//
// What fails does not stop the rest: each tag that ECR refuses is a
// [*RemoveError] in the joined error. Result holds what was removed either way.
func (c *Cleaner) Apply(ctx context.Context, plan Plan) (Result, error) {
	cleaned := make([]Cleaned, len(plan.Repositories))
	errs := make([]error, len(plan.Repositories))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, r := range plan.Repositories {
		if len(r.Images) == 0 {
			c.emit(r.Name, progress.Unchanged, "", nil)
			continue
		}
		group.Go(func() error {
			c.emit(r.Name, progress.Running, english.Count(len(r.Images), "image"), nil)
			cleaned[i], errs[i] = c.clean(ctx, r)
			if errs[i] != nil {
				c.emit(r.Name, progress.Failed, "", errs[i])
				return nil
			}
			c.emit(r.Name, progress.Done, english.Count(len(cleaned[i].Removed), "tag")+" removed", nil)
			return nil
		})
	}
	_ = group.Wait() // failures are in errs, one a repository
	result := Result{Repositories: []Cleaned{}}
	for _, one := range cleaned {
		if len(one.Removed)+len(one.Changed) > 0 {
			result.Repositories = append(result.Repositories, one)
		}
	}
	return result, errors.Join(errs...)
}

// removal is one tag that goes.
type removal struct{ tag, digest string }

// clean removes the tags of one repository. An image that an index refers to can
// only go after that index, so that what ECR refuses for this reason is tried
// again for as long as others go.
func (c *Cleaner) clean(ctx context.Context, r Repository) (Cleaned, error) {
	done := Cleaned{Repository: r.Name, Removed: []string{}, Changed: []string{}}
	var todo []removal
	for _, image := range r.Images {
		for _, tag := range image.Remove {
			todo = append(todo, removal{tag, image.Digest})
		}
	}
	var errs, refusals []error
	for left := len(todo) + 1; len(todo) > 0 && len(todo) < left; {
		left = len(todo)
		var again []removal
		refusals = nil
		for batch := range slices.Chunk(todo, lookup.PerCall) {
			refused, err := c.remove(ctx, r.Name, batch, &done)
			if err != nil {
				errs = append(errs, fmt.Errorf("remove tags %s to %s of %s: %w", batch[0].tag, batch[len(batch)-1].tag, r.Name, err))
			}
			for _, removal := range batch {
				switch refusal := refused[removal.tag]; {
				case refusal == nil:
				case refusal.Code == string(types.ImageFailureCodeImageReferencedByManifestList):
					again, refusals = append(again, removal), append(refusals, refusal)
				default:
					errs = append(errs, refusal)
				}
			}
		}
		todo = again
	}
	slices.Sort(done.Removed)
	slices.Sort(done.Changed)
	return done, errors.Join(append(errs, refusals...)...)
}

// remove removes those tags of batch that still point to what they did, notes
// that in done, and returns by tag what ECR refused.
func (c *Cleaner) remove(ctx context.Context, name string, batch []removal, done *Cleaned) (map[string]*RemoveError, error) {
	tags := make([]string, len(batch))
	for i := range batch {
		tags[i] = batch[i].tag
	}
	now, err := c.in(name).Digests(ctx, tags)
	if err != nil {
		return nil, err
	}
	var ids []types.ImageIdentifier
	for i := range batch {
		if now[batch[i].tag] == batch[i].digest {
			ids = append(ids, types.ImageIdentifier{ImageTag: &batch[i].tag})
		} else {
			done.Changed = append(done.Changed, batch[i].tag)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := c.api.BatchDeleteImage(ctx, &awsecr.BatchDeleteImageInput{RepositoryName: &name, RegistryId: c.registryID(), ImageIds: ids})
	if err != nil {
		return nil, err
	}
	refused := make(map[string]*RemoveError)
	for _, f := range out.Failures {
		if f.ImageId != nil {
			tag := ptr.Value(f.ImageId.ImageTag)
			refused[tag] = &RemoveError{Repository: name, Tag: tag, Code: string(f.FailureCode), Reason: ptr.Value(f.FailureReason)}
		}
	}
	for _, id := range ids {
		switch refusal := refused[*id.ImageTag]; {
		case refusal == nil:
			done.Removed = append(done.Removed, *id.ImageTag)
		case refusal.Code == string(types.ImageFailureCodeImageNotFound): // somebody else was faster
			done.Changed = append(done.Changed, *id.ImageTag)
			delete(refused, *id.ImageTag)
		}
	}
	return refused, nil
}
