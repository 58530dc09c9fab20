package ecstest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// mapDelay is how long an operation of Cloud Map is under way.
const mapDelay = 3 * time.Second

// mapPage is how many results Cloud Map gives at once.
// Source: Cloud Map API reference, "MaxResults" of ListServices and ListInstances.
const mapPage = 100

// cloudMap is what AWS Cloud Map holds.
type cloudMap struct {
	namespaces []*namespace
	services   map[string]*mapService // by id
	operations map[string]object      // by id
}

type namespace struct{ id, name string }

// mapService is a service of Cloud Map: a name under which instances are found.
type mapService struct {
	id, name  string
	namespace *namespace
	dns       dnsConfig
	custom    object // HealthCheckCustomConfig; nil is none
	tags      []object
	created   time.Time
	instances map[string]map[string]string // attributes by id
}

type dnsConfig struct {
	Records []dnsRecord `json:"DnsRecords"`
	Routing string      `json:"RoutingPolicy"`
}

type dnsRecord struct {
	TTL  int64
	Type string
}

// AddNamespace makes a private DNS namespace of Cloud Map and returns its id.
func (c *Cloud) AddNamespace(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	ns := &namespace{id: fmt.Sprintf("ns-%016x", c.serial), name: name}
	c.registry.namespaces = append(c.registry.namespaces, ns)
	return ns.id
}

func mapARN(kind, id string) string {
	return "arn:aws:servicediscovery:" + Region + ":" + Account + ":" + kind + "/" + id
}

// enlist registers t as an instance, under its own id.
// Source: ECS developer guide, "Service discovery".
func (c *Cloud) enlist(t *task) {
	for _, r := range t.service.ties.Registries {
		s := c.registry.services[short.Name(r.ARN)]
		if s == nil {
			continue
		}
		attributes := map[string]string{
			"AWS_INSTANCE_IPV4": t.address, "AWS_INIT_HEALTH_STATUS": "HEALTHY", "REGION": Region,
			"ECS_CLUSTER_NAME": t.service.cluster.name, "ECS_SERVICE_NAME": t.service.name,
			"ECS_TASK_DEFINITION_FAMILY": t.deployment.definition.family,
		}
		if port := max(r.Port, r.ContainerPort); port > 0 {
			attributes["AWS_INSTANCE_PORT"] = strconv.Itoa(port)
		}
		s.instances[t.id] = attributes
	}
}

// strike takes t off the registries again.
func (c *Cloud) strike(t *task) {
	for _, r := range t.service.ties.Registries {
		if s := c.registry.services[short.Name(r.ARN)]; s != nil {
			delete(s.instances, t.id)
		}
	}
}

type mapFilter struct {
	Name   string
	Values []string
}

type mapListInput struct {
	Filters     []mapFilter
	MaxResults  int
	NextToken   string
	ServiceID   string `json:"ServiceId"`
	ResourceARN string
}

// filter returns the value of the named filter; empty is none.
func (in mapListInput) filter(name string) string {
	for _, f := range in.Filters {
		if f.Name == name && len(f.Values) == 1 {
			return f.Values[0]
		}
	}
	return ""
}

// list is one page of what render makes of the ids.
func (in mapListInput) list(field string, ids []string, render func(id string) object) object {
	size := in.MaxResults
	if size == 0 {
		size = mapPage
	}
	part, next := page(ids, in.NextToken, size)
	items := []object{}
	for _, id := range part {
		items = append(items, render(id))
	}
	out := object{field: items}
	if next != "" {
		out["NextToken"] = next
	}
	return out
}

func (c *Cloud) listNamespaces(in mapListInput) (object, *Error) {
	byID := make(map[string]*namespace)
	for _, ns := range c.registry.namespaces {
		if want := in.filter("NAME"); want == "" || want == ns.name {
			byID[ns.id] = ns
		}
	}
	return in.list("Namespaces", slices.Sorted(maps.Keys(byID)), func(id string) object {
		return object{"Id": id, "Arn": mapARN("namespace", id), "Name": byID[id].name, "Type": "DNS_PRIVATE"}
	}), nil
}

func (c *Cloud) listMapServices(in mapListInput) (object, *Error) {
	var ids []string
	for id, s := range c.registry.services {
		if want := in.filter("NAMESPACE_ID"); want == "" || want == s.namespace.id {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return in.list("Services", ids, func(id string) object { return c.registry.services[id].wire() }), nil
}

func (c *Cloud) listMapTags(in mapListInput) (object, *Error) {
	if s := c.registry.services[short.Name(in.ResourceARN)]; s != nil {
		return object{"Tags": s.tags}, nil
	}
	return nil, &Error{Code: "ResourceNotFoundException", Message: "Resource not found: " + in.ResourceARN}
}

func (c *Cloud) listInstances(in mapListInput) (object, *Error) {
	s, fault := c.mapService(in.ServiceID)
	if fault != nil {
		return nil, fault
	}
	return in.list("Instances", slices.Sorted(maps.Keys(s.instances)), func(id string) object {
		return object{"Id": id, "Attributes": s.instances[id]}
	}), nil
}

// mapService finds a service by id or ARN.
func (c *Cloud) mapService(id string) (*mapService, *Error) {
	if s := c.registry.services[short.Name(id)]; s != nil {
		return s, nil
	}
	return nil, &Error{Code: "ServiceNotFound", Message: "Service not found: " + id}
}

func (s *mapService) wire() object {
	out := object{
		"Id": s.id, "Arn": mapARN("service", s.id), "Name": s.name, "NamespaceId": s.namespace.id, "Type": "DNS_HTTP",
		"DnsConfig": s.dns, "InstanceCount": len(s.instances), "CreateDate": double.Stamp(s.created),
	}
	if s.custom != nil {
		out["HealthCheckCustomConfig"] = s.custom
	}
	return out
}
