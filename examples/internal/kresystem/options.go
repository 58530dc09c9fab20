package kresystem

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/chartrepo"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// Options are the flags that the mains share.
type Options struct {
	File       string
	Kubeconfig string
	Bucket     string
	JSON       bool
	Local      bool
	RealCharts bool
	Speed      float64
	Fail       []string
}

// Flags adds the flags to set.
func (o *Options) Flags(set *flag.FlagSet) {
	set.StringVar(&o.File, "file", "", "`FILE` of the environment; a demonstration by default where AWS is in memory")
	set.StringVar(&o.Kubeconfig, "kubeconfig", "", "`FILE` with a real cluster to use, its current context, in place of the environment's own")
	set.StringVar(&o.Bucket, "template-bucket", "", "`BUCKET` for a template over 51,200 bytes")
	set.BoolVar(&o.JSON, "json", false, "print JSON")
	set.BoolVar(&o.Local, "local", true, "use an AWS and a cluster in memory; -local=false is AWS")
	set.BoolVar(&o.RealCharts, "real-charts", false, "fetch charts from their repositories also where AWS is in memory")
	set.Float64Var(&o.Speed, "speed", 100, "how many times faster than in reality things are in memory")
	set.Func("fail", "`WHAT` fails in memory; may be repeated: stack:LOGICALID, image, crash, forbidden, credentials, unreachable, keys, zone, record (of somebody else), terminating (namespaces)", func(what string) error {
		o.Fail = append(o.Fail, what)
		return nil
	})
}

// Check refuses flags that do not go together.
func (o Options) Check() error {
	switch {
	case !(o.Speed > 0) || math.IsInf(o.Speed, 1): // not a number is not more than 0 either
		return fmt.Errorf("-speed %v: want a number above 0", o.Speed)
	case !o.Local && o.File == "":
		return errors.New("-file is required with -local=false (-h lists the flags)")
	case !o.Local && len(o.Fail) > 0:
		return errors.New("-fail is about what is in memory: it does not go with -local=false")
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

// Open makes the system of an environment, which in memory begins in a state.
func (o Options) Open(ctx context.Context, e *Environment, begin State, console *Console) (*System, error) {
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
		return s, s.connectAWS(ctx, o.Bucket)
	}
	return s, s.inMemory(ctx, o, begin)
}

// connectAWS talks to AWS as the AWS CLI does, in the region of the environment.
func (s *System) connectAWS(ctx context.Context, templates string) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Environment.Region))
	if err != nil {
		return fmt.Errorf("configure AWS: %w", err)
	}
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	clusters := awseks.NewFromConfig(cfg)
	s.cloud = cloud{
		stacks: cloudformation.NewFromConfig(cfg), buckets: bucket.New(objects, bucket.Options{Progress: s.Console.Emit}),
		clusters: clusters, entries: clusters, tokens: sts.NewPresignClient(sts.NewFromConfig(cfg)),
		keys:  keys.API{Objects: objects, Parameters: parameters(ssm.NewFromConfig(cfg).GetParameter), AccessKeys: newAccessKeys(iam.NewFromConfig(cfg))},
		zones: route53.NewFromConfig(cfg),
	}
	if templates != "" {
		t := bucket.Templates{API: objects, Bucket: templates, Region: cfg.Region}
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
	s.Console.Hint("an AWS in memory, %v times faster, with %s; %s", o.Speed, cluster, said)
	return m.fail(ctx, o.Fail, begin)
}

// prepare brings what is in memory into a state. A cluster that is not in memory is as
// it is: of it, nothing is made here.
func (s *System) prepare(ctx context.Context, m *memory, begin State) (State, error) {
	if begin == Empty {
		return begin, nil
	}
	quiet := *s
	quiet.Console = &Console{Stdout: io.Discard, Stderr: io.Discard, JSON: true, Getenv: func(string) string { return "" }}
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
