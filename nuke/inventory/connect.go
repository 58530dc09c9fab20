package inventory

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Patience with services that throttle, where the configuration does not say: a large
// account is read for minutes, and one call that gives up ends all of it.
const (
	attempts = 8
	backoff  = 20 * time.Second
)

// Connect returns what reads the account of cfg with the SDK's clients. Calls that are
// throttled are made up to 8 times with a growing pause of 20 seconds at most,
// unless cfg says otherwise (as AWS_MAX_ATTEMPTS does). A cfg with an endpoint of its
// own (AWS_ENDPOINT_URL) is taken for that of an emulator, which may lack what AWS has.
func Connect(cfg aws.Config) API {
	if cfg.Retryer == nil && cfg.RetryMaxAttempts == 0 {
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff, o.RateLimiter = attempts, backoff, ratelimit.None
			})
		}
	}
	global := cfg.Copy()
	if global.Region == "" {
		global.Region = "us-east-1"
	}
	identity := iam.NewFromConfig(global)
	return API{
		Identity: sts.NewFromConfig(global), Aliases: identity, IAM: identity, DNS: route53.NewFromConfig(global),
		Region: func(name string) Region {
			cfg := cfg.Copy()
			cfg.Region = name
			containers := ecs.NewFromConfig(cfg)
			r := Region{
				Tags: resourcegroupstaggingapi.NewFromConfig(cfg), Clusters: containers, Services: containers,
				LoadBalancers: elasticloadbalancingv2.NewFromConfig(cfg), Caches: elasticache.NewFromConfig(cfg),
				CloudMap: servicediscovery.NewFromConfig(cfg), CloudWatch: cloudwatch.NewFromConfig(cfg),
				Logs: cloudwatchlogs.NewFromConfig(cfg), Stacks: cloudformation.NewFromConfig(cfg), Topics: sns.NewFromConfig(cfg),
				Buckets: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil }),
				Network: ec2.NewFromConfig(cfg),
			}
			if cfg.BaseEndpoint != nil {
				return emulated(r, cfg)
			}
			return r
		},
	}
}
