package ecstest

import (
	"fmt"
	"time"
)

// ties are the settings that tie the tasks of a service to what lies outside ECS.
type ties struct {
	LoadBalancers []struct {
		TargetGroup string `json:"targetGroupArn"`
		Port        int    `json:"containerPort"`
	} `json:"loadBalancers"`
	Registries []struct {
		ARN           string `json:"registryArn"`
		Port          int    `json:"port"`
		ContainerPort int    `json:"containerPort"`
	} `json:"serviceRegistries"`
	Network *struct{} `json:"networkConfiguration"`
}

// addressed reports whether tasks get a network interface of their own.
func (t ties) addressed() bool {
	return len(t.LoadBalancers) > 0 || len(t.Registries) > 0 || t.Network != nil
}

// address is the private address of the n-th thing that was made.
func address(n int) string { return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255) }

// connect has a task that has just reached RUNNING registered where its service
// says.
func (c *Cloud) connect(t *task, timing Timing, now time.Time) {
	if len(t.service.ties.Registries) > 0 {
		c.after(t, now, timing.Register, func(time.Time) { c.enlist(t) })
	}
	if len(t.service.ties.LoadBalancers) > 0 {
		t.target = targetInitial
		c.after(t, now, timing.Target, func(now time.Time) { c.probe(t, timing, now) })
	}
}

// passed is the moment at which ECS's own checks of t have passed. A task with
// targets counts as healthy only when these are healthy as well.
// Source: ECS developer guide, "Rolling update".
func (t *task) passed() {
	t.sound = true
	t.healthy = t.sound && (len(t.service.ties.LoadBalancers) == 0 || t.target == targetHealthy)
}

// attachments is the network interface of t, as DescribeTasks shows it.
func (t *task) attachments() []object {
	if t.address == "" {
		return []object{}
	}
	status := "ATTACHED"
	switch t.status {
	case provisioning:
		status = "PRECREATED"
	case stopped:
		status = "DELETED"
	}
	return []object{{
		"id": t.attachment(), "type": "ElasticNetworkInterface", "status": status,
		"details": []object{
			{"name": "networkInterfaceId", "value": "eni-" + t.id[len(t.id)-17:]},
			{"name": "privateIPv4Address", "value": t.address},
		},
	}}
}

func (t *task) attachment() string { return "attachment-" + t.id }

// interfaces is the same, as each container shows it.
func (t *task) interfaces() []object {
	if t.address == "" {
		return []object{}
	}
	return []object{{"attachmentId": t.attachment(), "privateIpv4Address": t.address}}
}
