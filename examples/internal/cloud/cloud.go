// Package cloud connects jobs to AWS: to that of the environment variables, as the AWS
// CLI does, or to one in memory.
//
// Whoever is connected has been found to be in the account and the region that
// delivery.yaml names, so that a job with the credentials of another account stops
// before its first write.
package cloud

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mettel-automation/delivery/examples/internal/awsenv"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/job"
)

// Cloud is where an environment is delivered to.
type Cloud struct {
	AWS     aws.Config
	Account string // twelve digits
	// Speed is how many times faster than AWS it is; 1 is AWS.
	Speed float64
	// Papertrail answers for Papertrail's API; nil is the network.
	Papertrail http.RoundTripper
	// Name is what people call it: "AWS account 123456789012, us-east-1".
	Name string
}

// Pace is how long to wait between two looks at something that takes d on AWS.
func (c *Cloud) Pace(d time.Duration) time.Duration {
	if c.Speed == 1 {
		return d
	}
	return max(20*time.Millisecond, time.Duration(float64(d)/c.Speed))
}

// Connect connects a job to its cloud. Stages call it when they need it; it asks once.
type Connect func(ctx context.Context, j *job.Job) (*Cloud, error)

// AWS is that of the environment variables and files, as the AWS CLI reads them;
// AWS_ENDPOINT_URL stands for another one, which DELIVERY_SPEED says to be as many times
// faster, as the -speed of awslocal. An account that is not that of the file is refused.
func AWS() Connect {
	return once(func(ctx context.Context, j *job.Job) (*Cloud, error) {
		cfg, err := awsenv.Load(ctx)
		if err != nil {
			return nil, err
		}
		cfg.Region = cmp.Or(j.Config.Region, cfg.Region)
		if cfg.Region == "" {
			return nil, fmt.Errorf("configure AWS: there is no region: set it in %s, or AWS_REGION", j.Config.Path("delivery.yaml"))
		}
		caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
		if err != nil {
			return nil, cli.Failed(fmt.Errorf("ask AWS who we are: %w", err))
		}
		c := &Cloud{AWS: cfg, Account: aws.ToString(caller.Account)}
		if want := j.Config.Account; want != "" && c.Account != want {
			return nil, cli.Failed(fmt.Errorf("the credentials are those of AWS account %s, and delivery.yaml is for %s", c.Account, want))
		}
		c.Name = fmt.Sprintf("AWS account %s, %s", c.Account, cfg.Region)
		j.Run.Cloud = c.Name
		c.Speed, err = speed(j.Getenv)
		return c, err
	})
}

// speed is that of the environment variables. It is never more than 1 where these name no
// endpoint: AWS itself must not be asked more often than it takes.
func speed(getenv func(string) string) (float64, error) {
	text := getenv("DELIVERY_SPEED")
	if text == "" || getenv("AWS_ENDPOINT_URL") == "" {
		return 1, nil
	}
	speed, err := strconv.ParseFloat(text, 64)
	if err != nil || !(speed >= 1) {
		return 0, fmt.Errorf("DELIVERY_SPEED is %q; want a number from 1", text)
	}
	return speed, nil
}

// Fixed is a cloud that is there already, such as one in memory.
func Fixed(c *Cloud) Connect {
	return func(context.Context, *job.Job) (*Cloud, error) { return c, nil }
}

// once keeps the first answer that is no error.
func once(connect Connect) Connect {
	var mu sync.Mutex
	var found *Cloud
	return func(ctx context.Context, j *job.Job) (*Cloud, error) {
		mu.Lock()
		defer mu.Unlock()
		if found != nil {
			return found, nil
		}
		c, err := connect(ctx, j)
		if err == nil {
			found = c
		}
		return c, err
	}
}
