package targets

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/mettel-automation/delivery/ecs/internal/candidate"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// binding is one load balancer of a service: a port of a container, and the
// target groups in one of which each task must be healthy. There are two where
// blue/green deployments alternate between them.
type binding struct {
	groups    []string // ARNs
	container string
	port      int32
}

// bindingsOf returns the bindings of s that have a target group; Classic Load
// Balancers have none.
func bindingsOf(s ecstypes.Service) []binding {
	var all []binding
	for _, lb := range s.LoadBalancers {
		b := binding{container: ptr.Value(lb.ContainerName), port: ptr.Value(lb.ContainerPort)}
		groups := []string{ptr.Value(lb.TargetGroupArn)}
		if lb.AdvancedConfiguration != nil {
			groups = append(groups, ptr.Value(lb.AdvancedConfiguration.AlternateTargetGroupArn))
		}
		for _, g := range groups {
			if g != "" {
				b.groups = append(b.groups, g)
			}
		}
		if len(b.groups) > 0 {
			all = append(all, b)
		}
	}
	return all
}

// groupName is the name in the ARN of a target group.
// Source: Service authorization reference, Elastic Load Balancing V2,
// "targetgroup/${TargetGroupName}/${TargetGroupId}".
func groupName(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return arn
}

// spot is where a task is to be found in a target group.
type spot struct {
	id   string // address or EC2 instance
	port int32
}

// is reports whether the target t is this spot. An IPv6 address can be written
// in several ways.
func (s spot) is(t *types.TargetDescription) bool {
	if t == nil || ptr.Value(t.Port) != s.port {
		return false
	}
	if s.id == ptr.Value(t.Id) {
		return true
	}
	mine, err1 := netip.ParseAddr(s.id)
	its, err2 := netip.ParseAddr(ptr.Value(t.Id))
	return err1 == nil && err2 == nil && mine == its
}

// spots returns where t may be registered for b.
func (b binding) spots(t ecstypes.Task, instances map[string]string) []spot {
	var all []spot
	for _, address := range candidate.Addresses(t) {
		all = append(all, spot{address.String(), b.port})
	}
	if all != nil {
		return all
	}
	instance := instances[ptr.Value(t.ContainerInstanceArn)]
	for _, c := range t.Containers {
		for _, n := range c.NetworkBindings {
			if ptr.Value(c.Name) == b.container && ptr.Value(n.ContainerPort) == b.port && instance != "" {
				all = append(all, spot{instance, ptr.Value(n.HostPort)})
			}
		}
	}
	return all
}

// hosts returns the container instances of the tasks without an address, sorted.
func hosts(tasks []ecstypes.Task) []string {
	set := make(map[string]bool)
	for _, t := range tasks {
		if arn := ptr.Value(t.ContainerInstanceArn); arn != "" && len(candidate.Addresses(t)) == 0 {
			set[arn] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// judge says what b lacks, in a few words; empty if every task is healthy.
func (b binding) judge(tasks []ecstypes.Task, instances map[string]string, health []types.TargetHealthDescription) string {
	healthy, reasons := 0, make(map[string]int)
	for _, t := range tasks {
		if reason := why(b.spots(t, instances), health); reason == "" {
			healthy++
		} else {
			reasons[reason]++
		}
	}
	if healthy == len(tasks) {
		return ""
	}
	var names []string
	for _, g := range b.groups {
		names = append(names, groupName(g))
	}
	byCount := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	return fmt.Sprintf("%d of %d targets healthy in %s: %s", healthy, len(tasks), strings.Join(names, " or "), strings.Join(byCount, ", "))
}

// why says why none of the spots of a task is a healthy target; empty if one
// is. Of a target in any other state than healthy it gives the load balancer's
// own words.
func why(spots []spot, health []types.TargetHealthDescription) string {
	reason := "not registered yet"
	for _, h := range health {
		if !slices.ContainsFunc(spots, func(s spot) bool { return s.is(h.Target) }) || h.TargetHealth == nil {
			continue
		}
		if h.TargetHealth.State == types.TargetHealthStateEnumHealthy {
			return ""
		}
		reason = cmp.Or(ptr.Value(h.TargetHealth.Description), string(h.TargetHealth.Reason), string(h.TargetHealth.State))
	}
	return reason
}
