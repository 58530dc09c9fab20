package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Action says what applying does to a cluster.
type Action string

// The actions of a plan.
const (
	Create    Action = "create"    // there is no such cluster
	Recreate  Action = "recreate"  // there was one, and it is deleted or being deleted
	Update    Action = "update"    // it differs
	Unchanged Action = "unchanged" // it is as desired
)

// Plan is what Apply would do.
type Plan struct {
	Cluster string   `json:"cluster"`
	Action  Action   `json:"action"`
	Detail  []string `json:"detail,omitempty"` // readable differences

	desired Spec
	drift   drift
}

// drift is what an existing cluster lacks.
type drift struct {
	arn      string
	insights bool
	capacity bool
	tags     []string // keys, sorted
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool { return p.Action == Unchanged }

// String shows the plan as people read it: a line for the cluster, and one for
// each difference.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %s: %s\n", p.Cluster, p.Action)
	for _, line := range p.Detail {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// Plan compares desired with the cluster of its name. It only reads. Faults of
// desired are joined into one error before any call.
func (m *Manager) Plan(ctx context.Context, desired Spec) (Plan, error) {
	desired.Insights = cmp.Or(desired.Insights, Enabled)
	if err := desired.check(); err != nil {
		return Plan{}, fmt.Errorf("plan cluster %s: %w", cmp.Or(desired.Name, "without a name"), err)
	}
	found, err := m.find(ctx, desired.Name)
	if err != nil {
		return Plan{}, fmt.Errorf("plan cluster %s: %w", desired.Name, err)
	}
	if found != nil && ptr.Value(found.Status) == statusFailed {
		return Plan{}, fmt.Errorf("plan cluster %s: %w: delete it first", desired.Name, ErrFailed)
	}
	return diff(desired, found), nil
}

// The statuses of a cluster. Source: ECS API reference, Cluster, "status".
const (
	statusActive         = "ACTIVE"
	statusProvisioning   = "PROVISIONING"
	statusDeprovisioning = "DEPROVISIONING"
	statusFailed         = "FAILED"
	statusInactive       = "INACTIVE"
)

// find returns the cluster called name, nil if there never was one.
func (m *Manager) find(ctx context.Context, name string) (*types.Cluster, error) {
	var out *awsecs.DescribeClustersOutput
	err := m.insist(ctx, func() (err error) {
		out, err = m.api.DescribeClusters(ctx, &awsecs.DescribeClustersInput{
			Clusters: []string{name},
			Include:  []types.ClusterField{types.ClusterFieldTags, types.ClusterFieldSettings, types.ClusterFieldAttachments},
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe cluster: %w", err)
	}
	for _, f := range out.Failures {
		if reason := ptr.Value(f.Reason); reason != "MISSING" {
			return nil, fmt.Errorf("describe cluster: %s", reason)
		}
	}
	for _, c := range out.Clusters {
		if ptr.Value(c.ClusterName) == name {
			return &c, nil
		}
	}
	return nil, nil
}

// diff is the whole decision: what is desired against what there is.
func diff(desired Spec, found *types.Cluster) Plan {
	p := Plan{Cluster: desired.Name, desired: desired}
	if found == nil || ptr.Value(found.Status) == statusInactive || ptr.Value(found.Status) == statusDeprovisioning {
		p.Action = Create
		if found != nil {
			p.Action = Recreate
			p.Detail = append(p.Detail, "was "+strings.ToLower(ptr.Value(found.Status)))
		}
		p.Detail = append(p.Detail, describe(desired)...)
		return p
	}
	p.Action = Unchanged
	p.drift.arn = ptr.Value(found.ClusterArn)
	if was := insights(*found); was != desired.Insights {
		p.drift.insights = true
		p.Detail = append(p.Detail, fmt.Sprintf("container insights: %s -> %s", was, desired.Insights))
	}
	if desired.CapacityProviders != nil {
		p.compareCapacity(*found)
	}
	p.compareTags(*found)
	if len(p.Detail) > 0 {
		p.Action = Update
	}
	return p
}

func (p *Plan) compareCapacity(found types.Cluster) {
	add := func(what, was, is string) {
		if was != is {
			p.drift.capacity = true
			p.Detail = append(p.Detail, fmt.Sprintf("%s: %s -> %s", what, cmp.Or(was, "none"), cmp.Or(is, "none")))
		}
	}
	var shares []Share
	for _, item := range found.DefaultCapacityProviderStrategy {
		shares = append(shares, Share{Provider: ptr.Value(item.CapacityProvider), Weight: item.Weight, Base: item.Base})
	}
	add("capacity providers", names(found.CapacityProviders), names(p.desired.CapacityProviders))
	add("default strategy", strategy(shares), strategy(p.desired.Strategy))
}

func (p *Plan) compareTags(found types.Cluster) {
	had := tagsOf(found)
	for _, key := range slices.Sorted(maps.Keys(p.desired.Tags)) {
		was, given := had[key]
		is := p.desired.Tags[key]
		switch {
		case !given:
			p.Detail = append(p.Detail, fmt.Sprintf("tag %s: %q added", key, is))
		case was != is:
			p.Detail = append(p.Detail, fmt.Sprintf("tag %s: %q -> %q", key, was, is))
		default:
			continue
		}
		p.drift.tags = append(p.drift.tags, key)
	}
}

// describe says what a new cluster will be like.
func describe(s Spec) []string {
	lines := []string{"container insights: " + string(s.Insights)}
	if len(s.CapacityProviders) > 0 {
		lines = append(lines, "capacity providers: "+names(s.CapacityProviders))
	}
	if len(s.Strategy) > 0 {
		lines = append(lines, "default strategy: "+strategy(s.Strategy))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		lines = append(lines, fmt.Sprintf("tag %s: %q", key, s.Tags[key]))
	}
	return lines
}

// insights is the level of a cluster; one that says nothing has none.
func insights(c types.Cluster) Insights {
	for _, s := range c.Settings {
		if s.Name == types.ClusterSettingNameContainerInsights {
			return Insights(ptr.Value(s.Value))
		}
	}
	return Disabled
}

func tagsOf(c types.Cluster) map[string]string {
	tags := make(map[string]string, len(c.Tags))
	for _, t := range c.Tags {
		tags[ptr.Value(t.Key)] = ptr.Value(t.Value)
	}
	return tags
}

func names(list []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), ", ")
}

func strategy(shares []Share) string {
	texts := make([]string, len(shares))
	for i, s := range shares {
		texts[i] = s.String()
	}
	return names(texts)
}
