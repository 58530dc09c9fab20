package kresystem

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	awscloud "github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/chartrepo"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// Options are the flags that the mains share, beside those of all jobs.
type Options struct {
	Kind       string // dev or production; default that of the branch
	Kubeconfig string
	Local      bool
	RealCharts bool
	Speed      float64
	Fail       []string
}

// Flags adds the flags to a set.
func (o *Options) Flags(flags *cli.Flags) {
	flags.StringVar(&o.Kind, "kind", "", "`KIND` of the environment, dev or production; default that of the branch")
	flags.StringVar(&o.Kubeconfig, "kubeconfig", "", "`FILE` with a cluster to use, its current context, in place of the environment's own")
	flags.BoolVar(&o.Local, "local", false, "use an AWS in memory, and a cluster, which end with the process")
	flags.BoolVar(&o.RealCharts, "real-charts", false, "with -local: fetch charts from their repositories")
	flags.Float64Var(&o.Speed, "speed", 100, "with -local: how many times faster than in reality things are")
	flags.Func("fail", "with -local: `WHAT` fails; may be repeated: stack:LOGICALID, image, crash, forbidden, credentials, unreachable, keys, zone, record (of somebody else), terminating (namespaces)", func(what string) error {
		o.Fail = append(o.Fail, what)
		return nil
	})
}

// Check refuses flags that do not go together.
func (o Options) Check() error {
	switch {
	case o.Kind != "" && o.Kind != config.KREDev && o.Kind != config.KREProduction:
		return fmt.Errorf("-kind %s: want %s or %s", o.Kind, config.KREDev, config.KREProduction)
	case !(o.Speed > 0) || math.IsInf(o.Speed, 1): // not a number is not more than 0 either
		return fmt.Errorf("-speed %v: want a number above 0", o.Speed)
	case !o.Local && (len(o.Fail) > 0 || o.RealCharts):
		return errors.New("-fail and -real-charts are about what is in memory: they need -local")
	}
	return nil
}

// State is what there is in memory at the beginning.
type State string

// The states, each with what those before it have.
const (
	Empty   State = "it is empty"
	Older   State = "it has an older version of the environment"
	Founded State = "the environment has just been applied to it"
	Running State = "the environment and its runtimes have just been applied to it"
)

// Open makes the system of an environment, which in memory begins in a state. The job is
// asked for what AWS is to be; in memory, nothing.
func (o Options) Open(ctx context.Context, j *job.Job, e *Environment, begin State, console *Console) (*System, error) {
	s := &System{
		Environment: e, Console: console, Secrets: &Secrets{LookupEnv: os.LookupEnv, MakeUp: o.Local && o.Kubeconfig == ""},
		factor: 1, kubeFactor: 1,
	}
	if o.Kubeconfig != "" {
		c, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
		if err != nil {
			return nil, &InputError{fmt.Errorf("read kubeconfig %s: %w", o.Kubeconfig, err)}
		}
		s.kubernetes = c
	}
	if !o.Local {
		return s, s.connectAWS(ctx, j)
	}
	return s, s.inMemory(ctx, o, begin)
}

// connectAWS talks to AWS as all jobs do, in the account and the region of the file.
func (s *System) connectAWS(ctx context.Context, j *job.Job) error {
	c, err := awscloud.AWS()(ctx, j)
	if err != nil {
		return err
	}
	cfg := c.AWS
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	clusters := awseks.NewFromConfig(cfg)
	s.cloud = cloud{
		stacks: cloudformation.NewFromConfig(cfg), buckets: bucket.New(objects, bucket.Options{Progress: s.Console.Emit}),
		clusters: clusters, entries: clusters, tokens: sts.NewPresignClient(sts.NewFromConfig(cfg)),
		keys:  keys.API{Objects: objects, Parameters: parameters(ssm.NewFromConfig(cfg).GetParameter), AccessKeys: newAccessKeys(iam.NewFromConfig(cfg))},
		zones: route53.NewFromConfig(cfg),
	}
	if name := j.Config.Infrastructure.TemplateBucket; name != "" {
		t := bucket.Templates{API: objects, Bucket: name, Region: cfg.Region, Account: c.Account}
		if cfg.BaseEndpoint != nil {
			t.Endpoint = *cfg.BaseEndpoint
		}
		s.cloud.templates = t
	}
	return nil
}

// inMemory begins an AWS in memory, and where no other is given a cluster.
func (s *System) inMemory(ctx context.Context, o Options, begin State) error {
	m, err := newMemory(s.Environment, o.Speed)
	if err != nil {
		return err
	}
	s.cloud, s.factor = m.cloud(), o.Speed
	if s.kubernetes == nil {
		s.transport, s.kubeFactor = m, o.Speed
	}
	if !o.RealCharts {
		if s.charts, err = chartrepo.New(); err != nil {
			return err
		}
	}
	said, err := s.prepare(ctx, m, begin)
	if err != nil {
		return fmt.Errorf("prepare what is in memory: %w", err)
	}
	m.begun.Store(true)
	cluster := "a cluster"
	if s.kubernetes != nil {
		cluster = "the cluster of " + o.Kubeconfig
	}
	s.Console.Say(fmt.Sprintf("an AWS in memory, %v times faster, with %s; %s", o.Speed, cluster, said), "")
	return m.fail(ctx, o.Fail, begin)
}

// prepare brings what is in memory into a state. A cluster that is not in memory is as
// it is: of it, nothing is made here.
func (s *System) prepare(ctx context.Context, m *memory, begin State) (State, error) {
	if begin == Empty {
		return begin, nil
	}
	quiet := *s
	quiet.Console = &Console{}
	if begin == Older {
		quiet.Environment = s.Environment.older()
	}
	if s.kubernetes != nil {
		if _, err := quiet.foundStack(ctx, &Foundation{}, true); err != nil {
			return "", err
		}
		f := &Foundation{}
		c, err := quiet.Connect(ctx)
		if err == nil {
			var out infra.KREClusterOutputs
			out, err = quiet.Outputs(ctx)
			f.Outputs = &out
		}
		if err != nil {
			return "", err
		}
		return "its stack and keys are there", quiet.deliver(ctx, f, c, true)
	}
	if _, err := quiet.Foundation(ctx, true); err != nil || begin != Running || len(s.Environment.Runtimes) == 0 {
		return begin, err
	}
	if _, err := quiet.Runtimes(ctx, "", true); err != nil {
		return "", err
	}
	return begin, m.publish()
}
