package infra

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Cache is a Redis of an environment: a replication group without shards.
type Cache struct {
	// Name follows that of the environment in the name of the replication group,
	// as "customer-cache-redis". The one without is called as the environment is.
	Name string `json:"name,omitempty"`
	// NodeType is the type of its nodes; default cache.t4g.micro.
	NodeType string `json:"nodeType,omitempty"`
	// Nodes is their number, 1 to 6; default 1, in production 2. With more than
	// one, another zone takes over when the first fails.
	Nodes int `json:"nodes,omitempty"`
}

// maxNodes is the most nodes of a replication group without shards.
// Source: ElastiCache API reference, CreateReplicationGroup, "NumCacheClusters".
const maxNodes = 6

// DefaultCaches returns the caches of an Environment that does not say otherwise.
func DefaultCaches() []Cache {
	return []Cache{{}, {Name: "customer-cache-redis"}, {Name: "tnba-feedback-cache-redis"}}
}

func checkCaches(f *faults, caches []Cache) {
	for i, c := range caches {
		what := "cache " + c.label()
		if c.Name != "" {
			f.match("cache", c.Name, `[a-z0-9]+(-[a-z0-9]+)*`, "lower-case letters and digits, with single hyphens between them")
		}
		if slices.ContainsFunc(caches[:i], func(other Cache) bool { return other.Name == c.Name }) {
			f.add("%s: given twice", what)
		}
		if c.NodeType != "" {
			f.match(what+": node type", c.NodeType, `cache\.[a-z0-9]+\.[a-z0-9]+`, "one like cache.t4g.micro")
		}
		if c.Nodes != 0 {
			f.within(what+": nodes", c.Nodes, 1, maxNodes)
		}
	}
}

// copy returns what stands for the cache in the template.
func (c Cache) copy() exemplar.Copy {
	suffix := ""
	if c.Name != "" {
		suffix = "-" + c.Name
	}
	return exemplar.Copy{
		IDs: map[string]string{"Cache": c.id()},
		Values: map[string]any{
			"CacheName": c.label(), "CacheSuffix": suffix,
			"CacheNodeType": cmp.Or(c.NodeType, "cache.t4g.micro"), "CacheNodes": c.Nodes,
		},
		Conditions: map[string]bool{"CacheHasReplica": c.Nodes > 1},
	}
}

// nodes returns what stands for its nodes.
func (c Cache) nodes() []exemplar.Copy {
	copies := make([]exemplar.Copy, max(0, c.Nodes))
	for i := range copies {
		node := fmt.Sprintf("%03d", i+1) // as ElastiCache calls them
		copies[i] = c.copy()
		copies[i].IDs["CacheNode"] = c.id() + "Node" + node
		copies[i].Values["CacheNode"] = node
	}
	return copies
}

// id is what the logical ids of the cache begin with.
func (c Cache) id() string {
	if c.Name == "" {
		return "Cache"
	}
	return "Cache" + exemplar.LogicalID(c.Name)
}

// label is what people call the cache.
func (c Cache) label() string { return cmp.Or(c.Name, "redis") }
