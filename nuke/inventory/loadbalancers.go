package inventory

import (
	"context"
	"slices"
	"strconv"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// elbTagBatch is the most resources whose tags one call tells.
// Source: Elastic Load Balancing API reference, DescribeTags.
const elbTagBatch = 20

// readLoadBalancers reads load balancers, their rules and target groups. Listeners are no
// type of aws-nuke: they go with their load balancer.
func readLoadBalancers(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things gathered
	var balancers []elbtypes.LoadBalancer
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticloadbalancing:DescribeLoadBalancers", p.LoadBalancers.DescribeLoadBalancers, &elb.DescribeLoadBalancersInput{Marker: token})
		if err != nil {
			return nil, err
		}
		balancers = append(balancers, out.LoadBalancers...)
		return out.NextMarker, nil
	})
	if err != nil {
		return nil, err
	}
	for _, b := range balancers {
		arn, name := ptr.Value(b.LoadBalancerArn), ptr.Value(b.LoadBalancerName)
		t := p.thing("ELBv2", name, name, map[string]string{"ARN": arn, "Name": name})
		t.ARN, t.Keys = arn, []string{arn, addressKey(ptr.Value(b.DNSName))}
		things.add(t)
	}
	err = each(ctx, balancers, func(ctx context.Context, b elbtypes.LoadBalancer) error {
		return gone(readListeners(ctx, p, b, &things))
	})
	if err == nil {
		err = readTargetGroups(ctx, p, &things)
	}
	if err == nil {
		err = readELBTags(ctx, p, things.list)
	}
	return things.list, err
}

// readListeners reads the rules of all listeners of a load balancer. Only those of
// applications have any, and default ones are never deleted on their own.
func readListeners(ctx context.Context, p *place, b elbtypes.LoadBalancer, things *gathered) error {
	if b.Type != elbtypes.LoadBalancerTypeEnumApplication {
		return nil
	}
	var listeners []elbtypes.Listener
	err := pages(func(token *string) (*string, error) {
		in := &elb.DescribeListenersInput{LoadBalancerArn: b.LoadBalancerArn, Marker: token}
		out, err := call(ctx, p, "elasticloadbalancing:DescribeListeners", p.LoadBalancers.DescribeListeners, in)
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, out.Listeners...)
		return out.NextMarker, nil
	})
	if err != nil {
		return err
	}
	return each(ctx, listeners, func(ctx context.Context, l elbtypes.Listener) error {
		return pages(func(token *string) (*string, error) {
			out, err := call(ctx, p, "elasticloadbalancing:DescribeRules", p.LoadBalancers.DescribeRules, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn, Marker: token})
			if err != nil {
				return nil, err
			}
			for _, rule := range out.Rules {
				if rule.IsDefault == nil || !*rule.IsDefault {
					things.add(ruleOf(p, b, l, rule))
				}
			}
			return out.NextMarker, nil
		})
	})
}

// ruleOf is a rule, which is part of its load balancer and of where it forwards to.
func ruleOf(p *place, b elbtypes.LoadBalancer, l elbtypes.Listener, rule elbtypes.Rule) *whose.Thing {
	arn, name := ptr.Value(rule.RuleArn), ptr.Value(b.LoadBalancerName)
	t := p.thing("ELBv2ListenerRule", name+" -> "+arn, "", map[string]string{"ARN": arn, "ListenerARN": ptr.Value(l.ListenerArn), "LoadBalancerName": name})
	t.ARN, t.Within = arn, []whose.Part{{Kind: "load balancer", Key: ptr.Value(b.LoadBalancerArn)}}
	for _, action := range rule.Actions {
		if group := ptr.Value(action.TargetGroupArn); group != "" {
			t.Within = append(t.Within, whose.Part{Kind: "target group", Key: group})
		}
	}
	return t
}

func readTargetGroups(ctx context.Context, p *place, things *gathered) error {
	return pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "elasticloadbalancing:DescribeTargetGroups", p.LoadBalancers.DescribeTargetGroups, &elb.DescribeTargetGroupsInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.TargetGroups {
			arn, name := ptr.Value(g.TargetGroupArn), ptr.Value(g.TargetGroupName)
			t := p.thing("ELBv2TargetGroup", name, name, map[string]string{"ARN": arn, "IsLoadBalanced": strconv.FormatBool(len(g.LoadBalancerArns) > 0)})
			t.ARN, t.Keys = arn, []string{arn}
			for _, balancer := range g.LoadBalancerArns {
				t.Within = append(t.Within, whose.Part{Kind: "load balancer", Key: balancer})
			}
			things.add(t)
		}
		return out.NextMarker, nil
	})
}

// readELBTags gives things their tags.
func readELBTags(ctx context.Context, p *place, things []*whose.Thing) error {
	byARN := make(map[string]*whose.Thing, len(things))
	var arns []string
	for _, t := range things {
		if t.ARN != "" {
			byARN[t.ARN] = t
			arns = append(arns, t.ARN)
		}
	}
	return each(ctx, slices.Collect(slices.Chunk(arns, elbTagBatch)), func(ctx context.Context, arns []string) error {
		out, err := call(ctx, p, "elasticloadbalancing:DescribeTags", p.LoadBalancers.DescribeTags, &elb.DescribeTagsInput{ResourceArns: arns})
		if err != nil {
			return err
		}
		for _, d := range out.TagDescriptions {
			if t := byARN[ptr.Value(d.ResourceArn)]; t != nil { // which no other call has
				t.Tags = tags(d.Tags, func(t elbtypes.Tag) (*string, *string) { return t.Key, t.Value })
			}
		}
		return nil
	})
}
