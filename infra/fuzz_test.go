package infra_test

import (
	"testing"

	"github.com/mettel-automation/delivery/infra"
)

// FuzzRender holds whatever Render takes to this: the template is YAML whose
// references are whole, its dashboard is JSON, and its parameters fit.
func FuzzRender(f *testing.F) {
	f.Add("notifier", "frontend", "ERROR", "/*", "", "customer-cache-redis", "dev")
	f.Add("a-b", "ab", `{ $.level = "ERROR" }`, "/a/*", "*.example.com", "a", "a: b # c")
	f.Add("a_b", "a-b", "${Environment} ${!x} %", "/$&~\"'", "a.b", "x-1", "!Ref x")
	f.Add("8080", "true", "- x", "/@:+", "null.no", "1", "08")
	f.Add("A", "a", "[w1=ERROR, w2]", "/?", "*.*", "0x1", "\u2028é")
	f.Fuzz(func(t *testing.T, private, public, pattern, path, host, cache, tag string) {
		e := ephemeral(t)
		e.Tags = map[string]string{"Tag": tag}
		e.ErrorPattern = pattern
		e.Caches = []infra.Cache{{}, {Name: cache}}
		e.Services = []infra.Service{
			{Name: private, ErrorPattern: pattern},
			{Name: public, Route: &infra.Route{Priority: 1, Paths: []string{path}, Hosts: []string{host}}},
		}
		if host == "" {
			e.Services[1].Route.Hosts = nil
		}
		rendered, err := e.Render()
		if err != nil {
			return
		}
		tpl := parse(t, rendered.Body)
		tpl.dashboard(t)
		if faults := append(tpl.faults(), tpl.wants(rendered.Parameters)...); len(faults) > 0 {
			t.Errorf("faults: %q\n%s", faults, rendered.Body)
		}
		var filters []any
		for _, id := range tpl.of("AWS::Logs::MetricFilter") {
			filters = append(filters, tpl.Resources[id]["Properties"].(map[string]any)["FilterPattern"])
		}
		if len(filters) != 3 || pattern != "" && filters[1] != any(pattern) && filters[2] != any(pattern) {
			t.Errorf("pattern %q became %q", pattern, filters)
		}
	})
}
