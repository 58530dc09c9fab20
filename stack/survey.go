package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// survey is what deleting a stack meets: its resources, and those of the stacks
// nested in it.
type survey struct {
	resources []Removal // sorted by logical id
	causes    []Cause
	notes     []string // of each template that could not be read, and so what it retains
}

// survey reads the stack and, as far as they go with it, the stacks nested in it.
func (m *Manager) survey(ctx context.Context, id, name string) (survey, error) {
	s := survey{resources: []Removal{}}
	err := m.walk(ctx, id, name, func(ctx context.Context, at site) (nested []types.StackResourceSummary, err error) {
		policies, err := m.policies(ctx, at.id)
		if err != nil {
			s.notes = append(s.notes, fmt.Sprintf("what the template of %s retains is unknown: %v", at.path, err))
			if ctx.Err() != nil {
				return nil, err
			}
		}
		for _, r := range at.resources {
			if !exists(r) {
				continue
			}
			if r.ResourceStatus == types.ResourceStatusDeleteFailed {
				s.causes = append(s.causes, causeOf(at.path, r))
			}
			d := removal(at.within, r, policies[ptr.Value(r.LogicalResourceId)])
			s.resources = append(s.resources, d)
			if d.Fate == FateDeleted {
				nested = append(nested, r)
			}
		}
		return nested, nil
	})
	slices.SortFunc(s.resources, byLogicalID)
	return s, err
}

// removal is what becomes of a resource under its DeletionPolicy, "" for none.
func removal(within string, r types.StackResourceSummary, policy string) Removal {
	d := Removal{LogicalID: within + ptr.Value(r.LogicalResourceId), Type: ptr.Value(r.ResourceType), PhysicalID: ptr.Value(r.PhysicalResourceId), Fate: FateDeleted}
	switch {
	case policy == "Retain", policy == "RetainExceptOnCreate":
		d.Fate, d.Reason = FateRetained, "DeletionPolicy "+policy
	case r.ResourceStatus == types.ResourceStatusDeleteSkipped:
		d.Fate, d.Reason = FateRetained, "left behind already"
	case policy == "Snapshot":
		d.Fate = FateSnapshot
	}
	return d
}

// causeOf is a failure as the resource itself still shows it.
func causeOf(path string, r types.StackResourceSummary) Cause {
	kind, reason := ptr.Value(r.ResourceType), ptr.Value(r.ResourceStatusReason)
	return Cause{
		Stack: path, LogicalID: ptr.Value(r.LogicalResourceId), Type: kind, PhysicalID: ptr.Value(r.PhysicalResourceId),
		Status: string(r.ResourceStatus), Reason: reason, Hint: hint(kind, reason), Time: ptr.Value(r.LastUpdatedTimestamp),
	}
}

// failed are the resources at which an earlier deletion has failed, the first one first.
func (s survey) failed() []Cause {
	slices.SortStableFunc(s.causes, func(a, b Cause) int { return a.Time.Compare(b.Time) })
	return roots(s.causes)
}

// policies are the DeletionPolicy of each resource of the stack's template that is
// not simply deleted.
func (m *Manager) policies(ctx context.Context, id string) (map[string]string, error) {
	out, err := call(ctx, m, m.api.GetTemplate, &cloudformation.GetTemplateInput{StackName: &id, TemplateStage: types.TemplateStageProcessed})
	if err != nil {
		return nil, fmt.Errorf("get template: %w", err)
	}
	if strings.TrimSpace(ptr.Value(out.TemplateBody)) == "" { // of a stack in review
		return nil, nil
	}
	parsed, err := template.Parse([]byte(ptr.Value(out.TemplateBody)))
	switch {
	case errors.Is(err, template.ErrNoResources):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read template: %w", err)
	}
	policies := make(map[string]string)
	for _, r := range parsed.Resources {
		if policy := deletionPolicy(r); policy != "" {
			policies[r.Name] = policy
		}
	}
	return policies, nil
}

// deletionPolicy is the DeletionPolicy of a resource, or the one that its type has
// without; "" where that is to delete it. Source: CloudFormation Template
// Reference, "DeletionPolicy attribute".
func deletionPolicy(r template.Resource) string {
	if r.DeletionPolicy != "" {
		return r.DeletionPolicy
	}
	_, ofCluster := r.Properties["DBClusterIdentifier"]
	if r.Type == "AWS::RDS::DBCluster" || r.Type == "AWS::RDS::DBInstance" && !ofCluster {
		return "Snapshot"
	}
	return ""
}
