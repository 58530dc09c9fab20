package keys

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// observed is what there is.
type observed struct {
	ssh   object
	key   Secret // the private key that there should be
	smtp  object
	file  smtpFile // of smtp, where that is present
	keys  []accessKey
	facts object
}

// object is one of the bucket. What it holds is printed by nobody.
type object struct {
	present  bool
	body     Secret
	etag     string
	modified time.Time
}

// accessKey is one of the user.
type accessKey struct {
	id     string
	active bool
	made   time.Time
	used   string // when and for what, of keys that no object knows
}

// maxObject bounds an object that is read; all are a few kilobytes.
const maxObject = 1 << 20

// get reads an object, which may be missing.
func (d *Deliverer) get(ctx context.Context, s Spec, name string) (object, error) {
	out, err := d.api.Objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: new(s.Prefix + name), ExpectedBucketOwner: &s.Account})
	switch {
	case isMissing(err):
		return object{}, nil
	case err != nil:
		return object{}, fmt.Errorf("read %s: %w", s.Prefix+name, explain(err, s.Account))
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	switch {
	case err != nil:
		return object{}, fmt.Errorf("read %s: %w", s.Prefix+name, err)
	case len(body) > maxObject:
		return object{}, fmt.Errorf("read %s: it has more than 1 MiB: %w", s.Prefix+name, ErrForeign)
	}
	return object{present: true, body: Hide(string(body)), etag: ptr.Value(out.ETag), modified: ptr.Value(out.LastModified)}, nil
}

// observe reads all that a plan must know. Failures are joined.
func (d *Deliverer) observe(ctx context.Context, s Spec) (observed, error) {
	var o observed
	return o, errors.Join(d.observeSSH(ctx, s, &o), d.observeSMTP(ctx, s, &o), d.observeFacts(ctx, s, &o))
}

func (d *Deliverer) observeSSH(ctx context.Context, s Spec, o *observed) (err error) {
	if s.KeyPairID == "" {
		return nil
	}
	if o.key, err = d.privateKey(ctx, s.KeyPairID); err == nil {
		o.ssh, err = d.get(ctx, s, SSHKeyObject)
	}
	return err
}

// privateKey reads what EC2 has put into Parameter Store.
// Source: EC2 user guide, "Create a key pair for your Amazon EC2 instance", CloudFormation.
func (d *Deliverer) privateKey(ctx context.Context, keyPair string) (Secret, error) {
	out, err := d.api.Parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: new("/ec2/keypair/" + keyPair), WithDecryption: new(true)})
	if err != nil {
		return Secret{}, fmt.Errorf("read the private key of %s: %w", keyPair, explain(err, ""))
	}
	var text string
	if out.Parameter != nil {
		text = ptr.Value(out.Parameter.Value)
	}
	if block, _ := pem.Decode([]byte(text)); block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return Secret{}, fmt.Errorf("read the private key of %s: what Parameter Store has is none", keyPair)
	}
	return Hide(text), nil
}

func (d *Deliverer) observeSMTP(ctx context.Context, s Spec, o *observed) (err error) {
	if s.SMTPUser == "" {
		return nil
	}
	if o.smtp, err = d.get(ctx, s, SMTPObject); err != nil {
		return err
	}
	if o.smtp.present {
		if o.file, err = parseSMTP(o.smtp.body); err != nil {
			return fmt.Errorf("read %s: %w", s.Prefix+SMTPObject, err)
		}
	}
	return d.observeKeys(ctx, s, o)
}

func (d *Deliverer) observeKeys(ctx context.Context, s Spec, o *observed) (err error) {
	if o.keys, err = d.list(ctx, s.SMTPUser); err != nil {
		return err
	}
	for i, k := range o.keys {
		if o.orphan(k.id) {
			o.keys[i].used = d.lastUse(ctx, k.id)
		}
	}
	return context.Cause(ctx) // which lastUse does not tell
}

func (d *Deliverer) list(ctx context.Context, user string) ([]accessKey, error) {
	var all []accessKey
	pages := iam.NewListAccessKeysPaginator(d.api.AccessKeys, &iam.ListAccessKeysInput{UserName: &user})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list access keys of user %s: %w", user, explain(err, ""))
		}
		for _, k := range page.AccessKeyMetadata {
			all = append(all, accessKey{id: ptr.Value(k.AccessKeyId), active: k.Status == iamtypes.StatusTypeActive, made: ptr.Value(k.CreateDate)})
		}
	}
	return all, nil
}

// lastUse says when a key was used. It is news for people; a caller who may not ask gets
// the plan without it.
func (d *Deliverer) lastUse(ctx context.Context, id string) string {
	out, err := d.api.AccessKeys.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	switch {
	case err != nil || out.AccessKeyLastUsed == nil:
		return "whether it was used is not known"
	case out.AccessKeyLastUsed.LastUsedDate == nil:
		return "never used"
	}
	return "last used " + day(*out.AccessKeyLastUsed.LastUsedDate)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func (d *Deliverer) observeFacts(ctx context.Context, s Spec, o *observed) (err error) {
	if s.Facts != nil {
		o.facts, err = d.get(ctx, s, FactsObject)
	}
	return err
}

// orphan reports whether no object knows the access key.
func (o observed) orphan(id string) bool { return id != o.file.Username && !o.replaced(id) }

// SMTP reads the credentials that are in the bucket.
func (d *Deliverer) SMTP(ctx context.Context, s Spec) (SMTP, error) {
	body, err := d.reveal(ctx, s, SMTPObject)
	if err != nil {
		return SMTP{}, err
	}
	f, err := parseSMTP(body)
	if err != nil {
		return SMTP{}, fmt.Errorf("read %s: %w", s.Prefix+SMTPObject, err)
	}
	return f.SMTP, nil
}

// SSHKey reads the private key of the nodes that is in the bucket.
func (d *Deliverer) SSHKey(ctx context.Context, s Spec) (Secret, error) {
	return d.reveal(ctx, s, SSHKeyObject)
}

// ErrNotDelivered is the error of an object that is not in the bucket.
var ErrNotDelivered = errors.New("it is not in the bucket: Apply delivers it")

func (d *Deliverer) reveal(ctx context.Context, s Spec, name string) (Secret, error) {
	if err := d.check(Spec{Bucket: s.Bucket, Account: s.Account, Prefix: s.Prefix}); err != nil {
		return Secret{}, fmt.Errorf("read %s: %w", name, err)
	}
	o, err := d.get(ctx, s, name)
	if err == nil && !o.present {
		err = fmt.Errorf("read %s: %w", s.Prefix+name, ErrNotDelivered)
	}
	return o.body, err
}
