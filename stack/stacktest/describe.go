package stacktest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

func (c *Cloud) describeStacks(in *cloudformation.DescribeStacksInput, _ time.Time) (*cloudformation.DescribeStacksOutput, *Error) {
	if in.StackName != nil {
		s := c.find(*in.StackName)
		if s == nil {
			return nil, invalid("Stack with id %s does not exist", *in.StackName)
		}
		shown, ok := c.lagging(s)
		if !ok {
			return nil, invalid("Stack with id %s does not exist", *in.StackName)
		}
		return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{shown}}, nil
	}
	all := []types.Stack{}
	for _, s := range slices.Backward(c.stacks) {
		if s.status == types.StackStatusDeleteComplete {
			continue
		}
		if shown, ok := c.lagging(s); ok {
			all = append(all, shown)
		}
	}
	part, next, fault := page(all, in.NextToken, c.opts.PageSize)
	return &cloudformation.DescribeStacksOutput{Stacks: part, NextToken: next}, fault
}

// lagging is what a read shows of s now, and whether it shows it at all.
func (c *Cloud) lagging(s *stack) (types.Stack, bool) {
	if c.opts.Lag == 0 {
		return s.describe(), true
	}
	s.shown = append(s.shown, s.describe())
	if len(s.shown) <= c.opts.Lag {
		return types.Stack{}, false
	}
	s.shown = s.shown[len(s.shown)-c.opts.Lag-1:]
	return s.shown[0], true
}

func (c *Cloud) listStacks(in *cloudformation.ListStacksInput, _ time.Time) (*cloudformation.ListStacksOutput, *Error) {
	all := []types.StackSummary{}
	for _, s := range slices.Backward(c.stacks) {
		if len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, s.status) {
			continue
		}
		full := s.describe()
		all = append(all, types.StackSummary{
			StackId: full.StackId, StackName: full.StackName, StackStatus: full.StackStatus, StackStatusReason: full.StackStatusReason,
			CreationTime: full.CreationTime, LastUpdatedTime: full.LastUpdatedTime, DeletionTime: full.DeletionTime,
			ParentId: full.ParentId, RootId: full.RootId, TemplateDescription: full.Description,
			DriftInformation: &types.StackDriftInformationSummary{StackDriftStatus: s.drift, LastCheckTimestamp: some(s.driftAt)},
		})
	}
	part, next, fault := page(all, in.NextToken, c.opts.PageSize)
	return &cloudformation.ListStacksOutput{StackSummaries: part, NextToken: next}, fault
}

func (c *Cloud) listResources(in *cloudformation.ListStackResourcesInput, _ time.Time) (*cloudformation.ListStackResourcesOutput, *Error) {
	s := c.find(ptr.Value(in.StackName))
	if s == nil {
		return nil, missing(ptr.Value(in.StackName))
	}
	all := []types.StackResourceSummary{}
	for _, r := range s.sorted() {
		all = append(all, types.StackResourceSummary{
			LogicalResourceId: &r.id, PhysicalResourceId: some(r.physical), ResourceType: &r.kind.Name, ResourceStatus: r.status,
			ResourceStatusReason: some(r.reason), LastUpdatedTimestamp: &r.changed,
			DriftInformation: &types.StackResourceDriftInformationSummary{
				StackResourceDriftStatus: r.driftStatus(), LastCheckTimestamp: some(r.driftAt),
			},
		})
	}
	part, next, fault := page(all, in.NextToken, c.opts.PageSize)
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: part, NextToken: next}, fault
}

// describedResources is the most that one DescribeStackResources call returns.
// Source: CloudFormation API reference, DescribeStackResources.
const describedResources = 100

func (c *Cloud) describeResources(in *cloudformation.DescribeStackResourcesInput, _ time.Time) (*cloudformation.DescribeStackResourcesOutput, *Error) {
	s := c.find(ptr.Value(in.StackName))
	if in.StackName == nil {
		s = c.owner(ptr.Value(in.PhysicalResourceId))
	}
	if s == nil {
		return nil, missing(ptr.Value(in.StackName) + ptr.Value(in.PhysicalResourceId))
	}
	out := &cloudformation.DescribeStackResourcesOutput{}
	for _, r := range s.sorted() {
		if in.LogicalResourceId != nil && *in.LogicalResourceId != r.id || len(out.StackResources) == describedResources {
			continue
		}
		out.StackResources = append(out.StackResources, types.StackResource{
			StackId: &s.id, StackName: &s.name, LogicalResourceId: &r.id, PhysicalResourceId: some(r.physical), ResourceType: &r.kind.Name,
			ResourceStatus: r.status, ResourceStatusReason: some(r.reason), Timestamp: &r.changed,
			DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: r.driftStatus(), LastCheckTimestamp: some(r.driftAt)},
		})
	}
	return out, nil
}

// owner returns the stack that has a resource of that physical id.
func (c *Cloud) owner(physical string) *stack {
	for _, s := range slices.Backward(c.stacks) {
		for _, r := range s.resources {
			if physical != "" && r.physical == physical && s.status != types.StackStatusDeleteComplete {
				return s
			}
		}
	}
	return nil
}

// sorted returns the resources of s by logical id.
func (s *stack) sorted() []*resource {
	out := make([]*resource, 0, len(s.resources))
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		out = append(out, s.resources[id])
	}
	return out
}

func (c *Cloud) listExports(in *cloudformation.ListExportsInput, _ time.Time) (*cloudformation.ListExportsOutput, *Error) {
	all := []types.Export{}
	for _, s := range c.stacks {
		for _, o := range s.exports() {
			all = append(all, types.Export{ExportingStackId: &s.id, Name: o.ExportName, Value: o.OutputValue})
		}
	}
	slices.SortFunc(all, func(a, b types.Export) int { return strings.Compare(*a.Name, *b.Name) })
	part, next, fault := page(all, in.NextToken, c.opts.PageSize)
	return &cloudformation.ListExportsOutput{Exports: part, NextToken: next}, fault
}

func (c *Cloud) getTemplate(in *cloudformation.GetTemplateInput, _ time.Time) (*cloudformation.GetTemplateOutput, *Error) {
	out := &cloudformation.GetTemplateOutput{StagesAvailable: []types.TemplateStage{types.TemplateStageOriginal, types.TemplateStageProcessed}}
	if in.ChangeSetName != nil {
		cs, fault := c.findChangeSet(in.StackName, in.ChangeSetName)
		if fault != nil {
			return nil, fault
		}
		out.TemplateBody = &cs.to.body
		return out, nil
	}
	s := c.find(ptr.Value(in.StackName))
	if s == nil {
		return nil, invalid("Stack with id %s does not exist", ptr.Value(in.StackName))
	}
	out.TemplateBody = &s.deployed.body
	return out, nil
}

func tagList(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: new(key), Value: new(tags[key])})
	}
	return out
}
