package infra_test

import (
	"regexp"
	"slices"
	"strings"
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

// FuzzKRECluster holds whatever Render takes to this: the template is YAML whose
// references are whole and whose parameters fit, the names of roles are those that
// IAM takes, each user has one, and trust policies are JSON.
func FuzzKRECluster(f *testing.F) {
	f.Add("jdoe", "ops/paulo", "workers", "m6i.large", "dedicated", "mongo", "dedicated=mongo:NoSchedule", "kre.example.com", "kube-system:external-dns", "dev")
	f.Add("arn:aws:iam::123456789012:user/support/jdoe", "a@b", "no", "a1.metal", "on", "1", "no:NoExecute", "", "a:b", "a: b")
	f.Add("${x}", "*", "a-1", "m7g.large", "a.b/c", "", "a/b=c:PreferNoSchedule", "x.y", `a:b"`, "a: b # c")
	f.Add(strings.Repeat("u", 64), strings.Repeat("u", 63)+"v", "n", "x.y", "1", "null", "=:", "1.2", "1:2", "\u2028")
	f.Fuzz(func(t *testing.T, one, two, group, instance, label, value, taint, domain, account, tag string) {
		k := kreProduction(t)
		k.Tags = map[string]string{"Tag": tag}
		k.Users = infra.Users{Developer: []string{one, two}, Devops: []string{one}}
		k.NodeGroups = []infra.NodeGroup{{Name: group, InstanceTypes: []string{instance}, Labels: map[string]string{label: value}, Taints: []string{taint}}}
		k.Mail, k.ExternalDNSAccount = infra.Mail{Domain: domain}, account
		rendered, err := k.Render()
		if err != nil {
			return
		}
		tpl := parse(t, rendered.Body)
		if faults := slices.Concat(tpl.faults(), tpl.wants(rendered.Parameters)); len(faults) > 0 {
			t.Errorf("faults: %q\n%s", faults, rendered.Body)
		}
		trust(t, tpl, "ExternalDnsRole")
		roles := map[string]bool{}
		for _, id := range tpl.of("AWS::IAM::Role") {
			name := text(at(tpl.Resources[id]["Properties"], "RoleName"))
			if strings.HasPrefix(id, "Person") && isRole.MatchString(name) {
				roles[name] = true
			}
		}
		if len(roles) != 3 {
			t.Errorf("%d roles of three people: %v", len(roles), roles)
		}
		if labels, _ := at(tpl.Resources[tpl.of("AWS::EKS::Nodegroup")[0]]["Properties"], "Labels").(map[string]any); labels[label] != value {
			t.Errorf("label %q of %q became %q", label, value, labels)
		}
	})
}

// isRole is what IAM takes for the name of a role.
var isRole = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
