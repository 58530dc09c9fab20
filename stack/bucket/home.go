package bucket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// ErrForeign is the error of a bucket that is somebody else's. Where a name is taken, S3
// does not tell that from credentials that may not ask.
var ErrForeign = errors.New("the bucket belongs to another account, or the credentials may not ask for it")

// HomeReader is what planning a [Home] needs of an [s3.Client].
type HomeReader interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
}

// HomeWriter is what making it needs.
type HomeWriter interface {
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	PutBucketLifecycleConfiguration(context.Context, *s3.PutBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.PutBucketLifecycleConfigurationOutput, error)
}

// HomeAPI is all that a [Home] uses; an [*s3.Client] has it.
type HomeAPI interface {
	HomeReader
	HomeWriter
}

// Home is the bucket that [Templates] go to. It is closed to the public, its objects are
// its owner's whoever writes them, and templates in it expire.
//
// A bucket that is there already stays as it is, unless it has all Tags: then Home has
// made it, and gives it what a run that was killed has left out. What people have set
// since is theirs to keep.
type Home struct {
	API    HomeAPI
	Bucket string
	Region string // where it is made, such as "eu-west-1"; that of the client
	// Account is the id of the account to which the bucket must belong; empty checks nothing
	// but what the credentials may do.
	Account string
	Prefix  string // of the keys that expire; default "templates", as that of Templates
	// Days is after how many days a template expires; default 30.
	Days int
	// Tags are those of the bucket when it is made. Without any, one that is there is
	// never changed.
	Tags map[string]string
	// Progress hears of operation "bucket.make" with the bucket as its subject. A nil one
	// is silence.
	Progress progress.Func
}

// Plan looks for the bucket, and says what it lacks. It only reads. A bucket of somebody
// else is [ErrForeign].
func (h Home) Plan(ctx context.Context) (Plan, error) {
	plan := Plan{Bucket: h.Bucket}
	if err := h.check(); err != nil {
		return plan, fmt.Errorf("plan bucket: %w", err)
	}
	found, err := h.read(ctx)
	if err != nil {
		return plan, fmt.Errorf("plan bucket %s: %w", h.Bucket, h.explain(err))
	}
	return h.diff(found), nil
}

// Apply makes what plan says, and nothing else. A plan with nothing to do makes no call.
// Where another job has made the bucket since, it is completed like one of its own.
func (h Home) Apply(ctx context.Context, plan Plan) error {
	if plan.Empty() {
		return nil
	}
	if plan.Bucket != h.Bucket {
		return fmt.Errorf("apply plan of bucket %s: this is bucket %s", plan.Bucket, h.Bucket)
	}
	event := progress.Event{Op: "bucket.make", Subject: h.Bucket, State: progress.Running}
	h.Progress.Emit(event)
	for _, s := range plan.steps {
		if err := h.take(ctx, s); err != nil {
			event.State, event.Err = progress.Failed, fmt.Errorf("%s bucket %s: %s: %w", plan.Action, h.Bucket, s, h.explain(err))
			h.Progress.Emit(event)
			return event.Err
		}
	}
	event.State, event.Message = progress.Done, strings.Join(plan.Detail, ", ")
	h.Progress.Emit(event)
	return nil
}

func (h Home) check() error {
	switch {
	case h.API == nil:
		return errors.New("Home.API is nil")
	case h.Bucket == "":
		return errors.New("Home.Bucket is empty")
	case h.Region == "":
		return errors.New("Home.Region is empty")
	case h.Days < 0:
		return fmt.Errorf("Home.Days is %d: want at least 1, or 0 for 30", h.Days)
	}
	return nil
}

// state is what there is of a bucket.
type state struct {
	there   bool
	tags    map[string]string
	blocked bool // public access is
	expires bool // its lifecycle has rules, whichever they are
}

// read asks for the settings only of a bucket that Home has made.
func (h Home) read(ctx context.Context) (state, error) {
	var found state
	_, err := h.API.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &h.Bucket, ExpectedBucketOwner: h.owner()})
	switch {
	case awserr.Is(err, "NotFound", "NoSuchBucket"):
		return found, nil
	case err != nil:
		return found, fmt.Errorf("look for it: %w", err)
	}
	found.there = true
	tags, err := h.API.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &h.Bucket, ExpectedBucketOwner: h.owner()})
	switch {
	case awserr.Is(err, "NoSuchTagSet"):
		return found, nil
	case err != nil:
		return found, fmt.Errorf("read its tags: %w", err)
	}
	found.tags = make(map[string]string, len(tags.TagSet))
	for _, t := range tags.TagSet {
		found.tags[ptr.Value(t.Key)] = ptr.Value(t.Value)
	}
	if !h.made(found) {
		return found, nil
	}
	block, err := h.API.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &h.Bucket, ExpectedBucketOwner: h.owner()})
	switch {
	case err == nil:
		found.blocked = blocks(block.PublicAccessBlockConfiguration)
	case !awserr.Is(err, "NoSuchPublicAccessBlockConfiguration"):
		return found, fmt.Errorf("read whether it is public: %w", err)
	}
	life, err := h.API.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &h.Bucket, ExpectedBucketOwner: h.owner()})
	switch {
	case err == nil:
		found.expires = len(life.Rules) > 0
	case !awserr.Is(err, "NoSuchLifecycleConfiguration"):
		return found, fmt.Errorf("read its lifecycle: %w", err)
	}
	return found, nil
}

func blocks(c *types.PublicAccessBlockConfiguration) bool {
	return c != nil && ptr.Value(c.BlockPublicAcls) && ptr.Value(c.BlockPublicPolicy) && ptr.Value(c.IgnorePublicAcls) && ptr.Value(c.RestrictPublicBuckets)
}

// made reports whether Home has made what was found.
func (h Home) made(found state) bool {
	for key, value := range h.Tags {
		if got, ok := found.tags[key]; !ok || got != value {
			return false
		}
	}
	return len(h.Tags) > 0
}

// take does one step of a plan.
func (h Home) take(ctx context.Context, s step) error {
	switch s {
	case create:
		return h.create(ctx)
	case block:
		yes := true
		_, err := h.API.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
			Bucket: &h.Bucket, ExpectedBucketOwner: h.owner(),
			PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
				BlockPublicAcls: &yes, BlockPublicPolicy: &yes, IgnorePublicAcls: &yes, RestrictPublicBuckets: &yes,
			},
		})
		return err
	}
	days, id, prefix := int32(h.days()), "templates", prefixOf(h.Prefix)+"/" //nolint:gosec // S3 judges the number of days
	_, err := h.API.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &h.Bucket, ExpectedBucketOwner: h.owner(),
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
			ID: &id, Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: &prefix},
			Expiration: &types.LifecycleExpiration{Days: &days},
		}}},
	})
	return err
}

func (h Home) owner() *string {
	if h.Account == "" {
		return nil
	}
	return &h.Account
}

// create makes the bucket with its tags, by which a run that goes on knows it.
func (h Home) create(ctx context.Context) error {
	in := &s3.CreateBucketInput{Bucket: &h.Bucket, ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}
	var c types.CreateBucketConfiguration
	if h.Region != "us-east-1" { // which S3 does not take by its name
		c.LocationConstraint = types.BucketLocationConstraint(h.Region)
	}
	for _, key := range slices.Sorted(maps.Keys(h.Tags)) {
		value := h.Tags[key]
		c.Tags = append(c.Tags, types.Tag{Key: &key, Value: &value})
	}
	if c.LocationConstraint != "" || c.Tags != nil {
		in.CreateBucketConfiguration = &c
	}
	_, err := h.API.CreateBucket(ctx, in)
	if awserr.Is(err, "BucketAlreadyOwnedByYou") { // another job was faster
		return nil
	}
	return err
}

// explain adds to an answer of S3 what helps.
func (h Home) explain(err error) error {
	switch {
	case awserr.Is(err, "BucketAlreadyExists", "Forbidden"): // the latter is what HeadBucket says
		return fmt.Errorf("%w (all accounts share the names of buckets: where this one is taken, choose another): %w", ErrForeign, err)
	}
	return explain(err, "")
}
