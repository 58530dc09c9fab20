package ecstest

import (
	"slices"
	"time"
)

// Inventory is what there is, by name and sorted, without any lag: for tests that
// nothing is left.
type Inventory struct {
	Clusters    []string
	Services    []string // of ECS that are not INACTIVE, as "cluster/service"
	Tasks       []string // of no service that have not stopped, as "cluster/group"
	Namespaces  []string // of Cloud Map
	MapServices []string // of Cloud Map, as "namespace/service"
}

// Inventory returns what there is now.
func (c *Cloud) Inventory() Inventory {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agenda.CatchUp(time.Now())
	var out Inventory
	for _, cl := range c.clusters {
		out.Clusters = append(out.Clusters, cl.name)
		for _, s := range cl.services {
			if s.status != statusInactive {
				out.Services = append(out.Services, cl.name+"/"+s.name)
			}
		}
		for _, t := range cl.tasks {
			if t.service.loose && t.status != stopped {
				out.Tasks = append(out.Tasks, cl.name+"/"+t.service.name)
			}
		}
	}
	for _, ns := range c.registry.namespaces {
		out.Namespaces = append(out.Namespaces, ns.name)
	}
	for _, s := range c.registry.services {
		out.MapServices = append(out.MapServices, s.namespace.name+"/"+s.name)
	}
	for _, list := range [][]string{out.Clusters, out.Services, out.Tasks, out.Namespaces, out.MapServices} {
		slices.Sort(list)
	}
	return out
}
