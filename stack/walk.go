package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// site is one stack on a walk: that at which it began, or one nested in it.
type site struct {
	id        string // ARN
	path      string // "name", or "name/Nested"
	within    string // what precedes its logical ids: "", or "Nested/"
	resources []types.StackResourceSummary
}

// walk shows visit a stack, and then the nested stacks among the resources that
// visit returns, and so on. A nested stack that is gone is passed over.
func (m *Manager) walk(ctx context.Context, id, name string, visit func(context.Context, site) ([]types.StackResourceSummary, error)) error {
	for sites := []site{{id: id, path: name}}; len(sites) > 0; sites = sites[1:] {
		s := sites[0]
		inner, err := m.visit(ctx, s, visit)
		switch {
		case err != nil && s.within == "":
			return err
		case err != nil:
			return fmt.Errorf("nested stack %s: %w", strings.TrimSuffix(s.within, "/"), err)
		case strings.Count(s.within, "/") >= maxNesting:
			continue
		}
		for _, r := range inner {
			logical, physical := ptr.Value(r.LogicalResourceId), ptr.Value(r.PhysicalResourceId)
			if ptr.Value(r.ResourceType) == stackType && physical != "" {
				sites = append(sites, site{id: physical, path: s.path + "/" + logical, within: s.within + logical + "/"})
			}
		}
	}
	return nil
}

func (m *Manager) visit(ctx context.Context, s site, visit func(context.Context, site) ([]types.StackResourceSummary, error)) ([]types.StackResourceSummary, error) {
	all, err := m.resources(ctx, s.id)
	switch {
	case missing(err) && s.within != "":
		return nil, nil
	case err != nil:
		return nil, err
	}
	s.resources = all
	return visit(ctx, s)
}

// exists reports whether there is something of the resource.
func exists(r types.StackResourceSummary) bool {
	return ptr.Value(r.PhysicalResourceId) != "" && r.ResourceStatus != types.ResourceStatusDeleteComplete
}

// nameIn is the name of the stack in its ARN: arn:aws:cloudformation:region:account:stack/name/id.
func nameIn(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return arn
}

// accountIn is the id of the account in the ARN of a stack.
func accountIn(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}

// ofStackNamed refuses a plan from elsewhere whose ARN is that of another stack.
func ofStackNamed(name, arn string) error {
	if nameIn(arn) != name {
		return fmt.Errorf("%w: it is about %s, and its ARN is that of %s", ErrNotPlanned, name, nameIn(arn))
	}
	return nil
}
