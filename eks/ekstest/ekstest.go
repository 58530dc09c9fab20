// Package ekstest holds an Amazon EKS in memory, for tests of what makes, reads and
// opens clusters.
//
// A [Cloud] speaks the service's wire protocol (REST with JSON) to a real SDK client,
// without a socket; it is an http.Handler too. Clusters and node groups become ACTIVE
// with time, updates can be looked up, and access entries are checked as EKS does:
//
//	cloud := ekstest.New(ekstest.Options{})
//	cloud.AddCluster("demo", types.AuthenticationModeApi)
//	cluster, err := eks.Describe(ctx, cloud.Client(), "demo")
//	tokens := eks.NewTokens(cloud.Presigner(roleARN), "demo", eks.TokenOptions{})
//
// What a token opens, [Cloud.Authenticate] says, as the authenticator of a real cluster
// does: the signature, the age, the cluster and the access entry must be right.
//
// Nothing runs in the background: at each call the Cloud catches up with time.Now, so
// that in a testing/synctest bubble twenty minutes take milliseconds.
//
// There is no Kubernetes in it, nor are there add-ons, Fargate profiles and pod
// identities. It does not ask whether a role exists, and knows no aws-auth ConfigMap.
package ekstest

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/agenda"
	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
	"github.com/mettel-automation/delivery/internal/throttle"
)

// Region and Account are where the Cloud says that it is.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// Creator is the principal that has made every cluster of the Cloud, and to whom EKS
// gives an access entry where it is asked to.
const Creator = "arn:aws:iam::" + Account + ":role/deploy"

// Options tune a Cloud. The zero value is ready to use.
type Options struct {
	// Timing says how long clusters, node groups and updates take; the zero value
	// is DefaultTiming.
	Timing Timing
	// Endpoint and CA are of the API server of every cluster. By default there is an
	// address in the form of EKS that nobody answers, with a certificate of nobody.
	Endpoint string
	CA       []byte // PEM
	// Throttle refuses calls over some rate, as EKS does: 10 reads a second in bursts
	// of 20, and 5 writes a second in bursts of 10. AWS publishes no numbers; these are
	// cautious.
	Throttle bool
	// PageSize is how many names are in one answer where the call asks for no number;
	// default 100, which is also the most.
	PageSize int
	// Before may refuse the n-th call (from 1) of operation op before it takes effect;
	// nil lets every call through. Throttled is such a refusal.
	Before func(op string, n int) *Error
	// After may replace the answer to a call that has taken effect: a lost answer.
	After func(op string, n int) *Error
}

// Cloud is an EKS of one account and region. It is safe for concurrent use.
type Cloud struct {
	opts  Options
	serve http.Handler

	mu       sync.Mutex
	agenda   agenda.Agenda
	clusters map[string]*cluster
	keys     map[string]identity        // by access key id
	answers  map[string]json.RawMessage // by operation and token of the request
	rates    throttle.Pair
	calls    double.Calls
	serial   int // numbers everything that is made, in order
}

// New returns a Cloud without clusters.
func New(opts Options) *Cloud {
	if opts.Timing == (Timing{}) {
		opts.Timing = DefaultTiming()
	}
	if opts.PageSize <= 0 || opts.PageSize > mostOnPage {
		opts.PageSize = mostOnPage
	}
	if opts.CA == nil {
		opts.CA = []byte(nobody)
	}
	c := &Cloud{
		opts:     opts,
		clusters: make(map[string]*cluster),
		keys:     make(map[string]identity),
		answers:  make(map[string]json.RawMessage),
		rates:    throttle.Pair{Reads: throttle.New(10, 20), Writes: throttle.New(5, 10)},
		calls:    double.Calls{Before: opts.Before, After: opts.After},
	}
	c.serve = c.mux()
	return c
}

// AddCluster makes an active cluster of the default version, as CreateCluster would
// without an access entry for its creator. One of that name is left as it is.
func (c *Cloud) AddCluster(name string, mode types.AuthenticationMode) {
	defer c.present()()
	if c.clusters[name] != nil {
		return
	}
	cl := c.newCluster(&awseks.CreateClusterInput{
		Name: &name, RoleArn: new("arn:aws:iam::" + Account + ":role/eks"),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-a", "subnet-b"}},
		AccessConfig:       &types.CreateAccessConfigRequest{AuthenticationMode: mode, BootstrapClusterCreatorAdminPermissions: new(false)},
	}, time.Now())
	c.activate(cl)
	c.clusters[name] = cl
}

// Client returns a real SDK client whose requests end in c, with the SDK's standard
// retryer. OptFns change its options, the retryer among them.
func (c *Cloud) Client(optFns ...func(*awseks.Options)) *awseks.Client {
	return awseks.NewFromConfig(c.Config(), optFns...)
}

// Config is what the NewFromConfig of an SDK client takes for its requests to end in c.
func (c *Cloud) Config() aws.Config {
	return sdk.Config(Region, c)
}

// Calls returns how often operation op, such as "CreateAccessEntry", was called.
// Retries of the SDK count.
func (c *Cloud) Calls(op string) int { return c.calls.Of(op) }

// present locks c, brings it up to date, and returns what unlocks it.
func (c *Cloud) present() (unlock func()) {
	c.mu.Lock()
	c.agenda.CatchUp(time.Now())
	return c.mu.Unlock
}

// uuid is a new identifier, always the same for the same course of events.
func (c *Cloud) uuid() string {
	c.serial++
	return double.UUID(c.serial)
}

func arn(kind, path string) *string {
	return new("arn:aws:eks:" + Region + ":" + Account + ":" + kind + "/" + path)
}
