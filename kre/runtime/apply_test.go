package runtime_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/runtime"
)

func TestRuntimesComeUp(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		runtimes := []runtime.Runtime{old("kre-tnba"), recent("kre-email-tagger"), old("kre-rta")}
		plan, err := w.manager().Plan(w.Context(), runtimes)
		if err != nil {
			w.Fatal(err)
		}
		if len(w.log) != 0 || w.cloud.Writes() != 0 {
			w.Errorf("planning wrote %v", w.log)
		}
		text := plan.String()
		for _, want := range []string{
			"runtime kre-tnba: admin.kre-tnba-dev.example.net, api.kre-tnba-dev.example.net\n  + hosted zone kre-tnba-dev.example.net\n  + delegation of",
			"  + namespace kre-email-tagger\n  install kre-email-tagger/kre-email-tagger",
			"  note: the id of the hosted zone, shown as known-after-apply, is filled in once the zone is made\n",
		} {
			if !strings.Contains(text, want) {
				w.Errorf("no %q in\n%s", want, text)
			}
		}
		result, err := w.manager().Apply(w.Context(), plan)
		if err != nil {
			w.Fatal(err)
		}
		for i, o := range result.Runtimes {
			id := w.cloud.Zones(runtimes[i].Zone())[0]
			if o.Runtime != runtimes[i].Name || o.Zone.ID != id || !o.Namespace || !o.Changed || o.Step != "" || o.Hosts != runtimes[i].Hosts() || len(o.Release.Releases) != 1 {
				w.Errorf("outcome %+v", o)
			}
			if got := w.namespaces[o.Runtime].Labels; got[runtime.LabelEnvironment] != env || got[runtime.LabelRuntime] != o.Runtime {
				w.Errorf("labels %v", got)
			}
			if i == 1 {
				continue
			}
			if values := w.releases[o.Runtime]; !strings.Contains(values, `"hostedZoneID":"`+id+`"`) {
				w.Errorf("the release does not know its zone %s: %s", id, values)
			}
		}
		if want := "kre-tnba: done\nkre-email-tagger: done\nkre-rta: done\n"; result.String() != want {
			w.Errorf("result is %s", result)
		}
		var news []string
		for _, e := range w.events.Events() {
			if e.Subject == "kre-tnba" {
				news = append(news, fmt.Sprint(e.Op, " ", e.State, " ", e.Message))
			}
		}
		want := []string{"kre.runtime running zone", "kre.runtime running namespace", "kre.runtime running release", "kre.runtime done admin.kre-tnba-dev.example.net"}
		if d := cmp.Diff(want, news); d != "" {
			w.Errorf("events (-want +got):\n%s", d)
		}

		writes, log := w.cloud.Writes(), len(w.log)
		again, err := w.manager().Plan(w.Context(), runtimes)
		if err != nil || !again.Empty() || again.String() != "runtime kre-tnba: unchanged\nruntime kre-email-tagger: unchanged\nruntime kre-rta: unchanged\n" {
			w.Errorf("a second plan is %q, %v", again, err)
		}
		result, err = w.manager().Apply(w.Context(), again)
		if err != nil || w.cloud.Writes() != writes || len(w.log) != log || result.Runtimes[0].String() != "kre-tnba: unchanged" || result.Runtimes[0].Zone.ID == "" {
			w.Errorf("a second run: %v, %v", result, err)
		}
	})
}

func TestOneFailureStopsNobodyElse(t *testing.T) {
	tests := map[string]struct {
		op, outcome string
		step        runtime.Step
	}{
		"of a release":   {"Apply", "bad: failed at its release; done: zone, namespace", runtime.StepRelease},
		"of a namespace": {"CreateNamespace", "bad: failed at its namespace; done: zone", runtime.StepNamespace},
		"of a zone":      {"zone", "bad: failed at its zone; done: nothing", runtime.StepZone},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			armed := false
			bubble(t, route53test.Options{Before: func(op string, n int) *route53test.Error {
				if armed && tt.op == "zone" && op == "CreateHostedZone" && n == 1 {
					return route53test.Denied(op)
				}
				return nil
			}}, func(w *world) {
				runtimes := []runtime.Runtime{old("bad"), old("good"), recent("better")}
				one := func(o *runtime.Options) { o.Parallel = 1 } // the first call is that of the first
				plan, err := w.manager(one).Plan(w.Context(), runtimes)
				if err != nil {
					w.Fatal(err)
				}
				armed = true
				w.strike = func(op, name string, after bool) error {
					if op == tt.op && name == "bad" && !after {
						return errors.New("no luck")
					}
					return nil
				}
				result, err := w.manager(one).Apply(w.Context(), plan)
				e, ok := errors.AsType[*runtime.Error](err)
				if !ok || e.Runtime != "bad" || e.Step != tt.step || !strings.HasPrefix(err.Error(), `runtime "bad": `) {
					w.Fatalf("error %v", err)
				}
				if got := result.String(); got != tt.outcome+"\ngood: done\nbetter: done\n" {
					w.Errorf("result is %s", got)
				}
				if o := result.Runtimes[0]; o.Error != err.Error() || o.Step != tt.step {
					w.Errorf("outcome %+v", o)
				}
				w.strike, armed = nil, false
				if result, err := apply(w.Context(), w.manager(), runtimes...); err != nil || result.String() != "bad: done\ngood: unchanged\nbetter: unchanged\n" {
					w.Errorf("the next run: %s, %v", result, err)
				}
			})
		})
	}
}

func TestWhatCannotBePlanned(t *testing.T) {
	tests := map[string]struct {
		prepare  func(w *world)
		opts     func(*runtime.Options)
		runtimes []runtime.Runtime
		want     []string
		is       error
		early    bool // before any call
	}{
		"all faults of all runtimes are told at once": {
			runtimes: []runtime.Runtime{old("A"), recent("b", func(r *runtime.Runtime) { r.Admin = "" }), old("c"), old("c")},
			want:     []string{`runtime "A": name "A" is no DNS label`, `runtime "b": admin is missing`, `runtime "c" is there twice`}, early: true,
		},
		"two runtimes with one zone": {
			runtimes: []runtime.Runtime{old("a"), old("a-dev", func(r *runtime.Runtime) { r.Kind = runtime.Production })},
			want:     []string{`runtime "a-dev" has the zone of runtime "a": a-dev.example.net`}, early: true,
		},
		"no environment":               {opts: func(o *runtime.Options) { o.Environment = "" }, runtimes: []runtime.Runtime{old("a")}, is: runtime.ErrNoEnvironment, early: true},
		"one that cannot be a label":   {opts: func(o *runtime.Options) { o.Environment = "a b" }, runtimes: []runtime.Runtime{old("a")}, is: runtime.ErrNoEnvironment, early: true},
		"a namespace that is going":    {prepare: func(w *world) { w.add("a", nil).Terminating = true }, runtimes: []runtime.Runtime{old("a"), old("b")}, is: runtime.ErrTerminating},
		"a namespace of somebody else": {prepare: func(w *world) { w.add("a", map[string]string{runtime.LabelEnvironment: "kre-prod"}) }, runtimes: []runtime.Runtime{old("a")}, is: runtime.ErrNotOwned, want: []string{`its label kre.delivery/environment is "kre-prod", want "kre-dev"`}},
		"several failures are joined":  {prepare: func(w *world) { w.add("a", nil).Terminating, w.add("b", nil).Terminating = true, true }, runtimes: []runtime.Runtime{old("a"), old("b")}, want: []string{`runtime "a": `, `runtime "b": `}, is: runtime.ErrTerminating},
		"a domain that does not exist": {runtimes: []runtime.Runtime{old("a", func(r *runtime.Runtime) { r.Domain = "elsewhere.net" })}, want: []string{"parent zone elsewhere.net: no public hosted zone of that name"}},
		"a value that a field decides": {runtimes: []runtime.Runtime{old("a", func(r *runtime.Runtime) { r.Values = nest("entrypoint", "host", "x") })}, want: []string{"value entrypoint.host is decided by"}, early: true},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(w *world) {
				if tt.prepare != nil {
					tt.prepare(w)
				}
				opts := func(*runtime.Options) {}
				if tt.opts != nil {
					opts = tt.opts
				}
				plan, err := w.manager(opts).Plan(w.Context(), tt.runtimes)
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) || len(plan.Runtimes) != 0 {
					w.Fatalf("error %v, plan %v", err, plan)
				}
				for _, want := range tt.want {
					if !strings.Contains(err.Error(), want) {
						w.Errorf("error %v\nwant %s", err, want)
					}
				}
				if tt.early && w.cloud.Calls("ListHostedZonesByName") > 0 {
					w.Error("it asked Route 53")
				}
			})
		})
	}
}

func TestANamespaceThatExistsIsUsedAsItIs(t *testing.T) {
	bubble(t, route53test.Options{}, func(w *world) {
		w.add("kre-tnba", map[string]string{"team": "x"})
		plan, err := w.manager().Plan(w.Context(), []runtime.Runtime{old("kre-tnba")})
		if err != nil || !strings.Contains(plan.String(), "namespace kre-tnba exists, and was not made for this runtime") {
			w.Fatalf("%v, %v", plan, err)
		}
		if _, err := w.manager().Apply(w.Context(), plan); err != nil {
			w.Fatal(err)
		}
		if got := w.namespaces["kre-tnba"].Labels; len(got) != 1 {
			w.Errorf("labels %v", got)
		}
		done, err := destroy(w.Context(), w.manager(), old("kre-tnba"))
		if !errors.Is(err, runtime.ErrExposed) || done.Runtimes[0].Namespace || w.namespaces["kre-tnba"] == nil {
			w.Errorf("%v, %v", done, err)
		}
	})
}

func TestPlansThatAreNotTrueAnyMore(t *testing.T) {
	tests := map[string]struct {
		change func(w *world, plan *runtime.Plan)
		want   error
	}{
		"a plan that somebody wrote":     {func(_ *world, p *runtime.Plan) { *p = runtime.Plan{Runtimes: []runtime.Change{{Runtime: "kre-tnba"}}} }, runtime.ErrNotPlanned},
		"one for another runtime":        {func(_ *world, p *runtime.Plan) { p.Runtimes[0].Runtime = "other" }, runtime.ErrNotPlanned},
		"another run installs meanwhile": {func(w *world, _ *runtime.Plan) { w.releases["kre-tnba"] = "something" }, runtime.ErrStale},
		"somebody deletes the namespace": {func(w *world, _ *runtime.Plan) { w.add("kre-tnba", nil).Terminating = true }, runtime.ErrTerminating},
		"somebody else takes the name":   {func(w *world, _ *runtime.Plan) { w.add("kre-tnba", map[string]string{runtime.LabelEnvironment: "x"}) }, runtime.ErrNotOwned},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{}, func(w *world) {
				plan, err := w.manager().Plan(w.Context(), []runtime.Runtime{old("kre-tnba")})
				if err != nil {
					w.Fatal(err)
				}
				tt.change(w, &plan)
				if _, err := w.manager().Apply(w.Context(), plan); !errors.Is(err, tt.want) {
					w.Errorf("error %v, want %v", err, tt.want)
				}
				if slices.ContainsFunc(w.log, func(l string) bool { return strings.HasPrefix(l, string(kre.Upgrade)) }) {
					w.Errorf("it wrote %v", w.log)
				}
			})
		})
	}
	bubble(t, route53test.Options{}, func(w *world) {
		w.up(old("kre-tnba"))
		next := old("kre-tnba", func(r *runtime.Runtime) { r.Admin = "new@example.com" })
		plan, err := w.manager().Plan(w.Context(), []runtime.Runtime{next})
		if err != nil {
			w.Fatal(err)
		}
		delete(w.namespaces, "kre-tnba")
		if _, err := w.manager().Apply(w.Context(), plan); !errors.Is(err, runtime.ErrStale) {
			w.Errorf("a namespace that is gone: %v", err)
		}
	})
}
