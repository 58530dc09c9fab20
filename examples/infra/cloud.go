package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mettel-automation/delivery/infra"
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
	set.Func("fail", "`LOGICALID` of a resource that cannot be made there; may be repeated", func(id string) error {
		m.fail = append(m.fail, id)
		return nil
	})
}

// connect returns what makes the manager of the stacks, given who hears of progress.
func (o options) connect(ctx context.Context, s *site, stderr io.Writer) (func(progress.Func) *stack.Manager, error) {
	if o.local {
		return o.memory.start(ctx, s, stderr)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("configure AWS: %w", err)
	}
	account := "" // that of the credentials, where they tell
	if credentials, err := cfg.Credentials.Retrieve(ctx); err == nil {
		account = credentials.AccountID
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	opts := stack.Options{}
	if o.bucket != "" {
		templates := bucket.Templates{API: client, Bucket: o.bucket, Region: cfg.Region, Owner: account}
		if cfg.BaseEndpoint != nil {
			templates.Endpoint = *cfg.BaseEndpoint
		}
		opts.Templates = templates
	}
	return func(hear progress.Func) *stack.Manager {
		opts.Progress = hear
		opts.Buckets = bucket.New(client, bucket.Options{Owner: account, Progress: hear})
		return stack.New(cloudformation.NewFromConfig(cfg), opts)
	}, nil
}

// inMemory are the options that fit a cloud in memory and its speed.
func inMemory(cloud *stacktest.Cloud, speed float64) stack.Options {
	scale := func(d time.Duration) time.Duration { return max(time.Microsecond, time.Duration(float64(d)/speed)) }
	return stack.Options{
		PollInterval: scale(2 * time.Second), MaxPollInterval: scale(15 * time.Second),
		Templates: cloud, Buckets: cloud,
	}
}

// start begins a cloud in memory with what the verb needs to be there.
func (m memory) start(ctx context.Context, s *site, stderr io.Writer) (func(progress.Func) *stack.Manager, error) {
	var ready atomic.Bool // what is there at the beginning is made in no time
	cloud := stacktest.New(stacktest.Options{Timing: func(resourceType string) stacktest.Timing {
		factor := 1 / m.speed
		if !ready.Load() {
			factor = 1e-6
		}
		return stacktest.DefaultTiming(resourceType).Scale(factor)
	}})
	before, err := m.before(ctx, s, cloud)
	if err != nil {
		return nil, fmt.Errorf("prepare the cloud in memory: %w", err)
	}
	ready.Store(true)
	fmt.Fprintf(stderr, "a cloud in memory, %v times faster than AWS; %s\n", m.speed, before)
	for _, id := range m.fail {
		cloud.Inject(id, stacktest.Fault{Reason: stacktest.InsufficientCapacity})
	}
	return func(hear progress.Func) *stack.Manager {
		opts := inMemory(cloud, m.speed)
		opts.Progress = hear
		return stack.New(cloud.Client(), opts)
	}, nil
}

// before makes what is there at the beginning, and says what that is.
func (m memory) before(ctx context.Context, s *site, cloud *stacktest.Cloud) (string, error) {
	there := *s
	there.options.only = ""
	said := "it is empty"
	var kinds []string
	switch {
	case m.existing:
		there.settings, there.options.parameters, there.body = older(s.settings), nil, nil
		said, kinds = "it has an older version of the environment", []string{network, roles, environment}
	case s.options.verb != "plan" && s.options.verb != "apply":
		said, kinds = "the environment has just been applied to it", []string{network, roles, environment}
	case s.options.network != "":
		said, kinds = "it has the network "+s.options.network, []string{network}
	}
	names, err := s.names()
	if err != nil {
		return "", err
	}
	var in infra.NetworkOutputs
	for _, kind := range kinds {
		want, err := there.stack(kind, in)
		if err != nil {
			return "", err
		}
		want.Name = names[kind] // also of a network that others share
		outputs, err := create(ctx, cloud, want)
		if err != nil {
			return "", fmt.Errorf("create stack %s: %w", want.Name, err)
		}
		if kind == network {
			if in, err = there.network().Read(outputs); err != nil {
				return "", err
			}
		}
	}
	return said, meddle(s.options.verb, names[environment], cloud)
}

// create makes a stack without change sets and plans, which take their time in
// memory too, and returns its outputs.
func create(ctx context.Context, cloud *stacktest.Cloud, want stack.Stack) (map[string]string, error) {
	url, err := cloud.Upload(ctx, want.Body)
	if err != nil {
		return nil, err
	}
	in := &cloudformation.CreateStackInput{
		StackName: &want.Name, TemplateURL: &url, EnableTerminationProtection: &want.Production,
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
	}
	for name, v := range want.Parameters {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: &name, ParameterValue: &v})
	}
	for key, v := range want.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: &v})
	}
	client := cloud.Client()
	if _, err := client.CreateStack(ctx, in); err != nil {
		return nil, err
	}
	waiter := cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	if err := waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &want.Name}, time.Minute); err != nil {
		return nil, err
	}
	made, _ := cloud.Stack(want.Name)
	return made.Outputs, nil
}

// older is what an environment may have looked like some time ago.
func older(s settings) settings {
	s.Services = slices.Clone(s.Services)
	if n := len(s.Services); n > 1 {
		s.Services = s.Services[:n-1]
	}
	if s.Domain != "" {
		s.Domain = "old." + s.Domain
	}
	s.LogDays = 7
	s.Emails = append(slices.Clone(s.Emails), "left@example.com")
	return s
}

// meddle does behind the back of CloudFormation what makes the verb worth watching.
func meddle(verb, name string, cloud *stacktest.Cloud) error {
	lost := false
	for _, r := range cloud.Resources(name) {
		switch {
		case verb == "destroy" && r.Type == "AWS::S3::Bucket":
			cloud.SetObjects(r.PhysicalID, 2500)
		case verb == "drift" && r.LogicalID == "LogGroup":
			if err := cloud.Drift(name, r.LogicalID, "RetentionInDays", 3); err != nil {
				return err
			}
		case verb == "drift" && r.Type == "AWS::CloudWatch::Alarm" && !lost:
			lost = true
			if err := cloud.Lose(name, r.LogicalID); err != nil {
				return err
			}
		}
	}
	return nil
}
