package ecr

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	for _, tag := range i.image.Tags {
		if !slices.ContainsFunc(i.Moves, func(m Move) bool { return m.Tag == tag }) {
			done.Tags = append(done.Tags, tag)
		}
	}
	var err error
	if len(i.Moves) > 0 {
		p.emit(i.Module, progress.Running, "tagging", nil)
		var moved []string
		moved, err = p.move(ctx, i, got.digest)
		done.Tags = append(done.Tags, moved...)
	}
	slices.Sort(done.Tags)
	return done, err
}

// move points the tags of i.Moves to digest, by giving ECR its own manifest back
// under another name: no layer is read or written.
// Source: ECR user guide, "Retagging an image".
func (p *Publisher) move(ctx context.Context, i PlannedImage, digest string) (moved []string, err error) {
	images, err := p.in(i.Repository).Images(ctx, []string{digest})
	if err != nil {
		return nil, err
	}
	if len(images) == 0 || value(images[0].ImageManifest) == "" {
		return nil, fmt.Errorf("get image %s: it is gone: plan again", lookup.Short(digest))
	}
	var errs []error
	for _, m := range i.Moves {
		_, err := p.api.PutImage(ctx, &awsecr.PutImageInput{
			RepositoryName: &i.Repository, RegistryId: p.registryID(), ImageTag: &m.Tag, ImageDigest: &digest,
			ImageManifest: images[0].ImageManifest, ImageManifestMediaType: images[0].ImageManifestMediaType,
		})
		if err := p.settle(ctx, i.Repository, m.Tag, digest, err); err != nil {
			errs = append(errs, fmt.Errorf("move tag %s: %w", m.Tag, err))
			continue
		}
		moved = append(moved, m.Tag)
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
