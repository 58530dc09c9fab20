package site

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// Manager manages the stacks of a cloud. Templates that are too large for a request go
// through the bucket of delivery.yaml.
func Manager(c *cloud.Cloud, j *job.Job, emit progress.Func) *stack.Manager {
	client := Objects(c)
	opts := stack.Options{
		Progress: emit, PollInterval: c.Pace(2 * time.Second), MaxPollInterval: c.Pace(15 * time.Second),
		Buckets: bucket.New(client, bucket.Options{Progress: emit, Pause: c.Pace(time.Second)}),
	}
	if name := j.Config.Infrastructure.TemplateBucket; name != "" {
		templates := bucket.Templates{API: client, Bucket: name, Region: c.AWS.Region, Account: c.Account}
		if c.AWS.BaseEndpoint != nil {
			templates.Endpoint = *c.AWS.BaseEndpoint
		}
		opts.Templates = templates
	}
	return stack.New(cloudformation.NewFromConfig(c.AWS), opts)
}

// Objects is the S3 of a cloud. One with an address of its own has buckets in its paths.
func Objects(c *cloud.Cloud) *s3.Client {
	return s3.NewFromConfig(c.AWS, func(o *s3.Options) { o.UsePathStyle = c.AWS.BaseEndpoint != nil })
}

// NetworkOutputs are what the environment needs of its network. Where there is none,
// the error names the job that makes it, and matches [stack.ErrNotFound].
func (s Site) NetworkOutputs(ctx context.Context, m *stack.Manager) (infra.NetworkOutputs, error) {
	n := s.Network()
	outputs, err := read(ctx, m, n, "basic-infra -network")
	if err != nil {
		return infra.NetworkOutputs{}, err
	}
	out, err := n.Read(outputs)
	return out, cli.Failed(unfinished(ctx, m, n, "basic-infra -network", err))
}

// RolesOutputs are the roles that the environment's tasks have. Where there are none,
// the error names the job that makes them, and matches [stack.ErrNotFound].
func (s Site) RolesOutputs(ctx context.Context, m *stack.Manager) (infra.RolesOutputs, error) {
	r := s.Roles()
	outputs, err := read(ctx, m, r, "basic-infra")
	if err != nil {
		return infra.RolesOutputs{}, err
	}
	out, err := r.Read(outputs)
	return out, cli.Failed(unfinished(ctx, m, r, "basic-infra", err))
}

// unfinished says of a stack that lacks outputs that it is still being made, or that
// making it failed; err says of others what they lack.
func unfinished(ctx context.Context, m *stack.Manager, of interface{ StackName() (string, error) }, job string, err error) error {
	if err == nil {
		return nil
	}
	name, named := of.StackName()
	if named != nil {
		return err
	}
	status, asked := m.Status(ctx, name)
	if asked != nil {
		return err
	}
	switch types.StackStatus(status) {
	case types.StackStatusCreateInProgress, types.StackStatusUpdateInProgress:
		return fmt.Errorf("stack %s is still being created (%s): run again when it is complete", name, status)
	case types.StackStatusCreateFailed, types.StackStatusRollbackInProgress, types.StackStatusRollbackFailed, types.StackStatusRollbackComplete,
		types.StackStatusDeleteInProgress, types.StackStatusDeleteFailed:
		return fmt.Errorf("stack %s could not be created, or is being deleted (%s): run the job %q again", name, status, job)
	}
	return err
}

func read(ctx context.Context, m *stack.Manager, of interface{ StackName() (string, error) }, job string) (map[string]string, error) {
	name, err := of.StackName()
	if err != nil {
		return nil, err
	}
	outputs, err := m.Outputs(ctx, name)
	if errors.Is(err, stack.ErrNotFound) {
		err = fmt.Errorf("%w: run the job %q first, which makes it", err, job)
	}
	return outputs, cli.Failed(err)
}
