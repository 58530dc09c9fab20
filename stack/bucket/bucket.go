// Package bucket is the S3 side of stacks: it empties buckets, which CloudFormation
// does not delete before, and keeps templates that are too large for a request, in a
// bucket that [Home] makes.
//
// [Emptier] and [Templates] are what package stack calls an Emptier and an Uploader:
//
//	client := s3.NewFromConfig(cfg)
//	manager := stack.New(cloudformation.NewFromConfig(cfg), stack.Options{
//		Buckets:   bucket.New(client, bucket.Options{}),
//		Templates: bucket.Templates{API: client, Bucket: "automation-templates", Region: cfg.Region},
//	})
//
// It deletes no buckets, and makes none but that of templates. It never bypasses a
// lock: what object lock protects, be it in governance mode, stays, and is named.
// Directory buckets are not for it; they have no versions, and another API.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// API is what emptying needs of an [s3.Client].
type API interface {
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
	ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
}

// Options tune an Emptier. The zero value is ready to use.
type Options struct {
	// Passes is how many listings of a bucket may find something, since others may
	// write to it meanwhile; default 10.
	Passes int
	// Pause is the time before the second pass that follows a failure that may pass,
	// such as throttling; default 1 s. It doubles from pass to pass.
	Pause time.Duration
	// Progress hears of operation "stack.bucket" with the bucket as its subject, and
	// after each batch how many versions are deleted. A nil one is silence.
	Progress progress.Func
}

// Emptier empties buckets of one region. It is safe for concurrent use.
type Emptier struct {
	api  API
	opts Options
}

// New returns an Emptier that talks to S3 through api.
func New(api API, opts Options) *Emptier {
	if opts.Passes <= 0 {
		opts.Passes = 10
	}
	if opts.Pause <= 0 {
		opts.Pause = time.Second
	}
	return &Emptier{api: api, opts: opts}
}

// Empty deletes every version of every object and every delete marker of the bucket,
// 1,000 a request, and aborts its multipart uploads. It returns how many versions
// and markers it deleted, also beside an error. A bucket that does not exist is empty.
//
// Account is the id of the account to which the bucket must belong: names of buckets
// are the world's, so that one may meanwhile be somebody else's. "" checks nothing but
// what the credentials may do.
//
// What cannot be deleted stops nothing else; the error then holds an [*ObjectError]
// for each of the first few and counts the rest. A bucket in which every listing finds
// something new is [ErrBusy].
func (e *Emptier) Empty(ctx context.Context, bucket, account string) (deleted int, err error) {
	if bucket == "" {
		return 0, errors.New("empty bucket: its name is empty")
	}
	r := &run{Emptier: e, bucket: bucket, account: account}
	r.emit(progress.Running, "", nil)
	err = r.passes(ctx)
	if err == nil {
		err = r.abortUploads(ctx)
	}
	switch {
	case isMissing(err):
		r.emit(progress.Unchanged, "the bucket does not exist", nil)
		return r.deleted, nil
	case err != nil:
		err = fmt.Errorf("empty bucket %s: %w", bucket, explain(err, r.account))
		r.emit(progress.Failed, "", err)
	case r.deleted == 0:
		r.emit(progress.Unchanged, "it was empty", nil)
	default:
		r.emit(progress.Done, r.told(), nil)
	}
	return r.deleted, err
}

// run empties one bucket once.
type run struct {
	*Emptier
	bucket  string
	account string // "" checks nothing
	deleted int
}

func (r *run) emit(state progress.State, message string, err error) {
	r.opts.Progress.Emit(progress.Event{Op: "stack.bucket", Subject: r.bucket, State: state, Message: message, Err: err})
}

func (r *run) told() string {
	if r.deleted == 1 {
		return "1 version deleted"
	}
	return fmt.Sprintf("%d versions deleted", r.deleted)
}

// owner is the account that S3 checks, or nil.
func (r *run) owner() *string {
	if r.account == "" {
		return nil
	}
	return &r.account
}

// passes lists and deletes until a listing is empty.
func (r *run) passes(ctx context.Context) error {
	pause := r.opts.Pause
	for n := range r.opts.Passes {
		p, err := r.pass(ctx)
		switch {
		case err != nil:
			return err
		case p.found == 0:
			return nil
		case p.fatal:
			return p.failed.error()
		case len(p.failed.errs) > 0:
			if n == r.opts.Passes-1 {
				return p.failed.error()
			}
			if err := wait.For(ctx, pause); err != nil {
				return err
			}
			pause *= 2
		}
	}
	return fmt.Errorf("%w: each of %d listings found new versions: stop what writes to it, and try again", ErrBusy, r.opts.Passes)
}

// pass is what one listing of the whole bucket came to.
type pass struct {
	found  int
	failed failures
	fatal  bool // of the failures, some will not pass
}

func (r *run) pass(ctx context.Context) (pass, error) {
	var p pass
	pages := s3.NewListObjectVersionsPaginator(r.api, &s3.ListObjectVersionsInput{Bucket: &r.bucket, ExpectedBucketOwner: r.owner()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return p, fmt.Errorf("list its versions: %w", err)
		}
		batch := make([]types.ObjectIdentifier, 0, len(page.Versions)+len(page.DeleteMarkers))
		for _, v := range page.Versions {
			batch = append(batch, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			batch = append(batch, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if err := r.delete(ctx, batch, &p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// delete deletes the versions of one page, which holds at most as many as one
// DeleteObjects takes. Source: S3 API reference, ListObjectVersions, "max-keys", and
// DeleteObjects: 1,000 both.
func (r *run) delete(ctx context.Context, batch []types.ObjectIdentifier, p *pass) error {
	if len(batch) == 0 {
		return nil
	}
	p.found += len(batch)
	quiet := true
	out, err := r.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &r.bucket, ExpectedBucketOwner: r.owner(),
		Delete: &types.Delete{Objects: batch, Quiet: &quiet}, // tells only failures
	})
	if err != nil {
		return fmt.Errorf("delete %d versions: %w", len(batch), err)
	}
	for _, failed := range out.Errors {
		one := newObjectError(failed)
		p.failed.add(one)
		p.fatal = p.fatal || !one.passes()
	}
	r.deleted += len(batch) - len(out.Errors)
	r.emit(progress.Running, r.told(), nil)
	return nil
}

// abortUploads aborts what was begun to be uploaded in parts and never completed.
func (r *run) abortUploads(ctx context.Context) error {
	var failed failures
	pages := s3.NewListMultipartUploadsPaginator(r.api, &s3.ListMultipartUploadsInput{Bucket: &r.bucket, ExpectedBucketOwner: r.owner()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list its multipart uploads: %w", err)
		}
		for _, u := range page.Uploads {
			_, err := r.api.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
				Bucket: &r.bucket, ExpectedBucketOwner: r.owner(), Key: u.Key, UploadId: u.UploadId,
			})
			switch {
			case err == nil, awserr.Is(err, "NoSuchUpload"): // completed or aborted meanwhile
			case ctx.Err() != nil:
				return ctx.Err()
			default:
				failed.add(fmt.Errorf("abort the upload of %q: %w", ptr.Value(u.Key), err))
			}
		}
	}
	return failed.error()
}
