package access_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/progress"
)

func TestAccessIsMadeKeptAndTakenAway(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeApiAndConfigMap, types.AuthenticationModeConfigMap} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t, mode)
			w.addAuth(nodeMapping)
			w.apply(access.Options{}, people())
			checkRights(t, w)

			before := w.writes()
			plan := w.plan(access.Options{}, people())
			if _, err := w.manager(access.Options{}).Apply(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			if n := w.writes() - before; n != 0 {
				t.Errorf("an empty plan made %d writes", n)
			}

			// Eve has left, and Ana has become one of devops.
			groups := people()
			groups[0].Principals = []string{role("team/bob")}
			groups[1].Principals = []string{role("ana")}
			w.apply(access.Options{AllowLockout: true}, groups)
			// All have left.
			w.apply(access.Options{AllowLockout: true}, nil)
			if got := w.entries(); got != "" {
				t.Errorf("access entries are left:\n%s", got)
			}
			if d := cmp.Diff(nodeMapping, w.mapRoles()); d != "" {
				t.Errorf("aws-auth (-want +got):\n%s", d)
			}
			list, err := w.client.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{LabelSelector: access.LabelOwner})
			if err != nil || len(list.Items) > 0 {
				t.Errorf("roles are left: %v %v", list.Items, err)
			}
		})
	}
}

func checkRights(t *testing.T, w *world) {
	t.Helper()
	for _, tt := range []struct {
		group, verb, api, resource string
		want                       bool
	}{
		{"developer", "get", "", "pods", true},
		{"developer", "create", "", "pods/exec", true},
		{"developer", "list", "rbac.authorization.k8s.io", "roles", true},
		{"developer", "delete", "apps", "deployments", false},
		{"developer", "create", "rbac.authorization.k8s.io", "clusterroles", false},
		{"devops", "create", "rbac.authorization.k8s.io", "clusterroles", true},
		{"devops", "delete", "", "nodes", true},
		{"nobody", "get", "", "pods", false},
	} {
		if got := may(t, w.client, []string{tt.group}, tt.verb, tt.api, tt.resource); got != tt.want {
			t.Errorf("%s may %s %s.%s: %t", tt.group, tt.verb, tt.resource, tt.api, got)
		}
	}
}

func TestPlanSaysWhoGainsAndWhoLosesWhat(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	groups := []access.Group{
		{Name: "developer", Principals: []string{role("ana"), role("bob")}, Rules: rules.DeveloperOpsPrivileged()},
		{Name: "devops", Principals: []string{role("eve")}, Rules: rules.DevOps()},
		{Name: "old", Principals: []string{role("ana"), role("joe")}, Rules: rules.DeveloperOpsPrivileged()},
	}
	plan := w.apply(access.Options{}, groups)
	want := `access to cluster kre-dev (API, owner delivery)
+ group developer, 2 principals
    *: + *
    *.apps: + *
+ group devops, 1 principal
    *.*: + *
+ group old, 2 principals
    *: + *
    *.apps: + *
+ arn:aws:iam::123456789012:role/ana: + developer old
+ arn:aws:iam::123456789012:role/bob: + developer
+ arn:aws:iam::123456789012:role/eve: + devops
+ arn:aws:iam::123456789012:role/joe: + old
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("first plan (-want +got):\n%s", d)
	}
	groups[0].Rules[0].Resources = []string{"pods", "services"}
	groups[1].Principals = append(groups[1].Principals, role("bob"))
	plan = w.apply(access.Options{}, groups[:2])
	want = `access to cluster kre-dev (API, owner delivery)
~ group developer, 2 principals
    *: - *
    pods: + *
    services: + *
    *.apps: - *
    pods.apps: + *
    services.apps: + *
- group old
    *: - *
    *.apps: - *
~ arn:aws:iam::123456789012:role/ana: - old, keeps developer
~ arn:aws:iam::123456789012:role/bob: + devops, keeps developer
- arn:aws:iam::123456789012:role/joe: - old
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("second plan (-want +got):\n%s", d)
	}
	var steps []string
	for _, s := range plan.Steps {
		steps = append(steps, s.String())
	}
	if d := cmp.Diff([]string{
		"update access entry arn:aws:iam::123456789012:role/bob",
		"update access entry arn:aws:iam::123456789012:role/ana",
		"delete access entry arn:aws:iam::123456789012:role/joe",
		"delete ClusterRoleBinding old",
		"update ClusterRole developer",
		"delete ClusterRole old",
	}, steps); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if got := w.plan(access.Options{}, groups[:2]).String(); got != "access to cluster kre-dev (API, owner delivery): nothing to do\n" {
		t.Errorf("empty plan: %s", got)
	}
}

func TestPlanAsJSON(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	got, err := json.Marshal(w.plan(access.Options{}, people()[1:]))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"cluster":"kre-dev","mode":"API","owner":"delivery",` +
		`"groups":[{"group":"devops","action":"create","principals":1,"rules":[{"resource":"*.*","gains":["*"]}]}],` +
		`"principals":[{"principal":"arn:aws:iam::123456789012:role/eve","action":"create","gains":["devops"]}],` +
		`"steps":[{"action":"create","kind":"ClusterRole","name":"devops"},{"action":"create","kind":"ClusterRoleBinding","name":"devops"},` +
		`{"action":"create","kind":"access entry","name":"arn:aws:iam::123456789012:role/eve"}]}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestEventsAndResult(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	var rec progress.Recorder
	m := w.manager(access.Options{Progress: rec.Record})
	plan, err := m.Plan(t.Context(), people()[1:])
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	want := "done: create ClusterRole devops\ndone: create ClusterRoleBinding devops\ndone: create access entry arn:aws:iam::123456789012:role/eve\n"
	if got := result.String(); got != want {
		t.Errorf("result:\n%s", got)
	}
	if plan, err = m.Plan(t.Context(), people()[1:]); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range rec.Events() {
		got = append(got, e.Op+" "+e.Subject+" "+string(e.State)+" "+e.Message)
	}
	if d := cmp.Diff([]string{
		"eks.access ClusterRole devops running create", "eks.access ClusterRole devops done ",
		"eks.access ClusterRoleBinding devops running create", "eks.access ClusterRoleBinding devops done ",
		"eks.access access entry arn:aws:iam::123456789012:role/eve running create", "eks.access access entry arn:aws:iam::123456789012:role/eve done ",
		"eks.access kre-dev unchanged ",
	}, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestInvalidInputIsRefusedBeforeAnyCall(t *testing.T) {
	group := func(change func(*access.Group)) []access.Group {
		g := access.Group{Name: "developer", Principals: []string{role("ana")}, Rules: rules.Developer()}
		change(&g)
		return []access.Group{g}
	}
	tests := map[string]struct {
		groups []access.Group
		opts   access.Options
		mode   types.AuthenticationMode
		want   string
	}{
		"a name in capitals":        {groups: group(func(g *access.Group) { g.Name = "DevOps" }), want: `group "DevOps": want small letters, digits, hyphens and dots, at most 63`},
		"a name of Kubernetes":      {groups: group(func(g *access.Group) { g.Name = "cluster-admin" }), want: "group cluster-admin: Kubernetes has a role of this name; choose another"},
		"a group twice":             {groups: append(people(), people()[0]), want: "group developer: given twice"},
		"a group without rules":     {groups: group(func(g *access.Group) { g.Rules = nil }), want: "group developer: no rules"},
		"a rule without verbs":      {groups: group(func(g *access.Group) { g.Rules[1].Verbs = nil }), want: "group developer: rule 2: no verbs"},
		"a session for a role":      {groups: group(func(g *access.Group) { g.Principals[0] = "arn:aws:sts::123456789012:assumed-role/ana/x" }), want: `group developer: principal "arn:aws:sts::123456789012:assumed-role/ana/x" is a session: want the ARN of its role, arn:aws:iam::<account>:role/<name>`},
		"a user for a role":         {groups: group(func(g *access.Group) { g.Principals[0] = "arn:aws:iam::123456789012:user/ana" }), want: `group developer: principal "arn:aws:iam::123456789012:user/ana": want the ARN of an IAM role, arn:aws:iam::<account>:role/<name>`},
		"a role with two paths":     {groups: group(func(g *access.Group) { g.Principals = append(g.Principals, role("x/ana")) }), want: "group developer: principals arn:aws:iam::123456789012:role/ana and arn:aws:iam::123456789012:role/x/ana: an account has one role of a name, and only one of the paths is right"},
		"a mode that is none":       {groups: people(), mode: "CONFIG", want: `"CONFIG" is no authentication mode: take it from DescribeCluster`},
		"an owner of Kubernetes":    {groups: people(), opts: access.Options{Owner: "system"}, want: `owner "system" is reserved`},
		"an owner that is no label": {groups: people(), opts: access.Options{Owner: "a b"}, want: `owner "a b": want small letters, digits and hyphens, at most 40`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, types.AuthenticationModeApi)
			if tt.mode != "" {
				w.mode = tt.mode
			}
			_, err := w.manager(tt.opts).Plan(t.Context(), tt.groups)
			if want := "plan access to cluster kre-dev: invalid: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if n := len(w.kube.Requests()); n > 0 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
	err := func() error {
		_, err := access.New(access.Cluster{Name: "x", Mode: types.AuthenticationModeApi}, access.Options{}).Plan(t.Context(), nil)
		return err
	}()
	if err == nil || !strings.Contains(err.Error(), "needs the name of the cluster and an EKS client") {
		t.Errorf("without a client: %v", err)
	}
}
