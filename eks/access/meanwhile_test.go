package access_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/eks/access/rules"
)

// before is a transport that lets somebody else do something just before the first
// request of a method for a resource.
type before struct {
	http.RoundTripper
	method, resource string
	do               func()
}

func (b before) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == b.method && strings.Contains(r.URL.Path, "/"+b.resource) {
		b.do()
	}
	return b.RoundTripper.RoundTrip(r)
}

// meanwhile has somebody else do something just before the manager writes.
func (w *world) meanwhile(method, resource string, do func(other *world)) {
	w.t.Helper()
	other := *w
	config := w.kube.Config()
	config.Transport = before{config.Transport, method, resource, sync.OnceFunc(func() { do(&other) })}
	var err error
	if w.client, err = kubernetes.NewForConfig(config); err != nil {
		w.t.Fatal(err)
	}
}

// meanwhileAt does something just before those requests for which now is true.
func (w *world) meanwhileAt(method, resource string, now func() bool, do func()) {
	w.t.Helper()
	config := w.kube.Config()
	config.Transport = before{config.Transport, method, resource, func() {
		if now() {
			do()
		}
	}}
	var err error
	if w.client, err = kubernetes.NewForConfig(config); err != nil {
		w.t.Fatal(err)
	}
}

func TestSomebodyElseWritesMeanwhile(t *testing.T) {
	const configMap, api = types.AuthenticationModeConfigMap, types.AuthenticationModeApi
	without := func(name string) []access.Group {
		return []access.Group{{Name: name, Principals: []string{role("eve")}, Rules: rules.DevOps()}}
	}
	tests := map[string]struct {
		mode             types.AuthenticationMode
		method, resource string
		do               func(*world)
		groups           []access.Group // that are wanted, after those of people
		is               func(error) bool
	}{
		"a comment in aws-auth": {
			mode: configMap, method: "PUT", resource: "configmaps", groups: people()[1:],
			do: func(w *world) { w.edit(func(s string) string { return "# hello\n" + s }) },
			is: func(err error) bool { return err == nil },
		},
		"our mappings are changed": {
			mode: configMap, method: "PUT", resource: "configmaps", groups: people()[1:],
			do: func(w *world) { w.edit(func(s string) string { return strings.ReplaceAll(s, "developer", "x") }) },
			is: isStale,
		},
		"aws-auth is broken": {
			mode: configMap, method: "PUT", resource: "configmaps", groups: people()[1:],
			do: func(w *world) { w.edit(func(s string) string { return s + "broken" }) },
			is: func(err error) bool { _, ok := errors.AsType[*awsauth.ParseError](err); return ok },
		},
		"aws-auth is deleted": {
			mode: configMap, method: "PUT", resource: "configmaps", groups: people()[1:],
			do: func(w *world) {
				if err := w.client.CoreV1().ConfigMaps("kube-system").Delete(w.t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
					w.t.Error(err)
				}
			},
			is: isStale,
		},
		"a role is made": {
			mode: api, method: "POST", resource: "clusterroles", groups: append(people(), without("new")...),
			do: func(w *world) { w.add(strings.ReplaceAll(foreignRole, "devops", "new")) },
			is: isStale,
		},
		"a role is changed": {
			mode: api, method: "PUT", resource: "clusterroles", groups: without("developer"),
			do: func(w *world) { w.touchRole("developer") },
			is: isStale,
		},
		"a role that is to go is changed": {
			mode: api, method: "DELETE", resource: "clusterroles", groups: people()[1:],
			do: func(w *world) { w.touchRole("developer") },
			is: isStale,
		},
		"a role that is to go is deleted": {
			mode: api, method: "DELETE", resource: "clusterroles", groups: people()[1:],
			do: func(w *world) {
				if err := w.client.RbacV1().ClusterRoles().Delete(w.t.Context(), "developer", metav1.DeleteOptions{}); err != nil {
					w.t.Error(err)
				}
			},
			is: func(err error) bool { return err == nil },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tt.mode)
				w.addAuth(nodeMapping)
				w.apply(access.Options{}, people())
				w.meanwhile(tt.method, tt.resource, tt.do)
				m := w.manager(access.Options{AllowLockout: true})
				plan, err := m.Plan(t.Context(), tt.groups)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = m.Apply(t.Context(), plan); !tt.is(err) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func isStale(err error) bool { return errors.Is(err, access.ErrStale) }

func (w *world) touchRole(name string) {
	w.t.Helper()
	object, err := w.client.RbacV1().ClusterRoles().Get(w.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		w.t.Error(err)
		return
	}
	object.Annotations = map[string]string{"hello": "world"}
	if _, err := w.client.RbacV1().ClusterRoles().Update(w.t.Context(), object, metav1.UpdateOptions{}); err != nil {
		w.t.Error(err)
	}
}

func TestAHugeMapRolesIsNotEditedSinceItCouldNotBeRestored(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping + strings.Repeat("# a long remark\n", 13000))
	m := w.manager(access.Options{})
	plan, err := m.Plan(t.Context(), people())
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), plan)
	if err == nil || !strings.Contains(err.Error(), "mapRoles has 203 KiB, of which an annotation could keep 200: it could not be restored") {
		t.Errorf("got %v", err)
	}
}

func TestMappingsThatDrifted(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth("- {rolearn: " + role("team/eve") + ", username: 'delivery:me', groups: [devops]}\n" + nodeMapping + eveMapping + eveMapping)
	plan := w.apply(access.Options{}, people()[1:])
	want := []access.PrincipalChange{{
		Principal: role("eve"), Action: access.Update, Keeps: []string{"devops"},
		Detail: []string{"mapped 3 times, of which the last one counted"},
	}}
	if d := cmp.Diff(want, plan.Principals); d != "" {
		t.Errorf("principals (-want +got):\n%s", d)
	}
	if d := cmp.Diff(nodeMapping+eveMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
	w.edit(func(s string) string {
		return strings.Replace(s, "delivery:123456789012:eve:{{SessionName}}", "delivery:me", 1)
	})
	plan = w.apply(access.Options{}, people()[1:])
	if d := cmp.Diff([]string{`username was "delivery:me"`}, plan.Principals[0].Detail); d != "" {
		t.Errorf("detail (-want +got):\n%s", d)
	}
	w.edit(func(s string) string { return strings.Replace(s, role("eve"), role("team/eve"), 1) })
	plan = w.apply(access.Options{}, people()[1:])
	if d := cmp.Diff([]string{"its ARN had a path, which the cluster never matches"}, plan.Principals[0].Detail); d != "" {
		t.Errorf("detail (-want +got):\n%s", d)
	}
}

func TestALeftoverBesideAnAccessEntry(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApiAndConfigMap)
	w.addAuth(nodeMapping)
	w.apply(access.Options{}, people()[1:])
	w.edit(func(s string) string { return s + eveMapping })
	plan := w.apply(access.Options{}, people()[1:])
	if d := cmp.Diff([]string{"leaves aws-auth, over which its access entry wins"}, plan.Principals[0].Detail); d != "" {
		t.Errorf("detail (-want +got):\n%s", d)
	}
	if d := cmp.Diff(nodeMapping, w.mapRoles()); d != "" {
		t.Errorf("mapRoles (-want +got):\n%s", d)
	}
}

// vanishing deletes an access entry just before it is updated.
type vanishing struct{ *awseks.Client }

func (v vanishing) UpdateAccessEntry(ctx context.Context, in *awseks.UpdateAccessEntryInput, _ ...func(*awseks.Options)) (*awseks.UpdateAccessEntryOutput, error) {
	if _, err := v.DeleteAccessEntry(ctx, &awseks.DeleteAccessEntryInput{ClusterName: in.ClusterName, PrincipalArn: in.PrincipalArn}); err != nil {
		return nil, err
	}
	return v.Client.UpdateAccessEntry(ctx, in)
}

func TestAnEntryThatVanishes(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	w.apply(access.Options{}, people())
	m := access.New(access.Cluster{Name: clusterName, Mode: w.mode, Entries: vanishing{w.cloud.Client()}, Kubernetes: w.client}, access.Options{})
	groups := people()
	groups[0].Principals = append(groups[0].Principals, role("eve"))
	plan, err := m.Plan(t.Context(), groups)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan); !isStale(err) {
		t.Errorf("got %v", err)
	}
	w.apply(access.Options{}, groups)
}
