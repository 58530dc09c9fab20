package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mettel-automation/delivery/examples/internal/awsenv"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/bucket"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// memory is a cloud in memory, as flags describe it.
type memory struct {
	speed    float64
	existing bool
	fail     []string
}

func (m *memory) flags(set *flag.FlagSet) {
	set.Float64Var(&m.speed, "speed", 100, "how many times faster than AWS the cloud in memory is")
	set.BoolVar(&m.existing, "existing", false, "begin with an older version of the environment in the cloud in memory")
	set.Func("fail", "`LOGICALID` of a resource that fails there: apply at making it, destroy at deleting it, recover at rolling it back once more; may be repeated", collect(&m.fail))
}

// connect returns what makes the manager of the stacks, given who hears of progress.
func (o options) connect(ctx context.Context, s *site, stderr io.Writer) (func(progress.Func) *stack.Manager, error) {
	if o.local {
		return o.memory.start(ctx, s, stderr)
	}
	cfg, err := awsenv.Load(ctx)
	if err != nil {
		return nil, err
	}
	account := "" // that of the credentials, where they tell: the bucket of templates is to be its
	if credentials, err := cfg.Credentials.Retrieve(ctx); err == nil {
		account = credentials.AccountID
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	opts := stack.Options{}
	if o.bucket != "" {
		templates := bucket.Templates{API: client, Bucket: o.bucket, Region: cfg.Region, Account: account}
		if cfg.BaseEndpoint != nil {
			templates.Endpoint = *cfg.BaseEndpoint
		}
		opts.Templates = templates
	}
	return func(hear progress.Func) *stack.Manager {
		opts.Progress = hear
		opts.Buckets = bucket.New(client, bucket.Options{Progress: hear})
		return stack.New(cloudformation.NewFromConfig(cfg), opts)
	}, nil
}

// newCloud is a cloud in memory that is speed times faster than AWS. Its pages are
// short, since who waits looks at the newest event again and again.
func newCloud(speed float64, timing func(string) stacktest.Timing) *stacktest.Cloud {
	return stacktest.New(stacktest.Options{Speed: speed, Timing: timing, PageSize: 20})
}

// inMemory are the options that fit a cloud in memory and its speed.
func inMemory(cloud *stacktest.Cloud, speed float64) stack.Options {
	scale := func(d time.Duration) time.Duration { return max(50*time.Millisecond, time.Duration(float64(d)/speed)) }
	return stack.Options{
		PollInterval: scale(5 * time.Second), MaxPollInterval: scale(15 * time.Second),
		Templates: cloud, Buckets: cloud,
	}
}

// start begins a cloud in memory with what the verb needs to be there.
func (m memory) start(ctx context.Context, s *site, stderr io.Writer) (func(progress.Func) *stack.Manager, error) {
	var ready atomic.Bool // what is there at the beginning is made in no time
	cloud := newCloud(m.speed, func(resourceType string) stacktest.Timing {
		t := stacktest.DefaultTiming(resourceType)
		if !ready.Load() {
			t = t.Scale(1e-6)
		}
		return t
	})
	before, err := m.before(ctx, s, cloud)
	if err != nil {
		return nil, fmt.Errorf("prepare the cloud in memory: %w", err)
	}
	ready.Store(true)
	fmt.Fprintf(stderr, "a cloud in memory, %v times faster than AWS; %s\n", m.speed, before)
	for _, id := range m.fail {
		cloud.Inject(id, stacktest.Fault{On: phases(s.options.verb), Reason: reason(s.options.verb)})
	}
	return func(hear progress.Func) *stack.Manager {
		opts := inMemory(cloud, m.speed)
		opts.Progress = hear
		return stack.New(cloud.Client(), opts)
	}, nil
}

// phases are those in which what -fail names fails.
func phases(verb string) []stacktest.Phase {
	switch verb {
	case "destroy":
		return []stacktest.Phase{stacktest.Delete}
	case "recover":
		return []stacktest.Phase{stacktest.Rollback}
	}
	return nil // creation and update
}

// reason is what AWS gives for it.
func reason(verb string) string {
	switch verb {
	case "destroy":
		return stacktest.DependencyViolation
	case "recover":
		return denied
	}
	return stacktest.InsufficientCapacity
}
