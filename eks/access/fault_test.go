package access_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/eks/ekstest"
	"github.com/mettel-automation/delivery/eks/kubetest"
)

func TestErrorsSayWhatHappened(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	tests := map[string]struct {
		mode types.AuthenticationMode
		kube func(kubetest.Request) error
		eks  func(op string) *ekstest.Error
		is   error
		want string
	}{
		"no connection": {
			kube: func(kubetest.Request) error { return refused }, is: access.ErrUnreachable,
			want: "discover what the cluster serves: it cannot be reached: check the endpoint, its allowed addresses and the network: ",
		},
		"no connection any more": {
			kube: func(r kubetest.Request) error {
				if r.Resource == "clusterrolebindings" {
					return refused
				}
				return nil
			},
			is: access.ErrUnreachable, want: "list ClusterRoleBindings: it cannot be reached: check the endpoint, its allowed addresses and the network: ",
		},
		"expired credentials of Kubernetes": {
			kube: func(kubetest.Request) error { return apierrors.NewUnauthorized("Unauthorized") }, is: access.ErrUnauthorized,
			want: "discover what the cluster serves: the credentials are not accepted: they have expired, or the cluster does not know their principal: ",
		},
		"RBAC forbids": {
			kube: func(r kubetest.Request) error {
				if r.Resource == "clusterroles" {
					return apierrors.NewForbidden(schema.GroupResource{Group: r.Group, Resource: r.Resource}, "", errors.New(`User "ci" cannot list resource "clusterroles"`))
				}
				return nil
			},
			is: access.ErrForbidden, want: `list ClusterRoles: it is not allowed: clusterroles.rbac.authorization.k8s.io is forbidden: User "ci" cannot list resource "clusterroles"`,
		},
		"expired credentials of AWS": {
			eks: func(string) *ekstest.Error { return ekstest.ExpiredToken() }, is: access.ErrUnauthorized,
			want: "list access entries of kre-dev: the credentials are not accepted: they have expired, or the cluster does not know their principal: ",
		},
		"IAM forbids": {
			eks: func(op string) *ekstest.Error { return ekstest.AccessDenied(op) }, is: access.ErrForbidden,
			want: "list access entries of kre-dev: it is not allowed: operation error EKS: ListAccessEntries, ",
		},
		"a mode that the cluster does not have": {
			mode: types.AuthenticationModeConfigMap, is: access.ErrInvalid,
			want: "list access entries of kre-dev: invalid: its authentication mode is CONFIG_MAP, not what was given: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			mode := tt.mode
			if mode == "" {
				mode = types.AuthenticationModeApi
			}
			eks := ekstest.Options{Before: func(op string, _ int) *ekstest.Error {
				if tt.eks == nil {
					return nil
				}
				return tt.eks(op)
			}}
			w := newFaultyWorld(t, mode, eks, kubetest.Options{Before: tt.kube})
			w.mode = types.AuthenticationModeApi
			_, err := w.manager(access.Options{}).Plan(t.Context(), people())
			if !errors.Is(err, tt.is) || !strings.HasPrefix(fmt.Sprint(err), "plan access to cluster kre-dev: "+tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAnUnknownClusterSaysSo(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeApi)
	m := access.New(access.Cluster{Name: "other", Mode: w.mode, Entries: w.cloud.Client(), Kubernetes: w.client}, access.Options{})
	_, err := m.Plan(t.Context(), people())
	if !errors.Is(err, access.ErrNoCluster) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyLosesWhileSomethingElseFails(t *testing.T) {
	fault := false
	w := newFaultyWorld(t, types.AuthenticationModeApi, ekstest.Options{}, kubetest.Options{Before: func(r kubetest.Request) error {
		if fault && r.Verb == "create" && r.Resource == "clusterroles" {
			return apierrors.NewInternalError(errors.New("etcd is away"))
		}
		return nil
	}})
	w.apply(access.Options{}, people())
	groups := append(people()[1:], access.Group{Name: "tester", Principals: []string{role("ana"), role("zoe")}, Rules: rules.Developer()})
	m := w.manager(access.Options{})
	plan, err := m.Plan(t.Context(), groups)
	if err != nil {
		t.Fatal(err)
	}
	fault = true
	result, err := m.Apply(t.Context(), plan)
	failed, ok := errors.AsType[*access.StepError](err)
	if !ok || failed.Step.String() != "create ClusterRole tester" || !strings.HasPrefix(err.Error(), "apply access to cluster kre-dev: create ClusterRole tester: ") {
		t.Errorf("got %v", err)
	}
	want := `done: create access entry arn:aws:iam::123456789012:role/zoe
failed: create ClusterRole tester
not done: create ClusterRoleBinding tester
not done: update access entry arn:aws:iam::123456789012:role/ana
not done: delete access entry arn:aws:iam::123456789012:role/team/bob
not done: delete ClusterRoleBinding developer
not done: delete ClusterRole developer
`
	if d := cmp.Diff(want, result.String()); d != "" {
		t.Errorf("result (-want +got):\n%s", d)
	}
	if !may(t, w.client, []string{"developer"}, "get", "", "pods") {
		t.Error("developers have lost their rights")
	}
	fault = false
	w.apply(access.Options{}, groups)
}

func TestCancelledInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newFaultyWorld(t, types.AuthenticationModeApi, ekstest.Options{}, kubetest.Options{After: func(r kubetest.Request) error {
		if r.Verb == "create" && r.Resource == "clusterrolebindings" {
			cancel()
		}
		return nil
	}})
	m := w.manager(access.Options{})
	plan, err := m.Plan(ctx, people()[1:])
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Apply(ctx, plan)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := len(result.Done) + len(result.Failed) + len(result.Skipped); n != 3 || len(result.Skipped) == 0 {
		t.Errorf("result:\n%s", result)
	}
	if got := w.entries(); got != "" {
		t.Errorf("went on:\n%s", got)
	}
	w.apply(access.Options{}, people()[1:])
}

func TestKilledAtAnyCall(t *testing.T) {
	for _, mode := range []types.AuthenticationMode{types.AuthenticationModeApi, types.AuthenticationModeConfigMap} {
		for limit := 0; ; limit++ {
			n, armed := 0, false
			over := func() bool { n++; return armed && n > limit }
			w := newFaultyWorld(t, mode,
				ekstest.Options{Before: func(string, int) *ekstest.Error {
					if over() {
						return &ekstest.Error{Code: "AccessDeniedException"} // which the SDK does not repeat
					}
					return nil
				}},
				kubetest.Options{Before: func(r kubetest.Request) error {
					if r.Write() && over() {
						return errors.New("killed")
					}
					return nil
				}})
			w.addAuth(nodeMapping)
			m := w.manager(access.Options{})
			plan, err := m.Plan(t.Context(), people())
			if err != nil {
				t.Fatal(err)
			}
			n, armed = 0, true
			_, err = m.Apply(t.Context(), plan)
			if err == nil {
				break
			}
			armed = false
			w.apply(access.Options{}, people())
			checkRights(t, w)
			if limit > 50 {
				t.Fatal("it never gets through")
			}
		}
	}
}

// TestConcurrentWriters has owners and a stranger edit one ConfigMap at once.
func TestConcurrentWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, types.AuthenticationModeConfigMap)
		w.addAuth(nodeMapping)
		const owners, rounds = 8, 3
		var group sync.WaitGroup
		for i := range owners {
			group.Go(func() {
				name := fmt.Sprintf("owner-%d", i)
				m := access.New(access.Cluster{Mode: w.mode, Kubernetes: w.client}, access.Options{Owner: name})
				for round := range rounds {
					groups := []access.Group{{Name: name, Principals: []string{role(fmt.Sprintf("%s-%d", name, round)), role(name)}, Rules: rules.Developer()}}
					plan, err := m.Plan(t.Context(), groups)
					if err == nil {
						_, err = m.Apply(t.Context(), plan)
					}
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		group.Go(func() { stranger(t, w.client, "kube-system", "aws-auth", 10) })
		group.Wait()
		checkMappings(t, w.mapRoles(), owners, rounds, 10)
	})
}

// stranger adds n mappings, each with a retry, as another tool would.
func stranger(t *testing.T, client kubernetes.Interface, namespace, name string, n int) {
	maps := client.CoreV1().ConfigMaps(namespace)
	for i := range n {
		for {
			object, err := maps.Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			object.Data["mapRoles"] += fmt.Sprintf("- rolearn:   stranger-%d # by hand\n", i)
			_, err = maps.Update(t.Context(), object, metav1.UpdateOptions{})
			if err == nil {
				break
			}
			if !apierrors.IsConflict(err) {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func checkMappings(t *testing.T, text string, owners, rounds, strangers int) {
	t.Helper()
	entries, err := awsauth.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 2*owners + strangers; len(entries) != want {
		t.Errorf("%d entries, want %d:\n%s", len(entries), want, text)
	}
	for i := range owners {
		for _, name := range []string{fmt.Sprintf("owner-%d", i), fmt.Sprintf("owner-%d-%d", i, rounds-1)} {
			if !strings.Contains(text, "rolearn: "+role(name)+"\n") {
				t.Errorf("%s is missing", name)
			}
		}
	}
	for i := range strangers {
		if !strings.Contains(text, fmt.Sprintf("- rolearn:   stranger-%d # by hand\n", i)) {
			t.Errorf("stranger-%d is missing", i)
		}
	}
	if !strings.Contains(text, nodeMapping) {
		t.Error("the node is missing")
	}
}

func TestAConflictThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFaultyWorld(t, types.AuthenticationModeConfigMap, ekstest.Options{}, kubetest.Options{Before: func(r kubetest.Request) error {
			if r.Verb == "update" && r.Resource == "configmaps" {
				return apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, r.Name, errors.New("somebody is ahead"))
			}
			return nil
		}})
		w.addAuth(nodeMapping)
		m := w.manager(access.Options{})
		plan, err := m.Plan(t.Context(), people())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = m.Apply(t.Context(), plan)
		if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "others were ahead 20 times") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took < 5*time.Second || took > 40*time.Second {
			t.Errorf("gave up after %s", took)
		}
	})
}

// after is a transport that does something when an update has been answered.
type after struct {
	http.RoundTripper
	do func()
}

func (a after) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := a.RoundTripper.RoundTrip(r)
	if r.Method == http.MethodPut {
		a.do()
	}
	return answer, err
}

func TestWhatSomebodyOverwritesIsNoticed(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	other := *w
	config := w.kube.Config()
	config.Transport = after{config.Transport, sync.OnceFunc(func() { other.edit(func(string) string { return nodeMapping }) })}
	var err error
	if w.client, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	w.addAuth(nodeMapping)
	m := w.manager(access.Options{})
	plan, err := m.Plan(t.Context(), people())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Apply(t.Context(), plan); !errors.Is(err, access.ErrStale) || !strings.Contains(err.Error(), "overwritten by somebody else") {
		t.Errorf("got %v", err)
	}
}

func TestALostAnswerToACreationIsNoFailure(t *testing.T) {
	var client *awseks.Client
	w := newFaultyWorld(t, types.AuthenticationModeApi, ekstest.Options{After: func(op string, n int) *ekstest.Error {
		if op == "CreateAccessEntry" && n == 1 {
			return &ekstest.Error{Code: "ResourceInUseException", Message: "The specified access entry resource is already in use on this cluster."}
		}
		return nil
	}}, kubetest.Options{})
	client = w.cloud.Client()
	m := access.New(access.Cluster{Name: clusterName, Mode: w.mode, Entries: client, Kubernetes: w.client}, access.Options{})
	plan, err := m.Plan(t.Context(), people()[1:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan); err != nil {
		t.Error(err)
	}
}

func TestManyEntriesInPages(t *testing.T) {
	w := newFaultyWorld(t, types.AuthenticationModeApi, ekstest.Options{PageSize: 7}, kubetest.Options{})
	var principals []string
	for i := range 40 {
		principals = append(principals, role(fmt.Sprintf("user-%d", i)))
	}
	w.apply(access.Options{}, []access.Group{{Name: "developer", Principals: principals, Rules: rules.Developer()}})
	plan := w.apply(access.Options{}, []access.Group{{Name: "developer", Principals: principals[:39], Rules: rules.Developer()}})
	if len(plan.Steps) != 1 {
		t.Errorf("steps %v", plan.Steps)
	}
}
