package kresystem

import (
	"cmp"
	"errors"
	"path/filepath"

	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/charts"
	"github.com/mettel-automation/delivery/kre/zone"
)

// Releases are the charts of the cluster, with the roles that the stack has made.
func (e *Environment) Releases(out infra.KREClusterOutputs) ([]kre.Release, error) {
	var c charts.Cluster
	var errs []error
	f := e.Charts
	if d := f.ExternalDNS; d != nil {
		c.ExternalDNS = &charts.ExternalDNS{
			Common: e.common(d.common), Owner: e.registry().Owner, Role: out.ExternalDNSRole, Policy: d.Policy, Domains: d.Domains,
			Zones: d.Zones, Interval: d.Interval, Prefix: d.Prefix, RecordSources: d.RecordSources,
		}
	}
	if m := f.CertManager; m != nil {
		c.CertManager = &charts.CertManager{Common: e.common(m.common), Role: out.CertManagerRole, Nameservers: m.Nameservers, Replicas: m.Replicas}
	}
	if i := f.Issuer; i != nil {
		c.Issuer = &charts.Issuer{
			Common: e.common(i.common), Issuer: i.Issuer, Email: i.Email, Server: i.Server, Region: e.Region,
			HostedZone: i.HostedZone, Domains: i.Domains,
		}
	}
	switch in := f.Ingress; {
	case in.Nginx != nil && in.Custom != nil:
		errs = append(errs, errors.New("ingress: nginx and custom are given: leave one of them"))
	case in.Nginx != nil:
		c.Ingress = in.Nginx.source(e)
	case in.Custom != nil:
		c.Ingress = e.custom(*in.Custom)
	}
	switch st := f.Storage; {
	case st.HostPath != nil && st.Custom != nil:
		errs = append(errs, errors.New("storage: hostPath and custom are given: leave one of them"))
	case st.HostPath != nil:
		h := st.HostPath
		c.Storage = charts.HostPathProvisioner{Common: e.common(h.common), Path: h.Path, Class: h.Class, Default: h.Default, Reclaim: h.Reclaim}
	case st.Custom != nil:
		c.Storage = e.custom(*st.Custom)
	}
	for _, o := range f.Others {
		c.Others = append(c.Others, kre.Release(e.custom(o)))
	}
	releases, err := c.Releases()
	return releases, errors.Join(append(errs, err)...)
}

func (n ingressNginx) source(e *Environment) charts.Source {
	return charts.IngressNginx{
		Common: e.common(n.common), Class: n.Class, LoadBalancer: n.LoadBalancer, ClientAddresses: n.ClientAddresses,
		Sources: n.Sources, Everyone: n.Everyone, Internal: n.Internal, IPv6: n.IPv6, IdleTimeout: n.IdleTimeout,
		Snippets: n.Snippets, NoAdmissionWebhook: n.NoAdmissionWebhook, Replicas: n.Replicas,
	}
}

func (e *Environment) common(c common) charts.Common {
	return charts.Common{
		Name: c.Name, Namespace: c.Namespace, Chart: e.chart(c.Chart), Values: c.Values,
		AllowUnknown: c.AllowUnknown, Needs: c.Needs, Timeout: c.Timeout,
	}
}

func (e *Environment) custom(c common) charts.Custom {
	return charts.Custom{
		Name: c.Name, Namespace: c.Namespace, Chart: e.chart(c.Chart), Values: c.Values,
		AllowUnknown: c.AllowUnknown, Needs: c.Needs, Timeout: c.Timeout,
	}
}

func (e *Environment) chart(c chartFile) kre.Chart {
	return kre.Chart{Path: e.path(c.Path), Repository: c.Repository, Name: c.Name, Version: c.Version, Keyring: e.path(c.Keyring)}
}

// path is one that the file names, from where the file is.
func (e *Environment) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.dir, name)
}

// registry is how the records of the environment's external-dns are known.
func (e *Environment) registry() zone.Registry {
	if e.Charts.ExternalDNS == nil {
		return zone.Registry{}
	}
	return zone.Registry{Owner: cmp.Or(e.Charts.ExternalDNS.Owner, e.Name), Prefix: e.Charts.ExternalDNS.Prefix}
}
