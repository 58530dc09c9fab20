// Package cleanup removes the images of environments that no longer exist from
// Amazon ECR, whose repositories all environments share.
//
// [Cleaner.Plan] says what would go, and why; [Cleaner.Apply] removes it:
//
//	cleaner := cleanup.New(awsecr.NewFromConfig(cfg), cleanup.Options{})
//	plan, err := cleaner.Plan(ctx, cleanup.Request{
//		Repositories: []string{"automation/notifier"},
//		Live:         []string{"8527fec8"}, // the environments that exist
//		Running:      images,               // of all task definitions in use
//	})
//	fmt.Print(plan)
//	result, err := cleaner.Apply(ctx, plan)
//
// An image goes with its last tag: where all are of environments that are gone (see
// [EnvironmentOf]), or of inputs that were not used for long. What runs, what production
// or another image refers to, what is new, and tags of any other form stay.
//
// It finds out neither which environments exist nor what runs, and leaves images
// without a tag to the lifecycle policy of their repository.
package cleanup

import (
	"cmp"
	"context"
	"regexp"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/progress"
)

// Reader is what planning needs of an [awsecr.Client].
type Reader interface {
	DescribeImages(context.Context, *awsecr.DescribeImagesInput, ...func(*awsecr.Options)) (*awsecr.DescribeImagesOutput, error)
	BatchGetImage(context.Context, *awsecr.BatchGetImageInput, ...func(*awsecr.Options)) (*awsecr.BatchGetImageOutput, error)
}

// Deleter is what applying a plan needs besides.
type Deleter interface {
	BatchDeleteImage(context.Context, *awsecr.BatchDeleteImageInput, ...func(*awsecr.Options)) (*awsecr.BatchDeleteImageOutput, error)
}

// API is all that this package uses; an [*awsecr.Client] has it.
type API interface {
	Reader
	Deleter
}

// Options tune a Cleaner. The zero value is ready to use.
type Options struct {
	// RegistryID is the AWS account of the registry; default that of the credentials.
	RegistryID string
	// EnvironmentOf returns the id of the environment that a tag belongs to, if
	// it has the form of such a tag; nil is the function EnvironmentOf.
	EnvironmentOf func(tag string) (id string, ok bool)
	// Production are the ids of environments that always count as existing.
	// Default "production", "prod", "master" and "main".
	Production []string
	// KeepInputs is how long an image stays that has nothing but the tag of its
	// inputs, after it was last pushed or pulled: the next build with the same
	// inputs needs it. Default 30 days. Looking for the tag counts as a pull. An index
	// was last used when one of its images was.
	KeepInputs time.Duration
	// MinAge is for what is being made while others list what exists: an image
	// that was pushed or pulled within it is not deleted, and an environment of
	// which any image was pushed within it loses no tags. Default 48 hours, since
	// ECR may be a day late with noting a pull; a negative one is none.
	MinAge time.Duration
	// Progress hears of each repository that Apply cleans up: operation
	// "ecr.cleanup". A nil one is silence.
	Progress progress.Func
}

// Request says what exists and what is in use.
type Request struct {
	// Repositories are the names of the repositories to clean up.
	Repositories []string
	// Live are the ids of all environments that exist, such as "8527fec8". An id
	// that no tag can have is refused, since it may be another name for one that can.
	Live []string
	// NoneLive says that an empty Live is meant: no environment exists but
	// production.
	NoneLive bool
	// Gone are ids of environments that are known not to exist. They are needed
	// for those of eight decimal digits alone: a tag such as 20260704-13 may be
	// a date as well, and stays unless the id is listed here.
	Gone []string
	// Running are the images that are in use, as task definitions name them
	// ("host/repository@sha256:...", "host/repository:tag"), or digests alone. A
	// digest is kept in every repository, whatever its tags, so that also what
	// production took over from an environment that is gone stays. Empty and not
	// nil says that nothing runs.
	Running []string
}

// Cleaner plans and applies clean-ups in the registry of one account and region.
type Cleaner struct {
	api  API
	opts Options
}

// New returns a Cleaner that talks to ECR through api.
func New(api API, opts Options) *Cleaner {
	if opts.EnvironmentOf == nil {
		opts.EnvironmentOf = EnvironmentOf
	}
	if opts.Production == nil {
		opts.Production = []string{"production", "prod", "master", "main"}
	}
	if opts.KeepInputs <= 0 {
		opts.KeepInputs = 30 * 24 * time.Hour
	}
	opts.MinAge = max(0, cmp.Or(opts.MinAge, 48*time.Hour))
	return &Cleaner{api: api, opts: opts}
}

// environmentTag is the form of the tags of an ephemeral environment.
var environmentTag = regexp.MustCompile(`^(?:([0-9a-f]{8})-[0-9]+|latest-([0-9a-f]{8}))$`)

// EnvironmentOf returns the id of the environment that tag belongs to, where it
// is of the form "<id>-<build number>" or "latest-<id>" with an id of eight hex
// digits, as package envname gives them to ephemeral environments. Eight decimal
// digits are such an id as well; see Request.Gone.
func EnvironmentOf(tag string) (id string, ok bool) {
	m := environmentTag.FindStringSubmatch(tag)
	if m == nil {
		return "", false
	}
	return m[1] + m[2], true
}

const op = "ecr.cleanup"

func (c *Cleaner) emit(repository string, state progress.State, message string, err error) {
	c.opts.Progress.Emit(progress.Event{Op: op, Subject: repository, State: state, Message: message, Err: err})
}

// registryID is nil for the default registry.
func (c *Cleaner) registryID() *string {
	if c.opts.RegistryID == "" {
		return nil
	}
	return &c.opts.RegistryID
}
