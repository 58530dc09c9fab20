package ecstest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// dispatchInstances answers what is about room for tasks.
func (c *Cloud) dispatchInstances(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "ListClusters":
		return double.ReadJSON(body, c.listClusters)
	case "ListContainerInstances":
		return double.ReadJSON(body, c.listContainerInstances)
	case "DescribeContainerInstances":
		return double.ReadJSON(body, c.describeContainerInstances)
	}
	return c.dispatchElsewhere(op, body, now)
}

type instancesInput struct {
	Cluster            string   `json:"cluster"`
	Status             string   `json:"status"`
	MaxResults         int      `json:"maxResults"`
	NextToken          string   `json:"nextToken"`
	ContainerInstances []string `json:"containerInstances"`
}

// instanceBatch is the most instances that one ListContainerInstances or
// DescribeContainerInstances call gives.
// Source: ECS API reference, ListContainerInstances and DescribeContainerInstances.
const instanceBatch = 100

func (c *Cloud) listContainerInstances(in instancesInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	arns := []string{}
	for _, i := range cl.instances {
		if in.Status == "" || in.Status == i.Status {
			arns = append(arns, i.arn())
		}
	}
	if in.MaxResults == 0 {
		in.MaxResults = instanceBatch
	}
	part, next := page(arns, in.NextToken, in.MaxResults)
	out := object{"containerInstanceArns": part}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (c *Cloud) describeContainerInstances(in instancesInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	if n := len(in.ContainerInstances); n == 0 || n > instanceBatch {
		return nil, invalid(fmt.Sprintf("Container instances must have between 1 and %d items, not %d.", instanceBatch, n))
	}
	found, failures := []object{}, []object{}
	for _, name := range in.ContainerInstances {
		at := slices.IndexFunc(cl.instances, func(i *instance) bool { return i.id == short.Name(name) })
		if at < 0 {
			failures = append(failures, object{"arn": name, "reason": "MISSING"})
			continue
		}
		found = append(found, cl.instances[at].wire())
	}
	return object{"containerInstances": found, "failures": failures}, nil
}

func (c *Cloud) listClusters(in instancesInput) (object, *Error) {
	arns := []string{}
	for _, cl := range c.clusters {
		arns = append(arns, cl.arn())
	}
	slices.Sort(arns)
	if in.MaxResults == 0 {
		in.MaxResults = 100 // ECS API reference, ListClusters
	}
	part, next := page(arns, in.NextToken, in.MaxResults)
	out := object{"clusterArns": part}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (i *instance) arn() string { return arn("container-instance", i.cluster.name, i.id) }

func (i *instance) wire() object {
	used := i.used()
	attributes := []object{}
	for name, v := range i.Attributes {
		attributes = append(attributes, object{"name": name, "value": v})
	}
	slices.SortFunc(attributes, func(a, b object) int { return strings.Compare(a["name"].(string), b["name"].(string)) })
	up, coming := 0, 0
	for _, t := range i.cluster.tasks {
		switch {
		case t.instance != i:
		case t.status == running:
			up++
		case t.status != stopped:
			coming++
		}
	}
	out := object{
		"containerInstanceArn": i.arn(), "ec2InstanceId": "i-" + i.id[len(i.id)-17:], "status": i.Status,
		"agentConnected": !i.Disconnected, "runningTasksCount": up, "pendingTasksCount": coming, "attributes": attributes,
		"registeredResources": resources(i.CPU, i.Memory, i.GPUs, i.TCP, i.UDP),
		"remainingResources":  resources(i.CPU-used.cpu, i.Memory-used.memory, i.GPUs-used.gpus, used.tcp, used.udp),
	}
	if i.Provider != "" {
		out["capacityProviderName"] = i.Provider
	}
	return out
}

// resources are amounts as ECS writes them; of ports it lists those in use.
func resources(cpu, memory, gpus int, tcp, udp []int) []object {
	ids := []string{}
	for n := range gpus {
		ids = append(ids, fmt.Sprintf("GPU-%d", n))
	}
	out := []object{
		{"name": "CPU", "type": "INTEGER", "integerValue": cpu},
		{"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
		{"name": "PORTS", "type": "STRINGSET", "stringSetValue": texts(tcp)},
		{"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": texts(udp)},
	}
	if len(ids) > 0 {
		out = append(out, object{"name": "GPU", "type": "STRINGSET", "stringSetValue": ids})
	}
	return out
}

func texts(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range slices.Sorted(slices.Values(numbers)) {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// place is where t runs and how large it is, as DescribeTasks shows it.
func (t *task) place() object {
	want := t.deployment.definition.load()
	out := object{"launchType": t.service.launchType(), "cpu": strconv.Itoa(want.cpu), "memory": strconv.Itoa(want.memory)}
	if t.instance != nil {
		out["containerInstanceArn"] = t.instance.arn()
	}
	if t.instance != nil && t.instance.Provider != "" {
		out["capacityProviderName"] = t.instance.Provider
	}
	if i := slices.IndexFunc(t.service.providers(), fargate); i >= 0 {
		out["capacityProviderName"] = t.service.providers()[i]
	}
	return out
}
