package ecstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

type mapServiceInput struct {
	ID        string `json:"Id"`
	Name      string
	Namespace string    `json:"NamespaceId"`
	DNS       dnsConfig `json:"DnsConfig"`
	Custom    object    `json:"HealthCheckCustomConfig"`
	Tags      []object
}

func (c *Cloud) createMapService(in mapServiceInput, now time.Time) (object, *Error) {
	i := slices.IndexFunc(c.registry.namespaces, func(ns *namespace) bool { return ns.id == short.Name(in.Namespace) })
	if i < 0 {
		return nil, &Error{Code: "NamespaceNotFound", Message: "Namespace not found: " + in.Namespace}
	}
	if in.Name == "" || len(in.DNS.Records) == 0 {
		return nil, &Error{Code: "InvalidInput", Message: "A service in a DNS namespace needs a name and DNS records."}
	}
	ns := c.registry.namespaces[i]
	for _, s := range c.registry.services {
		if s.namespace == ns && strings.EqualFold(s.name, in.Name) {
			return nil, &Error{Code: "ServiceAlreadyExists", Message: "Service already exists."}
		}
	}
	if in.DNS.Routing == "" {
		in.DNS.Routing = "MULTIVALUE"
	}
	c.serial++
	s := &mapService{
		id: fmt.Sprintf("srv-%016x", c.serial), name: in.Name, namespace: ns, dns: in.DNS, custom: in.Custom,
		tags: in.Tags, created: now, instances: make(map[string]map[string]string),
	}
	if s.tags == nil {
		s.tags = []object{}
	}
	c.registry.services[s.id] = s
	return object{"Service": s.wire()}, nil
}

func (c *Cloud) getMapService(in mapServiceInput) (object, *Error) {
	s, fault := c.mapService(in.ID)
	if fault != nil {
		return nil, fault
	}
	return object{"Service": s.wire()}, nil
}

type mapUpdate struct {
	ID      string `json:"Id"`
	Service struct {
		DNS dnsConfig `json:"DnsConfig"`
	}
}

// updateMapService changes times to live; the types of records cannot change.
func (c *Cloud) updateMapService(in mapUpdate, now time.Time) (object, *Error) {
	s, fault := c.mapService(in.ID)
	if fault != nil {
		return nil, fault
	}
	records := in.Service.DNS.Records
	sameType := func(a, b dnsRecord) bool { return a.Type == b.Type }
	if !slices.EqualFunc(records, s.dns.Records, sameType) {
		return nil, &Error{Code: "InvalidInput", Message: "The record types of a service cannot be changed."}
	}
	return c.operate("UPDATE_SERVICE", object{"SERVICE": s.id}, now, func() { s.dns.Records = records }), nil
}

func (c *Cloud) deleteMapService(in mapServiceInput) (object, *Error) {
	s, fault := c.mapService(in.ID)
	if fault != nil {
		return nil, fault
	}
	if len(s.instances) > 0 {
		return nil, &Error{Code: "ResourceInUse", Message: "Service contains registered instances; delete the instances before deleting the service"}
	}
	delete(c.registry.services, s.id)
	return object{}, nil
}

type instanceInput struct {
	ServiceID  string `json:"ServiceId"`
	InstanceID string `json:"InstanceId"`
	Attributes map[string]string
}

func (c *Cloud) registerInstance(in instanceInput, now time.Time) (object, *Error) {
	s, fault := c.mapService(in.ServiceID)
	if fault != nil {
		return nil, fault
	}
	return c.operate("REGISTER_INSTANCE", object{"INSTANCE": in.InstanceID, "SERVICE": s.id}, now, func() {
		s.instances[in.InstanceID] = maps.Clone(in.Attributes)
	}), nil
}

func (c *Cloud) deregisterInstance(in instanceInput, now time.Time) (object, *Error) {
	s, fault := c.mapService(in.ServiceID)
	if fault != nil {
		return nil, fault
	}
	if s.instances[in.InstanceID] == nil {
		return nil, &Error{Code: "InstanceNotFound", Message: "Instance not found: " + in.InstanceID}
	}
	return c.operate("DEREGISTER_INSTANCE", object{"INSTANCE": in.InstanceID, "SERVICE": s.id}, now, func() {
		delete(s.instances, in.InstanceID)
	}), nil
}

// operate does something in a while, and answers with the operation's id.
func (c *Cloud) operate(kind string, targets object, now time.Time, do func()) object {
	c.serial++
	id := fmt.Sprintf("%032x", c.serial)
	operation := object{"Id": id, "Type": kind, "Status": "PENDING", "Targets": targets, "CreateDate": double.Stamp(now), "UpdateDate": double.Stamp(now)}
	c.registry.operations[id] = operation
	c.agenda.Plan(now.Add(c.quickened(mapDelay)), func(now time.Time) {
		do()
		operation["Status"], operation["UpdateDate"] = "SUCCESS", double.Stamp(now)
	})
	return object{"OperationId": id}
}

func (c *Cloud) getOperation(in object) (object, *Error) {
	id, _ := in["OperationId"].(string)
	if operation := c.registry.operations[id]; operation != nil {
		return object{"Operation": maps.Clone(operation)}, nil
	}
	return nil, &Error{Code: "OperationNotFound", Message: "Operation not found: " + id}
}
