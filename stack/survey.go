package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// survey is what deleting a stack meets: its resources, and those of the stacks
// nested in it.
type survey struct {
	resources []Removal
	causes    []Cause
	notes     []string
}

// survey reads the stack and, as far as they go with it, the stacks nested in it.
func (m *Manager) survey(ctx context.Context, id, name string) (survey, error) {
	s := survey{resources: []Removal{}}
	err := m.explore(ctx, &s, id, name, "")
	slices.SortFunc(s.resources, byLogicalID)
	return s, err
}

// explore adds the resources of one stack. Within is "" or "Nested/".
func (m *Manager) explore(ctx context.Context, s *survey, id, path, within string) error {
	all, err := m.resources(ctx, id)
	if missing(err) && within != "" {
		return nil // a nested stack that is gone
	}
	if err != nil {
		return err
	}
	policies, err := m.policies(ctx, id)
	if err != nil {
		s.notes = append(s.notes, fmt.Sprintf("what the template of %s retains is unknown: %v", path, err))
		if ctx.Err() != nil {
			return err
		}
	}
	for _, r := range all {
		logical, physical := value(r.LogicalResourceId), value(r.PhysicalResourceId)
		if physical == "" || r.ResourceStatus == types.ResourceStatusDeleteComplete {
			continue
		}
		if r.ResourceStatus == types.ResourceStatusDeleteFailed {
			s.causes = append(s.causes, causeOf(path, r))
		}
		d := removal(within, r, policies[logical])
		s.resources = append(s.resources, d)
		if d.Type == stackType && d.Fate == Deleted && strings.Count(within, "/") < maxNesting {
			if err := m.explore(ctx, s, physical, path+"/"+logical, d.LogicalID+"/"); err != nil {
				return fmt.Errorf("nested stack %s: %w", d.LogicalID, err)
			}
		}
	}
	return nil
}

// removal is what becomes of a resource under its DeletionPolicy, "" for none.
func removal(within string, r types.StackResourceSummary, policy string) Removal {
	d := Removal{LogicalID: within + value(r.LogicalResourceId), Type: value(r.ResourceType), PhysicalID: value(r.PhysicalResourceId), Fate: Deleted}
	switch {
	case policy == "Retain", policy == "RetainExceptOnCreate":
		d.Fate, d.Reason = Retained, "DeletionPolicy "+policy
	case r.ResourceStatus == types.ResourceStatusDeleteSkipped:
		d.Fate, d.Reason = Retained, "left behind already"
	case policy == "Snapshot":
		d.Fate = Snapshot
	}
	return d
}

// causeOf is a failure as the resource itself still shows it.
func causeOf(path string, r types.StackResourceSummary) Cause {
	kind, reason := value(r.ResourceType), value(r.ResourceStatusReason)
	return Cause{
		Stack: path, LogicalID: value(r.LogicalResourceId), Type: kind, PhysicalID: value(r.PhysicalResourceId),
		Status: string(r.ResourceStatus), Reason: reason, Hint: hint(kind, reason), Time: value(r.LastUpdatedTimestamp),
	}
}

// failed are the resources at which an earlier deletion has failed, the first one first.
func (s survey) failed() []Cause {
	slices.SortStableFunc(s.causes, func(a, b Cause) int { return a.Time.Compare(b.Time) })
	return roots(s.causes)
}

// policies are the DeletionPolicy of each resource of the stack's template that has one.
func (m *Manager) policies(ctx context.Context, id string) (map[string]string, error) {
	var out *cloudformation.GetTemplateOutput
	err := m.pace.do(ctx, func(ctx context.Context) (err error) {
		out, err = m.api.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &id, TemplateStage: types.TemplateStageProcessed})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("get template: %w", err)
	}
	if strings.TrimSpace(value(out.TemplateBody)) == "" { // of a stack in review
		return nil, nil
	}
	parsed, err := template.Parse([]byte(value(out.TemplateBody)))
	switch {
	case errors.Is(err, template.ErrNoResources):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read template: %w", err)
	}
	policies := make(map[string]string)
	for _, r := range parsed.Resources {
		if r.DeletionPolicy != "" {
			policies[r.Name] = r.DeletionPolicy
		}
	}
	return policies, nil
}
