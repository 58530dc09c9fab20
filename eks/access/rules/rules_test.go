package rules_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/mettel-automation/delivery/eks/access/rules"
)

type list = []string

func rule(groups, resources, verbs list, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs, ResourceNames: names}
}

func TestDiff(t *testing.T) {
	pods := rule(list{""}, list{"pods", "pods/log"}, list{"get", "list"})
	tests := map[string]struct {
		before, after []rbacv1.PolicyRule
		want          list
	}{
		"nothing differs": {before: []rbacv1.PolicyRule{pods}, after: []rbacv1.PolicyRule{pods}},
		"the cut into rules makes no difference": {
			before: []rbacv1.PolicyRule{pods},
			after: []rbacv1.PolicyRule{
				rule(list{""}, list{"pods/log"}, list{"list", "get"}),
				rule(list{""}, list{"pods"}, list{"get"}),
				rule(list{""}, list{"pods", "pods"}, list{"list", "list", "get"}),
			},
		},
		"all is new":  {after: []rbacv1.PolicyRule{pods}, want: list{"pods: + get list", "pods/log: + get list"}},
		"all is gone": {before: []rbacv1.PolicyRule{pods}, want: list{"pods: - get list", "pods/log: - get list"}},
		"a verb is gained and one is lost": {
			before: []rbacv1.PolicyRule{pods}, after: []rbacv1.PolicyRule{rule(list{""}, list{"pods", "pods/log"}, list{"get", "watch"})},
			want: list{"pods: + watch, - list", "pods/log: + watch, - list"},
		},
		"groups are told apart": {
			before: []rbacv1.PolicyRule{rule(list{"metrics.k8s.io"}, list{"pods"}, list{"get"})}, after: []rbacv1.PolicyRule{rule(list{""}, list{"pods"}, list{"get"})},
			want: list{"pods: + get", "pods.metrics.k8s.io: - get"},
		},
		"names are told apart": {
			before: []rbacv1.PolicyRule{rule(list{""}, list{"secrets"}, list{"get"}, "a")}, after: []rbacv1.PolicyRule{rule(list{""}, list{"secrets"}, list{"get"})},
			want: list{"secrets: + get", "secrets named a: - get"},
		},
		"a wildcard is a name of its own": {
			before: rules.DevOps(), after: []rbacv1.PolicyRule{pods},
			want: list{"pods: + get list", "pods/log: + get list", "*.*: - *"},
		},
		"URLs": {
			after: []rbacv1.PolicyRule{{NonResourceURLs: list{"/metrics"}, Verbs: list{"get"}}}, want: list{"/metrics: + get"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got list
			for _, c := range rules.Diff(tt.before, tt.after) {
				got = append(got, c.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
		})
	}
}

func TestDiffOfShuffledRulesIsEmpty(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		before := rules.Developer()
		var after []rbacv1.PolicyRule
		for _, i := range r.Perm(len(before)) {
			for _, j := range r.Perm(len(before[i].Resources)) {
				after = append(after, rule(before[i].APIGroups, list{before[i].Resources[j]}, before[i].Verbs))
			}
		}
		if got := rules.Diff(before, after); got != nil {
			t.Fatalf("seed %d: %v", seed, got)
		}
		after[r.IntN(len(after))].Verbs = list{"escalate"}
		if got := rules.Diff(before, after); len(got) != 1 {
			t.Fatalf("seed %d: one resource differs, got %v", seed, got)
		}
	}
}

func TestEverything(t *testing.T) {
	tests := map[string]struct {
		rules []rbacv1.PolicyRule
		want  bool
	}{
		"devops":                      {rules.DevOps(), true},
		"among others":                {append(rules.Developer(), rules.DevOps()...), true},
		"developers who also operate": {rules.DeveloperOpsPrivileged(), false},
		"all but for the verbs":       {[]rbacv1.PolicyRule{rule(list{"*"}, list{"*"}, list{"get"})}, false},
		"all of one name":             {[]rbacv1.PolicyRule{rule(list{"*"}, list{"*"}, list{"*"}, "a")}, false},
		"nothing":                     {nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := rules.Everything(tt.rules); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	tests := map[string]struct {
		rule rbacv1.PolicyRule
		want list
	}{
		"no verbs":          {rule(list{""}, list{"pods"}, nil), list{"rule 1: no verbs"}},
		"no groups":         {rule(nil, list{"pods"}, list{"get"}), list{`rule 1: no API groups (the core group is "")`}},
		"no resources":      {rule(list{""}, nil, list{"get"}), list{"rule 1: no resources"}},
		"nothing at all":    {rbacv1.PolicyRule{}, list{"rule 1: no verbs", "rule 1: neither resources nor URLs"}},
		"both at once":      {rbacv1.PolicyRule{APIGroups: list{""}, Resources: list{"pods"}, NonResourceURLs: list{"/x"}, Verbs: list{"get"}}, list{"rule 1: resources and URLs in one rule: make two of it"}},
		"a relative URL":    {rbacv1.PolicyRule{NonResourceURLs: list{"metrics", "*", "/x/*"}, Verbs: list{"get"}}, list{`rule 1: URL "metrics" does not begin with a slash`}},
		"nothing is wrong":  {rule(list{""}, list{"pods"}, list{"get"}), nil},
		"nor with all URLs": {rbacv1.PolicyRule{NonResourceURLs: list{"*"}, Verbs: list{"get"}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, rules.Faults([]rbacv1.PolicyRule{tt.rule})); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

func TestDefaultsAreListsOfTheirOwn(t *testing.T) {
	for name, list := range map[string]func() []rbacv1.PolicyRule{
		"developer": rules.Developer, "developer-ops-privileged": rules.DeveloperOpsPrivileged, "devops": rules.DevOps,
	} {
		mine := list()
		for i := range mine {
			mine[i].Verbs[0], mine[i].Resources[0], mine[i].APIGroups[0] = "spoiled", "spoiled", "spoiled"
		}
		if faults := rules.Faults(list()); faults != nil {
			t.Errorf("%s: %v", name, faults)
		}
		for _, r := range list() {
			if fmt.Sprint(r) != fmt.Sprint(*r.DeepCopy()) || r.Verbs[0] == "spoiled" {
				t.Errorf("%s: who changed a list changed that of others", name)
			}
		}
	}
}
