package repository

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply did.
type Result struct {
	// Done are the changes that were made in whole, in the order of the plan.
	Done []Change `json:"done"`
}

// Apply makes the changes of plan, several repositories at once; one that is
// kept costs no call. Where somebody else has made a repository since the plan,
// its settings are compared anew and mended. Each failed write is a [*WriteError]
// in the joined error: the rest of that repository is left for the next plan, and
// the other repositories go on. Result holds what was done either way.
func (m *Manager) Apply(ctx context.Context, plan Plan) (Result, error) {
	var group errgroup.Group
	group.SetLimit(m.opts.Parallel)
	errs := make([]error, len(plan.Changes))
	for i, c := range plan.Changes {
		group.Go(func() error {
			errs[i] = m.applyOne(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // failures are in errs, one a repository
	var result Result
	for i, c := range plan.Changes {
		if c.Action != Keep && errs[i] == nil {
			result.Done = append(result.Done, c)
		}
	}
	return result, errors.Join(errs...)
}

func (m *Manager) applyOne(ctx context.Context, c Change) error {
	event := progress.Event{Op: op, Subject: c.Repository, State: progress.Unchanged, Message: strings.Join(c.Warnings, "; ")}
	if c.Action == Keep {
		m.opts.Progress.Emit(event)
		return nil
	}
	event.State, event.Message = progress.Running, string(c.Action)
	m.opts.Progress.Emit(event)
	err := m.write(ctx, c)
	event.State, event.Message = progress.Done, strings.Join(c.Detail, "; ")
	if err != nil {
		event.State, event.Message, event.Err = progress.Failed, "", err
	}
	m.opts.Progress.Emit(event)
	return err
}

func (m *Manager) write(ctx context.Context, c Change) error {
	for _, s := range c.steps {
		err := context.Cause(ctx)
		if err == nil {
			err = m.step(ctx, s, c)
		}
		if _, exists := errors.AsType[*types.RepositoryAlreadyExistsException](err); exists && s == stepCreate {
			return m.reconcile(ctx, c)
		}
		if err != nil {
			return &WriteError{Repository: c.Repository, Step: string(s), Err: err}
		}
	}
	return nil
}

// reconcile goes on with a repository that somebody else has made meanwhile.
func (m *Manager) reconcile(ctx context.Context, c Change) error {
	existing, err := m.list(ctx)
	if err != nil {
		return &WriteError{Repository: c.Repository, Step: string(stepCreate), Err: err}
	}
	found := existing[c.Repository]
	if found == nil {
		err = fmt.Errorf("%s: ECR says that it exists, and does not list it; plan again", c.Repository)
		return &WriteError{Repository: c.Repository, Step: string(stepCreate), Err: err}
	}
	again, err := m.plan(ctx, c.desired, found)
	if err != nil {
		return err
	}
	return m.write(ctx, again)
}

func (m *Manager) step(ctx context.Context, s step, c Change) (err error) {
	r, id := c.desired, m.registryID()
	switch s {
	case stepCreate:
		_, err = m.api.CreateRepository(ctx, &awsecr.CreateRepositoryInput{
			RegistryId: id, RepositoryName: &r.Name, ImageTagMutability: types.ImageTagMutability(r.Mutability),
			ImageTagMutabilityExclusionFilters: r.filters(), ImageScanningConfiguration: r.scanning(),
			EncryptionConfiguration: r.encryption(), Tags: r.tags(),
		})
	case stepMutability:
		_, err = m.api.PutImageTagMutability(ctx, &awsecr.PutImageTagMutabilityInput{
			RegistryId: id, RepositoryName: &r.Name, ImageTagMutability: types.ImageTagMutability(r.Mutability), ImageTagMutabilityExclusionFilters: r.filters(),
		})
	case stepScanning:
		_, err = m.api.PutImageScanningConfiguration(ctx, &awsecr.PutImageScanningConfigurationInput{RegistryId: id, RepositoryName: &r.Name, ImageScanningConfiguration: r.scanning()})
	case stepTags:
		_, err = m.api.TagResource(ctx, &awsecr.TagResourceInput{ResourceArn: &c.arn, Tags: r.tags()})
	case stepPolicy:
		err = m.putPolicy(ctx, r)
	case stepLifecycle:
		err = m.putLifecycle(ctx, r)
	}
	return err
}

// A policy that is gone already is as good as deleted.

func (m *Manager) putPolicy(ctx context.Context, r Repository) error {
	if *r.Policy == "" {
		_, err := m.api.DeleteRepositoryPolicy(ctx, &awsecr.DeleteRepositoryPolicyInput{RegistryId: m.registryID(), RepositoryName: &r.Name})
		if _, gone := errors.AsType[*types.RepositoryPolicyNotFoundException](err); gone {
			return nil
		}
		return err
	}
	_, err := m.api.SetRepositoryPolicy(ctx, &awsecr.SetRepositoryPolicyInput{RegistryId: m.registryID(), RepositoryName: &r.Name, PolicyText: r.Policy})
	return err
}

func (m *Manager) putLifecycle(ctx context.Context, r Repository) error {
	text := r.Lifecycle.Text()
	if text == "" {
		_, err := m.api.DeleteLifecyclePolicy(ctx, &awsecr.DeleteLifecyclePolicyInput{RegistryId: m.registryID(), RepositoryName: &r.Name})
		if _, gone := errors.AsType[*types.LifecyclePolicyNotFoundException](err); gone {
			return nil
		}
		return err
	}
	_, err := m.api.PutLifecyclePolicy(ctx, &awsecr.PutLifecyclePolicyInput{RegistryId: m.registryID(), RepositoryName: &r.Name, LifecyclePolicyText: &text})
	return err
}

func (r Repository) filters() []types.ImageTagMutabilityExclusionFilter {
	var filters []types.ImageTagMutabilityExclusionFilter
	for _, e := range r.Exclusions {
		filters = append(filters, types.ImageTagMutabilityExclusionFilter{Filter: &e, FilterType: types.ImageTagMutabilityExclusionFilterTypeWildcard})
	}
	return filters
}

func (r Repository) scanning() *types.ImageScanningConfiguration {
	return &types.ImageScanningConfiguration{ScanOnPush: r.Scanning == ScanOnPush}
}

func (r Repository) encryption() *types.EncryptionConfiguration {
	c := &types.EncryptionConfiguration{EncryptionType: types.EncryptionType(r.Encryption.Type)}
	if r.Encryption.Key != "" {
		c.KmsKey = &r.Encryption.Key
	}
	return c
}

func (r Repository) tags() []types.Tag {
	var tags []types.Tag
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		tags = append(tags, types.Tag{Key: &key, Value: new(r.Tags[key])})
	}
	return tags
}
