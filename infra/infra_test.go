package infra_test

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/infra"
)

// render renders an environment that has to be good.
func render(t testing.TB, e infra.Environment) (infra.Rendered, template) {
	t.Helper()
	rendered, err := e.Render()
	if err != nil {
		t.Fatal(err)
	}
	return rendered, parse(t, rendered.Body)
}

// of returns the logical ids of a type, sorted.
func (tpl template) of(resourceType string) []string {
	var ids []string
	for id, resource := range tpl.Resources {
		if resource["Type"] == resourceType {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestEnvironmentResources(t *testing.T) {
	_, tpl := render(t, production(t))
	for resourceType, want := range map[string][]string{
		"AWS::ElastiCache::ReplicationGroup":        {"CacheCustomerCacheRedisGroup", "CacheGroup", "CacheTnbaFeedbackCacheRedisGroup"},
		"AWS::ElasticLoadBalancingV2::TargetGroup":  {"RouteApiTargetGroup", "RouteFrontendTargetGroup"},
		"AWS::ElasticLoadBalancingV2::ListenerRule": {"RouteApiRule", "RouteFrontendRule"},
		"AWS::Logs::MetricFilter":                   {"Errors", "ServiceApiErrors", "ServiceFrontendErrors", "ServiceNotifierErrors"},
		"AWS::SNS::Subscription":                    {"SubscriptionX19ecc123", "SubscriptionX599e555d"},
	} {
		if d := cmp.Diff(want, tpl.of(resourceType)); d != "" {
			t.Errorf("%s (-want +got):\n%s", resourceType, d)
		}
	}
	// Two environment-wide, two a service, three a route, two a node, one a burstable one.
	if got := len(tpl.of("AWS::CloudWatch::Alarm")); got != 2+2*3+3*2+2*(2+2+3)+2+3 {
		t.Errorf("%d alarms", got)
	}
	for _, id := range tpl.of("AWS::CloudWatch::Alarm") {
		properties := tpl.Resources[id]["Properties"].(map[string]any)
		if properties["TreatMissingData"] == nil || properties["AlarmActions"] == nil || properties["AlarmDescription"] == nil {
			t.Errorf("alarm %s says too little: %v", id, properties)
		}
	}
}

func TestEnvironmentWithoutAny(t *testing.T) {
	e := ephemeral(t)
	e.Services, e.Caches = nil, []infra.Cache{}
	rendered, tpl := render(t, e)
	for id := range tpl.Resources {
		if strings.HasPrefix(id, "Redis") || strings.HasPrefix(id, "Cache") || strings.HasPrefix(id, "Route") || strings.HasPrefix(id, "Service") || strings.HasPrefix(id, "Subscription") {
			t.Errorf("there is %s", id)
		}
	}
	if faults := slices.Concat(tpl.faults(), tpl.wants(rendered.Parameters)); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	if strings.Contains(string(rendered.Body), "Caches: memory") {
		t.Error("the dashboard shows caches that are not there")
	}
}

func TestPolicies(t *testing.T) {
	for name, tt := range map[string]struct {
		environment infra.Environment
		want        map[string]string
	}{
		"nothing outlives an ephemeral environment": {ephemeral(t), map[string]string{
			"Bucket": "Delete", "LogGroup": "Delete", "ClusterLogGroup": "Delete", "CacheGroup": "Delete", "CacheCustomerCacheRedisGroup": "Delete", "CacheTnbaFeedbackCacheRedisGroup": "Delete",
		}},
		"data outlives production": {production(t), map[string]string{
			"Bucket": "RetainExceptOnCreate", "LogGroup": "RetainExceptOnCreate", "ClusterLogGroup": "Delete", "CacheGroup": "Snapshot", "CacheCustomerCacheRedisGroup": "Snapshot", "CacheTnbaFeedbackCacheRedisGroup": "Snapshot",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, tpl := render(t, tt.environment)
			got := map[string]string{}
			for id, resource := range tpl.Resources {
				if policy, ok := resource["DeletionPolicy"].(string); ok {
					got[id] = policy
				}
				if policy, _ := resource["DeletionPolicy"].(string); strings.TrimSuffix(policy, "ExceptOnCreate") != text(resource["UpdateReplacePolicy"]) {
					t.Errorf("%s: deleted by %v and replaced by %v", id, resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("policies (-want +got):\n%s", d)
			}
		})
	}
}

func TestTags(t *testing.T) {
	e := ephemeral(t)
	rendered, tpl := render(t, e)
	if d := cmp.Diff(e.Tags, rendered.Tags); d != "" {
		t.Errorf("tags of the stack (-want +got):\n%s", d)
	}
	got := map[string]string{}
	for _, tag := range tpl.Resources["Namespace"]["Properties"].(map[string]any)["Tags"].([]any) {
		tag := tag.(map[string]any)
		got[tag["Key"].(string)] = tag["Value"].(string)
	}
	if d := cmp.Diff(e.Tags, got); d != "" {
		t.Errorf("tags of the namespace (-want +got):\n%s", d)
	}
	rendered.Tags["Environment"] = "another"
	if e.Tags["Environment"] != e.Name {
		t.Error("the tags of the stack are those of the owner, not a copy")
	}
}

func TestWebhooksAreNotInTheBody(t *testing.T) {
	e := production(t)
	rendered, tpl := render(t, e)
	if strings.Contains(string(rendered.Body), "0123456789abcdef") || strings.Contains(string(rendered.Body), "on-call@") {
		t.Error("an address is in the body")
	}
	found := 0
	for name, value := range rendered.Parameters {
		if value == e.Webhooks[0] || value == e.Emails[0] {
			found++
			if tpl.Parameters[name]["NoEcho"] != "true" {
				t.Errorf("parameter %s is shown", name)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d addresses are parameters, want 2", found)
	}
}

func TestLayout(t *testing.T) {
	for _, cidr := range []string{"", "10.0.0.0/16", "172.20.128.0/17", "192.168.254.0/23", "100.64.0.0/16"} {
		t.Run(cidr, func(t *testing.T) {
			rendered, err := infra.Network{Owner: owner(t, "master"), CIDR: cidr}.Render()
			if err != nil {
				t.Fatal(err)
			}
			vpc := netip.MustParsePrefix(rendered.Parameters["VpcCidr"])
			var subnets []netip.Prefix
			for name, value := range rendered.Parameters {
				if !strings.HasPrefix(name, "Private") && !strings.HasPrefix(name, "Public") {
					continue
				}
				subnet := netip.MustParsePrefix(value)
				if subnet != subnet.Masked() || !vpc.Contains(subnet.Addr()) || subnet.Bits() > 28 {
					t.Errorf("%s: %s is no subnet of %s", name, subnet, vpc)
				}
				for _, other := range subnets {
					if subnet.Overlaps(other) {
						t.Errorf("%s overlaps %s", subnet, other)
					}
				}
				subnets = append(subnets, subnet)
			}
			if len(subnets) != 6 {
				t.Errorf("%d subnets", len(subnets))
			}
		})
	}
	t.Run("that of the template is the default", func(t *testing.T) {
		rendered, err := infra.Network{Owner: owner(t, "master")}.Render()
		if err != nil {
			t.Fatal(err)
		}
		tpl := parse(t, rendered.Body)
		for name, value := range rendered.Parameters {
			if def, ok := tpl.Parameters[name]["Default"]; ok && def != value {
				t.Errorf("%s: %v in the template, %s rendered", name, def, value)
			}
		}
	})
}

func TestRead(t *testing.T) {
	network := infra.Network{Owner: owner(t, "master")}
	roles := infra.Roles{Owner: owner(t, "master"), Services: []infra.ServiceRole{{Service: "thanos"}}}
	environment := production(t)
	rendered, _ := render(t, environment)

	t.Run("all that the templates put out is read", func(t *testing.T) {
		tpl := parse(t, rendered.Body)
		outputs := map[string]string{}
		for name := range tpl.Outputs {
			outputs[name] = name + "," + name
		}
		got, err := environment.Read(outputs)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"api": "RouteApiTargetGroup,RouteApiTargetGroup", "frontend": "RouteFrontendTargetGroup,RouteFrontendTargetGroup"}, got.TargetGroups); d != "" {
			t.Errorf("target groups (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"", "customer-cache-redis", "tnba-feedback-cache-redis"}, slices.Sorted(maps.Keys(got.Caches))); d != "" {
			t.Errorf("caches (-want +got):\n%s", d)
		}
		if url := got.Caches[""]; url != "redis://CacheEndpoint,CacheEndpoint" || got.Protected || got.NamespaceName == "" {
			t.Errorf("cache at %q, protected %t, namespace %q", url, got.Protected, got.NamespaceName)
		}
		outputs["RedisInTransit"], outputs["DeletionProtection"] = "true", "true"
		if got, err = environment.Read(outputs); err != nil || !strings.HasPrefix(got.Caches["customer-cache-redis"], "rediss://") || !got.Protected {
			t.Errorf("caches %v, protected %t, %v", got.Caches, got.Protected, err)
		}
		if d := cmp.Diff([]string{"Subnets", "Subnets"}, got.Subnets); d != "" {
			t.Errorf("subnets (-want +got):\n%s", d)
		}
	})
	t.Run("what is missing is named, with the stack", func(t *testing.T) {
		_, err := network.Read(map[string]string{"Vpc": "vpc-1", "PublicSubnets": "", "Zones": "us-east-1a", "NatAddresses": "192.0.2.1"})
		says(t, err, "read the outputs of stack automation-master-network: there is no PublicSubnets; apply the stack as it is rendered now\n"+
			"read the outputs of stack automation-master-network: there is no PrivateSubnets; apply the stack as it is rendered now")
		var missing *infra.MissingOutputError
		if !errors.As(err, &missing) || missing.Stack != "automation-master-network" || missing.Output != "PublicSubnets" {
			t.Errorf("error %#v", missing)
		}
		out, err := roles.Read(map[string]string{"ExecutionRole": "e", "TaskRole": "t"})
		says(t, err, "read the outputs of stack automation-master-roles: there is no ServiceThanosRole; apply the stack as it is rendered now")
		if out.TaskRole != "t" {
			t.Errorf("what is there is not read: %+v", out)
		}
		_, err = environment.Read(nil)
		if n := strings.Count(err.Error(), "read the outputs of stack automation-master: "); n != 22 {
			t.Errorf("%d outputs are missing: %v", n, err)
		}
	})
	t.Run("without a name the stack is unknown", func(t *testing.T) {
		_, err := infra.Network{}.Read(map[string]string{"Vpc": "v", "PublicSubnets": "a", "PrivateSubnets": "b", "Zones": "c"})
		says(t, err, "ResourceName is nil: give a function that makes names, as the method of an envname.Environment does\n"+
			"read the outputs of stack without a name: there is no NatAddresses; apply the stack as it is rendered now")
	})
}

func TestStackNames(t *testing.T) {
	o := owner(t, "dev/feature/login")
	for want, name := range map[string]func() (string, error){
		"automation-8527fec8-network": infra.Network{Owner: o}.StackName,
		"automation-8527fec8-roles":   infra.Roles{Owner: o}.StackName,
		"automation-8527fec8":         infra.Environment{Owner: o}.StackName,
	} {
		if got, err := name(); got != want || err != nil {
			t.Errorf("stack %q, %v; want %q", got, err, want)
		}
	}
}

func TestRenderDoesNotChangeWhatItIsGiven(t *testing.T) {
	e := production(t)
	e.Caches = make([]infra.Cache, 1, 4)
	render(t, e)
	if d := cmp.Diff([]infra.Cache{{}}, e.Caches); d != "" {
		t.Errorf("caches (-want +got):\n%s", d)
	}
}

func text(v any) string {
	text, _ := v.(string)
	return text
}
