// Package candidate reads what gates want to know of an [ecs.Candidate].
package candidate

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Running returns the tasks of c that run. Where its deployment runs more than
// are known, news say so: a gate must not judge by a part of the tasks.
func Running(c ecs.Candidate) (tasks []types.Task, news string) {
	for _, t := range c.Tasks {
		if ptr.Value(t.LastStatus) == string(types.DesiredStatusRunning) {
			tasks = append(tasks, t)
		}
	}
	i := slices.IndexFunc(c.Service.Deployments, func(d types.Deployment) bool { return ptr.Value(d.Id) == c.Deployment })
	if i < 0 {
		return tasks, "waiting for ECS to show the deployment"
	}
	if up := int(c.Service.Deployments[i].RunningCount); len(tasks) < up {
		return tasks, fmt.Sprintf("%d of %d running tasks are known; seeing them takes ecs:ListTasks and ecs:DescribeTasks", len(tasks), up)
	}
	return tasks, ""
}

// Addresses returns the private addresses of a task that has a network
// interface of its own (network mode awsvpc); none otherwise.
func Addresses(t types.Task) []netip.Addr {
	var all []netip.Addr
	add := func(text *string) {
		if a, err := netip.ParseAddr(ptr.Value(text)); err == nil && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	for _, a := range t.Attachments {
		for _, detail := range a.Details {
			if ptr.Value(detail.Name) == "privateIPv4Address" {
				add(detail.Value)
			}
		}
	}
	for _, c := range t.Containers {
		for _, n := range c.NetworkInterfaces {
			add(n.PrivateIpv4Address)
			add(n.Ipv6Address)
		}
	}
	return all
}
