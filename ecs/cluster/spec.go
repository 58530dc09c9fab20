package cluster

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Spec is a desired cluster.
type Spec struct {
	// Name is at most 255 letters, digits, hyphens and underscores.
	Name string `json:"name"`
	// Insights is how much CloudWatch measures of the containers; default Enabled.
	Insights Insights `json:"insights,omitempty"`
	// CapacityProviders are all that the cluster has: "FARGATE", "FARGATE_SPOT", or
	// providers that exist. Nil leaves those of an existing cluster, and its
	// strategy, as they are; an empty slice takes them away.
	CapacityProviders []string `json:"capacityProviders,omitempty"`
	// Strategy is where tasks run that do not say it themselves. It names some of
	// CapacityProviders; none is no default.
	Strategy []Share `json:"strategy,omitempty"`
	// Tags are set; other tags of an existing cluster stay.
	Tags map[string]string `json:"tags,omitempty"`
}

// Insights is a level of CloudWatch Container Insights.
type Insights string

// The levels of Container Insights.
// Source: ECS API reference, ClusterSetting, "value".
const (
	Enabled  Insights = "enabled"
	Enhanced Insights = "enhanced" // with enhanced observability
	Disabled Insights = "disabled"
)

// Share is the part of one capacity provider in a strategy.
// Source: ECS API reference, CapacityProviderStrategyItem.
type Share struct {
	Provider string `json:"provider"`
	Weight   int32  `json:"weight"` // relative part of the tasks, 0 to 1000
	Base     int32  `json:"base"`   // tasks that run here before weights count; one share alone may have it
}

// String is "FARGATE_SPOT weight 3 base 1".
func (s Share) String() string {
	text := fmt.Sprintf("%s weight %d", s.Provider, s.Weight)
	if s.Base > 0 {
		text += fmt.Sprintf(" base %d", s.Base)
	}
	return text
}

// The limits of a cluster. Source: ECS API reference, CreateCluster,
// CapacityProviderStrategyItem and Tag; ECS developer guide, "Service quotas".
const (
	maxProviders = 20
	maxWeight    = 1000
	maxBase      = 100000
	maxTags      = 50
)

// check returns all faults of s, joined.
func (s Spec) check() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`).MatchString(s.Name) {
		fault("name %q: want 1 to 255 letters, digits, hyphens and underscores", s.Name)
	}
	if !slices.Contains([]Insights{"", Enabled, Enhanced, Disabled}, s.Insights) {
		fault("insights %q: want %s, %s or %s", s.Insights, Enabled, Enhanced, Disabled)
	}
	if n := len(s.CapacityProviders); n > maxProviders {
		fault("%d capacity providers: at most %d", n, maxProviders)
	}
	if n := len(s.Tags); n > maxTags {
		fault("%d tags: at most %d", n, maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		if key == "" || len(key) > 128 || len(s.Tags[key]) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			fault("tag %q: want a key of 1 to 128 characters that does not begin with aws:, and a value of at most 256", key)
		}
	}
	errs = append(errs, s.strategyFaults()...)
	return errors.Join(errs...)
}

func (s Spec) strategyFaults() (errs []error) {
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	bases, weights, onFargate := 0, int32(0), 0
	seen := make(map[string]bool)
	for _, share := range s.Strategy {
		if !slices.Contains(s.CapacityProviders, share.Provider) {
			fault("strategy: %q is none of the capacity providers", share.Provider)
		}
		if seen[share.Provider] {
			fault("strategy: %s stands twice", share.Provider)
		}
		seen[share.Provider] = true
		if share.Weight < 0 || share.Weight > maxWeight || share.Base < 0 || share.Base > maxBase {
			fault("strategy: %s: want a weight of 0 to %d and a base of 0 to %d", share, maxWeight, maxBase)
		}
		if share.Base > 0 {
			bases++
		}
		weights += share.Weight
		if strings.HasPrefix(share.Provider, "FARGATE") {
			onFargate++
		}
	}
	switch {
	case len(s.Strategy) == 0:
	case weights == 0:
		fault("strategy: one weight must be more than 0")
	case bases > 1:
		fault("strategy: only one share may have a base")
	case onFargate > 0 && onFargate < len(s.Strategy):
		fault("strategy: Fargate and other capacity providers cannot share tasks")
	}
	return errs
}

func (s Spec) items() []types.CapacityProviderStrategyItem {
	items := make([]types.CapacityProviderStrategyItem, 0, len(s.Strategy)) // empty, not nil: ECS wants it
	for _, share := range s.Strategy {
		items = append(items, types.CapacityProviderStrategyItem{CapacityProvider: &share.Provider, Weight: share.Weight, Base: share.Base})
	}
	return items
}

func (s Spec) settings() []types.ClusterSetting {
	return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: new(string(s.Insights))}}
}

// tags returns the tags called keys, sorted.
func (s Spec) tags(keys []string) []types.Tag {
	tags := make([]types.Tag, 0, len(keys))
	for _, key := range slices.Sorted(slices.Values(keys)) {
		tags = append(tags, types.Tag{Key: &key, Value: new(s.Tags[key])})
	}
	return tags
}
