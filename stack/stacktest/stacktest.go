// Package stacktest holds an AWS CloudFormation in memory, for tests of what
// creates, changes and deletes stacks.
//
// A [Cloud] speaks the service's wire protocol to a real SDK client, without a
// socket. Change sets say what would happen, resources are made in the order of
// their references, each step is an event, a failure cancels its siblings and
// rolls back, and rollbacks and deletions get stuck where the real ones would:
//
//	cloud := stacktest.New(stacktest.Options{})
//	cloud.Inject("Cache", stacktest.Fault{Reason: "Insufficient cache cluster capacity."})
//	manager := stack.New(cloud.Client(), stack.Options{Templates: cloud, Buckets: cloud})
//
// Nothing runs in the background: at each call the Cloud catches up with time.Now,
// so that in a testing/synctest bubble ten minutes take milliseconds.
//
// It checks no properties but names. Types beyond its seventy update in place and
// answer any Fn::GetAtt. Requests for what it has not are refused; in templates, it
// takes transforms, dynamic references, creation policies and SSM parameters as they
// stand. Only change sets are validated early, and only for names that are taken.
package stacktest

import (
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mettel-automation/delivery/internal/agenda"
	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
	"github.com/mettel-automation/delivery/internal/throttle"
)

// Region and Account are where the Cloud says that it is.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// partition is that of Region.
const partition = "aws"

// The two reasons that CloudFormation gives for a change set without changes.
// Source: they are no part of its documentation; both are seen, the second mostly
// where a transform is in play.
const (
	NoChanges = "The submitted information didn't contain changes. Submit different information to create a change set."
	NoUpdates = "No updates are to be performed."
)

// Options tune a Cloud. The zero value is ready to use.
type Options struct {
	// Timing says how long the resources of a type take; nil is DefaultTiming.
	Timing func(resourceType string) Timing
	// Speed is how many times faster everything goes, what has no type included:
	// change sets take 3 seconds, a look for drift 10; default 1. It is for
	// programs in real time; on virtual time there is nothing to hasten.
	Speed float64
	// Lag is by how many reads DescribeStacks and DescribeStackEvents are behind:
	// each shows what that many reads before would have shown; default 0.
	Lag int
	// Throttle refuses calls over some rate, as CloudFormation does: 10 reads a
	// second in bursts of 20, and 2 writes a second in bursts of 5. AWS publishes no
	// numbers; these are cautious.
	Throttle bool
	// PageSize is how many stacks, events, resources or changes are in one answer;
	// default 100.
	PageSize int
	// NoChanges is the reason of a change set without changes: NoChanges, which is
	// the default, or NoUpdates.
	NoChanges string
	// NoEarlyValidation lets change sets want names that are taken, so that only
	// executing them fails. CloudFormation has refused those since November 2025.
	NoEarlyValidation bool
	// Services are those in which the resources of stacks are; nil is none, so that
	// resources are nowhere but in the Cloud.
	Services Services
	// Template reads what a TemplateURL points to that AddTemplate does not know, and
	// reports whether there is anything; nil knows nothing. It is called while the Cloud
	// is locked, which it must not call back.
	Template func(url string) (body []byte, found bool)
	// Before may refuse the n-th call (from 1) of operation op before it takes
	// effect; nil lets every call through. Throttled is such a refusal.
	Before func(op string, n int) *Error
	// After may replace the answer to a call that has taken effect: a lost answer.
	After func(op string, n int) *Error
}

// Cloud is a CloudFormation of one account and region. It is safe for concurrent use.
type Cloud struct {
	opts Options

	mu        sync.Mutex
	agenda    agenda.Agenda
	stacks    []*stack // all there ever were, in order of their creation
	templates map[string][]byte
	claims    map[claim]string // names in AWS, and the id of the stack that has them
	objects   map[string]int   // how many objects are in a bucket
	faults    map[string][]*injected
	checks    map[string]*detection
	rates     throttle.Pair
	calls     double.Calls
	serial    int // numbers everything that is made, in order
}

// New returns a Cloud without stacks.
func New(opts Options) *Cloud {
	if opts.Timing == nil {
		opts.Timing = DefaultTiming
	}
	if opts.Speed <= 0 {
		opts.Speed = 1
	}
	if opts.PageSize <= 0 {
		opts.PageSize = 100
	}
	if opts.NoChanges == "" {
		opts.NoChanges = NoChanges
	}
	return &Cloud{
		opts:      opts,
		templates: make(map[string][]byte),
		claims:    make(map[claim]string),
		objects:   make(map[string]int),
		faults:    make(map[string][]*injected),
		checks:    make(map[string]*detection),
		rates:     throttle.Pair{Reads: throttle.New(10, 20), Writes: throttle.New(2, 5)},
		calls:     double.Calls{Before: opts.Before, After: opts.After},
	}
}

// Client returns a real SDK client whose requests end in c, with the SDK's
// standard retryer. OptFns change its options, the retryer among them.
func (c *Cloud) Client(optFns ...func(*cloudformation.Options)) *cloudformation.Client {
	return cloudformation.NewFromConfig(c.Config(), optFns...)
}

// Config is what the NewFromConfig of an SDK client takes for its requests to
// end in c.
func (c *Cloud) Config() aws.Config {
	return sdk.Config(Region, c)
}

// Calls returns how often operation op, such as "DescribeStackEvents", was
// called. Retries of the SDK count.
func (c *Cloud) Calls(op string) int { return c.calls.Of(op) }

// present locks c, brings it up to date, and returns what unlocks it.
func (c *Cloud) present() (unlock func()) {
	c.mu.Lock()
	c.agenda.CatchUp(time.Now())
	return c.mu.Unlock
}

func (c *Cloud) next() int {
	c.serial++
	return c.serial
}

// uuid is a new identifier, always the same for the same course of events.
func (c *Cloud) uuid() string {
	return double.UUID(c.next())
}

func arn(kind, name, id string) string {
	return fmt.Sprintf("arn:%s:cloudformation:%s:%s:%s/%s/%s", partition, Region, Account, kind, name, id)
}
