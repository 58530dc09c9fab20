package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// renew makes an access key and puts its credentials into the bucket. Where they do not
// come there, the key is deleted again.
func (r *run) renew(ctx context.Context) error {
	s, o := r.plan.spec, r.plan.observed
	id, secret, err := r.create(ctx)
	if err != nil {
		return err
	}
	file := o.file.replacement(s, id, secret, func(id string) bool { return slices.Contains(o.ids(), id) && !r.deleted[id] })
	body, err := file.encode()
	if err == nil {
		err = r.put(ctx, SMTPObject, "application/json", body, o.smtp)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := aside(ctx)
	defer cancel()
	now, readErr := r.get(ctx, s, SMTPObject)
	if readErr != nil { // to delete the key might take away what is in the bucket
		return errors.Join(err, &OrphanError{User: s.SMTPUser, KeyID: id})
	}
	if there, parseErr := parseSMTP(now.body); now.present && parseErr == nil && there.Username == id {
		return nil // only the answer was lost
	}
	if delErr := r.delete(ctx, id); delErr != nil {
		return errors.Join(err, &OrphanError{User: s.SMTPUser, KeyID: id, Err: delErr})
	}
	return err
}

// create makes an access key. It is tried again only where nothing can have happened: each
// time would make another.
func (r *run) create(ctx context.Context) (id string, secret Secret, err error) {
	user := r.plan.spec.SMTPUser
	out, err := r.api.AccessKeys.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user}, func(o *iam.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
		})
	})
	switch {
	case awserr.Is(err, "LimitExceeded", "LimitExceededException"):
		return "", Secret{}, fmt.Errorf("make an access key of user %s: %w: %w", user, ErrStale, err)
	case err != nil:
		return "", Secret{}, errors.Join(fmt.Errorf("make an access key of user %s: %w", user, explain(err, "")), r.leftover(ctx, user))
	case out.AccessKey == nil || ptr.Value(out.AccessKey.AccessKeyId) == "" || ptr.Value(out.AccessKey.SecretAccessKey) == "":
		return "", Secret{}, fmt.Errorf("make an access key of user %s: the answer has none", user)
	}
	return *out.AccessKey.AccessKeyId, Hide(*out.AccessKey.SecretAccessKey), nil
}

// leftover names the keys that are there since the plan: a call whose answer was lost may
// have made one. They may be somebody else's, too, and so are left alone.
func (r *run) leftover(ctx context.Context, user string) error {
	ctx, cancel := aside(ctx)
	defer cancel()
	keys, err := r.list(ctx, user)
	if err != nil {
		return nil // that the call has failed says enough; the next plan shows what there is
	}
	var errs []error
	for _, k := range keys {
		if !slices.Contains(r.plan.observed.ids(), k.id) {
			errs = append(errs, fmt.Errorf("access key %s of user %s is new, perhaps from this call: its secret is lost; plan again with RemoveOrphans to delete it", k.id, user))
		}
	}
	return errors.Join(errs...)
}

// revoke deletes or deactivates an access key, unless the credentials have changed since
// they were planned: the key may be in the bucket again.
func (r *run) revoke(ctx context.Context, c Change) error {
	if !r.checked {
		now, err := r.get(ctx, r.plan.spec, SMTPObject)
		switch old := r.plan.observed.smtp; {
		case err != nil && !errors.Is(err, ErrNoBucket):
			return err
		case now.present != old.present || now.etag != old.etag:
			return fmt.Errorf("%s: %w", SMTPObject, ErrStale)
		}
		r.checked = true
	}
	if c.Action == Delete {
		return r.delete(ctx, c.key)
	}
	return r.deactivate(ctx, c.key)
}

// delete deletes an access key, which may be gone already.
func (r *run) delete(ctx context.Context, id string) error {
	_, err := r.api.AccessKeys.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &r.plan.spec.SMTPUser, AccessKeyId: &id})
	if err != nil && !awserr.Is(err, "NoSuchEntity", "NoSuchEntityException") {
		return explain(err, "")
	}
	r.deleted[id] = true
	return nil
}

// deactivate makes an access key useless, until somebody activates it again.
func (r *run) deactivate(ctx context.Context, id string) error {
	in := &iam.UpdateAccessKeyInput{UserName: &r.plan.spec.SMTPUser, AccessKeyId: &id, Status: types.StatusTypeInactive}
	_, err := r.api.AccessKeys.UpdateAccessKey(ctx, in)
	if err != nil && !awserr.Is(err, "NoSuchEntity", "NoSuchEntityException") {
		return explain(err, "")
	}
	return nil
}
