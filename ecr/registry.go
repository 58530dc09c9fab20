package ecr

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/ecr/internal/lookup"
)

// What one call takes, and how many calls are under way at once.
// Source: ECR API reference, DescribeRepositories.
const (
	repositoriesPerCall = 100
	readsAtOnce         = 8
)

// read returns what the registry holds of the images' repositories, by name.
func (p *Publisher) read(ctx context.Context, images []PlannedImage) (map[string]holding, error) {
	wanted := make(map[string][]string) // tags by repository
	for _, i := range images {
		wanted[i.Repository] = append(append(wanted[i.Repository], i.Tag), i.image.Tags...)
	}
	found, err := p.repositories(ctx, slices.Sorted(maps.Keys(wanted)))
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	holdings := make(map[string]holding, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for name, tags := range wanted {
		group.Go(func() error {
			has, err := p.hold(ctx, name, found[name], tags)
			if err != nil {
				return fmt.Errorf("read repository %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			holdings[name] = has
			return nil
		})
	}
	return holdings, group.Wait()
}

func (p *Publisher) hold(ctx context.Context, name string, r types.Repository, tags []string) (holding, error) {
	has := holding{repository: r, uri: aws.ToString(r.RepositoryUri)}
	if _, path, ok := strings.Cut(has.uri, "/"); ok && p.opts.Registry != "" {
		has.uri = p.opts.Registry + "/" + path
	}
	slices.Sort(tags)
	var err error
	if has.digests, err = p.in(name).Digests(ctx, slices.Compact(tags)); err != nil {
		return has, err
	}
	if p.opts.MaxAge > 0 {
		has.pushed, err = p.pushed(ctx, name, has.digests)
	}
	return has, err
}

// repositories describes the named ones, and names all that do not exist.
func (p *Publisher) repositories(ctx context.Context, names []string) (map[string]types.Repository, error) {
	found := make(map[string]types.Repository, len(names))
	describe := func(names ...string) error {
		out, err := p.api.DescribeRepositories(ctx, &awsecr.DescribeRepositoriesInput{RepositoryNames: names, RegistryId: p.registryID()})
		if err != nil {
			return err
		}
		for _, r := range out.Repositories {
			found[aws.ToString(r.RepositoryName)] = r
		}
		return nil
	}
	var errs []error
	for batch := range slices.Chunk(names, repositoriesPerCall) {
		err := describe(batch...)
		if _, missing := errors.AsType[*types.RepositoryNotFoundException](err); !missing {
			if err != nil {
				return nil, fmt.Errorf("describe repositories: %w", err)
			}
			continue
		}
		for _, name := range batch { // one that is missing fails the whole call
			err := describe(name)
			if _, missing := errors.AsType[*types.RepositoryNotFoundException](err); missing {
				err = ErrNoRepository
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("describe repository %s: %w", name, err))
			}
		}
	}
	return found, errors.Join(errs...)
}

// in is where to look for images of the named repository.
func (p *Publisher) in(repository string) lookup.Repository {
	return lookup.Repository{API: p.api, RegistryID: p.registryID(), Name: repository}
}

// pushed returns when each digest was pushed. Giving an image another tag does
// not change that, see aws/containers-roadmap#2746.
func (p *Publisher) pushed(ctx context.Context, repository string, digests map[string]string) (map[string]time.Time, error) {
	var unique []string
	for tag, digest := range digests {
		if strings.HasPrefix(tag, InputsPrefix) {
			unique = append(unique, digest)
		}
	}
	slices.Sort(unique)
	found := make(map[string]time.Time, len(unique))
	for batch := range slices.Chunk(slices.Compact(unique), lookup.PerCall) {
		ids := make([]types.ImageIdentifier, len(batch))
		for i := range batch {
			ids[i].ImageDigest = &batch[i]
		}
		out, err := p.api.DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: &repository, RegistryId: p.registryID(), ImageIds: ids})
		if err != nil {
			return nil, fmt.Errorf("describe images: %w", err)
		}
		for _, d := range out.ImageDetails {
			if d.ImagePushedAt != nil {
				found[aws.ToString(d.ImageDigest)] = *d.ImagePushedAt
			}
		}
	}
	return found, nil
}
