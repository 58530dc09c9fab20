package zone_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
)

func TestAZoneIsMadeAndDelegated(t *testing.T) {
	bubble(t, route53test.Options{Throttle: true}, func(b *bench) {
		m := b.manager()
		s := spec()
		s.Tags = map[string]string{"Project": "mettel"}
		plan, err := m.Plan(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		want := "+ hosted zone kre-tnba-dev.example.net\n" +
			"+ delegation of kre-tnba-dev.example.net in example.net (" + b.parent + "): the name servers that the zone gets, for 300 s\n"
		if d := cmp.Diff(want, plan.String()); d != "" {
			b.Errorf("plan (-want +got):\n%s", d)
		}
		if b.cloud.Writes() != 0 {
			b.Error("planning wrote")
		}
		began := time.Now()
		r, err := m.Apply(b.Context(), plan)
		if err != nil {
			b.Fatal(err)
		}
		if took := time.Since(began); took < time.Minute || took > 90*time.Second {
			b.Errorf("it took %s, with two changes of half a minute", took)
		}
		id := b.cloud.Zones(name)[0]
		if r.ID != id || !r.Created || !r.Tagged || !r.Delegated || len(r.NameServers) != 4 {
			b.Errorf("result is %+v", r)
		}
		if d := cmp.Diff(map[string]string{"Environment": env, "Project": "mettel"}, b.cloud.Tags(id)); d != "" {
			b.Errorf("tags (-want +got):\n%s", d)
		}
		servers := b.delegation()
		for i, s := range servers {
			servers[i] = strings.TrimSuffix(s, ".")
		}
		if d := cmp.Diff(r.NameServers, servers); d != "" {
			b.Errorf("delegation (-want +got):\n%s", d)
		}
		var news []string
		for _, e := range b.events.Events() {
			news = append(news, fmt.Sprint(e.Op, " ", e.Subject, " ", e.State, ": ", e.Message))
		}
		wantNews := []string{
			"kre.zone kre-tnba-dev.example.net running: create",
			"kre.zone kre-tnba-dev.example.net running: created: waiting for its name servers",
			"kre.zone kre-tnba-dev.example.net running: delegated: waiting for the name servers of example.net",
			"kre.zone kre-tnba-dev.example.net done: created, delegated",
		}
		if d := cmp.Diff(wantNews, news); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}

		writes := b.cloud.Writes()
		again, err := m.Plan(b.Context(), s)
		if err != nil || !again.Empty() || again.String() != "" {
			b.Errorf("a second plan is %q, %v", again, err)
		}
		if r, err := m.Apply(b.Context(), again); err != nil || r.ID != id || r.Created || b.cloud.Writes() != writes {
			b.Errorf("a second run: %+v, %v, %d writes", r, err, b.cloud.Writes()-writes)
		}
	})
}

func TestPlansOfWhatExists(t *testing.T) {
	tests := map[string]struct {
		prepare func(b *bench, id string)
		spec    func(*zone.Spec)
		opts    func(*zone.Options)
		want    string // lines of the plan
		err     error
	}{
		"another delegation is replaced": {
			prepare: func(b *bench, _ string) { put(b, b.parent, route53test.Record(name, "NS", "ns1.old.com.")) },
			want: "~ delegation of NAME in example.net (PARENT): ns1.old.com for 300 s -> SERVERS for 300 s\n" +
				"note: NAME: example.net (PARENT) delegates the name to name servers of another zone, which would lose it: ns1.old.com\n",
		},
		"so is one that is kept for another time": {
			opts: func(o *zone.Options) { o.TTL = time.Minute },
			want: "~ delegation of NAME in example.net (PARENT): SERVERS for 300 s -> SERVERS for 60 s\n",
		},
		"a tag is changed, and one of somebody else stays": {
			prepare: func(b *bench, id string) { b.cloud.SetTag(id, "Other", "x") },
			spec:    func(s *zone.Spec) { s.Tags = map[string]string{"Project": "b"} },
			want:    "~ hosted zone NAME (ZONE): tag Project = \"b\"\n",
		},
		"a zone without a parent is not delegated": {spec: func(s *zone.Spec) { s.Parent = "" }},
		"letter case and a dot at the end do not matter": {spec: func(s *zone.Spec) {
			s.Name, s.Parent = "KRE-TNBA-dev.Example.NET.", "Example.net."
		}},
		"a private zone of the name is told apart": {
			prepare: func(b *bench, _ string) { b.cloud.AddPrivateZone(name) },
			want:    "note: NAME: private hosted zone PRIVATE has the same name, and is left alone\n",
		},
		"a public zone of somebody else is told apart": {
			prepare: func(b *bench, _ string) { b.cloud.SetTag(b.cloud.AddZone(name), "Environment", "other") },
			want:    "note: NAME: public hosted zone PRIVATE has the same name and the tag Environment \"other\", and is left alone\n",
		},
		"records that the delegation hides are named": {
			prepare: func(b *bench, _ string) {
				put(b, b.parent, route53test.Record("www."+name, "A", "192.0.2.1"))
				put(b, b.parent, route53test.Record("a.x"+name, "A", "192.0.2.1"))
				put(b, b.parent, route53test.Record(name, "TXT", `"x"`))
			},
			want: "note: NAME: 2 records of the parent zone example.net at or below that name, where the delegation hides them: TXT NAME, A www.NAME\n",
		},
		"neighbours with similar names do not matter": {prepare: func(b *bench, _ string) {
			for _, n := range []string{"kre-tnba.example.net", "xkre-tnba-dev.example.net", "kre-tnba-dev.example.neta", "a." + name, "kre-tnba-dev2.example.net"} {
				b.cloud.AddZone(n)
			}
		}},
		"two zones of ours leave a doubt": {
			prepare: func(b *bench, _ string) { b.cloud.SetTag(b.cloud.AddZone(name), "Environment", env) },
			err:     &zone.AmbiguousError{},
		},
		"which an id removes": {
			prepare: func(b *bench, _ string) { b.cloud.SetTag(b.cloud.AddZone(name), "Environment", env) },
			spec:    func(s *zone.Spec) { s.ID = "/hostedzone/ZONE" },
		},
		"an id of another name is none": {spec: func(s *zone.Spec) { s.ID = "PARENT" }, err: zone.ErrNoZone},
		"two parents leave a doubt":     {prepare: func(b *bench, _ string) { b.cloud.AddZone(domain) }, err: &zone.AmbiguousError{}},
		"which an id removes too": {
			prepare: func(b *bench, _ string) { b.cloud.AddZone(domain) },
			spec:    func(s *zone.Spec) { s.ParentID = "PARENT" },
		},
		"a private parent is no doubt":     {prepare: func(b *bench, _ string) { b.cloud.AddPrivateZone(domain) }},
		"an id of no parent":               {spec: func(s *zone.Spec) { s.ParentID = "ZONE" }, err: zone.ErrNoZone},
		"a parent that does not exist":     {spec: func(s *zone.Spec) { s.Parent = "net" }, err: errAny},
		"a parent that is not in Route 53": {spec: func(s *zone.Spec) { s.Name, s.Parent = "a.elsewhere.net", "elsewhere.net" }, err: zone.ErrNoParent},
		"no environment":                   {opts: func(o *zone.Options) { o.Environment = "" }, err: zone.ErrNoEnvironment},
		"another environment's zone":       {opts: func(o *zone.Options) { o.Environment = "kre-dev2" }, err: zone.ErrNotOwned},
		"which cannot be adopted":          {opts: func(o *zone.Options) { o.Environment, o.Adopt = "kre-dev2", true }, err: zone.ErrNotOwned},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{PageSize: 2}, func(b *bench) {
				id := b.make()
				if tt.prepare != nil {
					tt.prepare(b, id)
				}
				private := ""
				for _, z := range b.cloud.Zones(name) {
					if z != id {
						private = z
					}
				}
				names := strings.NewReplacer("ZONE", id, "PARENT", b.parent, "PRIVATE", private, "NAME", name, "SERVERS", serversOf(b, id))
				s, opts := spec(), func(*zone.Options) {}
				if tt.spec != nil {
					tt.spec(&s)
				}
				s.ID, s.ParentID = names.Replace(s.ID), names.Replace(s.ParentID)
				if tt.opts != nil {
					opts = tt.opts
				}
				writes := b.cloud.Writes()
				plan, err := b.manager(opts).Plan(b.Context(), s)
				if !matches(err, tt.err) {
					b.Errorf("error %v, want %v", err, tt.err)
				}
				if d := cmp.Diff(names.Replace(tt.want), plan.String()); d != "" {
					b.Errorf("plan (-want +got):\n%s", d)
				}
				if b.cloud.Writes() != writes {
					b.Error("planning wrote")
				}
				if err != nil {
					return
				}
				if _, err := b.manager(opts).Apply(b.Context(), plan); err != nil {
					b.Error(err)
				}
				if again, err := b.manager(opts).Plan(b.Context(), s); err != nil || !again.Empty() {
					b.Errorf("after applying: %q, %v", again, err)
				}
			})
		})
	}
}

func TestAdoption(t *testing.T) {
	tests := map[string]struct {
		zones int
		adopt bool
		err   error
	}{
		"a zone that says nothing is not ours":       {zones: 1, err: zone.ErrNotOwned},
		"unless it is to be adopted":                 {zones: 1, adopt: true},
		"two of them leave a doubt":                  {zones: 2, adopt: true, err: &zone.AmbiguousError{}},
		"which is no doubt where neither is adopted": {zones: 2, err: zone.ErrNotOwned},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(b *bench) {
				for range tt.zones {
					b.cloud.AddZone(name)
				}
				m := b.manager(func(o *zone.Options) { o.Adopt = tt.adopt })
				_, err := apply(b.Context(), m, spec())
				if !matches(err, tt.err) {
					b.Fatalf("error %v, want %v", err, tt.err)
				}
				if ids := b.cloud.Zones(name); len(ids) != tt.zones || err == nil && b.cloud.Tags(ids[0])["Environment"] != env {
					b.Errorf("zones %v with tags %v", ids, b.cloud.Tags(ids[0]))
				}
				if _, err := destroy(b.Context(), m, spec()); !tt.adopt && !errors.Is(err, zone.ErrNotOwned) {
					b.Errorf("what was not adopted is deleted: %v", err)
				}
			})
		})
	}
}

func TestWrongSpecsAreRefusedAtOnce(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := map[string]struct {
		spec zone.Spec
		want []string
	}{
		"nothing":                    {zone.Spec{}, []string{"the name is missing"}},
		"all faults are named":       {zone.Spec{Name: "a_b.net", Parent: "-.org"}, []string{`"a_b" is no DNS label`, `"-" is no DNS label`, "does not lie below"}},
		"a label too long":           {zone.Spec{Name: long + ".net"}, []string{"is no DNS label"}},
		"a name too long":            {zone.Spec{Name: strings.Repeat("abc.", 64) + "net"}, []string{"of 259 characters, at most 253"}},
		"a top-level domain":         {zone.Spec{Name: "net"}, []string{"is a top-level domain"}},
		"a parent that is the name":  {zone.Spec{Name: domain, Parent: domain}, []string{"does not lie below its parent"}},
		"a parent that is similar":   {zone.Spec{Name: "a.xexample.net", Parent: domain}, []string{"does not lie below its parent"}},
		"an id of no parent":         {zone.Spec{Name: name, ParentID: "Z1"}, []string{"without the parent's name"}},
		"the tag that is not theirs": {zone.Spec{Name: name, Tags: map[string]string{"Environment": "x"}}, []string{"set from Options.Environment alone"}},
		"a wildcard":                 {zone.Spec{Name: "*.example.net"}, []string{`"*" is no DNS label`}},
		"too many tags":              {zone.Spec{Name: name, Tags: tags(10)}, []string{"11 tags with Environment, at most 10"}},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(b *bench) {
				for verb, do := range map[string]func() error{
					"plan":   func() error { _, err := b.manager().Plan(b.Context(), tt.spec); return err },
					"delete": func() error { _, err := b.manager().PlanDelete(b.Context(), tt.spec); return err },
				} {
					err := do()
					for _, want := range tt.want {
						if err == nil || !strings.Contains(err.Error(), want) {
							b.Errorf("%s: error %v, want %s", verb, err, want)
						}
					}
				}
				if n := b.cloud.Calls("ListHostedZonesByName"); n != 0 {
					b.Errorf("%d calls", n)
				}
			})
		})
	}
}

func TestAPlanThatIsNotTrueAnyMore(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		m := b.manager()
		plan, err := m.Plan(b.Context(), spec())
		if err != nil {
			b.Fatal(err)
		}
		put(b, b.parent, route53test.Record(name, "NS", "ns1.somebody.com."))
		if _, err := m.Apply(b.Context(), plan); !errors.Is(err, zone.ErrStale) || len(b.cloud.Zones(name)) != 0 {
			b.Errorf("a delegation of somebody else would be lost: %v", err)
		}
		if _, err := m.Apply(b.Context(), zone.Plan{Zone: name, Action: zone.Create}); !errors.Is(err, zone.ErrNotPlanned) {
			b.Errorf("a plan that somebody wrote: %v", err)
		}
		b.make()
		writes := b.cloud.Writes()
		if plan, err = m.Plan(b.Context(), spec()); err != nil {
			b.Fatal(err)
		}
		if r, err := m.Apply(b.Context(), plan); err != nil || b.cloud.Writes() != writes || r.ID == "" {
			b.Errorf("what another run has done since: %v, %+v", err, r)
		}
	})
}

func TestCallerReferencesAreNeverUsedTwice(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		for i := range 4 { // made and deleted on one day
			id := b.make()
			if d, err := destroy(b.Context(), b.manager(), spec()); err != nil || !d.Zone {
				b.Fatalf("round %d, zone %s: %+v, %v", i, id, d, err)
			}
		}
	})
}

// TestALateListing has a run that was killed right after it made the zone, and a
// listing that does not show it yet to the next one.
func TestALateListing(t *testing.T) {
	kill := func() {}
	bubble(t, route53test.Options{Lag: 8 * time.Second, After: func(op string, _ int) *route53test.Error {
		if op == "CreateHostedZone" {
			kill()
		}
		return nil
	}}, func(b *bench) {
		ctx, stop := context.WithCancel(b.Context())
		kill = stop
		time.Sleep(time.Minute) // the parent is listed
		if _, err := apply(ctx, b.manager(), spec()); !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		r, err := apply(b.Context(), b.manager(), spec())
		if err != nil || len(b.cloud.Zones(name)) != 1 || r.ID != b.cloud.Zones(name)[0] || r.Created {
			b.Errorf("%+v, %v, zones %v", r, err, b.cloud.Zones(name))
		}
		if len(b.delegation()) != 4 {
			b.Error("it is not delegated")
		}
	})
}

// TestTwoRunsAtOnce lets two runs make the same zone at the same time: one zone comes
// out, or a doubt that is named.
func TestTwoRunsAtOnce(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		plan, err := b.manager().Plan(b.Context(), spec())
		if err != nil {
			b.Fatal(err)
		}
		results := make(chan error)
		for range 2 {
			go func() {
				_, err := b.manager().Apply(b.Context(), plan)
				results <- err
			}()
		}
		for range 2 {
			if err := <-results; err != nil {
				b.Error(err)
			}
		}
		if ids := b.cloud.Zones(name); len(ids) != 1 || !slices.Equal(b.delegation(), strings.Split(strings.ReplaceAll(serversOf(b, ids[0]), ", ", "., ")+".", ", ")) {
			b.Errorf("zones %v, delegation %v", ids, b.delegation())
		}
	})
}
