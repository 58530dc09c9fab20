package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply did.
type Result struct {
	Done []Change `json:"done"` // the changes that were made, in their order
}

// Apply makes the changes of plan, which must come from [Deliverer.Plan] or
// [Deliverer.PlanDelete]. A plan without changes makes no call. The SSH key, the
// credentials and the facts fail apart from one another; Result holds what was done
// either way.
//
// A run may be killed at any call, and the next goes on: whatever is in the bucket works.
// Two at once do not harm each other: one of them is [ErrStale].
func (d *Deliverer) Apply(ctx context.Context, plan Plan) (Result, error) {
	if plan.spec.Bucket == "" || plan.spec.Bucket != plan.Bucket {
		return Result{}, fmt.Errorf("apply keys in bucket %s: %w", plan.Bucket, ErrNotPlanned)
	}
	r := &run{Deliverer: d, plan: plan, deleted: make(map[string]bool)}
	var errs []error
	var stuck bool // the credentials: what follows them would take away the old ones
	for _, c := range plan.Changes {
		smtp := c.key != "" || c.Subject == SMTPObject
		if smtp && stuck {
			d.emit(c.Subject, progress.Skipped, "since another step of the credentials has failed", nil)
			continue
		}
		err := r.change(ctx, c)
		stuck = stuck || smtp && err != nil
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return r.result, fmt.Errorf("apply keys in bucket %s: %w", plan.Bucket, err)
	}
	return r.result, nil
}

// run applies one plan.
type run struct {
	*Deliverer
	plan    Plan
	deleted map[string]bool // ids of access keys
	checked bool            // whether smtp.json is as it was planned
	result  Result
}

func (r *run) change(ctx context.Context, c Change) error {
	if c.Action == Keep || c.Action == Orphan {
		r.emit(c.Subject, progress.Unchanged, c.Detail, nil)
		return nil
	}
	r.emit(c.Subject, progress.Running, string(c.Action), nil)
	if err := r.write(ctx, c); err != nil {
		err = fmt.Errorf("%s %s: %w", c.Action, c.Subject, err)
		r.emit(c.Subject, progress.Failed, "", err)
		return err
	}
	r.result.Done = append(r.result.Done, c)
	r.emit(c.Subject, progress.Done, string(c.Action)+"d", nil)
	return nil
}

func (r *run) write(ctx context.Context, c Change) error {
	o := r.plan.observed
	switch {
	case c.key != "":
		return r.revoke(ctx, c)
	case c.Subject == SSHKeyObject:
		return r.put(ctx, c.Subject, "application/x-pem-file", o.key, o.ssh)
	case c.Subject == SMTPObject:
		r.checked = true // what follows is done only where this is
		return r.renew(ctx)
	}
	return r.put(ctx, c.Subject, "application/json", r.plan.facts, o.facts)
}

// put writes an object in the place of the one that was read, or of none. What somebody
// else has put there meanwhile stays; if it is the same, that is as good.
func (r *run) put(ctx context.Context, name, contentType string, body Secret, old object) error {
	s := r.plan.spec
	in := &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: new(s.Prefix + name), ExpectedBucketOwner: &s.Account,
		Body: bytes.NewReader([]byte(body.Reveal())), ContentType: &contentType,
		ServerSideEncryption: s3types.ServerSideEncryptionAes256,
	}
	if r.opts.KMSKeyID != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, &r.opts.KMSKeyID
	}
	if old.present {
		in.IfMatch = &old.etag
	} else {
		in.IfNoneMatch = new("*")
	}
	_, err := r.api.Objects.PutObject(ctx, in)
	if !isConflict(err) {
		return explain(err, s.Account)
	}
	if now, readErr := r.get(ctx, s, name); readErr == nil && now.present && now.body.Equal(body) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrStale, err)
}
