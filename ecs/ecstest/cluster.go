package ecstest

import "cmp"

type clusterInput struct {
	ClusterName string   `json:"clusterName"`
	Clusters    []string `json:"clusters"`
}

func (c *Cloud) createCluster(in clusterInput) (object, *Error) {
	name := cmp.Or(in.ClusterName, "default")
	if c.clusters[name] == nil {
		c.clusters[name] = &cluster{name: name, services: make(map[string]*service)}
	}
	return object{"cluster": c.clusters[name].wire()}, nil
}

func (c *Cloud) describeClusters(in clusterInput) (object, *Error) {
	found, failures := []object{}, []object{}
	for _, name := range in.Clusters {
		if cl := c.clusters[base(name)]; cl != nil {
			found = append(found, cl.wire())
		} else {
			failures = append(failures, object{"arn": arn("cluster", base(name)), "reason": "MISSING"})
		}
	}
	return object{"clusters": found, "failures": failures}, nil
}

// cluster returns the cluster of a call; an empty name is the default cluster.
func (c *Cloud) cluster(name string) (*cluster, *Error) {
	if cl := c.clusters[base(cmp.Or(name, "default"))]; cl != nil {
		return cl, nil
	}
	return nil, &Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
}

func (cl *cluster) arn() string { return arn("cluster", cl.name) }

func (cl *cluster) wire() object {
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
	return object{
		"clusterArn": cl.arn(), "clusterName": cl.name, "status": statusActive,
		"activeServicesCount": active, "runningTasksCount": up, "pendingTasksCount": coming,
	}
}
