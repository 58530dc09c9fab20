package infra

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Cache is a Redis of an environment: a replication group without shards.
type Cache struct {
	// Name follows that of the environment in the name of the replication group,
	// as "customer-cache-redis". The one without is called as the environment is.
	Name string `json:"name,omitempty"`
	// NodeType is the type of its nodes; default cache.t4g.micro. Alarms on CPU
	// depend on its size, and those of cache.t... have one on CPU credits besides.
	NodeType string `json:"nodeType,omitempty"`
	// Nodes is their number, 1 to 6; default 1, in production 2.
	Nodes int `json:"nodes,omitempty"`
	// NoFailover keeps a cache of more than one node from having another zone take
	// over when the first node fails. AWS does not let a cache that is there change
	// its nodes from or to one together with its failover. From one node to more,
	// apply once with NoFailover, and then without; on the way back, apply once with
	// NoFailover, and then with one node. A new cache needs no such step.
	NoFailover bool `json:"noFailover,omitempty"`
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
			f.match(what+": node type", c.NodeType, `cache\.[a-z][a-z0-9]+\.[a-z0-9]+`, "one like cache.t4g.micro")
			if matches(`cache\.(t1|m1|m2|c1)\..*`, c.NodeType) {
				f.add("%s: node type %s: it knows no encryption: take one like cache.t4g.micro", what, c.NodeType)
			}
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
	metric, most := c.cpu()
	return exemplar.Copy{
		IDs: map[string]string{"Cache": c.id()},
		Values: map[string]any{
			"CacheName": c.label(), "CacheSuffix": suffix,
			"CacheNodeType": c.NodeType, "CacheNodes": c.Nodes,
			"CacheFailover":  strconv.FormatBool(c.Nodes > 1 && !c.NoFailover),
			"CacheCpuMetric": metric, "CacheMaxCpu": most,
		},
		Conditions: map[string]bool{"CacheHasFailover": c.Nodes > 1 && !c.NoFailover},
	}
}

// cpu returns the metric that says how busy a node of the cache is, and the
// percentage above which there is an alarm. Redis runs on one core. Of 2 vCPUs at
// most, that is half of all, and AWS itself needs some of the rest; with more, the
// core has a metric of its own. Sizes that are not known count as small, which
// asks for help too early rather than never.
// Source: ElastiCache User Guide, "Which metrics should I monitor?", CPUUtilization
// (90 % divided by the vCPUs) and EngineCPUUtilization; Amazon EC2 instance types.
func (c Cache) cpu() (metric string, percent int) {
	if matches(`cache\.[a-z0-9]+\.[0-9]*xlarge`, c.NodeType) { // 4 vCPUs and more
		return "EngineCPUUtilization", 80
	}
	return "CPUUtilization", 45
}

// burstable reports whether nodes of the cache live on CPU credits.
func (c Cache) burstable() bool { return strings.HasPrefix(c.NodeType, "cache.t") }

// nodes returns what stands for its nodes.
func (c Cache) nodes() []exemplar.Copy {
	copies := make([]exemplar.Copy, max(0, c.Nodes))
	for i := range copies {
		node := fmt.Sprintf("%03d", i+1) // as ElastiCache calls them
		copies[i] = c.copy()
		copies[i].IDs["CacheNode"] = c.id() + "Node" + node
		copies[i].IDs["CacheCredit"] = c.id() + "Node" + node + "Credit"
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
