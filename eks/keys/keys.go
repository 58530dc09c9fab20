// Package keys delivers the secrets of a cluster's environment into its bucket: the SSH
// key of the nodes and the SMTP credentials, and beside them the facts about the cluster.
//
// The stack makes bucket, key pair and IAM user; what is secret never passes through it.
// [Deliverer.Plan] compares and only reads; [Deliverer.Apply] writes what the plan says:
//
//	deliverer := keys.New(keys.API{Objects: s3Client, Parameters: ssmClient, AccessKeys: iamClient}, keys.Options{})
//	spec := keys.Spec{Bucket: outputs.Bucket, Account: account, KeyPairID: outputs.KeyPair, SMTPUser: outputs.SMTPUser, Region: region}
//	plan, err := deliverer.Plan(ctx, spec)
//	if err != nil { ... }
//	_, err = deliverer.Apply(ctx, plan)
//
// A run that was killed leaves at most an access key whose secret is lost: the next plan
// names it; see [Spec.RemoveOrphans]. [Deliverer.PlanDelete] comes before the stack is
// deleted. It makes neither bucket nor user, lets no credentials expire, and sends no
// mail. No secret is in a plan, an event or an error; see [Secret].
package keys

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/mettel-automation/delivery/progress"
)

// Objects is what is needed of an [s3.Client].
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Parameters is what is needed of an [ssm.Client].
type Parameters interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// AccessKeys is what is needed of an [iam.Client].
type AccessKeys interface {
	ListAccessKeys(context.Context, *iam.ListAccessKeysInput, ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error)
	GetAccessKeyLastUsed(context.Context, *iam.GetAccessKeyLastUsedInput, ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error)
	CreateAccessKey(context.Context, *iam.CreateAccessKeyInput, ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error)
	UpdateAccessKey(context.Context, *iam.UpdateAccessKeyInput, ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error)
	DeleteAccessKey(context.Context, *iam.DeleteAccessKeyInput, ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error)
}

// API is all that this package uses. Parameters may be nil without a key pair, and
// AccessKeys without an SMTP user.
type API struct {
	Objects    Objects
	Parameters Parameters
	AccessKeys AccessKeys
}

// Options tune a Deliverer. The zero value is ready to use.
type Options struct {
	// Progress hears of each object and access key: operation "eks.keys". A nil one is silence.
	Progress progress.Func
	// KMSKeyID is the key that encrypts the objects that are written; default that of S3
	// (AES256). Those that are there and right are not written for another one.
	KMSKeyID string
}

// Deliverer plans and applies deliveries.
type Deliverer struct {
	api  API
	opts Options
}

// New returns a Deliverer that talks to AWS through api.
func New(api API, opts Options) *Deliverer { return &Deliverer{api: api, opts: opts} }

const op = "eks.keys"

func (d *Deliverer) emit(subject string, state progress.State, message string, err error) {
	d.opts.Progress.Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Err: err})
}
