// Package ecr publishes container images to Amazon ECR, and builds only those
// whose inputs have changed.
//
// [Publisher.Plan] hashes all that makes an image and looks for the tag of that
// hash; [Publisher.Apply] builds and pushes what has none, and moves the tags that
// people read:
//
//	publisher := ecr.New(awsecr.NewFromConfig(cfg), ecr.Options{Engine: docker})
//	plan, err := publisher.Plan(ctx, []ecr.Image{{
//		Repository: "automation/notifier", Context: "services/notifier", Tags: []string{"8527fec8-131"},
//	}})
//	result, err := publisher.Apply(ctx, plan) // result.Images[0].URI is what to deploy
//
// It makes no repositories (package ecr/repository does), deletes no images
// (ecr/cleanup), resolves no tags of base images, and builds for one platform an
// image. Whoever may push to a repository may give any image the tag of any inputs:
// that right must be as narrow as the one to deploy.
//
// For tests, ecr/ecrtest is an ECR in memory, ecr/enginetest a Docker Engine, and
// ecr/ecrmock has mocks.
package ecr

import (
	"context"
	"runtime"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/docker/docker/api/types/registry"

	"github.com/mettel-automation/delivery/progress"
)

//go:generate go tool mockgen -source=ecr.go -destination=ecrmock/ecrmock.go -package=ecrmock -write_package_comment=false

// ImageReader is what planning needs of an [awsecr.Client].
type ImageReader interface {
	DescribeRepositories(context.Context, *awsecr.DescribeRepositoriesInput, ...func(*awsecr.Options)) (*awsecr.DescribeRepositoriesOutput, error)
	BatchGetImage(context.Context, *awsecr.BatchGetImageInput, ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error)
	// DescribeImages is only called where Options.MaxAge is set.
	DescribeImages(context.Context, *awsecr.DescribeImagesInput, ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error)
}

// Tagger is what moving tags needs.
type Tagger interface {
	PutImage(context.Context, *awsecr.PutImageInput, ...func(*awsecr.Options)) (*awsecr.PutImageOutput, error)
}

// Authorizer is what pushing needs. It is not called where nothing is pushed.
type Authorizer interface {
	GetAuthorizationToken(context.Context, *awsecr.GetAuthorizationTokenInput, ...func(*awsecr.Options)) (*awsecr.GetAuthorizationTokenOutput, error)
}

// API is all that this package uses of ECR; an [*awsecr.Client] has it.
type API interface {
	ImageReader
	Tagger
	Authorizer
}

// Options tune a Publisher. The zero value plans; building needs Engine.
type Options struct {
	// Engine pushes images, and builds them where Builder is nil. A client of the
	// Docker Engine API is one. Nil is enough for a plan without anything to build.
	Engine Engine
	// Builder builds images into Engine; nil is the classic builder of Engine. It
	// is no input, though builders differ in small things, such as the times of
	// files: who changes to another one and wants all images anew changes Image.Epoch.
	Builder Builder
	// RegistryID is the AWS account of the registry; default that of the
	// credentials.
	RegistryID string
	// Registry replaces the host of the repositories' own URIs, such as
	// "127.0.0.1:5000", for pushing through a mirror; default none.
	Registry string
	// Parallel limits the images that are built and pushed at once; default 4.
	Parallel int
	// Hashing limits the files of one image that are hashed at once; default
	// GOMAXPROCS.
	Hashing int
	// MaxAge is how long after its push an image is built anew although its
	// inputs are the same, since what RUN fetches gets old; default no limit. The
	// tag of the inputs moves to the new image then. Where tags are immutable,
	// "inputs-*" must be among the exclusions of the repository (Exclusions in
	// package ecr/repository); otherwise the plan fails with [ErrImmutable] once an
	// image has reached that age.
	MaxAge time.Duration
	// Force builds every image, whatever ECR has. For those that are there, it asks
	// of the repository what MaxAge does.
	Force bool
	// Pull makes the engine look for newer base images before each build.
	Pull bool
	// Auths are the credentials for private base images, by the host of their
	// registry, such as "ghcr.io"; that of Docker Hub is "docker.io". For the one that
	// images are pushed to, none are needed.
	Auths map[string]registry.AuthConfig
	// Source and Revision become the labels org.opencontainers.image.source, the
	// URL of the code, and org.opencontainers.image.revision, its commit. They
	// are no inputs: an image keeps those it was built with.
	Source, Revision string
	// Progress hears of each image by its module: operation "ecr.publish", which
	// ends once with the plan, and again where Apply goes on with the image. A nil
	// one is silence.
	Progress progress.Func
}

// Publisher plans and publishes images to the registry of one account and
// region. It is safe for concurrent use, and fetches one token for all its pushes.
type Publisher struct {
	api    API
	opts   Options
	tokens tokens
}

// New returns a Publisher that talks to ECR through api.
func New(api API, opts Options) *Publisher {
	if opts.Parallel <= 0 {
		opts.Parallel = 4
	}
	if opts.Hashing <= 0 {
		opts.Hashing = runtime.GOMAXPROCS(0)
	}
	if opts.Builder == nil && opts.Engine != nil {
		opts.Builder = NewClassic(opts.Engine)
	}
	return &Publisher{api: api, opts: opts, tokens: tokens{api: api, turn: make(chan struct{}, 1)}}
}

// opPublish is the operation of the events.
const opPublish = "ecr.publish"

// registryID is nil for the default registry.
func (p *Publisher) registryID() *string {
	if p.opts.RegistryID == "" {
		return nil
	}
	return &p.opts.RegistryID
}
