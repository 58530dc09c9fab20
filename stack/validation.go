package stack

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// why is the reason for which a change set failed, and which one that was. That of a
// stack with nested ones says only which of theirs did.
func (m *Manager) why(ctx context.Context, set changeSet) (id, reason string, err error) {
	inner := regexp.MustCompile(`arn:[^\s]+:changeSet/[^\s]+`)
	id, reason = set.ID, set.Reason
	for range maxNesting {
		within := inner.FindString(reason)
		if !strings.HasPrefix(reason, "Nested change set") || within == "" {
			break
		}
		page, err := m.describeChangeSet(ctx, within, "", nil)
		if err != nil {
			return "", "", err
		}
		if ptr.Value(page.StatusReason) == "" {
			break
		}
		id, reason = within, ptr.Value(page.StatusReason)
	}
	return id, cmp.Or(reason, "CloudFormation gives no reason"), nil
}

// validation is what CloudFormation has found wrong with single resources while it
// made a change set, the first one first; not what it only warns of. Describing the
// change set does not tell. Set is its ARN: by its name, none is found
// (aws-cloudformation/cloudformation-cli#1116).
// Source: CloudFormation User Guide, "Validate stack deployments".
func (m *Manager) validation(ctx context.Context, r request, set changeSet, id string) ([]Cause, error) {
	var causes []Cause
	in := &cloudformation.DescribeEventsInput{ChangeSetName: &id, Filters: &types.EventFilter{FailedEvents: new(true)}}
	for {
		out, err := call(ctx, m, m.api.DescribeEvents, in)
		if err != nil {
			return nil, fmt.Errorf("describe events: %w", err)
		}
		for _, e := range out.OperationEvents {
			if c, ok := findingOf(e); ok {
				c.Stack, c.Reason = set.pathOf(r.Name, id), r.secrets().redact(c.Reason)
				causes = append(causes, c)
			}
		}
		if in.NextToken = out.NextToken; ptr.Value(in.NextToken) == "" {
			break
		}
	}
	slices.SortStableFunc(causes, func(a, b Cause) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.LogicalID, b.LogicalID))
	})
	return causes, nil
}

// pathOf is the stack that the change set with that ARN is of, as far as set tells.
func (c changeSet) pathOf(name, id string) string {
	for _, l := range c.Changes {
		if ptr.Value(l.ChangeSetId) == id {
			return name + "/" + l.within + ptr.Value(l.LogicalResourceId)
		}
	}
	return name
}

// findingOf is what an event says against a resource, if it does.
func findingOf(e types.OperationEvent) (c Cause, ok bool) {
	c = Cause{
		LogicalID: ptr.Value(e.LogicalResourceId), Type: ptr.Value(e.ResourceType), PhysicalID: ptr.Value(e.PhysicalResourceId),
		Time: ptr.Value(e.Timestamp),
	}
	switch {
	case e.ValidationStatus == types.ValidationStatusFailed && e.ValidationFailureMode != types.HookFailureModeWarn:
		c.Status, c.Reason = ptr.Value(e.ValidationName), ptr.Value(e.ValidationStatusReason)
		if path := ptr.Value(e.ValidationPath); path != "" && c.Reason != "" {
			c.Reason = strings.TrimRight(c.Reason, ". ") + " (at " + path + ")"
		}
	case strings.HasSuffix(string(e.HookStatus), "FAILED") && e.HookFailureMode != types.HookFailureModeWarn:
		c.Status, c.Reason = string(e.HookStatus), fmt.Sprintf("hook %s: %s", ptr.Value(e.HookType), ptr.Value(e.HookStatusReason))
	case strings.HasSuffix(string(e.ResourceStatus), "_FAILED"):
		c.Status, c.Reason = string(e.ResourceStatus), ptr.Value(e.ResourceStatusReason)
	}
	c.Hint = hintOfFinding(c.Type, c.Reason)
	return c, c.LogicalID != "" && c.Reason != ""
}

// hintOfFinding is hint, for what planning an update meets rather than a deletion.
func hintOfFinding(kind, reason string) string {
	if strings.Contains(strings.ToLower(reason), "not empty") {
		return "empty it first, or give it the DeletionPolicy Retain in the template before it is taken out"
	}
	return hint(kind, reason)
}
