package targets

import (
	"testing"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

const web = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tg-web/0123456789abcdef"

// own is a task with a network interface of its own.
func own(addresses ...string) ecstypes.Task {
	var c ecstypes.Container
	for _, a := range addresses {
		c.NetworkInterfaces = append(c.NetworkInterfaces, ecstypes.NetworkInterface{PrivateIpv4Address: &a})
	}
	return ecstypes.Task{Containers: []ecstypes.Container{c}}
}

// bridged is a task whose container app listens on a port of its instance.
func bridged(instance string, container, host int32) ecstypes.Task {
	return ecstypes.Task{ContainerInstanceArn: &instance, Containers: []ecstypes.Container{
		{Name: new("sidecar"), NetworkBindings: []ecstypes.NetworkBinding{{ContainerPort: &container, HostPort: new(int32(1))}}},
		{Name: new("app"), NetworkBindings: []ecstypes.NetworkBinding{{ContainerPort: new(int32(9)), HostPort: new(int32(2))}, {ContainerPort: &container, HostPort: &host}}},
	}}
}

func target(id string, port int32, state types.TargetHealthStateEnum, description string) types.TargetHealthDescription {
	h := types.TargetHealthDescription{Target: &types.TargetDescription{Id: &id, Port: &port}, TargetHealth: &types.TargetHealth{State: state}}
	if description != "" {
		h.TargetHealth.Description = &description
	}
	return h
}

func TestJudge(t *testing.T) { // T25
	const (
		ok      = types.TargetHealthStateEnumHealthy
		sick    = types.TargetHealthStateEnumUnhealthy
		initial = types.TargetHealthStateEnumInitial
	)
	three := []ecstypes.Task{own("10.0.0.1"), own("10.0.0.2"), own("10.0.0.3")}
	tests := map[string]struct {
		tasks  []ecstypes.Task
		health []types.TargetHealthDescription
		want   string
	}{
		"all healthy": {
			tasks:  three,
			health: []types.TargetHealthDescription{target("10.0.0.1", 80, ok, ""), target("10.0.0.2", 80, ok, ""), target("10.0.0.3", 80, ok, "")},
		},
		"two of three healthy, in the load balancer's words": {
			tasks:  three,
			health: []types.TargetHealthDescription{target("10.0.0.1", 80, ok, ""), target("10.0.0.2", 80, sick, "Health checks failed with these codes: [502]"), target("10.0.0.3", 80, ok, "")},
			want:   "2 of 3 targets healthy in tg-web: Health checks failed with these codes: [502]",
		},
		"the same reason once, the most frequent first": {
			tasks:  three,
			health: []types.TargetHealthDescription{target("10.0.0.1", 80, initial, "Z"), target("10.0.0.2", 80, initial, "Z"), target("10.0.0.3", 80, sick, "A")},
			want:   "0 of 3 targets healthy in tg-web: Z, A",
		},
		"a task that is no target yet": {
			tasks:  three[:1],
			health: nil,
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
		"healthy targets of older tasks do not count": {
			tasks:  three[:1],
			health: []types.TargetHealthDescription{target("10.0.0.8", 80, ok, ""), target("10.0.0.9", 80, ok, "")},
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
		"nor does another port of the same task": {
			tasks:  three[:1],
			health: []types.TargetHealthDescription{target("10.0.0.1", 81, ok, "")},
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
		"draining, unused and unavailable are not healthy": {
			tasks:  three,
			health: []types.TargetHealthDescription{target("10.0.0.1", 80, types.TargetHealthStateEnumDraining, ""), target("10.0.0.2", 80, types.TargetHealthStateEnumUnused, ""), target("10.0.0.3", 80, types.TargetHealthStateEnumUnavailable, "")},
			want:   "0 of 3 targets healthy in tg-web: draining, unavailable, unused",
		},
		"T24: unhealthy contains healthy": {
			tasks:  three[:1],
			health: []types.TargetHealthDescription{target("10.0.0.1", 80, "unhealthy.draining", "")},
			want:   "0 of 1 targets healthy in tg-web: unhealthy.draining",
		},
		"IPv6 addresses are equal however they are written": {
			tasks:  []ecstypes.Task{own("fd00::7")},
			health: []types.TargetHealthDescription{target("FD00:0:0:0::0007", 80, ok, "")},
		},
		"a task on a bridge is its instance and the host's port": {
			tasks:  []ecstypes.Task{bridged("ci/1", 80, 32768), bridged("ci/1", 80, 32769)},
			health: []types.TargetHealthDescription{target("i-1", 32768, ok, ""), target("i-1", 32769, initial, "")},
			want:   "1 of 2 targets healthy in tg-web: initial",
		},
		"the port of a sidecar is not that of the container": {
			tasks:  []ecstypes.Task{bridged("ci/1", 80, 32768)},
			health: []types.TargetHealthDescription{target("i-1", 1, ok, "")},
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
		"an unknown instance is no target": {
			tasks:  []ecstypes.Task{bridged("ci/2", 80, 32768)},
			health: []types.TargetHealthDescription{target("", 32768, ok, "")},
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
		"a target without a health is left out": {
			tasks:  three[:1],
			health: []types.TargetHealthDescription{{Target: &types.TargetDescription{Id: new("10.0.0.1"), Port: new(int32(80))}}, {}},
			want:   "0 of 1 targets healthy in tg-web: not registered yet",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := binding{groups: []string{web}, container: "app", port: 80}
			if got := b.judge(tt.tasks, map[string]string{"ci/1": "i-1"}, tt.health); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBindings(t *testing.T) {
	tests := map[string]struct {
		balancers []ecstypes.LoadBalancer
		want      []binding
	}{
		"none": {},
		"a Classic Load Balancer has no target group": {
			balancers: []ecstypes.LoadBalancer{{LoadBalancerName: new("old"), ContainerName: new("app"), ContainerPort: new(int32(80))}},
		},
		"two target groups are two bindings": {
			balancers: []ecstypes.LoadBalancer{
				{TargetGroupArn: new("a"), ContainerName: new("app"), ContainerPort: new(int32(80))},
				{TargetGroupArn: new("b"), ContainerName: new("app"), ContainerPort: new(int32(81))},
			},
			want: []binding{{[]string{"a"}, "app", 80}, {[]string{"b"}, "app", 81}},
		},
		"blue/green deployments alternate between two groups": {
			balancers: []ecstypes.LoadBalancer{{
				TargetGroupArn: new("a"), ContainerName: new("app"), ContainerPort: new(int32(80)),
				AdvancedConfiguration: &ecstypes.AdvancedConfiguration{AlternateTargetGroupArn: new("b")},
			}},
			want: []binding{{[]string{"a", "b"}, "app", 80}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := bindingsOf(ecstypes.Service{LoadBalancers: tt.balancers})
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(binding{})); d != "" {
				t.Errorf("bindings (-want +got):\n%s", d)
			}
		})
	}
}

func TestGroupName(t *testing.T) {
	tests := map[string]struct{ arn, want string }{
		"an ARN has the name in its middle": {web, "tg-web"},
		"what is no ARN stays":              {"tg-web", "tg-web"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := groupName(tt.arn); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
