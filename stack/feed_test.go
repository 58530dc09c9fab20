package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

// feed is a CloudFormation that plays a history: an event shows when as much
// time has passed since the feed was made as lies between dawn and the event.
type feed struct {
	API
	began   time.Time
	lag     time.Duration                    // by which events show later
	current bool                             // what the stack itself shows does not lag
	size    int                              // events a page; default 100
	refuse  func(op, id string, n int) error // of the n-th call of op
	missing func(id string) bool

	mu     sync.Mutex
	events []types.StackEvent
	status map[string]types.StackStatus // instead of what the events say, by ARN
	calls  map[string]int               // by operation, and by operation and ARN
}

func newFeed(h *history) *feed {
	return &feed{began: time.Now(), size: 100, events: h.events, status: make(map[string]types.StackStatus), calls: make(map[string]int)}
}

func (f *feed) call(op, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[op]++
	f.calls[op+" "+id]++
	if f.refuse == nil {
		return nil
	}
	return f.refuse(op, id, f.calls[op])
}

func (f *feed) visible(id string) (shown []types.StackEvent) {
	for _, e := range f.events {
		if ptr.Value(e.StackId) == id && ptr.Value(e.Timestamp).Sub(dawn) <= time.Since(f.began)-f.lag {
			shown = append(shown, e)
		}
	}
	slices.Reverse(shown)
	return shown
}

func (f *feed) DescribeStackEvents(_ context.Context, in *cloudformation.DescribeStackEventsInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	if err := f.call("DescribeStackEvents", *in.StackName); err != nil {
		return nil, err
	}
	if f.missing != nil && f.missing(*in.StackName) {
		return nil, noStack(*in.StackName)
	}
	events, from := f.visible(*in.StackName), 0
	if in.NextToken != nil {
		f.calls["further pages"]++
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	out := &cloudformation.DescribeStackEventsOutput{StackEvents: events[from:min(from+f.size, len(events))]}
	if from+f.size < len(events) {
		out.NextToken = new(fmt.Sprint(from + f.size))
	}
	return out, nil
}

func (f *feed) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if err := f.call("DescribeStacks", *in.StackName); err != nil {
		return nil, err
	}
	if f.missing != nil && f.missing(*in.StackName) {
		return nil, noStack(*in.StackName)
	}
	s := types.Stack{StackId: in.StackName, StackName: new(nameIn(*in.StackName)), StackStatus: f.status[*in.StackName]}
	if s.StackStatus == "" {
		lag := f.lag
		if f.current {
			f.lag = 0
		}
		shown := f.visible(*in.StackName)
		f.lag = lag
		for _, e := range slices.Backward(shown) {
			if ofStack(e) {
				s.StackStatus, s.StackStatusReason = types.StackStatus(e.ResourceStatus), e.ResourceStatusReason
			}
		}
	}
	return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{s}}, nil
}

func noStack(id string) error {
	return &smithy.GenericAPIError{Code: "ValidationError", Message: fmt.Sprintf("Stack [%s] does not exist", id)}
}

func throttling() error {
	return &smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"}
}

// told is what was reported, a line an event: "subject: state, message, error".
func told(r *progress.Recorder) (lines []string) {
	for _, e := range r.Events() {
		line := strings.TrimPrefix(e.Subject, envName+"/") + ": " + string(e.State)
		if e.Message != "" {
			line += ", " + e.Message
		}
		if e.Err != nil {
			line += ", " + e.Err.Error()
		}
		lines = append(lines, line)
	}
	return lines
}
