// Package stack applies AWS CloudFormation stacks so that one can trust what happens.
//
// [Manager.Plan] makes a change set and says what it would do, [Manager.Apply]
// executes it and waits; a failure names its root causes. Stateful resources are
// neither replaced nor deleted without consent:
//
//	manager := stack.New(cloudformation.NewFromConfig(cfg), stack.Options{})
//	plan, err := manager.Plan(ctx, stack.Stack{Name: "automation-8527fec8", Body: body, Parameters: parameters})
//	fmt.Print(plan)
//	result, err := manager.Apply(ctx, plan)
//	result.Outputs["LoadBalancerDNS"]
//
// [Manager.PlanDelete] and [Manager.ApplyDelete] take a stack away, [Manager.Drift]
// tells what was changed behind its back, and [Manager.ApplyRecover] ends a failed
// rollback that CloudFormation gave up on.
//
// It writes no templates (see package infra), and knows nothing of what is in
// one but what applying it needs. Package stack/stacktest holds a CloudFormation
// in memory for tests, stack/bucket empties buckets and carries large templates.
package stack

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mettel-automation/delivery/progress"
)

//go:generate go tool mockgen -source=stack.go -destination=stackmock/stackmock.go -package=stackmock -write_package_comment=false

// Reader is what planning and waiting need of a [cloudformation.Client].
type Reader interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	DescribeStackEvents(context.Context, *cloudformation.DescribeStackEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error)
	ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error)
	GetTemplate(context.Context, *cloudformation.GetTemplateInput, ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error)
	// DescribeEvents is asked only why a change set was refused before it was made.
	DescribeEvents(context.Context, *cloudformation.DescribeEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeEventsOutput, error)
}

// ChangeSets is what planning and applying need besides.
type ChangeSets interface {
	DescribeChangeSet(context.Context, *cloudformation.DescribeChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error)
	ListChangeSets(context.Context, *cloudformation.ListChangeSetsInput, ...func(*cloudformation.Options)) (*cloudformation.ListChangeSetsOutput, error)
	CreateChangeSet(context.Context, *cloudformation.CreateChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error)
	DeleteChangeSet(context.Context, *cloudformation.DeleteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error)
	ExecuteChangeSet(context.Context, *cloudformation.ExecuteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error)
}

// Writer is what deleting, protecting and recovering need.
type Writer interface {
	DeleteStack(context.Context, *cloudformation.DeleteStackInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error)
	UpdateTerminationProtection(context.Context, *cloudformation.UpdateTerminationProtectionInput, ...func(*cloudformation.Options)) (*cloudformation.UpdateTerminationProtectionOutput, error)
	ContinueUpdateRollback(context.Context, *cloudformation.ContinueUpdateRollbackInput, ...func(*cloudformation.Options)) (*cloudformation.ContinueUpdateRollbackOutput, error)
	CancelUpdateStack(context.Context, *cloudformation.CancelUpdateStackInput, ...func(*cloudformation.Options)) (*cloudformation.CancelUpdateStackOutput, error)
	RollbackStack(context.Context, *cloudformation.RollbackStackInput, ...func(*cloudformation.Options)) (*cloudformation.RollbackStackOutput, error)
}

// DriftReader is what looking for drift needs.
type DriftReader interface {
	DetectStackDrift(context.Context, *cloudformation.DetectStackDriftInput, ...func(*cloudformation.Options)) (*cloudformation.DetectStackDriftOutput, error)
	DescribeStackDriftDetectionStatus(context.Context, *cloudformation.DescribeStackDriftDetectionStatusInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackDriftDetectionStatusOutput, error)
	DescribeStackResourceDrifts(context.Context, *cloudformation.DescribeStackResourceDriftsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackResourceDriftsOutput, error)
}

// API is all that this package uses; a [*cloudformation.Client] has it.
type API interface {
	Reader
	ChangeSets
	Writer
	DriftReader
}

// Stack is a stack as it should be.
type Stack struct {
	// Name is at most 128 letters, digits and hyphens, and begins with a letter.
	Name string
	// Body is the template, in YAML or JSON; at most 51,200 bytes, or 1,000,000
	// where Options.Templates keeps it.
	Body []byte
	// Parameters are the values of the template's parameters; one that is missing
	// here has its default. Those with NoEcho are shown nowhere.
	Parameters map[string]string
	// Previous are parameters that keep the value that they have in the stack.
	Previous []string
	// Tags are the tags of the stack, which CloudFormation gives to its resources
	// too. A nil map leaves the tags as they are, an empty one takes them away.
	Tags map[string]string
	// Role is the ARN of the role that CloudFormation acts as; by default the one
	// that the stack had before, or else the caller.
	Role string
	// Production turns termination protection on, and allows neither
	// RecreateFailed nor Express.
	Production bool
	// Express lets CloudFormation end the operation when everything is configured,
	// and not wait until it can serve. What needs it must wait by itself.
	Express bool
	// RecreateFailed lets a stack whose creation or deletion failed be deleted and
	// created again. Such a stack is never updated.
	RecreateFailed bool
	// Consent are the logical ids of stateful resources that may be replaced or
	// deleted; "Nested/LogicalID" in a nested stack.
	Consent []string
	// Stateful are the types of resources whose replacement or deletion needs
	// Consent; nil is DefaultStateful.
	Stateful []string
}

// Uploader keeps templates that are too large to be sent in a request.
type Uploader interface {
	// Upload stores body under a name that is made of its content, and returns
	// the https URL by which CloudFormation can read it.
	Upload(ctx context.Context, body []byte) (url string, err error)
}

// Emptier empties buckets, which CloudFormation does not delete before.
type Emptier interface {
	// Empty deletes every version of every object of the bucket, and returns how
	// many. Account is the id of the one that the stack is in: a bucket of another
	// is left alone, and an error. A bucket that does not exist is empty.
	Empty(ctx context.Context, bucket, account string) (deleted int, err error)
}

// Options tune a Manager. The zero value is ready to use.
type Options struct {
	// Progress hears of each stack and of each of its resources: operation
	// "stack.plan", "stack.apply", "stack.delete", "stack.drift" or "stack.recover",
	// subject the stack's name or "name/LogicalID". That CloudFormation does not answer
	// for a while is operation "stack.call", subject "CloudFormation". A nil one is
	// silence.
	Progress progress.Func
	// PollInterval is the time between two looks at the events of one stack while
	// something happens; default 2 s. It grows to MaxPollInterval, by default 15 s,
	// while nothing does, and while AWS throttles.
	PollInterval, MaxPollInterval time.Duration
	// Timeout is how long one operation on one stack may take, waiting for the
	// operation of somebody else before it included; default 2 h. When it passes,
	// the operation goes on in AWS, and the error says so.
	Timeout time.Duration
	// Templates keeps templates over 51,200 bytes; nil refuses them. Planning
	// uploads such a template, since CloudFormation reads it from there.
	Templates Uploader
	// Buckets empties the buckets that a DeleteRequest lists; nil refuses such a list.
	Buckets Emptier
	// CancelUpdate makes a cancelled context also cancel the update of Apply in AWS,
	// which then rolls back. An update of somebody else is never cancelled. Without it
	// the operation goes on there.
	CancelUpdate bool
}

// Manager plans and applies stacks of one account and region. It is safe for
// concurrent use; all operations of one Manager share their pace towards AWS.
type Manager struct {
	api  API
	opts Options
	pace *pacer
}

// New returns a Manager that talks to CloudFormation through api.
func New(api API, opts Options) *Manager {
	if opts.PollInterval <= 0 {
		opts.PollInterval = 2 * time.Second
	}
	if opts.MaxPollInterval <= 0 {
		opts.MaxPollInterval = 15 * time.Second
	}
	opts.MaxPollInterval = max(opts.MaxPollInterval, opts.PollInterval)
	if opts.Timeout <= 0 {
		opts.Timeout = 2 * time.Hour
	}
	return &Manager{api: api, opts: opts, pace: newPacer(opts)}
}

// The operations of progress events.
const (
	opPlan  = "stack.plan"
	opApply = "stack.apply"
)

func (m *Manager) emit(op, subject string, state progress.State, message string, err error) {
	m.opts.Progress.Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Err: err})
}
