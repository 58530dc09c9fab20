package ecr

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/progress"
)

// tag moves the tags of image i to what was obtained for it. Tags that fail do
// not stop the others.
func (p *Publisher) tag(ctx context.Context, i PlannedImage, got obtained) (Published, error) {
	done := Published{
		Module: i.Module, Repository: i.Repository, Tag: i.Tag,
		Digest: got.digest, URI: i.uri + "@" + got.digest, Outcome: got.outcome, Tags: []string{},
	}
	if len(i.image.Tags) == 0 {
		return done, nil
	}
	at, err := p.in(i.Repository).Digests(ctx, i.image.Tags)
	if err != nil {
		return done, fmt.Errorf("look for its tags: %w", err)
	}
	var moves []string
	var errs []error
	for _, tag := range i.image.Tags {
		switch at[tag] {
		case got.digest:
			done.Tags = append(done.Tags, tag)
		case i.from(tag):
			moves = append(moves, tag)
		default:
			errs = append(errs, fmt.Errorf("move tag %s: %w: it was at %s, and is at %s", tag, ErrMoved, place(i.from(tag)), place(at[tag])))
		}
	}
	if len(moves) > 0 {
		p.emit(i.Module, progress.Running, "tagging", nil)
		moved, err := p.move(ctx, i.Repository, moves, got.digest)
		done.Tags = append(done.Tags, moved...)
		errs = append(errs, err)
	}
	slices.Sort(done.Tags)
	return done, errors.Join(errs...)
}

// from is the digest that tag pointed to when the plan was made, or "".
func (i PlannedImage) from(tag string) string {
	for _, m := range i.Moves {
		if m.Tag == tag {
			return m.From
		}
	}
	return i.Digest
}

// place is a digest as people read it, or that there is none.
func place(digest string) string {
	if digest == "" {
		return "no image"
	}
	return lookup.Short(digest)
}

// move points tags to digest, by giving ECR its own manifest back under another
// name: no layer is read or written.
// Source: ECR user guide, "Retagging an image".
func (p *Publisher) move(ctx context.Context, repository string, tags []string, digest string) (moved []string, err error) {
	images, err := p.in(repository).Images(ctx, []string{digest})
	if err != nil {
		return nil, err
	}
	if len(images) == 0 || aws.ToString(images[0].ImageManifest) == "" {
		return nil, fmt.Errorf("get image %s: it is gone: plan again", lookup.Short(digest))
	}
	var errs []error
	for _, tag := range tags {
		_, err := p.api.PutImage(ctx, &awsecr.PutImageInput{
			RepositoryName: &repository, RegistryId: p.registryID(), ImageTag: &tag, ImageDigest: &digest,
			ImageManifest: images[0].ImageManifest, ImageManifestMediaType: images[0].ImageManifestMediaType,
		})
		if err := p.settle(ctx, repository, tag, digest, err); err != nil {
			errs = append(errs, fmt.Errorf("move tag %s: %w", tag, err))
			continue
		}
		moved = append(moved, tag)
	}
	return moved, errors.Join(errs...)
}

// settle says what an error of PutImage means: none where somebody else has
// moved the tag to the same digest already.
func (p *Publisher) settle(ctx context.Context, repository, tag, digest string, err error) error {
	if _, there := errors.AsType[*types.ImageAlreadyExistsException](err); there {
		return nil
	}
	if _, full := errors.AsType[*types.LimitExceededException](err); full {
		return fmt.Errorf("%w: remove tags that nobody needs any more, for example with package ecr/cleanup", err)
	}
	if _, taken := errors.AsType[*types.ImageTagAlreadyExistsException](err); taken {
		// An immutable tag is refused even where it would stay where it is.
		found, lookErr := p.in(repository).Digests(ctx, []string{tag})
		switch {
		case lookErr != nil:
			return lookErr
		case found[tag] == digest:
			return nil
		}
		return fmt.Errorf("%w, and somebody else has given it to %s: choose a new tag", ErrImmutable, lookup.Short(found[tag]))
	}
	return err
}
