package cluster

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDiff(t *testing.T) {
	spec := Spec{
		Name: "demo", Insights: Enabled, CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"},
		Strategy: []Share{{Provider: "FARGATE", Weight: 1, Base: 2}, {Provider: "FARGATE_SPOT", Weight: 3}},
		Tags:     map[string]string{"Environment": "demo", "Project": "p"},
	}
	equal := func(change func(*types.Cluster)) *types.Cluster {
		c := &types.Cluster{
			ClusterName: new("demo"), ClusterArn: new("arn:demo"), Status: new("ACTIVE"),
			Settings:          []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: new("enabled")}},
			CapacityProviders: []string{"FARGATE_SPOT", "FARGATE"},
			DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{
				{CapacityProvider: new("FARGATE_SPOT"), Weight: 3}, {CapacityProvider: new("FARGATE"), Weight: 1, Base: 2},
			},
			Tags: []types.Tag{{Key: new("Project"), Value: new("p")}, {Key: new("Environment"), Value: new("demo")}, {Key: new("Owner"), Value: new("me")}},
		}
		if change != nil {
			change(c)
		}
		return c
	}
	fresh := []string{
		"container insights: enabled", "capacity providers: FARGATE, FARGATE_SPOT", "default strategy: FARGATE weight 1 base 2, FARGATE_SPOT weight 3",
		`tag Environment: "demo"`, `tag Project: "p"`,
	}
	tests := map[string]struct {
		found  *types.Cluster
		action Action
		detail []string
		drift  drift
	}{
		"a missing cluster is created":                             {nil, Create, fresh, drift{}},
		"a deleted one is created again":                           {equal(func(c *types.Cluster) { c.Status = new("INACTIVE") }), Recreate, append([]string{"was inactive"}, fresh...), drift{}},
		"one that is being deleted as well":                        {equal(func(c *types.Cluster) { c.Status = new("DEPROVISIONING") }), Recreate, append([]string{"was deprovisioning"}, fresh...), drift{}},
		"an equal one stays, with its other tags and in any order": {equal(nil), Unchanged, nil, drift{arn: "arn:demo"}},
		"a cluster without settings has no insights": {
			equal(func(c *types.Cluster) { c.Settings = nil }), Update, []string{"container insights: disabled -> enabled"}, drift{arn: "arn:demo", insights: true},
		},
		"capacity providers are taken away": {
			equal(func(c *types.Cluster) { c.CapacityProviders = append(c.CapacityProviders, "asg") }), Update,
			[]string{"capacity providers: FARGATE, FARGATE_SPOT, asg -> FARGATE, FARGATE_SPOT"},
			drift{arn: "arn:demo", capacity: true},
		},
		"a missing strategy is set": {
			equal(func(c *types.Cluster) { c.DefaultCapacityProviderStrategy = nil }), Update,
			[]string{"default strategy: none -> FARGATE weight 1 base 2, FARGATE_SPOT weight 3"},
			drift{arn: "arn:demo", capacity: true},
		},
		"another weight is set": {
			equal(func(c *types.Cluster) { c.DefaultCapacityProviderStrategy[0].Weight = 4 }), Update,
			[]string{"default strategy: FARGATE weight 1 base 2, FARGATE_SPOT weight 4 -> FARGATE weight 1 base 2, FARGATE_SPOT weight 3"},
			drift{arn: "arn:demo", capacity: true},
		},
		"tags are added and changed": {
			equal(func(c *types.Cluster) { c.Tags = []types.Tag{{Key: new("Environment"), Value: new("other")}} }), Update,
			[]string{`tag Environment: "other" -> "demo"`, `tag Project: "p" added`},
			drift{arn: "arn:demo", tags: []string{"Environment", "Project"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := diff(spec, tt.found)
			want := Plan{Cluster: "demo", Action: tt.action, Detail: tt.detail}
			if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Plan{})); d != "" {
				t.Errorf("diff (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.drift, got.drift, cmp.AllowUnexported(drift{})); d != "" {
				t.Errorf("drift (-want +got):\n%s", d)
			}
		})
	}
	unmanaged := Spec{Name: "demo", Insights: Enabled}
	if got := diff(unmanaged, equal(nil)); !got.Empty() {
		t.Errorf("capacity that nobody asked about differs: %v", got)
	}
	none := Spec{Name: "demo", Insights: Enabled, CapacityProviders: []string{}}
	if got := diff(none, equal(nil)); !got.drift.capacity {
		t.Errorf("capacity that is to go stays: %v", got)
	}
}

func TestSpecFaults(t *testing.T) {
	shares := func(shares ...Share) Spec {
		return Spec{Name: "demo", CapacityProviders: []string{"FARGATE", "FARGATE_SPOT", "asg"}, Strategy: shares}
	}
	tests := map[string]struct {
		spec Spec
		want string
	}{
		"no name":                      {Spec{}, `name "": want 1 to 255`},
		"a name that ECS would refuse": {Spec{Name: "a b"}, `name "a b"`},
		"insights that there are not":  {Spec{Name: "demo", Insights: "on"}, `insights "on": want enabled, enhanced or disabled`},
		"too many providers":           {Spec{Name: "demo", CapacityProviders: make([]string, 21)}, "21 capacity providers: at most 20"},
		"a tag of AWS":                 {Spec{Name: "demo", Tags: map[string]string{"AWS:x": "1"}}, `tag "AWS:x"`},
		"a tag without a key":          {Spec{Name: "demo", Tags: map[string]string{"": "1"}}, `tag ""`},
		"an unknown provider":          {shares(Share{Provider: "ghost", Weight: 1}), `strategy: "ghost" is none of the capacity providers`},
		"a provider given twice":       {shares(Share{Provider: "asg", Weight: 1}, Share{Provider: "asg", Weight: 1}), "strategy: asg stands twice"},
		"a weight beyond its limit":    {shares(Share{Provider: "asg", Weight: 1001}), "want a weight of 0 to 1000"},
		"no weight at all":             {shares(Share{Provider: "asg"}), "one weight must be more than 0"},
		"two bases":                    {shares(Share{Provider: "FARGATE", Weight: 1, Base: 1}, Share{Provider: "FARGATE_SPOT", Base: 1}), "only one share may have a base"},
		"Fargate beside instances":     {shares(Share{Provider: "FARGATE", Weight: 1}, Share{Provider: "asg", Weight: 1}), "Fargate and other capacity providers cannot share"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.spec.check(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not say %q", err, tt.want)
			}
		})
	}
	if err := shares(Share{Provider: "FARGATE", Weight: 1, Base: 1}, Share{Provider: "FARGATE_SPOT"}).check(); err != nil {
		t.Errorf("a sound strategy: %v", err)
	}
}
