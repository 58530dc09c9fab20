// Package repository makes the repositories of Amazon ECR that a delivery
// pushes to, and keeps their settings.
//
// [Manager.Plan] compares the desired repositories with those that exist and
// only reads; [Manager.Apply] writes what the plan says:
//
//	manager := repository.New(awsecr.NewFromConfig(cfg), repository.Options{})
//	plan, err := manager.Plan(ctx, []repository.Repository{{Name: "automation/notifier"}})
//	if err != nil { ... }
//	fmt.Print(plan)
//	result, err := manager.Apply(ctx, plan)
//
// A lifecycle policy that could expire an image which runs is refused before the
// first write, with the rule and the reason; see package ecr/lifecycle.
//
// It never deletes a repository, since all branches share them, nor changes a
// setting, a tag or a policy that a Repository does not speak of. What ECR cannot change, such as the
// encryption, is a warning of the plan.
package repository

import (
	"context"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/progress"
)

// Reader is what planning needs of an [awsecr.Client].
type Reader interface {
	DescribeRepositories(context.Context, *awsecr.DescribeRepositoriesInput, ...func(*awsecr.Options)) (*awsecr.DescribeRepositoriesOutput, error)
	GetLifecyclePolicy(context.Context, *awsecr.GetLifecyclePolicyInput, ...func(*awsecr.Options)) (*awsecr.GetLifecyclePolicyOutput, error)
	GetRepositoryPolicy(context.Context, *awsecr.GetRepositoryPolicyInput, ...func(*awsecr.Options)) (*awsecr.GetRepositoryPolicyOutput, error)
	ListTagsForResource(context.Context, *awsecr.ListTagsForResourceInput, ...func(*awsecr.Options)) (*awsecr.ListTagsForResourceOutput, error)
	// DescribeImages is called for repositories with a lifecycle policy.
	DescribeImages(context.Context, *awsecr.DescribeImagesInput, ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error)
}

// Writer is what making repositories and changing their settings needs.
type Writer interface {
	CreateRepository(context.Context, *awsecr.CreateRepositoryInput, ...func(*awsecr.Options)) (*awsecr.CreateRepositoryOutput, error)
	PutImageTagMutability(context.Context, *awsecr.PutImageTagMutabilityInput, ...func(*awsecr.Options)) (*awsecr.PutImageTagMutabilityOutput, error)
	PutImageScanningConfiguration(context.Context, *awsecr.PutImageScanningConfigurationInput, ...func(*awsecr.Options)) (*awsecr.PutImageScanningConfigurationOutput, error)
	TagResource(context.Context, *awsecr.TagResourceInput, ...func(*awsecr.Options)) (*awsecr.TagResourceOutput, error)
}

// PolicyWriter is what changing policies needs.
type PolicyWriter interface {
	PutLifecyclePolicy(context.Context, *awsecr.PutLifecyclePolicyInput, ...func(*awsecr.Options)) (*awsecr.PutLifecyclePolicyOutput, error)
	DeleteLifecyclePolicy(context.Context, *awsecr.DeleteLifecyclePolicyInput, ...func(*awsecr.Options)) (*awsecr.DeleteLifecyclePolicyOutput, error)
	SetRepositoryPolicy(context.Context, *awsecr.SetRepositoryPolicyInput, ...func(*awsecr.Options)) (*awsecr.SetRepositoryPolicyOutput, error)
	DeleteRepositoryPolicy(context.Context, *awsecr.DeleteRepositoryPolicyInput, ...func(*awsecr.Options)) (*awsecr.DeleteRepositoryPolicyOutput, error)
}

// API is all that this package uses; an [*awsecr.Client] has it.
type API interface {
	Reader
	Writer
	PolicyWriter
}

// Options tune a Manager. The zero value is ready to use.
type Options struct {
	// RegistryID is the AWS account of the registry; default that of the credentials.
	RegistryID string
	// Parallel limits the repositories that are looked at, or changed, at once; default 4.
	Parallel int
	// Headroom is how many images more must find room before a lifecycle rule by
	// count takes away one that runs; default lifecycle.DefaultHeadroom.
	Headroom int
	// Progress hears of each repository that is applied: operation
	// "ecr.repository". A nil one is silence.
	Progress progress.Func
}

// Manager plans and applies the repositories of one registry and region.
type Manager struct {
	api  API
	opts Options
}

// New returns a Manager that talks to ECR through api.
func New(api API, opts Options) *Manager {
	if opts.Parallel <= 0 {
		opts.Parallel = 4
	}
	return &Manager{api: api, opts: opts}
}

const op = "ecr.repository"

// registryID is nil for the default registry.
func (m *Manager) registryID() *string {
	if m.opts.RegistryID == "" {
		return nil
	}
	return &m.opts.RegistryID
}
