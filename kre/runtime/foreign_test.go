package runtime_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
)

// TestTheClusterOfAnotherEnvironment has a runtime of the same name, which was made
// without this package, in the cluster that was not meant.
func TestTheClusterOfAnotherEnvironment(t *testing.T) {
	tests := map[string]struct {
		hosts   []string
		labels  map[string]string
		refused bool
	}{
		"a namespace that answers to names of production": {hosts: []string{"api.kre-tnba.example.net", "admin.kre-tnba.example.net"}, refused: true},
		"to names of one that is called alike":            {hosts: []string{"api.xkre-tnba-dev.example.net"}, refused: true},
		"to names of ours":                                {hosts: []string{"API.kre-tnba-dev.example.net", "alias.example.org"}},
		"to the zone's own name":                          {hosts: []string{"kre-tnba-dev.example.net"}},
		"to none":                                         {},
		"a namespace of ours answers to any": {
			hosts: []string{"api.kre-tnba.example.net"}, labels: map[string]string{runtime.LabelEnvironment: env, runtime.LabelRuntime: "kre-tnba"},
		},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(w *world) {
				w.cloud.SetTag(w.cloud.AddZone("kre-tnba-dev.example.net"), zone.TagEnvironment, env)
				w.add("kre-tnba", tt.labels)
				w.up(old("kre-tnba", func(r *runtime.Runtime) { r.Title = "before" }))
				w.namespaces["kre-tnba"].exposed[0].Hosts = tt.hosts
				before := w.state()
				_, planned := w.manager().Plan(w.Context(), []runtime.Runtime{old("kre-tnba")})
				_, destroyed := w.manager().PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
				for _, err := range []error{planned, destroyed} {
					if refused := errors.Is(err, runtime.ErrNotOwned); refused != tt.refused || err != nil && !refused {
						w.Errorf("error %v", err)
					}
					if tt.refused && !strings.Contains(err.Error(), "answer to "+tt.hosts[0]) {
						w.Errorf("the name is not said: %v", err)
					}
				}
				if d := cmp.Diff(before, w.state()); d != "" {
					w.Errorf("planning wrote (-before +after):\n%s", d)
				}
			})
		})
	}
}

// TestForeignRecordsKeepTheRuntime has a record that is known to be in the way before
// the first thing is taken down.
func TestForeignRecordsKeepTheRuntime(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"), old("kre-rta"))
		id := w.cloud.Zones("kre-tnba-dev.example.net")[0]
		if err := w.cloud.Put(id, route53test.Record("www.kre-tnba-dev.example.net", "A", "192.0.2.1")); err != nil {
			w.Fatal(err)
		}
		done, err := destroy(w.Context(), w.manager(), old("kre-tnba"), old("kre-rta"))
		if _, ok := errors.AsType[*zone.ForeignError](err); !ok {
			w.Fatalf("error %v", err)
		}
		if got := done.Runtimes[0].String(); !strings.HasPrefix(got, "kre-tnba: failed at its check; gone: nothing\n") || w.releases["kre-tnba"] == "" {
			w.Errorf("%s, releases %v", got, w.releases)
		}
		if done.Runtimes[1].Err != nil || w.releases["kre-rta"] != "" {
			w.Errorf("the other one: %v", done.Runtimes[1])
		}
	})
}

func TestANamespaceThatWentToAnotherEnvironmentIsLeftAlone(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"))
		keep := func(o *runtime.Options) { o.DeleteNamespaces = false }
		plan, err := w.manager(keep).PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil {
			w.Fatal(err)
		}
		w.namespaces["kre-tnba"].Labels = map[string]string{runtime.LabelEnvironment: "kre-other"}
		if _, err := w.manager(keep).ApplyDelete(w.Context(), plan); !errors.Is(err, runtime.ErrNotOwned) || w.releases["kre-tnba"] == "" {
			w.Errorf("error %v, releases %v", err, w.releases)
		}
	})
}

func TestTheDestructionSaysWhatIsNotThere(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"))
		delete(w.namespaces, "kre-tnba")
		plan, err := w.manager().PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil || !strings.Contains(plan.String(), "note: there is no namespace kre-tnba in this cluster") {
			w.Errorf("%s, %v", plan, err)
		}
	})
}

func TestTheDestructionSaysWhatItWillWaitFor(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"))
		plan, err := w.manager(func(o *runtime.Options) { o.DeleteNamespaces = false }).PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil {
			w.Fatal(err)
		}
		text := plan.String()
		if !strings.Contains(text, "note: Ingress v1-entrypoint is not of the release") || strings.Contains(text, "Ingress kre-tnba-api is not") {
			w.Error(text)
		}
	})
}

// TestDataThatGoesWithTheRelease has claims that go though the release has none of them.
func TestDataThatGoesWithTheRelease(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"))
		w.namespaces["kre-tnba"].volumes = []runtime.Volumed{
			{Claim: "data-mongo-0", Size: "1Gi", Volume: "a", Policy: "Delete", Owner: "StatefulSet mongo"},
			{Claim: "old", Size: "1Gi", Volume: "b", Policy: "Recycle", Release: "kre-tnba"},
			{Claim: "similar", Size: "1Gi", Volume: "c", Policy: "Delete", Release: "kre-tnba2"},
		}
		plan, err := w.manager(func(o *runtime.Options) { o.DeleteNamespaces = false }).PlanDelete(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil {
			w.Fatal(err)
		}
		var got []bool
		for _, v := range plan.Runtimes[0].Volumes {
			got = append(got, v.DataGoes)
		}
		if want := []bool{true, true, false}; !slices.Equal(got, want) {
			w.Errorf("data goes %v, want %v:\n%s", got, want, plan)
		}
	})
}
