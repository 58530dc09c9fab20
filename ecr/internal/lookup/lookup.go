// Package lookup finds images in an Amazon ECR repository by their tags and digests.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// PerCall is how many images one call takes.
// Source: ECR API reference, BatchGetImage, BatchDeleteImage and DescribeImages.
const PerCall = 100

// The media types of an image index, which refers to other images.
// Source: OCI image specification, "Media Types"; distribution, "Manifest lists".
const (
	OCIIndex   = "application/vnd.oci.image.index.v1+json"
	DockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// manifestTypes are all kinds of image. Without them, ECR may answer with the
// manifest translated into another kind, which has another digest.
func manifestTypes() []string {
	return []string{
		"application/vnd.docker.distribution.manifest.v2+json", DockerList,
		"application/vnd.oci.image.manifest.v1+json", OCIIndex,
	}
}

// Getter is what finding images needs of an [awsecr.Client].
type Getter interface {
	BatchGetImage(context.Context, *awsecr.BatchGetImageInput, ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error)
}

// Repository is where to look.
type Repository struct {
	API        Getter
	RegistryID *string // nil is the default registry
	Name       string
}

// Digests returns the digest that each of tags points to; those that do not exist
// are left out.
func (r Repository) Digests(ctx context.Context, tags []string) (map[string]string, error) {
	found := make(map[string]string, len(tags))
	for batch := range slices.Chunk(tags, PerCall) {
		ids := make([]types.ImageIdentifier, len(batch))
		for i := range batch {
			ids[i].ImageTag = &batch[i]
		}
		images, missing, err := r.get(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, i := range images {
			found[aws.ToString(i.ImageId.ImageTag)] = aws.ToString(i.ImageId.ImageDigest)
		}
		for _, tag := range batch {
			if found[tag] != "" || missing[tag] {
				continue
			}
			// The answer named the image by another of its tags, as emulators do.
			images, _, err := r.get(ctx, []types.ImageIdentifier{{ImageTag: &tag}})
			if err != nil {
				return nil, err
			}
			if len(images) == 1 {
				found[tag] = aws.ToString(images[0].ImageId.ImageDigest)
			}
		}
	}
	return found, nil
}

// Images returns those of the images with the given digests that exist, at most
// PerCall, with their manifests. Each has an ImageId.
func (r Repository) Images(ctx context.Context, digests []string) ([]types.Image, error) {
	ids := make([]types.ImageIdentifier, len(digests))
	for i := range digests {
		ids[i].ImageDigest = &digests[i]
	}
	images, _, err := r.get(ctx, ids)
	return images, err
}

// get returns those of ids that exist, and the tags that do not. An image that
// exists and cannot be read is an error.
func (r Repository) get(ctx context.Context, ids []types.ImageIdentifier) (images []types.Image, missing map[string]bool, err error) {
	out, err := r.API.BatchGetImage(ctx, &awsecr.BatchGetImageInput{
		RepositoryName: &r.Name, RegistryId: r.RegistryID, ImageIds: ids, AcceptedMediaTypes: manifestTypes(),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("get images: %w", err)
	}
	missing = make(map[string]bool)
	var errs []error
	for _, f := range out.Failures {
		if f.ImageId == nil {
			f.ImageId = &types.ImageIdentifier{}
		}
		if f.FailureCode == types.ImageFailureCodeImageNotFound {
			missing[aws.ToString(f.ImageId.ImageTag)] = true
			continue
		}
		errs = append(errs, fmt.Errorf("get image %s%s: %s: %s", aws.ToString(f.ImageId.ImageTag), Short(aws.ToString(f.ImageId.ImageDigest)), f.FailureCode, aws.ToString(f.FailureReason)))
	}
	images = slices.DeleteFunc(out.Images, func(i types.Image) bool { return i.ImageId == nil })
	return images, missing, errors.Join(errs...)
}

// Short is a digest as people compare it.
func Short(digest string) string {
	const algorithm, digits = len("sha256:"), 12
	return digest[:min(algorithm+digits, len(digest))]
}
