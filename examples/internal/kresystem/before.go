package kresystem

import (
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/kre/route53test"
)

// older is what an environment may have looked like some time ago.
func (e *Environment) older() *Environment {
	old := *e
	old.Users.Developer = append(slices.Clone(e.Users.Developer[:max(0, len(e.Users.Developer)-1)]), "departed")
	old.Cluster.NodeGroups = slices.Clone(e.Cluster.NodeGroups)
	if groups := old.Cluster.NodeGroups; len(groups) > 0 {
		groups[0].Desired++
		if groups[0].Max > 0 {
			groups[0].Max++
		}
	}
	if n := e.Charts.Ingress.Nginx; n != nil && len(n.Sources) > 1 {
		then := *n
		then.Sources = n.Sources[:len(n.Sources)-1]
		old.Charts.Ingress.Nginx = &then
	}
	return &old
}

// publish makes the records that external-dns would have made for the runtimes.
func (m *memory) publish() error {
	registry := m.e.registry()
	if registry.Owner == "" {
		return nil
	}
	for _, r := range m.e.Runtimes {
		id, ok := m.zoneOf(r)
		if !ok {
			continue
		}
		hosts := m.e.runtime(r).Hosts()
		for _, host := range []string{hosts.API, hosts.Admin} {
			note := fmt.Sprintf(`"heritage=external-dns,external-dns/owner=%s,external-dns/resource=ingress/%s/%s"`, registry.Owner, r.Name, r.Name)
			if err := m.dns.Put(id, route53test.Record(host, "CNAME", "lb.us-east-1.elb.amazonaws.com"), route53test.Record(registry.Prefix+"cname-"+host, "TXT", note)); err != nil {
				return err
			}
		}
	}
	return nil
}
