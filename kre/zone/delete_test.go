package zone_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
)

func TestAZoneIsDeletedWithWhatExternalDNSLeft(t *testing.T) {
	bubble(t, route53test.Options{Throttle: true, PageSize: 3}, func(b *bench) {
		id := b.make()
		b.fill(id, notes)
		writes := b.cloud.Writes()
		plan, err := b.manager().PlanDelete(b.Context(), spec())
		if err != nil {
			b.Fatal(err)
		}
		want := `hosted zone NAME (ZONE): delete, with 7 records
  - CNAME *.NAME (external-dns kre-dev-dns: ingress/kre-tnba/proto)
  - TXT a-admin.NAME (external-dns kre-dev-dns: ingress/kre-tnba/admin)
  - A admin.NAME (external-dns kre-dev-dns: ingress/kre-tnba/admin)
  - A api.NAME (external-dns kre-dev-dns: ingress/kre-tnba/api)
  - TXT api.NAME (external-dns kre-dev-dns: ingress/kre-tnba/api)
  - TXT cname-*.NAME (external-dns kre-dev-dns: ingress/kre-tnba/proto)
  - TXT cname-api.NAME (external-dns kre-dev-dns: ingress/kre-tnba/api)
  - NS NAME in example.net (PARENT)
`
		if d := cmp.Diff(strings.NewReplacer(".NAME", "."+name, " NAME", " "+name, "ZONE", id, "PARENT", b.parent).Replace(want), plan.String()); d != "" {
			b.Errorf("plan (-want +got):\n%s", d)
		}
		if b.cloud.Writes() != writes {
			b.Error("planning wrote")
		}
		done, err := b.manager().ApplyDelete(b.Context(), plan)
		if err != nil {
			b.Fatal(err)
		}
		if len(done.Records) != 7 || !done.Delegation || !done.Zone {
			b.Errorf("done %+v", done)
		}
		if b.delegation() != nil || len(b.cloud.Zones(name)) != 0 || len(b.cloud.Records(b.parent)) != 2 {
			b.Errorf("delegation %v, zones %v", b.delegation(), b.cloud.Zones(name))
		}
		again, err := b.manager().PlanDelete(b.Context(), spec())
		if err != nil || !again.Gone || again.String() != "hosted zone "+name+": does not exist\n" {
			b.Errorf("a second plan is %q, %v", again, err)
		}
		writes = b.cloud.Writes()
		if done, err := b.manager().ApplyDelete(b.Context(), again); err != nil || !done.Zone || b.cloud.Writes() != writes {
			b.Errorf("a second run: %+v, %v", done, err)
		}
	})
}

// TestNeighboursAreUntouched deletes one of many zones with similar names, all of
// which have records and delegations of the same kind.
func TestNeighboursAreUntouched(t *testing.T) {
	neighbours := []string{
		"kre-tnba.example.net", "xkre-tnba-dev.example.net", "kre-tnba-dev2.example.net", "kre-tnba-dev-2.example.net",
		"dev.example.net", "tnba-dev.example.net", "sub." + name, "kre-tnba-dev.example.neta", "kre-tnba-dev.example2.net",
	}
	bubble(t, route53test.Options{PageSize: 4}, func(b *bench) {
		ids := map[string]string{}
		for _, n := range neighbours {
			id := b.cloud.AddZone(n)
			b.cloud.SetTag(id, "Environment", env) // all are ours, and none is meant
			ids[n] = id
			text := `"heritage=external-dns,external-dns/owner=` + notes + `,external-dns/resource=ingress/x/y"`
			put(b, id, route53test.Record("api."+n, "A", "192.0.2.1"), route53test.Record("a-api."+n, "TXT", text), route53test.Record("*."+n, "CNAME", "x.net"))
			if strings.HasSuffix(n, "."+domain) && !strings.HasSuffix(n, "."+name) {
				put(b, b.parent, route53test.Record(n, "NS", "ns1.x.com.", "ns2.x.com."))
			}
		}
		private := b.cloud.AddPrivateZone(name)
		state := func() (all []string) {
			for _, n := range neighbours {
				for _, id := range b.cloud.Zones(n) {
					for _, s := range b.cloud.Records(id) {
						all = append(all, fmt.Sprint(*s.Name, s.Type, len(s.ResourceRecords)))
					}
				}
			}
			for _, s := range b.cloud.Records(b.parent) {
				all = append(all, fmt.Sprint(*s.Name, s.Type))
			}
			return append(all, b.cloud.Zones(name)...)
		}
		before := state()
		id := b.make()
		b.fill(id, notes)
		if done, err := destroy(b.Context(), b.manager(), spec()); err != nil || !done.Zone {
			b.Fatalf("%+v, %v", done, err)
		}
		if d := cmp.Diff(before, state()); d != "" {
			b.Errorf("neighbours (-before +after):\n%s", d)
		}
		if got := b.cloud.Zones(name); !slices.Equal(got, []string{private}) {
			b.Errorf("zones of the name are %v", got)
		}
	})
}

func TestForeignRecordsAreInTheWay(t *testing.T) {
	note := func(owner string) string { return `"heritage=external-dns,external-dns/owner=` + owner + `"` }
	identified := route53test.Record("w."+name, "A", "192.0.2.1")
	identified.SetIdentifier, identified.Weight = aws.String("blue"), aws.Int64(1)
	tests := map[string]struct {
		prepare func(b *bench, id string)
		foreign []string
	}{
		"of another external-dns":     {func(b *bench, id string) { b.fill(id, notes+"2") }, []string{"CNAME *", "TXT a-admin", "A admin", "A api", "TXT api", "TXT cname-*", "TXT cname-api"}},
		"of nobody":                   {func(b *bench, id string) { put(b, id, route53test.Record("www."+name, "A", "192.0.2.1")) }, []string{"A www"}},
		"a challenge of ACME":         {func(b *bench, id string) { put(b, id, route53test.Record("_acme-challenge."+name, "TXT", `"x"`)) }, []string{"TXT _acme-challenge"}},
		"a zone that is delegated on": {func(b *bench, id string) { put(b, id, route53test.Record("sub."+name, "NS", "ns1.x.com.")) }, []string{"NS sub"}},
		"one with a routing policy":   {func(b *bench, id string) { put(b, id, identified) }, []string{"A w"}},
		"one that two notes disagree about": {func(b *bench, id string) {
			put(b, id, route53test.Record("x."+name, "A", "192.0.2.1"), route53test.Record("x."+name, "TXT", note(notes)), route53test.Record("a-x."+name, "TXT", note("other")))
		}, []string{"TXT a-x", "A x"}},
		"one beside a record of ours": {func(b *bench, id string) {
			put(b, id, route53test.Record("x."+name, "A", "192.0.2.1"), route53test.Record("a-x."+name, "TXT", note(notes)), route53test.Record("x."+name, "AAAA", "2001:db8::1"))
		}, []string{"AAAA x"}},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(b *bench) {
				id := b.make()
				tt.prepare(b, id)
				plan, err := b.manager().PlanDelete(b.Context(), spec())
				if err != nil {
					b.Fatal(err)
				}
				var foreign []string
				for _, r := range plan.Foreign {
					foreign = append(foreign, r.Type+" "+strings.TrimSuffix(r.Name, "."+name))
				}
				if d := cmp.Diff(tt.foreign, foreign); d != "" {
					b.Errorf("foreign records (-want +got):\n%s", d)
				}
				if !strings.Contains(plan.String(), "  ! "+plan.Foreign[0].Type+" ") {
					b.Errorf("the plan does not warn:\n%s", plan)
				}
				writes := b.cloud.Writes()
				_, err = b.manager().ApplyDelete(b.Context(), plan)
				foreignError, ok := errors.AsType[*zone.ForeignError](err)
				if !ok || len(foreignError.Records) != len(tt.foreign) || b.cloud.Writes() != writes {
					b.Fatalf("error %v, %d writes", err, b.cloud.Writes()-writes)
				}
				anyway := func(o *zone.Options) { o.DeleteForeign = true }
				if done, err := destroy(b.Context(), b.manager(anyway), spec()); err != nil || !done.Zone {
					b.Errorf("%+v, %v", done, err)
				}
			})
		})
	}
}

func TestChallengesOfACME(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		id := b.make()
		put(b, id,
			route53test.Record("_acme-challenge.api."+name, "TXT", `"x"`),
			route53test.Record("_acme-challenge2."+name, "TXT", `"x"`),
			route53test.Record("_acme-challenge.www."+name, "CNAME", "elsewhere.net"),
		)
		m := b.manager(func(o *zone.Options) { o.DeleteChallenges = true })
		plan, err := m.PlanDelete(b.Context(), spec())
		if err != nil || len(plan.Records) != 1 || len(plan.Foreign) != 2 || !strings.Contains(plan.String(), "  - TXT _acme-challenge.api."+name+" (a challenge of ACME)\n") {
			b.Fatalf("%s, %v", plan, err)
		}
		if err := b.cloud.Remove(id, route53test.Record("_acme-challenge2."+name, "TXT", `"x"`), route53test.Record("_acme-challenge.www."+name, "CNAME", "elsewhere.net")); err != nil {
			b.Fatal(err)
		}
		if done, err := m.ApplyDelete(b.Context(), plan); err != nil || !done.Zone || len(done.Records) != 1 {
			b.Errorf("%+v, %v", done, err)
		}
	})
}

func TestAParentThatIsGone(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		s := zone.Spec{Name: "a.elsewhere.net"}
		if _, err := apply(b.Context(), b.manager(), s); err != nil {
			b.Fatal(err)
		}
		s.Parent = "elsewhere.net"
		plan, err := b.manager().PlanDelete(b.Context(), s)
		if err != nil || !strings.Contains(plan.String(), "note: there is no hosted zone elsewhere.net in this account") {
			b.Fatalf("%s, %v", plan, err)
		}
		if done, err := b.manager().ApplyDelete(b.Context(), plan); err != nil || !done.Zone || done.Delegation {
			b.Errorf("%+v, %v", done, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		environment string
		name        string
		opts        func(*zone.Options)
		err         error
	}{
		"an environment of production":           {environment: "kre-production", err: zone.ErrProduction},
		"a name of production":                   {name: "prod.example.net", err: zone.ErrProduction},
		"which may be allowed by name":           {name: "prod.example.net", opts: func(o *zone.Options) { o.AllowProduction = "PROD.example.net." }},
		"another name allows nothing":            {name: "prod.example.net", opts: func(o *zone.Options) { o.AllowProduction = "prod2.example.net" }, err: zone.ErrProduction},
		"a word of one's own":                    {opts: func(o *zone.Options) { o.Production = []string{"tnba"} }, err: zone.ErrProduction},
		"production in an environment of others": {opts: func(o *zone.Options) { o.Environment = "production" }, err: zone.ErrProduction},
		"the zone of another environment":        {opts: func(o *zone.Options) { o.Environment = "kre-de" }, err: zone.ErrNotOwned},
		"no environment":                         {opts: func(o *zone.Options) { o.Environment = "" }, err: zone.ErrNoEnvironment},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(b *bench) {
				s := spec()
				if tt.name != "" {
					s.Name = tt.name
				}
				made := b.manager(func(o *zone.Options) {
					if tt.environment != "" {
						o.Environment = tt.environment
					}
				})
				if _, err := apply(b.Context(), made, s); err != nil {
					b.Fatal(err)
				}
				writes := b.cloud.Writes()
				m := b.manager(func(o *zone.Options) {
					if tt.environment != "" {
						o.Environment = tt.environment
					}
					if tt.opts != nil {
						tt.opts(o)
					}
				})
				_, err := destroy(b.Context(), m, s)
				if !errors.Is(err, tt.err) || err != nil && b.cloud.Writes() != writes {
					b.Errorf("error %v, want %v; %d writes", err, tt.err, b.cloud.Writes()-writes)
				}
			})
		})
	}
}

func TestADelegationElsewhereStays(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		b.make()
		put(b, b.parent, route53test.Record(name, "NS", "ns1.elsewhere.com."))
		plan, err := b.manager().PlanDelete(b.Context(), spec())
		if err != nil || len(plan.Delegation) != 0 || !strings.Contains(plan.String(), "delegates the name to other name servers, and keeps doing so: ns1.elsewhere.com") {
			b.Fatalf("%s, %v", plan, err)
		}
		if done, err := b.manager().ApplyDelete(b.Context(), plan); err != nil || !done.Zone || done.Delegation || len(b.delegation()) != 1 {
			b.Errorf("%+v, %v, %v", done, err, b.delegation())
		}
		plan, err = b.manager().PlanDelete(b.Context(), spec())
		if err != nil || !plan.Gone || len(plan.Notes) != 1 {
			b.Errorf("a delegation to nowhere is not told: %v, %v", plan, err)
		}
	})
}

func TestWhatThePlanDoesNotNameIsNotDeleted(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		id := b.make()
		b.fill(id, notes)
		m := b.manager()
		plan, err := m.PlanDelete(b.Context(), spec())
		if err != nil {
			b.Fatal(err)
		}
		more := route53test.Record("a-new."+name, "TXT", `"heritage=external-dns,external-dns/owner=`+notes+`"`)
		put(b, id, more)
		writes := b.cloud.Writes()
		if _, err := m.ApplyDelete(b.Context(), plan); !errors.Is(err, zone.ErrStale) || !strings.Contains(err.Error(), "there is also TXT a-new."+name) || b.cloud.Writes() != writes {
			b.Errorf("error %v", err)
		}
		if err := b.cloud.Remove(id, more); err != nil {
			b.Fatal(err)
		}
		// Values may change, and what is gone is gone.
		put(b, id, route53test.Record("admin."+name, "A", "192.0.2.77"))
		if err := b.cloud.Remove(id, route53test.Record("*."+name, "CNAME", "lb.elb.amazonaws.com")); err != nil {
			b.Fatal(err)
		}
		if done, err := m.ApplyDelete(b.Context(), plan); err != nil || len(done.Records) != 6 {
			b.Errorf("%+v, %v", done, err)
		}
		if _, err := m.ApplyDelete(b.Context(), zone.Deletion{Zone: name, ID: id}); !errors.Is(err, zone.ErrNotPlanned) {
			b.Errorf("a plan that somebody wrote: %v", err)
		}
	})
}

// racing does something before records are changed.
type racing struct {
	zone.API
	before func()
}

func (r racing) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, opts ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	r.before()
	return r.API.ChangeResourceRecordSets(ctx, in, opts...)
}

// TestExternalDNSDeletesToo has somebody delete a record between reading and deleting.
func TestExternalDNSDeletesToo(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		id := b.make()
		b.fill(id, notes)
		races := 0
		api := racing{b.cloud.Client(), func() {
			if races++; races == 1 {
				if err := b.cloud.Remove(id, route53test.Record("admin."+name, "A", "192.0.2.1", "192.0.2.2")); err != nil {
					b.Error(err)
				}
			}
		}}
		m := zone.New(api, zone.Options{Environment: env, Registry: zone.Registry{Owner: notes}})
		if done, err := destroy(b.Context(), m, spec()); err != nil || !done.Zone || len(done.Records) != 6 || races != 3 {
			b.Errorf("%+v, %v after %d attempts", done, err, races)
		}
	})
}

func TestSomebodyWhoKeepsMakingRecords(t *testing.T) {
	var again func(op string)
	bubble(t, route53test.Options{Before: func(op string, _ int) *route53test.Error {
		if again != nil && op == "DeleteHostedZone" {
			return &route53test.Error{Code: "HostedZoneNotEmpty", Message: "The specified hosted zone contains non-required resource record sets and so cannot be deleted."}
		}
		return nil
	}}, func(b *bench) {
		b.make()
		again = func(string) {}
		began := time.Now()
		done, err := destroy(b.Context(), b.manager(), spec())
		if err == nil || done.Zone || !strings.Contains(err.Error(), "HostedZoneNotEmpty") || time.Since(began) > 5*time.Minute {
			b.Errorf("%+v, %v", done, err)
		}
	})
}

// TestManyRecords deletes more than one batch takes, within the rate of the account.
func TestManyRecords(t *testing.T) {
	bubble(t, route53test.Options{Throttle: true}, func(b *bench) {
		id := b.make()
		text := `"heritage=external-dns,external-dns/owner=` + notes + `,external-dns/resource=ingress/` + strings.Repeat("x", 150) + `/y"`
		for i := range 700 {
			host := fmt.Sprintf("h%03d.%s", i, name)
			put(b, id, route53test.Record(host, "A", "192.0.2.1", "192.0.2.2"), route53test.Record("a-"+host, "TXT", text))
		}
		calls := b.cloud.Calls("ChangeResourceRecordSets")
		done, err := destroy(b.Context(), b.manager(), spec())
		if err != nil || len(done.Records) != 1400 || !done.Zone {
			b.Fatalf("%d records, %v", len(done.Records), err)
		}
		// 700 x about 240 characters is what limits here.
		if got := b.cloud.Calls("ChangeResourceRecordSets") - calls; got < 6 || got > 9 {
			b.Errorf("%d calls", got)
		}
	})
}
