package stacktest

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// describeEvents returns the events of a change set, of an operation or of all that
// was done to a stack, newest first. A change set without its stack must be given
// as an ARN. Sources: CloudFormation API reference, DescribeEvents;
// aws-cloudformation/cloudformation-cli#1116.
func (c *Cloud) describeEvents(in *cloudformation.DescribeEventsInput, _ time.Time) (*cloudformation.DescribeEventsOutput, *Error) {
	all, fault := c.operationEvents(in)
	if fault != nil {
		return nil, fault
	}
	if in.Filters != nil && ptr.Value(in.Filters.FailedEvents) {
		all = slices.DeleteFunc(all, func(e types.OperationEvent) bool { return !isFailure(e) })
	}
	part, next, fault := pageBack(all, len(all), in.NextToken, c.opts.PageSize)
	return &cloudformation.DescribeEventsOutput{OperationEvents: part, NextToken: next}, fault
}

// operationEvents are the events that in is about, oldest first.
func (c *Cloud) operationEvents(in *cloudformation.DescribeEventsInput) ([]types.OperationEvent, *Error) {
	name, isARN := ptr.Value(in.ChangeSetName), strings.HasPrefix(ptr.Value(in.ChangeSetName), "arn:")
	switch {
	case isARN || name != "" && in.StackName != nil:
		cs, fault := c.findChangeSet(in.StackName, in.ChangeSetName)
		if fault != nil {
			return nil, fault
		}
		return slices.Clone(cs.events), nil
	case in.OperationId != nil:
		for _, s := range c.stacks {
			all := slices.DeleteFunc(s.history(), func(e types.OperationEvent) bool { return ptr.Value(e.OperationId) != *in.OperationId })
			if len(all) > 0 {
				return all, nil
			}
		}
		return nil, invalid("Operation [%s] does not exist", *in.OperationId)
	case in.StackName != nil:
		s := c.find(*in.StackName)
		if s == nil {
			return nil, missing(*in.StackName)
		}
		return s.history(), nil
	}
	return nil, invalid("One of ChangeSetName, OperationId or StackName must be specified")
}

// history is all that was done to s, change sets included, oldest first.
func (s *stack) history() []types.OperationEvent {
	var all []types.OperationEvent
	for _, e := range s.events {
		if e.OperationId != nil {
			all = append(all, s.operationEvent(e))
		}
	}
	for _, cs := range s.changeSets {
		all = append(all, cs.events...)
	}
	slices.SortStableFunc(all, func(a, b types.OperationEvent) int { return a.Timestamp.Compare(*b.Timestamp) })
	return all
}

// operationEvent is an event of DescribeStackEvents as DescribeEvents shows it.
func (s *stack) operationEvent(e types.StackEvent) types.OperationEvent {
	out := types.OperationEvent{
		EventId: e.EventId, OperationId: e.OperationId, OperationType: s.kinds[*e.OperationId], ClientRequestToken: e.ClientRequestToken,
		StackId: e.StackId, LogicalResourceId: e.LogicalResourceId, PhysicalResourceId: e.PhysicalResourceId, ResourceType: e.ResourceType,
		ResourceStatus: e.ResourceStatus, ResourceStatusReason: e.ResourceStatusReason, ResourceProperties: e.ResourceProperties, Timestamp: e.Timestamp,
		EventType: types.EventTypeProgressEvent,
	}
	status := string(e.ResourceStatus)
	switch {
	case ptr.Value(e.PhysicalResourceId) == s.id:
		out.EventType, out.OperationStatus = types.EventTypeStackEvent, operationStatus(out.OperationType, status)
	case strings.HasSuffix(status, "_FAILED"):
		out.EventType = types.EventTypeProvisioningError
	}
	return out
}

// operationStatus is how an operation stands when its stack is in status: one that
// was rolled back has failed, unless rolling back was all that it was to do.
func operationStatus(kind types.OperationType, status string) types.BeaconStackOperationStatus {
	meant := kind == types.OperationTypeRollback || kind == types.OperationTypeContinueRollback
	switch {
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return types.BeaconStackOperationStatusInProgress
	case strings.HasSuffix(status, "_FAILED"), strings.HasSuffix(status, "ROLLBACK_COMPLETE") && !meant:
		return types.BeaconStackOperationStatusFailed
	}
	return types.BeaconStackOperationStatusSucceeded
}

func isFailure(e types.OperationEvent) bool {
	return e.EventType == types.EventTypeValidationError || e.EventType == types.EventTypeProvisioningError ||
		e.OperationStatus == types.BeaconStackOperationStatusFailed
}
