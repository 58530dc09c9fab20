package access_test

import (
	"errors"
	"testing"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
)

const foreignRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: devops, labels: {team: x}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
`

const foreignBinding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: devops, labels: {team: x}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: joe}]
`

// addEntry makes an access entry as somebody else would.
func (w *world) addEntry(in awseks.CreateAccessEntryInput) {
	w.t.Helper()
	in.ClusterName = new(clusterName)
	if _, err := w.cloud.Client().CreateAccessEntry(w.t.Context(), &in); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatIsNotOursStandsInTheWay(t *testing.T) {
	eve := new(role("eve"))
	tests := map[string]struct {
		mode    types.AuthenticationMode
		prepare func(*world)
		opts    access.Options
		want    string // of the error
	}{
		"a ClusterRole": {
			prepare: func(w *world) { w.add(foreignRole) },
			want:    "ClusterRole devops is not ours: name the group otherwise, or adopt it",
		},
		"a ClusterRoleBinding": {
			prepare: func(w *world) { w.add(foreignBinding) },
			want:    "ClusterRoleBinding devops is not ours: name the group otherwise, or adopt it",
		},
		"a role of another owner": {
			prepare: func(w *world) { w.apply(access.Options{Owner: "other"}, people()[1:]) },
			want: "ClusterRole devops belongs to owner other: name the group otherwise, or adopt it\n" +
				"ClusterRoleBinding devops belongs to owner other: name the group otherwise, or adopt it\n" +
				`access entry arn:aws:iam::123456789012:role/eve belongs to owner other (username "other:123456789012:eve:{{SessionName}}", groups [devops]): delete it, or adopt it`,
		},
		"a role of Kubernetes itself, even to be adopted": {
			opts: access.Options{Adopt: true},
			prepare: func(w *world) {
				w.add("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: devops, labels: {kubernetes.io/bootstrapping: rbac-defaults}}}")
			},
			want: "ClusterRole devops belongs to Kubernetes itself: name the group otherwise",
		},
		"an access entry": {
			prepare: func(w *world) {
				w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: eve, KubernetesGroups: []string{"admins"}, Username: new("eve")})
			},
			want: `access entry arn:aws:iam::123456789012:role/eve is not ours (username "eve", groups [admins]): delete it, or adopt it`,
		},
		"the access entry of nodes, even to be adopted, and whatever its tag says": {
			opts: access.Options{Adopt: true},
			prepare: func(w *world) {
				w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: eve, Type: new("EC2_LINUX"), Tags: map[string]string{access.LabelOwner: "delivery"}})
			},
			want: "access entry arn:aws:iam::123456789012:role/eve is of type EC2_LINUX, which machines of the cluster have",
		},
		"the access entry of another owner, even to be adopted": {
			opts: access.Options{Adopt: true},
			prepare: func(w *world) {
				w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: eve, Tags: map[string]string{access.LabelOwner: "other"}})
			},
			want: "access entry arn:aws:iam::123456789012:role/eve belongs to owner other by its tag: delete it",
		},
		"a mapping": {
			mode:    types.AuthenticationModeConfigMap,
			prepare: func(w *world) { w.addAuth("- {rolearn: " + role("x/Eve") + ", username: eve}\n") },
			want:    `ConfigMap kube-system/aws-auth: mapRoles has an entry for arn:aws:iam::123456789012:role/x/Eve that is not ours (username "eve", groups []): remove it or adopt it`,
		},
		"a mapping that an access entry would overrule": {
			mode: types.AuthenticationModeApiAndConfigMap,
			prepare: func(w *world) {
				w.addAuth("- {rolearn: " + role("eve") + ", username: eve, groups: ['system:masters']}\n")
			},
			want: `ConfigMap kube-system/aws-auth maps arn:aws:iam::123456789012:role/eve to username "eve", groups [system:masters], which is not ours and would be overruled by an access entry: remove it, or adopt it`,
		},
		"that of nodes, even to be adopted": {
			mode: types.AuthenticationModeApiAndConfigMap,
			opts: access.Options{Adopt: true},
			prepare: func(w *world) {
				w.addAuth("- {rolearn: " + role("eve") + ", username: 'system:node:x', groups: ['system:nodes']}\n")
			},
			want: `ConfigMap kube-system/aws-auth maps arn:aws:iam::123456789012:role/eve to username "system:node:x", groups [system:nodes], which nodes need: an access entry would overrule it`,
		},
		"the mapping of nodes, even to be adopted": {
			mode: types.AuthenticationModeConfigMap,
			opts: access.Options{Adopt: true},
			prepare: func(w *world) {
				w.addAuth("- {rolearn: " + role("eve") + ", username: 'system:node:x', groups: ['system:nodes']}\n")
			},
			want: "ConfigMap kube-system/aws-auth: the entry of a node would be gone, and its nodes with it: arn:aws:iam::123456789012:role/eve",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.mode == "" {
				tt.mode = types.AuthenticationModeApi
			}
			w := newWorld(t, tt.mode)
			tt.prepare(w)
			_, err := w.manager(tt.opts).Plan(t.Context(), people()[1:])
			if want := "plan access to cluster kre-dev: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestAdopt(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.add(foreignRole)
	w.add(foreignBinding)
	w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: new(role("eve")), KubernetesGroups: []string{"admins"}, Username: new("eve")})
	plan := w.apply(access.Options{Adopt: true}, people()[1:])
	want := `access to cluster kre-dev (API, owner delivery)
~ group devops, 1 principal
    pods: - get
    *.*: + *
    ClusterRole adopted
    ClusterRoleBinding deleted and made anew, since it binds User joe to ClusterRole view, which cannot be changed
~ arn:aws:iam::123456789012:role/eve: + devops, - admins
    access entry adopted; its username was "eve"
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	adopted, err := w.client.RbacV1().ClusterRoles().Get(t.Context(), "devops", metav1.GetOptions{})
	if err != nil || adopted.Labels["team"] != "x" || adopted.Labels[access.LabelOwner] != "delivery" {
		t.Errorf("labels %v %v", adopted.Labels, err)
	}
	// From now on it is ours, without the option.
	w.apply(access.Options{AllowLockout: true}, nil)
	if got := w.entries(); got != "" {
		t.Errorf("the adopted entry is left: %s", got)
	}
}

func TestAdoptMapping(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping + "- {rolearn: " + role("eve") + ", username: admin, groups: ['system:masters']}\n")
	plan := w.apply(access.Options{Adopt: true}, people()[1:])
	want := access.PrincipalChange{
		Principal: role("eve"), Action: access.Update, Gains: []string{"devops"}, Loses: []string{"system:masters"},
		Detail: []string{`mapping adopted; its username was "admin"`},
	}
	if d := cmp.Diff([]access.PrincipalChange{want}, plan.Principals); d != "" {
		t.Errorf("principals (-want +got):\n%s", d)
	}
	if d := cmp.Diff(nodeMapping+eveMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
}

func TestAdoptAMappingThatAnAccessEntryOverrules(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
	text := nodeMapping + "- {rolearn: " + role("eve") + ", username: admin, groups: ['system:masters']}\n"
	w.addAuth(text)
	plan := w.apply(access.Options{Adopt: true}, people()[1:])
	want := access.PrincipalChange{
		Principal: role("eve"), Action: access.Update, Gains: []string{"devops"}, Loses: []string{"system:masters"},
		Detail: []string{`its access entry overrules a mapping in aws-auth that is not ours (username "admin")`},
	}
	if d := cmp.Diff([]access.PrincipalChange{want}, plan.Principals); d != "" {
		t.Errorf("principals (-want +got):\n%s", d)
	}
	if d := cmp.Diff(text, w.mapRoles()); d != "" {
		t.Errorf("mapRoles, which is to stay (-want +got):\n%s", d)
	}
}

func TestDriftIsRepaired(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.apply(access.Options{}, people()[1:])
	bindings := w.client.RbacV1().ClusterRoleBindings()
	binding, err := bindings.Get(t.Context(), "devops", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	binding.Subjects = append(binding.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "joe"})
	if _, err := bindings.Update(t.Context(), binding, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cloud.Client().UpdateAccessEntry(t.Context(), &awseks.UpdateAccessEntryInput{
		ClusterName: new(clusterName), PrincipalArn: new(role("eve")), Username: new("me"), KubernetesGroups: []string{"x"},
	}); err != nil {
		t.Fatal(err)
	}
	plan := w.apply(access.Options{}, people()[1:])
	want := `access to cluster kre-dev (API, owner delivery)
~ group devops, 1 principal
    ClusterRoleBinding bound Group devops, User joe
~ arn:aws:iam::123456789012:role/eve: + devops, - x
    username was "me"
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestLockout(t *testing.T) {
	tests := map[string]struct {
		change func([]access.Group) []access.Group
		want   []string
	}{
		"nothing changes":   {func(g []access.Group) []access.Group { return g }, nil},
		"developers may go": {func(g []access.Group) []access.Group { return g[1:] }, nil},
		"administrators may be added": {func(g []access.Group) []access.Group {
			g[1].Principals = append(g[1].Principals, role("zoe"))
			return g
		}, nil},
		"they may move to another such group": {func(g []access.Group) []access.Group { g[1].Name = "root"; return g }, nil},
		"they may not all go":                 {func(g []access.Group) []access.Group { return g[:1] }, []string{"devops"}},
		"nor be emptied":                      {func(g []access.Group) []access.Group { g[1].Principals = nil; return g }, []string{"devops"}},
		"nor be all replaced":                 {func(g []access.Group) []access.Group { g[1].Principals = []string{role("zoe")}; return g }, []string{"devops"}},
		"nor get lesser rules":                {func(g []access.Group) []access.Group { g[1].Rules = rules.Developer(); return g }, []string{"devops"}},
		"nor all move to a group of lesser ones": {func(g []access.Group) []access.Group {
			g[0].Principals = append(g[0].Principals, role("eve"))
			return g[:1]
		}, []string{"devops"}},
	}
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		for name, tt := range tests {
			t.Run(string(mode)+": "+name, func(t *testing.T) {
				w := newWorld(t, mode)
				w.addAuth(nodeMapping)
				w.apply(access.Options{}, people())
				groups := tt.change(people())
				plan := w.plan(access.Options{}, groups)
				if d := cmp.Diff(tt.want, plan.Lockout); d != "" {
					t.Fatalf("lockout (-want +got):\n%s", d)
				}
				before := w.writes()
				result, err := w.manager(access.Options{}).Apply(t.Context(), plan)
				if errors.Is(err, access.ErrLockout) != (tt.want != nil) {
					t.Errorf("apply: %v", err)
				}
				if tt.want == nil {
					return
				}
				if n := w.writes() - before; n > 0 || len(result.Skipped) != len(plan.Steps) {
					t.Errorf("%d writes, %d of %d steps skipped", n, len(result.Skipped), len(plan.Steps))
				}
				w.apply(access.Options{AllowLockout: true}, groups)
			})
		}
	}
}

func TestAStalePlanIsRefused(t *testing.T) {
	tests := map[string]func(*world){
		"a role was made":     func(w *world) { w.add(foreignRole) },
		"an entry was made":   func(w *world) { w.addEntry(awseks.CreateAccessEntryInput{PrincipalArn: new(role("eve"))}) },
		"somebody applied it": func(w *world) { w.apply(access.Options{}, people()) },
	}
	for name, meanwhile := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, types.AuthenticationModeApi)
			plan := w.plan(access.Options{}, people())
			meanwhile(w)
			before := w.writes()
			_, err := w.manager(access.Options{}).Apply(t.Context(), plan)
			_, clash := errors.AsType[*access.ClashError](err)
			if !errors.Is(err, access.ErrStale) && !clash {
				t.Errorf("got %v", err)
			}
			if n := w.writes() - before; n > 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
	t.Run("what is not ours in aws-auth may change", func(t *testing.T) {
		w := newWorld(t, types.AuthenticationModeConfigMap)
		w.addAuth(nodeMapping)
		plan := w.plan(access.Options{}, people()[1:])
		w.edit(func(text string) string { return "# hello\n" + text })
		if _, err := w.manager(access.Options{}).Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff("# hello\n"+nodeMapping+eveMapping, w.mapRoles()); d != "" {
			t.Errorf("mapRoles (-want +got):\n%s", d)
		}
	})
}

// edit changes mapRoles as somebody else would.
func (w *world) edit(change func(string) string) {
	w.t.Helper()
	maps := w.client.CoreV1().ConfigMaps("kube-system")
	object, err := maps.Get(w.t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	object.Data["mapRoles"] = change(object.Data["mapRoles"])
	if _, err := maps.Update(w.t.Context(), object, metav1.UpdateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func TestMigrationToAccessEntries(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
	w.addAuth(nodeMapping)
	w.mode = types.AuthenticationModeConfigMap
	w.apply(access.Options{}, people())
	w.mode = types.AuthenticationModeApiAndConfigMap
	groups := people()
	groups[0].Principals = groups[0].Principals[:1] // Bob leaves at the same time
	plan := w.apply(access.Options{}, groups)
	want := `access to cluster kre-dev (API_AND_CONFIG_MAP, owner delivery)
~ arn:aws:iam::123456789012:role/ana: keeps developer
    moves from aws-auth to an access entry
- arn:aws:iam::123456789012:role/bob: - developer
~ arn:aws:iam::123456789012:role/eve: keeps devops
    moves from aws-auth to an access entry
note: 3 mappings of ours in kube-system/aws-auth removed once the access entries exist
`
	if d := cmp.Diff(want, plan.String()); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	if last := plan.Steps[len(plan.Steps)-1]; last.Kind != access.KindConfigMap {
		t.Errorf("the last step is %s", last)
	}
	if d := cmp.Diff("ana "+username("ana")+" [developer]\neve "+username("eve")+" [devops]\n", w.entries()); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	if d := cmp.Diff(nodeMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
	w.edit(func(text string) string { return text + "- broken\n" })
	if plan := w.plan(access.Options{}, groups); !plan.Empty() || len(plan.Notes) != 1 {
		t.Errorf("with a mapRoles that cannot be read:\n%s", plan)
	}
}

func TestTwoOwnersShareACluster(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		w := newWorld(t, mode)
		w.addAuth(nodeMapping)
		other := []access.Group{{Name: "ops", Principals: []string{role("zoe")}, Rules: rules.DeveloperOpsPrivileged()}}
		w.apply(access.Options{Owner: "other"}, other)
		w.apply(access.Options{}, people())
		w.apply(access.Options{AllowLockout: true}, nil)
		if plan := w.plan(access.Options{Owner: "other"}, other); !plan.Empty() {
			t.Errorf("%s: one owner took what is the other's:\n%s", mode, plan)
		}
	}
}
