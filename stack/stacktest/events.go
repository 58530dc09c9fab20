package stacktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// enter gives s a status, which is an event.
func (c *Cloud) enter(s *stack, status types.StackStatus, reason string, now time.Time) {
	s.status, s.reason = status, reason
	c.record(s, types.StackEvent{
		EventId: new(c.uuid()), LogicalResourceId: &s.name, PhysicalResourceId: &s.id, ResourceType: new(catalog.Nested),
		ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: some(reason),
	}, now)
}

// say gives r a status, which is an event.
func (c *Cloud) say(r *resource, status types.ResourceStatus, reason string, now time.Time) {
	r.status, r.reason, r.changed = status, reason, now
	c.report(r, status, reason, now)
}

// report is an event about r that leaves the record of its stack alone: about
// what an update or a rollback leaves over.
func (c *Cloud) report(r *resource, status types.ResourceStatus, reason string, now time.Time) {
	e := types.StackEvent{
		EventId:           new(fmt.Sprintf("%s-%s-%s-%d", r.id, status, now.UTC().Format("2006-01-02T15:04:05.000Z"), c.next())),
		LogicalResourceId: &r.id, PhysicalResourceId: some(r.physical), ResourceType: &r.kind.Name,
		ResourceStatus: status, ResourceStatusReason: some(reason),
	}
	if text, err := json.Marshal(r.display); err == nil && r.display != nil {
		e.ResourceProperties = new(string(text))
	}
	c.record(r.stack, e, now)
}

func (c *Cloud) record(s *stack, e types.StackEvent, now time.Time) {
	e.StackId, e.StackName, e.Timestamp = &s.id, &s.name, &now
	if s.run != nil {
		operation := s.run.operation
		e.ClientRequestToken, e.OperationId, s.kinds[operation] = some(s.run.token), &operation, s.run.kind
	}
	s.events = append(s.events, e)
}

func (c *Cloud) describeStackEvents(in *cloudformation.DescribeStackEventsInput, _ time.Time) (*cloudformation.DescribeStackEventsOutput, *Error) {
	s := c.find(ptr.Value(in.StackName))
	if s == nil {
		return nil, missing(ptr.Value(in.StackName))
	}
	end := len(s.events)
	if in.NextToken == nil {
		if end = c.laggingEvents(s); end == 0 {
			return nil, missing(*in.StackName)
		}
	}
	part, next, fault := pageBack(s.events, end, in.NextToken, c.opts.PageSize)
	return &cloudformation.DescribeStackEventsOutput{StackEvents: part, NextToken: next}, fault
}

// pageBack pages from the end of all to its beginning. A token names a place from
// the beginning on, so that what is new does not shift the pages.
func pageBack[T any](all []T, end int, token *string, size int) (part []T, next *string, fault *Error) {
	if token != nil {
		if _, err := fmt.Sscanf(*token, "before-%d", &end); err != nil || end < 0 || end > len(all) {
			return nil, nil, invalid("NextToken is not valid")
		}
	}
	start := max(0, end-size)
	part = slices.Clone(all[start:end])
	slices.Reverse(part)
	if start > 0 {
		next = new(fmt.Sprintf("before-%d", start))
	}
	return part, next, nil
}

// laggingEvents is how many events of s a read shows now.
func (c *Cloud) laggingEvents(s *stack) int {
	s.counts = append(s.counts, len(s.events))
	if len(s.counts) <= c.opts.Lag {
		return 0
	}
	s.counts = s.counts[len(s.counts)-c.opts.Lag-1:]
	return s.counts[0]
}
