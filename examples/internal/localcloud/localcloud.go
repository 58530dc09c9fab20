// Package localcloud is one AWS account in memory, for trying out a whole pipeline
// without AWS, Docker or Papertrail.
//
//	cloud := localcloud.New(localcloud.Options{Speed: 100})
//	cfg := cloud.Config() // for the NewFromConfig of any SDK client
//	http.Serve(listener, cloud) // for other programs, by AWS_ENDPOINT_URL
//
// It joins the doubles of this module, CloudFormation, ECS, Cloud Map, Elastic Load
// Balancing, CloudWatch Logs, ECR with its registry, S3, STS, Papertrail and a Docker
// Engine, so that they are one account: the cluster, the bucket, the repository, the
// target group, the namespace and the log group that a stack makes are those that ECS,
// S3, ECR, the load balancer, Cloud Map and the logs have. A stack cannot delete a
// cluster with services or a bucket with objects, and a task starts only with an image
// that is in the registry, and with a log group that is there.
//
// Other resources of stacks are nowhere but in their stacks, those of type
// AWS::ECS::Service too. It checks no credentials and no permissions, but counts
// which were used: see [Cloud.Calls]. It keeps nothing when the process ends.
package localcloud

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/enginetest"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/examples/internal/localcloud/s3test"
	"github.com/mettel-automation/delivery/papertrail/papertrailtest"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// Region and Account are where a Cloud says that it is; all its doubles agree.
const (
	Region  = stacktest.Region
	Account = stacktest.Account
)

// Options tune a Cloud. The zero value is an empty account as fast as AWS.
type Options struct {
	// Speed is how many times faster than AWS everything goes; default 1, which also
	// stands for what is no number above 0.
	Speed float64
	// Seed decides how long the tasks of each service take; the same seed is the same run.
	Seed uint64
	// Faults are what goes wrong, and where.
	Faults Faults
	// RegistryHost is the name under which Docker reaches the registry, with the port:
	// "127.0.0.1:4566". The default is that of ECR, for which only the Engine needs no socket.
	RegistryHost string
	// Clusters, Buckets, Repositories and LogGroups are the names of what is there from
	// the beginning. Leftovers does not list it.
	Clusters, Buckets, Repositories, LogGroups []string
}

// Cloud is an account in one region. It is safe for concurrent use.
type Cloud struct {
	opts       Options
	stacks     *stacktest.Cloud
	containers *ecstest.Cloud // with Cloud Map, load balancing and logs
	images     *ecrtest.Cloud
	objects    *s3test.Store
	papertrail *papertrailtest.Server
	engine     *enginetest.Engine

	mu    sync.Mutex
	made  map[resource]bool // what stacks have made and not deleted
	calls map[string]int    // by IAM action
}

// New returns a Cloud with nothing but what opts name.
func New(opts Options) *Cloud {
	if !(opts.Speed > 0) || math.IsInf(opts.Speed, 0) {
		opts.Speed = 1
	}
	opts.RegistryHost = cmp.Or(opts.RegistryHost, ecrtest.DefaultHost)
	c := &Cloud{opts: opts, made: make(map[resource]bool), calls: make(map[string]int)}
	c.objects = s3test.New(s3test.Options{Region: Region, Account: Account})
	c.images = ecrtest.New(ecrtest.Options{Host: opts.RegistryHost})
	c.engine = enginetest.New(c, enginetest.Options{}) // through c, which counts
	c.papertrail = papertrailtest.New(papertrailtest.Options{Unlimited: opts.Speed > 1})
	c.containers = ecstest.New(ecstest.Options{
		Timing: ecstest.Varied(opts.Seed, 1/opts.Speed), Speed: opts.Speed, Elsewhere: account{c},
	})
	c.stacks = stacktest.New(stacktest.Options{
		Speed: opts.Speed, PageSize: 20, Services: account{c}, Template: c.objects.Read,
	})
	for _, name := range opts.Clusters {
		c.containers.AddCluster(name)
	}
	for _, name := range opts.Buckets {
		c.objects.AddBucket(name)
	}
	for _, name := range opts.Repositories {
		c.images.AddRepository(name)
	}
	for _, f := range opts.Faults {
		c.Inject(f)
	}
	return c
}

// Config is what the NewFromConfig of any SDK client takes for its requests to end
// in c. Its retryer is the SDK's standard one, with pauses that fit the speed.
func (c *Cloud) Config() aws.Config {
	static := credentials.NewStaticCredentialsProvider("local", "local", "")
	static.Value.AccountID = Account
	return aws.Config{
		Region:      Region,
		Credentials: static,
		HTTPClient:  &http.Client{Transport: c},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxBackoff = c.Scaled(retry.DefaultMaxBackoff)
				o.RateLimiter = ratelimit.None
			})
		},
	}
}

// Scaled is how long something takes here that takes d in AWS, such as a pause
// between two looks at a stack.
func (c *Cloud) Scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.opts.Speed)
}

// The doubles that c is made of, for what a test knows and AWS does not tell, and
// for what is there before it begins.

// Stacks is its CloudFormation.
func (c *Cloud) Stacks() *stacktest.Cloud { return c.stacks }

// Containers is its ECS, with Cloud Map, target groups and logs.
func (c *Cloud) Containers() *ecstest.Cloud { return c.containers }

// Images is its ECR, with the registry.
func (c *Cloud) Images() *ecrtest.Cloud { return c.images }

// Objects is its S3.
func (c *Cloud) Objects() *s3test.Store { return c.objects }

// Papertrail is an account of Papertrail, which is no part of AWS: an
// [http.RoundTripper], whose handler is below /papertrail/ of c. It takes any token.
func (c *Cloud) Papertrail() *papertrailtest.Server { return c.papertrail }

// Engine is a Docker Engine that pushes to the registry of c. To other programs, c
// itself is one: see [Cloud.ServeHTTP].
func (c *Cloud) Engine() *enginetest.Engine { return c.engine }

// Calls are the IAM actions that were used so far, such as "ecs:CreateService", and
// how often. What CloudFormation does on behalf of a stack is not among them.
func (c *Cloud) Calls() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.calls)
}

// Actions are the keys of Calls, sorted.
func (c *Cloud) Actions() []string { return slices.Sorted(maps.Keys(c.Calls())) }

func (c *Cloud) count(actions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range actions {
		c.calls[a]++
	}
}
