package ecstest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// attaching is how long ECS takes to set up a capacity provider that starts
// instances for a cluster.
const attaching = 20 * time.Second

// traits are what a cluster can be changed in.
type traits struct {
	status      string // empty is ACTIVE
	attachments string // status of the capacity providers
	settings    []object
	providers   []string
	strategy    []object
	tags        map[string]string
}

// AddCapacityProvider makes a capacity provider that clusters may name, as
// CreateCapacityProvider would. FARGATE and FARGATE_SPOT are always there.
func (c *Cloud) AddCapacityProvider(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.providers = append(c.providers, name)
}

// dispatchClusters answers what is about clusters as such.
func (c *Cloud) dispatchClusters(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "CreateCluster":
		return double.ReadJSON(body, func(in clusterInput) (object, *Error) { return c.createCluster(in, now) })
	case "DescribeClusters":
		return double.ReadJSON(body, c.describeClusters)
	case "UpdateCluster":
		return double.ReadJSON(body, c.updateCluster)
	case "PutClusterCapacityProviders":
		return double.ReadJSON(body, func(in clusterInput) (object, *Error) { return c.putCapacityProviders(in, now) })
	case "DeleteCluster":
		return double.ReadJSON(body, c.deleteCluster)
	case "TagResource":
		return double.ReadJSON(body, c.tagResource)
	case "UntagResource":
		return double.ReadJSON(body, c.untagResource)
	case "ListTagsForResource":
		return double.ReadJSON(body, c.listTags)
	case "RunTask":
		return double.ReadJSON(body, func(in runTask) (object, *Error) { return c.runTask(in, now) })
	case "StopTask":
		return double.ReadJSON(body, func(in stopTask) (object, *Error) { return c.stopTask(in, now) })
	}
	return c.dispatchInstances(op, body, now)
}

type clusterInput struct {
	ClusterName string   `json:"clusterName"`
	Cluster     string   `json:"cluster"`
	Clusters    []string `json:"clusters"`
	Include     []string `json:"include"`
	Settings    []object `json:"settings"`
	Providers   []string `json:"capacityProviders"`
	Strategy    []object `json:"defaultCapacityProviderStrategy"`
	Tags        []tag    `json:"tags"`
}

// createCluster gives back an active cluster of the name as it is, as ECS does.
func (c *Cloud) createCluster(in clusterInput, now time.Time) (object, *Error) {
	name := cmp.Or(in.ClusterName, "default")
	if cl := c.clusters[name]; cl != nil {
		return object{"cluster": cl.wire(nil)}, nil
	}
	if fault := c.knownProviders(in); fault != nil {
		return nil, fault
	}
	cl := &cluster{name: name, services: make(map[string]*service)}
	cl.settings, cl.tags = in.Settings, make(map[string]string)
	for _, t := range in.Tags {
		cl.tags[t.Key] = t.Value
	}
	c.clusters[name] = cl
	delete(c.gone, name)
	c.attach(cl, in, now)
	if cl.attachments == updating {
		cl.status = "PROVISIONING"
	}
	return object{"cluster": cl.wire(allFields())}, nil
}

// The statuses of the capacity providers of a cluster.
const (
	updating = "UPDATE_IN_PROGRESS"
	updated  = "UPDATE_COMPLETE"
)

// attach gives cl its capacity providers. Those that start instances take a while.
func (c *Cloud) attach(cl *cluster, in clusterInput, now time.Time) {
	slow := slices.ContainsFunc(in.Providers, func(p string) bool { return !fargate(p) && !slices.Contains(cl.providers, p) })
	cl.providers, cl.strategy, cl.attachments = in.Providers, in.Strategy, updated
	if !slow {
		return
	}
	cl.attachments = updating
	c.agenda.Plan(now.Add(c.quickened(attaching)), func(time.Time) { cl.status, cl.attachments = "", updated })
}

func (c *Cloud) knownProviders(in clusterInput) *Error {
	for _, p := range in.Providers {
		if !fargate(p) && !slices.Contains(c.providers, p) {
			return invalid("The specified capacity provider '" + p + "' was not found. Specify a valid name or ARN and try again.")
		}
	}
	for _, item := range in.Strategy {
		if p, _ := item["capacityProvider"].(string); !slices.Contains(in.Providers, p) {
			return invalid("The specified capacity provider strategy contains a capacity provider that is not associated with the cluster.")
		}
	}
	return nil
}

func (c *Cloud) updateCluster(in clusterInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	for _, setting := range in.Settings {
		cl.settings = slices.DeleteFunc(cl.settings, func(old object) bool { return old["name"] == setting["name"] })
		cl.settings = append(cl.settings, setting)
	}
	return object{"cluster": cl.wire(allFields())}, nil
}

func (c *Cloud) putCapacityProviders(in clusterInput, now time.Time) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault == nil {
		fault = c.knownProviders(in)
	}
	if fault == nil && (in.Providers == nil || in.Strategy == nil) {
		fault = invalid("Capacity providers and default capacity provider strategy cannot be empty.")
	}
	if fault == nil {
		fault = cl.busy()
	}
	if fault != nil {
		return nil, fault
	}
	c.attach(cl, in, now)
	return object{"cluster": cl.wire(allFields())}, nil
}

func (cl *cluster) busy() *Error {
	if cl.attachments != updating {
		return nil
	}
	return &Error{Code: "UpdateInProgressException", Message: "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or UPDATE_FAILED state before they can be updated. Wait and try again."}
}

// deleteCluster refuses as ECS does while anything is in the cluster.
// Source: ECS API reference, DeleteCluster, "Errors".
func (c *Cloud) deleteCluster(in clusterInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	for _, s := range cl.services {
		if s.status != statusInactive {
			return nil, &Error{Code: "ClusterContainsServicesException", Message: "The Cluster cannot be deleted while Services are active."}
		}
	}
	for _, t := range cl.tasks {
		if t.status != stopped {
			return nil, &Error{Code: "ClusterContainsTasksException", Message: "The Cluster cannot be deleted while Tasks are active."}
		}
	}
	if len(cl.instances) > 0 {
		return nil, &Error{Code: "ClusterContainsContainerInstancesException", Message: "The Cluster cannot be deleted while Container Instances are active or draining."}
	}
	if fault := cl.busy(); fault != nil {
		return nil, fault
	}
	cl.status = statusInactive
	delete(c.clusters, cl.name)
	if c.gone == nil {
		c.gone = make(map[string]*cluster)
	}
	c.gone[cl.name] = cl
	return object{"cluster": cl.wire(allFields())}, nil
}

func allFields() []string { return []string{"TAGS", "SETTINGS", "ATTACHMENTS"} }

func (c *Cloud) describeClusters(in clusterInput) (object, *Error) {
	if len(in.Clusters) > 100 { // ECS API reference, DescribeClusters
		return nil, invalid("Clusters must have at most 100 items.")
	}
	found, failures := []object{}, []object{}
	if len(in.Clusters) == 0 {
		in.Clusters = []string{"default"}
	}
	for _, name := range in.Clusters {
		cl := c.clusters[short.Name(name)]
		if cl == nil {
			cl = c.gone[short.Name(name)]
		}
		if cl != nil {
			found = append(found, cl.wire(in.Include))
		} else {
			failures = append(failures, object{"arn": arn("cluster", short.Name(name)), "reason": "MISSING"})
		}
	}
	return object{"clusters": found, "failures": failures}, nil
}

// cluster returns the cluster of a call; an empty name is the default cluster.
// One that is deleted is not found, though it can be described.
func (c *Cloud) cluster(name string) (*cluster, *Error) {
	if cl := c.clusters[short.Name(cmp.Or(name, "default"))]; cl != nil {
		return cl, nil
	}
	return nil, &Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
}

func (cl *cluster) arn() string { return arn("cluster", cl.name) }

// wire shows what is asked for beside what is always shown.
func (cl *cluster) wire(include []string) object {
	active := 0
	for _, s := range cl.services {
		if s.status == statusActive {
			active++
		}
	}
	up, coming := 0, 0
	for _, t := range cl.tasks {
		switch t.status {
		case running:
			up++
		case provisioning, pending:
			coming++
		}
	}
	out := object{
		"clusterArn": cl.arn(), "clusterName": cl.name, "status": cmp.Or(cl.status, statusActive),
		"activeServicesCount": active, "runningTasksCount": up, "pendingTasksCount": coming,
		"registeredContainerInstancesCount": len(cl.instances),
		"capacityProviders":                 slices.Concat([]string{}, cl.providers), "defaultCapacityProviderStrategy": slices.Concat([]object{}, cl.strategy),
	}
	if slices.Contains(include, "SETTINGS") {
		out["settings"] = slices.Concat([]object{}, cl.settings)
	}
	if slices.Contains(include, "TAGS") {
		out["tags"] = cl.tagList()
	}
	if slices.Contains(include, "ATTACHMENTS") && cl.attachments != "" {
		out["attachmentsStatus"] = cl.attachments
	}
	return out
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type tagInput struct {
	ResourceARN string   `json:"resourceArn"`
	Tags        []tag    `json:"tags"`
	TagKeys     []string `json:"tagKeys"`
}

// tagged returns the resource of a call about tags: the Cloud keeps those of
// clusters only.
func (c *Cloud) tagged(in tagInput) (*cluster, *Error) {
	if !strings.Contains(in.ResourceARN, ":cluster/") {
		return nil, invalid("Unable to parse ARN of a cluster: " + in.ResourceARN)
	}
	return c.cluster(in.ResourceARN)
}

func (c *Cloud) tagResource(in tagInput) (object, *Error) {
	cl, fault := c.tagged(in)
	if fault != nil {
		return nil, fault
	}
	if cl.tags == nil {
		cl.tags = make(map[string]string)
	}
	for _, t := range in.Tags {
		cl.tags[t.Key] = t.Value
	}
	return object{}, nil
}

func (c *Cloud) untagResource(in tagInput) (object, *Error) {
	cl, fault := c.tagged(in)
	if fault != nil {
		return nil, fault
	}
	for _, key := range in.TagKeys {
		delete(cl.tags, key)
	}
	return object{}, nil
}

func (c *Cloud) listTags(in tagInput) (object, *Error) {
	cl, fault := c.tagged(in)
	if fault != nil {
		return nil, fault
	}
	return object{"tags": cl.tagList()}, nil
}

func (cl *cluster) tagList() []object {
	list := []object{}
	for _, key := range slices.Sorted(maps.Keys(cl.tags)) {
		list = append(list, object{"key": key, "value": cl.tags[key]})
	}
	return list
}
