package zone_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

// The names of the tests' account.
const (
	domain = "example.net"
	name   = "kre-tnba-dev.example.net"
	env    = "kre-dev"
	notes  = "kre-dev-dns" // the owner id of external-dns
)

func spec() zone.Spec { return zone.Spec{Name: name, Parent: domain} }

// bench is a Route 53 with the parent zone, and what is seen of a run.
type bench struct {
	*testing.T
	cloud  *route53test.Cloud
	parent string
	events progress.Recorder
}

// bubble runs test on virtual time.
func bubble(t *testing.T, opts route53test.Options, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, cloud: route53test.New(opts)}
		b.parent = b.cloud.AddZone(domain)
		test(b)
	})
}

// manager has the usual options, changed by each of change.
func (b *bench) manager(change ...func(*zone.Options)) *zone.Manager {
	opts := zone.Options{Environment: env, Progress: b.events.Record, Registry: zone.Registry{Owner: notes}}
	for _, c := range change {
		c(&opts)
	}
	return zone.New(b.cloud.Client(), opts)
}

// apply plans and applies.
func apply(ctx context.Context, m *zone.Manager, s zone.Spec) (zone.Result, error) {
	plan, err := m.Plan(ctx, s)
	if err != nil {
		return zone.Result{}, err
	}
	return m.Apply(ctx, plan)
}

// destroy plans and deletes.
func destroy(ctx context.Context, m *zone.Manager, s zone.Spec) (zone.Deleted, error) {
	plan, err := m.PlanDelete(ctx, s)
	if err != nil {
		return zone.Deleted{}, err
	}
	return m.ApplyDelete(ctx, plan)
}

// make makes the usual zone and returns its id.
func (b *bench) make() string {
	b.Helper()
	r, err := apply(b.Context(), b.manager(), spec())
	if err != nil {
		b.Fatal(err)
	}
	return r.ID
}

// fill puts what external-dns would make for two ingresses and a wildcard.
func (b *bench) fill(id, owner string) {
	b.Helper()
	note := func(resource string) string {
		return `"heritage=external-dns,external-dns/owner=` + owner + `,external-dns/resource=` + resource + `"`
	}
	for _, err := range []error{
		b.cloud.Put(id,
			route53test.Alias("api."+name, "A", "lb.elb.amazonaws.com"),
			route53test.Record("api."+name, "TXT", note("ingress/kre-tnba/api")),
			route53test.Record("cname-api."+name, "TXT", note("ingress/kre-tnba/api")),
			route53test.Record("admin."+name, "A", "192.0.2.1", "192.0.2.2"),
			route53test.Record("a-admin."+name, "TXT", note("ingress/kre-tnba/admin")),
			route53test.Record("*."+name, "CNAME", "lb.elb.amazonaws.com"),
			route53test.Record("cname-*."+name, "TXT", note("ingress/kre-tnba/proto")),
		),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// delegation is the NS record of the usual zone in its parent, as values; nil for none.
func (b *bench) delegation() (servers []string) {
	for _, s := range b.cloud.Records(b.parent) {
		if *s.Name == name+"." && s.Type == "NS" {
			for _, r := range s.ResourceRecords {
				servers = append(servers, *r.Value)
			}
		}
	}
	return servers
}
