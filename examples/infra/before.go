package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// before makes what is there at the beginning, and says what that is.
func (m memory) before(ctx context.Context, s *site, cloud *stacktest.Cloud) (string, error) {
	there := *s
	there.options.only, there.drafts = "", nil
	said := "it is empty"
	var kinds []string
	switch {
	case m.existing, s.options.verb == "recover":
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
	if s.options.verb == "recover" {
		there.settings = s.settings
		return "an update of the environment has failed in it, and so has the rollback", there.jam(ctx, cloud, in)
	}
	return said, meddle(s.options.verb, names[environment], cloud)
}

// The resource at which the cloud in memory is stuck for recover, and why.
const (
	jammed = "LogGroup"
	denied = `Resource handler returned message: "User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: logs:PutRetentionPolicy (Service: CloudWatchLogs, Status Code: 403)" (HandlerErrorCode: AccessDenied)`
)

// jam updates the environment so that it gets stuck: the update fails, and rolling
// back does too, once.
func (s *site) jam(ctx context.Context, cloud *stacktest.Cloud, in infra.NetworkOutputs) error {
	for _, phase := range []stacktest.Phase{stacktest.Update, stacktest.Rollback} {
		cloud.Inject(jammed, stacktest.Fault{On: []stacktest.Phase{phase}, Reason: denied, Times: 1})
	}
	want, err := s.stack(environment, in)
	if err != nil {
		return err
	}
	url, err := cloud.Upload(ctx, want.Body)
	if err != nil {
		return err
	}
	client := cloud.Client()
	if _, err := client.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName: &want.Name, TemplateURL: &url, Parameters: parameters(want), Capabilities: capabilities(),
	}); err != nil {
		return err
	}
	waiter := cloudformation.NewStackUpdateCompleteWaiter(client, func(o *cloudformation.StackUpdateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	})
	if err := waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &want.Name}, time.Minute); err == nil {
		return fmt.Errorf("stack %s: it is not stuck", want.Name)
	}
	return ctx.Err()
}

func parameters(want stack.Stack) (list []types.Parameter) {
	for name, v := range want.Parameters {
		list = append(list, types.Parameter{ParameterKey: &name, ParameterValue: &v})
	}
	return list
}

func capabilities() []types.Capability { return []types.Capability{types.CapabilityCapabilityNamedIam} }

// create makes a stack without change sets and plans, which take their time in
// memory too, and returns its outputs.
func create(ctx context.Context, cloud *stacktest.Cloud, want stack.Stack) (map[string]string, error) {
	url, err := cloud.Upload(ctx, want.Body)
	if err != nil {
		return nil, err
	}
	in := &cloudformation.CreateStackInput{
		StackName: &want.Name, TemplateURL: &url, EnableTerminationProtection: &want.Production,
		Parameters: parameters(want), Capabilities: capabilities(),
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
	if s.LogDays == 7 { // the age shows
		s.LogDays = 14
	} else {
		s.LogDays = 7
	}
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
