package cleanup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// imagesAPage is the most that DescribeImages takes.
// Source: ECR API reference, DescribeImages, maxResults.
const imagesAPage = 1000

// in is where to look for images of the named repository.
func (c *Cleaner) in(repository string) lookup.Repository {
	return lookup.Repository{API: c.api, RegistryID: c.registryID(), Name: repository}
}

// read returns all images of a repository.
func (c *Cleaner) read(ctx context.Context, name string) ([]stored, error) {
	var images []stored
	var indexes []int
	pages := awsecr.NewDescribeImagesPaginator(c.api, &awsecr.DescribeImagesInput{
		RepositoryName: &name, RegistryId: c.registryID(), MaxResults: new(int32(imagesAPage)),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if _, missing := errors.AsType[*types.RepositoryNotFoundException](err); missing {
			return nil, ErrNoRepository
		}
		if err != nil {
			return nil, fmt.Errorf("describe images: %w", err)
		}
		for _, d := range page.ImageDetails {
			image := stored{
				digest: ptr.Value(d.ImageDigest), tags: slices.Sorted(slices.Values(d.ImageTags)),
				bytes: ptr.Value(d.ImageSizeInBytes), pushed: ptr.Value(d.ImagePushedAt), used: ptr.Value(d.ImagePushedAt),
			}
			if kind := ptr.Value(d.ImageManifestMediaType); kind == lookup.OCIIndex || kind == lookup.DockerList {
				indexes = append(indexes, len(images)) // reading them, as below, counts as a pull
			} else if pulled := ptr.Value(d.LastRecordedPullTime); pulled.After(image.used) {
				image.used = pulled
			}
			images = append(images, image)
		}
	}
	for batch := range slices.Chunk(indexes, lookup.PerCall) {
		if err := c.readParts(ctx, name, images, batch); err != nil {
			return nil, err
		}
	}
	usedAsParts(images)
	return images, nil
}

// usedAsParts lets an index be used when one of its images was, also by way of
// another index.
func usedAsParts(images []stored) {
	at := make(map[string]int, len(images))
	for i := range images {
		at[images[i].digest] = i
	}
	for grown := true; grown; {
		grown = false
		for i := range images {
			for _, part := range images[i].parts {
				if n, there := at[part]; there && images[n].used.After(images[i].used) {
					images[i].used, grown = images[n].used, true
				}
			}
		}
	}
}

// readParts fills in what the images at the given indices refer to. An index that
// cannot be read is an error: nobody knows then what it needs.
func (c *Cleaner) readParts(ctx context.Context, name string, images []stored, at []int) error {
	digests := make([]string, len(at))
	index := make(map[string]int, len(at))
	for i, n := range at {
		digests[i] = images[n].digest
		index[images[n].digest] = n
	}
	found, err := c.in(name).Images(ctx, digests)
	if err != nil {
		return err
	}
	for _, image := range found {
		digest := ptr.Value(image.ImageId.ImageDigest)
		n, asked := index[digest]
		if !asked {
			continue
		}
		if images[n].parts, err = parts(ptr.Value(image.ImageManifest)); err != nil {
			return fmt.Errorf("read index %s: %w", lookup.Short(digest), err)
		}
		delete(index, digest)
	}
	for digest := range index {
		return fmt.Errorf("read index %s: ECR does not return it: plan again", lookup.Short(digest))
	}
	return nil
}

// parts returns the digests that an index refers to.
func parts(manifest string) ([]string, error) {
	var index struct {
		Manifests []struct{ Digest string }
	}
	if err := json.Unmarshal([]byte(manifest), &index); err != nil {
		return nil, err
	}
	digests := make([]string, len(index.Manifests))
	for i, m := range index.Manifests {
		digests[i] = m.Digest
	}
	return digests, nil
}
