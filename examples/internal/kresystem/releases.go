package kresystem

import (
	"cmp"

	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/charts"
	"github.com/mettel-automation/delivery/kre/zone"
)

// Releases are the charts of the cluster, with the roles that the stack has made.
func (e *Environment) Releases(out infra.KREClusterOutputs) ([]kre.Release, error) {
	var c charts.Cluster
	f := e.Charts
	if d := f.ExternalDNS; d != nil {
		c.ExternalDNS = &charts.ExternalDNS{
			Common: e.common(d.Release), Owner: e.registry().Owner, Role: out.ExternalDNSRole, Policy: d.Policy, Domains: d.Domains,
			Zones: d.Zones, Interval: d.Interval, Prefix: d.Prefix, RecordSources: d.RecordSources,
		}
	}
	if m := f.CertManager; m != nil {
		c.CertManager = &charts.CertManager{Common: e.common(m.Release), Role: out.CertManagerRole, Nameservers: m.Nameservers, Replicas: m.Replicas}
	}
	if i := f.Issuer; i != nil {
		c.Issuer = &charts.Issuer{
			Common: e.common(i.Release), Issuer: i.Issuer, Email: i.Email, Server: i.Server, Region: e.Region,
			HostedZone: i.HostedZone, Domains: i.Domains,
		}
	}
	switch in := f.Ingress; {
	case in.Nginx != nil:
		c.Ingress = e.nginx(*in.Nginx)
	case in.Custom != nil:
		c.Ingress = e.custom(*in.Custom)
	}
	switch st := f.Storage; {
	case st.HostPath != nil:
		h := st.HostPath
		c.Storage = charts.HostPathProvisioner{Common: e.common(h.Release), Path: h.Path, Class: h.Class, Default: h.Default, Reclaim: h.Reclaim}
	case st.Custom != nil:
		c.Storage = e.custom(*st.Custom)
	}
	for _, o := range f.Others {
		c.Others = append(c.Others, kre.Release(e.custom(o)))
	}
	return c.Releases()
}

func (e *Environment) nginx(n config.IngressNginx) charts.Source {
	return charts.IngressNginx{
		Common: e.common(n.Release), Class: n.Class, LoadBalancer: n.LoadBalancer, ClientAddresses: n.ClientAddresses,
		Sources: n.Sources, Everyone: n.Everyone, Internal: n.Internal, IPv6: n.IPv6, IdleTimeout: n.IdleTimeout,
		Snippets: n.Snippets, NoAdmissionWebhook: n.NoAdmissionWebhook, Replicas: n.Replicas,
	}
}

func (e *Environment) common(c config.Release) charts.Common {
	return charts.Common{
		Name: c.Name, Namespace: c.Namespace, Chart: e.chart(c.Chart), Values: c.Values,
		AllowUnknown: c.AllowUnknown, Needs: c.Needs, Timeout: c.Timeout,
	}
}

func (e *Environment) custom(c config.Release) charts.Custom {
	return charts.Custom{
		Name: c.Name, Namespace: c.Namespace, Chart: e.chart(c.Chart), Values: c.Values,
		AllowUnknown: c.AllowUnknown, Needs: c.Needs, Timeout: c.Timeout,
	}
}

func (e *Environment) chart(c config.Chart) kre.Chart {
	return kre.Chart{Path: e.where(c.Path), Repository: c.Repository, Name: c.Name, Version: c.Version, Keyring: e.where(c.Keyring)}
}

// where is a path of the file; "" stays.
func (e *Environment) where(name string) string {
	if name == "" {
		return ""
	}
	return e.path(name)
}

// registry is how the records of the environment's external-dns are known.
func (e *Environment) registry() zone.Registry {
	if e.Charts.ExternalDNS == nil {
		return zone.Registry{}
	}
	return zone.Registry{Owner: cmp.Or(e.Charts.ExternalDNS.Owner, e.Name), Prefix: e.Charts.ExternalDNS.Prefix}
}
