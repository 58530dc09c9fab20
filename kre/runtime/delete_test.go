package runtime_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

func TestARuntimeGoesInTheRightOrder(t *testing.T) {
	var order []string
	armed := false
	bubble(t, route53test.Options{Before: func(op string, _ int) *route53test.Error {
		if armed && (strings.HasPrefix(op, "Change") || strings.HasPrefix(op, "Delete")) {
			order = append(order, op)
		}
		return nil
	}}, func(w *world) {
		r := old("kre-tnba")
		w.up(r)
		plan, err := w.manager().PlanDelete(w.Context(), []runtime.Runtime{{Name: r.Name, Domain: r.Domain, Kind: r.Kind}})
		if err != nil {
			w.Fatal(err)
		}
		id := w.cloud.Zones(r.Zone())[0]
		want := `runtime kre-tnba: destroy
  uninstall kre-tnba/kre-tnba
  - Ingress kre-tnba-api
  - Ingress v1-entrypoint
  volume claim admin-api (1Gi, gp2): goes, and its volume pv-1-kre-tnba with all data
  volume claim data-mongo-0 (20Gi, hostpath): goes, and its volume pv-2-kre-tnba stays (Retain)
  hosted zone kre-tnba-dev.example.net (` + id + `): delete, with 4 records
    - A api.kre-tnba-dev.example.net (external-dns kre-dev-dns: ingress/kre-tnba/x)
    - TXT cname-api.kre-tnba-dev.example.net (external-dns kre-dev-dns: ingress/kre-tnba/x)
    - TXT cname-v1-entrypoint.kre-tnba-dev.example.net (external-dns kre-dev-dns: ingress/kre-tnba/x)
    - A v1-entrypoint.kre-tnba-dev.example.net (external-dns kre-dev-dns: ingress/kre-tnba/x)
    - NS kre-tnba-dev.example.net in example.net (` + w.parent + `)
  - namespace kre-tnba, with everything in it
`
		if d := cmp.Diff(want, plan.String()); d != "" {
			w.Errorf("plan (-want +got):\n%s", d)
		}
		w.log, armed = nil, true
		w.strike = func(op, _ string, after bool) error {
			if after && slices.Contains([]string{"Uninstall", "Unexpose", "DeleteNamespace"}, op) {
				order = append(order, op)
			}
			return nil
		}
		done, err := w.manager().ApplyDelete(w.Context(), plan)
		if err != nil {
			w.Fatal(err)
		}
		armed = false
		wantOrder := []string{"Uninstall", "Unexpose", "ChangeResourceRecordSets", "ChangeResourceRecordSets", "DeleteHostedZone", "DeleteNamespace"}
		var got []string
		for i, op := range order {
			if op != "Unexpose" || i == 0 || order[i-1] != "Unexpose" { // it is repeated while load balancers go
				got = append(got, op)
			}
		}
		if d := cmp.Diff(wantOrder, got); d != "" {
			w.Errorf("order (-want +got):\n%s", d)
		}
		r0 := done.Runtimes[0]
		if !r0.Unexposed || !r0.Zone.Zone || !r0.Namespace || r0.Err != nil {
			w.Errorf("done %+v", r0)
		}
		if text := done.String(); text != "kre-tnba: destroyed\n  kept: volume pv-2-kre-tnba of claim data-mongo-0 (20Gi, hostpath)\n" {
			w.Errorf("result is %s", text)
		}
		if d := cmp.Diff([]string{"record example.net. NS", "record example.net. SOA"}, w.state()); d != "" {
			w.Errorf("left (-want +got):\n%s", d)
		}
		again, err := destroy(w.Context(), w.manager(), r)
		if err != nil || !again.Runtimes[0].Namespace {
			w.Errorf("a second run: %+v, %v", again, err)
		}
	})
}

// TestSimilarRuntimesAreUntouched destroys one of several whose names are alike.
func TestSimilarRuntimesAreUntouched(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		others := []runtime.Runtime{
			old("kre-tnba2"), old("tnba"), old("kre-tnba-dev"), recent("xkre-tnba"), old("kre"),
			recent("kre-tnba-prod2", func(r *runtime.Runtime) { r.Kind = runtime.Production }),
		}
		w.up(others...)
		// The zone of the runtime of production has the name that ours would have with "-dev" cut.
		w.up(old("kre-tnba", func(r *runtime.Runtime) { r.Kind = runtime.Development }))
		w.cloud.SetTag(w.cloud.AddZone("kre-tnba.example.net"), zone.TagEnvironment, env)
		before := w.state()
		if _, err := destroy(w.Context(), w.manager(), old("kre-tnba")); err != nil {
			w.Fatal(err)
		}
		after := w.state()
		for _, line := range before {
			ours := strings.HasSuffix(line, " kre-tnba") || strings.Contains(line, " kre-tnba map") || strings.Contains(line, " kre-tnba-dev.example.net.")
			if slices.Contains(after, line) == ours {
				w.Errorf("%q is there: %t", line, !ours)
			}
		}
		if len(w.cloud.Zones("kre-tnba.example.net")) != 1 {
			w.Error("the zone of production is gone")
		}
	})
}

func TestProductionIsRefused(t *testing.T) {
	production := func(r *runtime.Runtime) { r.Kind = runtime.Production }
	tests := map[string]struct {
		runtime runtime.Runtime
		opts    func(*runtime.Options)
		refused bool
	}{
		"by its kind":                     {runtime: old("kre-tnba", production), refused: true},
		"by its name":                     {runtime: old("kre-prod"), refused: true},
		"by its environment":              {runtime: old("kre-tnba"), opts: func(o *runtime.Options) { o.Environment = "kre-production" }, refused: true},
		"by a word of one's own":          {runtime: old("kre-tnba"), opts: func(o *runtime.Options) { o.Production = []string{"tnba"} }, refused: true},
		"unless it is named":              {runtime: old("kre-tnba", production), opts: func(o *runtime.Options) { o.AllowProduction = []string{"kre-tnba"} }},
		"the name of another is not that": {runtime: old("kre-tnba", production), opts: func(o *runtime.Options) { o.AllowProduction = []string{"kre-tnba2", "kre"} }, refused: true},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(w *world) {
				opts := func(o *runtime.Options) {
					if tt.opts != nil {
						tt.opts(o)
					}
				}
				if _, err := apply(w.Context(), w.manager(opts), tt.runtime); err != nil {
					w.Fatal(err)
				}
				before, calls := w.state(), w.cloud.Calls("ListHostedZonesByName")
				_, err := destroy(w.Context(), w.manager(opts), tt.runtime)
				if errors.Is(err, runtime.ErrProduction) != tt.refused || tt.refused && w.cloud.Calls("ListHostedZonesByName") != calls {
					w.Errorf("error %v", err)
				}
				if tt.refused {
					if d := cmp.Diff(before, w.state()); d != "" {
						w.Errorf("state (-before +after):\n%s", d)
					}
				} else if err != nil {
					w.Error(err)
				}
			})
		})
	}
	bubble(t, route53test.Options{}, func(w *world) { // the plan of a Manager that may, in the hands of one that may not
		r := old("kre-tnba", production)
		w.up(r)
		plan, err := w.manager(func(o *runtime.Options) { o.AllowProduction = []string{"kre-tnba"} }).PlanDelete(w.Context(), []runtime.Runtime{r})
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.manager().ApplyDelete(w.Context(), plan); !errors.Is(err, runtime.ErrProduction) {
			w.Errorf("error %v", err)
		}
		if _, err := w.manager().ApplyDelete(w.Context(), runtime.Deletion{Runtimes: []runtime.Removal{{Runtime: "x"}}}); !errors.Is(err, runtime.ErrNotPlanned) {
			w.Errorf("error %v", err)
		}
	})
}

func TestWhatStaysIsSaid(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.own = false
		w.up(old("kre-tnba"))
		keep := func(o *runtime.Options) { o.DeleteNamespaces = false }
		plan, err := w.manager(keep).PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil {
			w.Fatal(err)
		}
		for _, want := range []string{
			"note: namespace kre-tnba stays: Options.DeleteNamespaces is not set",
			"volume claim admin-api (1Gi, gp2): goes, and its volume pv-1-kre-tnba with all data",
			"volume claim data-mongo-0 (20Gi, hostpath): stays, with its data",
		} {
			if !strings.Contains(plan.String(), want) {
				w.Errorf("no %q in\n%s", want, plan)
			}
		}
		done, err := w.manager(keep).ApplyDelete(w.Context(), plan)
		if err != nil || done.Runtimes[0].Namespace || w.namespaces["kre-tnba"] == nil || len(done.Runtimes[0].Kept) != 1 {
			w.Errorf("%+v, %v", done, err)
		}
	})
	for fate, want := range map[runtime.Fate]string{
		{Volumed: runtime.Volumed{Claim: "a", Size: "1Gi"}, ClaimGoes: true}:                                            "a (1Gi): goes; it has no volume",
		{Volumed: runtime.Volumed{Claim: "a", Size: "1Gi", Volume: "v"}, ClaimGoes: true}:                               "a (1Gi): goes; its volume v does not exist",
		{Volumed: runtime.Volumed{Claim: "a", Size: "1Gi", Class: "x", Volume: "v", Policy: "Retain"}, ClaimGoes: true}: "a (1Gi, x): goes, and its volume v stays (Retain)",
	} {
		if fate.String() != want {
			t.Errorf("%s, want %s", fate, want)
		}
	}
}

func TestTroubleWhileDestroying(t *testing.T) {
	tests := map[string]struct {
		opts   func(*runtime.Options)
		change func(w *world)
		want   error
		text   string
		step   runtime.Step
		gone   string
	}{
		"what the runtime made itself is in the way where the namespace stays": {
			opts: func(o *runtime.Options) { o.DeleteNamespaces = false },
			want: runtime.ErrExposed, text: "Ingress v1-entrypoint; delete them, or set Options.DeleteNamespaces", step: runtime.StepExposed, gone: "release",
		},
		"a load balancer that never goes": {
			change: func(w *world) { w.stuck = true },
			want:   runtime.ErrTimeout, text: "wait for Ingress kre-tnba-api, Ingress v1-entrypoint to go", step: runtime.StepExposed, gone: "release",
		},
		"a namespace that never goes": {
			change: func(w *world) {
				w.strike = func(op, _ string, after bool) error {
					if ns := w.namespaces["kre-tnba"]; op == "DeleteNamespace" && after {
						ns.goneAt = time.Now().Add(time.Hour)
						ns.Remaining = []string{"acme.cert-manager.io/finalizer in 1 resource instances"}
					}
					return nil
				}
			},
			want: runtime.ErrTimeout, text: "wait for namespace kre-tnba (acme.cert-manager.io/finalizer in 1 resource instances) to go: not done in time after 10m0s",
			step: runtime.StepNamespace, gone: "release, ingresses, zone",
		},
		"a namespace that was made since": {
			change: func(w *world) { w.add("kre-tnba", w.namespaces["kre-tnba"].Labels) },
			want:   runtime.ErrStale, step: runtime.StepCheck, gone: "nothing",
		},
		"one that is not ours any more": {
			change: func(w *world) { w.namespaces["kre-tnba"].Labels = nil },
			want:   runtime.ErrStale, step: runtime.StepCheck, gone: "nothing",
		},
		"a release that does not go": {
			change: func(w *world) {
				w.strike = func(op, _ string, _ bool) error {
					if op == "Uninstall" {
						return kre.ErrForbidden
					}
					return nil
				}
			},
			want: kre.ErrForbidden, step: runtime.StepRelease, gone: "nothing",
		},
		"a record of somebody else": {
			change: func(w *world) {
				id := w.cloud.Zones("kre-tnba-dev.example.net")[0]
				if err := w.cloud.Put(id, route53test.Record("www.kre-tnba-dev.example.net", "A", "192.0.2.1")); err != nil {
					w.Fatal(err)
				}
			},
			text: "1 record not of our external-dns would be lost: A www.kre-tnba-dev.example.net", step: runtime.StepZone, gone: "release, ingresses",
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(w *world) {
				w.up(old("kre-tnba"), old("other"))
				opts := func(o *runtime.Options) {
					if tt.opts != nil {
						tt.opts(o)
					}
				}
				plan, err := w.manager(opts).PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
				if err != nil {
					w.Fatal(err)
				}
				if tt.change != nil {
					tt.change(w)
				}
				began := time.Now()
				done, err := w.manager(opts).ApplyDelete(w.Context(), plan)
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
					w.Fatalf("error %v", err)
				}
				if got, want := done.String(), fmt.Sprintf("kre-tnba: failed at its %s; gone: %s\n", tt.step, tt.gone); !strings.HasPrefix(got, want) {
					w.Errorf("%s, want %s", got, want)
				}
				if took := time.Since(began); took > 12*time.Minute {
					w.Errorf("it took %s", took)
				}
				if w.releases["other"] == "" || len(w.cloud.Zones("other-dev.example.net")) != 1 {
					w.Error("the other runtime is gone")
				}
			})
		})
	}
}

func TestANamespaceThatIsGoingAlready(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		r := old("kre-tnba")
		w.up(r)
		if err := w.DeleteNamespace(w.Context(), r.Name, w.namespaces[r.Name].UID); err != nil {
			w.Fatal(err)
		}
		w.log = nil
		plan, err := w.manager().PlanDelete(w.Context(), []runtime.Runtime{r})
		if err != nil || !strings.Contains(plan.String(), "is being deleted already, with everything in it") {
			w.Fatalf("%s, %v", plan, err)
		}
		if done, err := w.manager().ApplyDelete(w.Context(), plan); err != nil || !done.Runtimes[0].Namespace || len(w.log) != 0 || w.namespaces[r.Name] != nil || len(w.cloud.Zones(r.Zone())) != 0 {
			w.Errorf("%+v, %v, %v", done, err, w.log)
		}
	})
	bubble(t, route53test.Options{}, func(w *world) {
		w.add("kre-tnba", map[string]string{runtime.LabelEnvironment: "kre-other"})
		if _, err := w.manager().PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")}); !errors.Is(err, runtime.ErrNotOwned) {
			w.Errorf("error %v", err)
		}
	})
}
