package capacity

import "slices"

// Supply is what a cluster can give, as far as it is known.
type Supply struct {
	Cluster string `json:"cluster"`
	// Instances are the cluster's container instances, those that take no tasks
	// included. Nil means not read; an empty slice that there are none.
	Instances []Instance `json:"instances"`
	// DefaultProviders names the capacity providers of services that name none.
	DefaultProviders []string `json:"defaultProviders,omitempty"`
	// Growing names the capacity providers that start instances by themselves.
	Growing []string `json:"growing,omitempty"`
	// Placed holds, by service, the ID of the container instance of each of its
	// tasks. Nil means not read.
	Placed map[string][]string `json:"placed,omitempty"`
	// OnDemand and Spot are the vCPU quotas of Fargate.
	OnDemand Quota `json:"onDemand"`
	Spot     Quota `json:"spot"`
	// Subnets holds the number of free addresses by subnet ID.
	Subnets map[string]int `json:"subnets,omitempty"`
	// Tasks is the simple rule over all clusters of a project.
	Tasks TaskCount `json:"tasks"`
	// Warnings tell what could not be read, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// Quota is a limit in CPU units, 1024 a vCPU, and what is used of it, in all
// clusters of the region. Nil means not read.
type Quota struct {
	Limit *int `json:"limit,omitempty"`
	Used  *int `json:"used,omitempty"`
}

// TaskCount is the number of tasks, running and pending, in all clusters of a
// project, and how many there may be. A limit of 0 is none; a nil Used was not read.
type TaskCount struct {
	Limit int  `json:"limit,omitempty"`
	Used  *int `json:"used,omitempty"`
}

// Instance is a container instance of the cluster.
type Instance struct {
	// ID is the last element of its ARN.
	ID string `json:"id"`
	// Type is the EC2 instance type, such as "m5.large".
	Type string `json:"type,omitempty"`
	// Provider is the capacity provider that it belongs to.
	Provider string `json:"provider,omitempty"`
	// Status is "ACTIVE" for one that takes new tasks.
	Status string `json:"status"`
	// Connected tells that its agent can be reached; without, it takes no tasks.
	Connected bool `json:"connected"`
	// Free is what new tasks can take, Total what there is in all.
	Free  Resources `json:"free"`
	Total Resources `json:"total"`
	// TCP and UDP are the host ports in use.
	TCP []int `json:"tcp,omitempty"`
	UDP []int `json:"udp,omitempty"`
	// Attributes are those of ECS, such as "ecs.cpu-architecture", and custom ones.
	Attributes map[string]string `json:"attributes,omitempty"`
	// TaskENIs is how many network interfaces its tasks have, and ENISlots how
	// many they may have in all. Nil means not read.
	TaskENIs *int `json:"taskENIs,omitempty"`
	ENISlots *int `json:"eniSlots,omitempty"`
}

// Resources are amounts of what an instance shares out among its tasks.
type Resources struct {
	CPU    int `json:"cpu"`    // CPU units, 1024 a vCPU
	Memory int `json:"memory"` // MiB
	GPUs   int `json:"gpus,omitempty"`
}

// Takes reports whether new tasks may be placed on i at all.
func (i Instance) Takes() bool { return i.Status == "ACTIVE" && i.Connected }

// Trunked reports whether i has a trunk network interface, on which more tasks
// in awsvpc mode find an interface than the instance type itself has.
// Source: ECS developer guide, "Increasing Amazon ECS Linux container instance
// network interfaces".
func (i Instance) Trunked() bool {
	_, ok := i.Attributes["ecs.awsvpc-trunk-id"]
	return ok
}

// unknowns warns of what demands call for and supply does not know.
func (v *Verdict) unknowns(demands []Demand, supply Supply) {
	for _, d := range demands {
		if d.Desired == 0 {
			continue
		}
		if d.ec2() {
			v.unknownInstances(d, supply)
		}
		for _, p := range d.fargate() {
			if q := supply.quota(p); q.Limit == nil || q.Used == nil {
				v.warn("the vCPU quota of %s, or what is used of it, was not read: whether it allows the rollout is not known", p)
			}
		}
		if d.Task.ENI && slices.ContainsFunc(d.Subnets, func(id string) bool { _, ok := supply.Subnets[id]; return !ok }) {
			v.warn("the free addresses of some subnets were not read: whether they suffice is not known")
		}
	}
	if supply.Tasks.Limit > 0 && supply.Tasks.Used == nil {
		v.warn("the tasks of the project's clusters were not counted: whether they stay within %d is not known", supply.Tasks.Limit)
	}
}

func (v *Verdict) unknownInstances(d Demand, supply Supply) {
	if supply.Instances == nil {
		v.warn("the container instances of the cluster were not read: whether they have room is not known")
	}
	unread := func(i Instance) bool { return i.Takes() && (i.ENISlots == nil || i.TaskENIs == nil) }
	if d.Task.ENI && slices.ContainsFunc(supply.Instances, unread) {
		v.warn("the free network interfaces of some instances were not read: whether all tasks in awsvpc mode find one is not known")
	}
}

func (s Supply) quota(provider string) Quota {
	if provider == fargateSpot {
		return s.Spot
	}
	return s.OnDemand
}
