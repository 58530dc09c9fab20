// Package ecrtest holds an Amazon ECR in memory, for tests of what builds,
// pushes and cleans up images.
//
// A [Cloud] has both halves of the service. Its API speaks the wire protocol
// (AWS JSON 1.1) to a real SDK client. Its registry speaks the OCI distribution
// protocol, so that a Docker engine can push to it and pull from it. What is
// pushed into one half is seen in the other:
//
//	cloud := ecrtest.New(ecrtest.Options{})
//	cloud.AddRepository("notifier")
//	cloud.Inject("notifier", ecrtest.RateExceeded, 2)
//	publisher := ecr.New(cloud.Client(), ecr.Options{Engine: engine}) // such as one of ecr/enginetest
//
// Names, limits and policies are checked as ECR does, with its codes and texts.
//
// It does not run lifecycle policies, scan, replicate, pull through or convert
// images, check IAM, or have the layer operations of the API, which only
// registries themselves call.
package ecrtest

import (
	"cmp"
	"sync"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
	"github.com/mettel-automation/delivery/internal/throttle"
)

// Region and Account are where the Cloud says that it is.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// DefaultHost is the name of the registry where [Options.Host] gives none.
const DefaultHost = Account + ".dkr.ecr." + Region + ".amazonaws.com"

// Options tune a Cloud. The zero value is ready to use.
type Options struct {
	// Host is the name under which clients reach the registry, with the port if
	// it has one: "127.0.0.1:5000". The URIs of repositories and the proxy
	// endpoint of tokens begin with it. The default is DefaultHost.
	Host string
	// TokenLife is how long the registry takes a token; default 12 hours, as ECR.
	TokenLife time.Duration
	// TokenExpiry is what GetAuthorizationToken says of a token that was issued
	// at a time; nil says the truth. Emulators name a time in the past.
	TokenExpiry func(issued time.Time) time.Time
	// Token replaces the n-th (from 1) authorization token, such as by one that
	// is malformed or that no registry takes; nil, and "", leave it as it is.
	Token func(n int) string
	// Mounts lets a push mount the layers of an image in another repository
	// instead of uploading them: the account setting BLOB_MOUNTING, which is off
	// in a new account. Source: ECR user guide, "Blob mounting in Amazon ECR".
	Mounts bool
	// MaxImages is how many images a repository holds; default 100,000.
	// Source: ECR user guide, "Amazon ECR service quotas".
	MaxImages int
	// Throttle refuses calls and pushes over the documented rates of ECR, as the
	// real one does: for tests of many pushes, on virtual time.
	Throttle bool
	// Before may refuse the n-th call (from 1) of operation op of the API before
	// it takes effect; nil lets every call through. Throttled is such a refusal.
	Before func(op string, n int) *Error
	// After may replace the answer to a call of the API that has taken effect.
	After func(op string, n int) *Error
}

// Cloud is an ECR: the private registry of one account in one region. It is safe
// for concurrent use.
//
// It opens no socket. It is an [http.RoundTripper] for clients in the same process and
// an [http.Handler] for others: served on a port, it answers both the AWS CLI with
// --endpoint-url and docker push; [Options.Host] then says under which name the
// registry is reached. Nothing runs in the background, and its clock is time.Now, so
// that tokens expire inside a testing/synctest bubble too.
//
// Faults are given to pushes by [Cloud.Inject] and to calls of the API by
// [Options.Before] and [Options.After].
type Cloud struct {
	opts Options

	mu           sync.Mutex
	repositories map[string]*repository
	tokens       map[string]time.Time // until when the registry takes a password
	uploads      map[string]*upload
	faults       map[string][]*injected
	rates        map[string]*throttle.Bucket
	calls        double.Calls
	serial       int // numbers everything that is made, in order
}

// New returns a Cloud without repositories.
func New(opts Options) *Cloud {
	opts.Host = cmp.Or(opts.Host, DefaultHost)
	opts.TokenLife = cmp.Or(opts.TokenLife, 12*time.Hour)
	opts.MaxImages = cmp.Or(opts.MaxImages, 100_000)
	return &Cloud{
		opts:         opts,
		repositories: make(map[string]*repository),
		tokens:       make(map[string]time.Time),
		uploads:      make(map[string]*upload),
		faults:       make(map[string][]*injected),
		rates:        documented(),
		calls:        double.Calls{Before: opts.Before, After: opts.After},
	}
}

// Client returns a real SDK client whose requests end in c, with the SDK's
// standard retryer. OptFns change its options, the retryer among them.
func (c *Cloud) Client(optFns ...func(*awsecr.Options)) *awsecr.Client {
	return awsecr.NewFromConfig(sdk.Config(Region, c), optFns...)
}

// Calls returns how often operation op of the API, such as "BatchGetImage", was
// called. Retries of the SDK count. Requests to the registry count by their
// method and what they are about: "PUT manifests", "POST uploads", "PATCH
// uploads", "HEAD blobs", "GET /v2/".
func (c *Cloud) Calls(op string) int { return c.calls.Of(op) }
