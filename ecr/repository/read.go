package repository

import (
	"context"
	"errors"
	"fmt"
	"slices"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// pageSize is the most that one page of a list holds.
// Source: ECR API reference, DescribeRepositories and DescribeImages, "maxResults".
const pageSize = 1000

// list returns all repositories of the registry by name. Asking for some by
// name would fail for all where one of them is missing.
func (m *Manager) list(ctx context.Context) (map[string]*state, error) {
	found := make(map[string]*state)
	pages := awsecr.NewDescribeRepositoriesPaginator(m.api, &awsecr.DescribeRepositoriesInput{
		RegistryId: m.registryID(), MaxResults: new(int32(pageSize)),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe repositories: %w", err)
		}
		for _, r := range page.Repositories {
			found[ptr.Value(r.RepositoryName)] = settings(r)
		}
	}
	return found, nil
}

func settings(r types.Repository) *state {
	s := &state{arn: ptr.Value(r.RepositoryArn), mutability: Mutability(r.ImageTagMutability), scanning: ScanManual, encryption: Encryption{Type: "AES256"}}
	if s.mutability == "" {
		s.mutability = Mutable
	}
	for _, f := range r.ImageTagMutabilityExclusionFilters {
		s.exclusions = append(s.exclusions, ptr.Value(f.Filter))
	}
	slices.Sort(s.exclusions)
	if c := r.ImageScanningConfiguration; c != nil && c.ScanOnPush {
		s.scanning = ScanOnPush
	}
	if c := r.EncryptionConfiguration; c != nil {
		s.encryption = Encryption{Type: string(c.EncryptionType), Key: ptr.Value(c.KmsKey)}
	}
	return s
}

// read completes found with what desired speaks of.
func (m *Manager) read(ctx context.Context, desired Repository, found *state) error {
	if len(desired.Tags) > 0 {
		out, err := m.api.ListTagsForResource(ctx, &awsecr.ListTagsForResourceInput{ResourceArn: &found.arn})
		if err != nil {
			return fmt.Errorf("list tags: %w", err)
		}
		found.tags = make(map[string]string, len(out.Tags))
		for _, t := range out.Tags {
			found.tags[ptr.Value(t.Key)] = ptr.Value(t.Value)
		}
	}
	if desired.Policy != nil {
		out, err := m.api.GetRepositoryPolicy(ctx, &awsecr.GetRepositoryPolicyInput{RegistryId: m.registryID(), RepositoryName: &desired.Name})
		if _, none := errors.AsType[*types.RepositoryPolicyNotFoundException](err); err != nil && !none {
			return fmt.Errorf("get policy: %w", err)
		}
		if err == nil {
			found.policy = ptr.Value(out.PolicyText)
		}
	}
	if desired.Lifecycle == nil {
		return nil
	}
	out, err := m.api.GetLifecyclePolicy(ctx, &awsecr.GetLifecyclePolicyInput{RegistryId: m.registryID(), RepositoryName: &desired.Name})
	if _, none := errors.AsType[*types.LifecyclePolicyNotFoundException](err); err != nil && !none {
		return fmt.Errorf("get lifecycle policy: %w", err)
	}
	if err == nil {
		found.lifecycle = ptr.Value(out.LifecyclePolicyText)
	}
	if len(desired.Running) == 0 || len(desired.Lifecycle.Rules) == 0 {
		return nil
	}
	return m.images(ctx, desired.Name, found)
}

// images reads what a lifecycle policy would look at.
func (m *Manager) images(ctx context.Context, name string, found *state) error {
	pages := awsecr.NewDescribeImagesPaginator(m.api, &awsecr.DescribeImagesInput{
		RegistryId: m.registryID(), RepositoryName: &name, MaxResults: new(int32(pageSize)),
		Filter: &types.DescribeImagesFilter{TagStatus: types.TagStatusAny, ImageStatus: types.ImageStatusFilterAny},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("describe images: %w", err)
		}
		for _, d := range page.ImageDetails {
			image := lifecycle.Image{Digest: ptr.Value(d.ImageDigest), Tags: d.ImageTags, Pushed: ptr.Value(d.ImagePushedAt), Pulled: ptr.Value(d.LastRecordedPullTime)}
			if restored := ptr.Value(d.LastActivatedAt); restored.After(image.Pushed) {
				image.Pushed = restored
			}
			if d.ImageStatus == types.ImageStatusArchived {
				image.Archived = ptr.Value(d.LastArchivedAt)
			}
			found.images = append(found.images, image)
		}
	}
	return nil
}
