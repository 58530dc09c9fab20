package readiness

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mettel-automation/delivery/kre/readiness/status"
)

func TestTransientErrorsAreWaitedOut(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	tests := map[string]error{
		"nobody listens":          refused,
		"too many requests":       apierrors.NewTooManyRequests("slow down", 1),
		"an internal error":       apierrors.NewInternalError(errors.New("etcd has no leader")),
		"unavailable":             apierrors.NewServiceUnavailable("starting"),
		"a list that has expired": apierrors.NewResourceExpired("too old resource version"),
		"a timeout of the server": apierrors.NewServerTimeout(schema.GroupResource{Resource: "deployments"}, "list", 1),
	}
	for name, failure := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, deploy("web", 2))
				begun := time.Now()
				c.fail("get", "deployments", func() error {
					if time.Since(begun) < 20*time.Second {
						return failure
					}
					return nil
				})
				if err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 2))); err != nil {
					t.Error(err)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, deploy("web", 2))
				c.fail("get", "deployments", func() error { return failure })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := c.waiter(Options{}).Wait(ctx, objects(t, deploy("web", 2)))
				want := "wait for 1 object: 1 not ready after 1m0s: context deadline exceeded; the last look failed: read Deployment shop/web: " +
					failure.Error() + "\n1 object not looked at yet"
				if err == nil || err.Error() != want {
					t.Errorf("error is\n%v\nwant\n%s", err, want)
				}
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, failure) {
					t.Error("it does not match the deadline and the failure")
				}
			})
		})
	}
}

// An API server that fails at the last look of all leaves the wait open, and is
// not asked without pause.
func TestAFailingLastLookIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, deploy("web", 0), secret)
		time.AfterFunc(2*time.Second, func() { c.put(deploy("web", 2)) })
		begun := time.Now()
		c.fail("get", "secrets", func() error {
			if d := time.Since(begun); d > time.Second && d < 30*time.Second {
				return apierrors.NewServiceUnavailable("starting")
			}
			return nil
		})
		if err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 0), secret)); err != nil {
			t.Fatal(err)
		}
		if n := c.requests()["get secrets"]; n < 5 || n > 15 {
			t.Errorf("the secret was asked for %d times in 30 seconds", n)
		}
	})
}

func TestRefusalsEndTheWait(t *testing.T) {
	group := schema.GroupResource{Group: "apps", Resource: "deployments"}
	for name, refusal := range map[string]error{
		"an expired token": apierrors.NewUnauthorized("Unauthorized"),
		"a missing right":  apierrors.NewForbidden(group, "web", errors.New("no RBAC policy matched")),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, deploy("web", 0))
			c.fail("get", "deployments", func() error { return refusal })
			err := c.waiter(Options{}).Wait(t.Context(), objects(t, deploy("web", 0)))
			if e := notReady(t, err); !errors.Is(err, refusal) || len(e.Unready) != 1 || e.LastLook != nil {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestInvalidObjectsAreRefusedBeforeAnyRequest(t *testing.T) {
	good := objects(t, secret)[0]
	for name, bad := range map[string]*unstructured.Unstructured{
		"nil":             nil,
		"without a kind":  {Object: map[string]any{"apiVersion": "v1", "metadata": map[string]any{"name": "a"}}},
		"without version": {Object: map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "a"}}},
		"without a name":  {Object: map[string]any{"apiVersion": "v1", "kind": "Pod"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			err := c.waiter(Options{}).Wait(t.Context(), []*unstructured.Unstructured{good, bad})
			if want := "wait for object 2 of 2: invalid object: it needs apiVersion, kind and metadata.name"; !errors.Is(err, ErrInvalid) || err.Error() != want {
				t.Errorf("error is %v", err)
			}
			if len(c.Actions()) > 0 {
				t.Errorf("there were requests: %v", c.requests())
			}
		})
	}
}

// late is a mapper that knows a kind only after it was reset twice, as one does
// whose CustomResourceDefinition is being established.
type late struct {
	meta.RESTMapper
	resets int
}

func (l *late) Reset() { l.resets++ }

func (l *late) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if l.resets < 2 {
		return nil, &meta.NoKindMatchError{GroupKind: kind, SearchedVersions: versions}
	}
	return l.RESTMapper.RESTMapping(kind, versions...)
}

func TestWaitForAKindThatIsNotServedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		certificate := "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: tls, namespace: shop}\nstatus: {conditions: [{type: Ready, status: 'True'}]}"
		c := newCluster(t, certificate)
		mapper := &late{RESTMapper: c.mapper}
		rules := status.Rules{Conditions: []status.Condition{{Group: "cert-manager.io", Kind: "Certificate", Type: "Ready"}}}
		w := New(c, mapper, Options{Rules: rules, Progress: c.events.Record})
		if err := w.Wait(t.Context(), objects(t, certificate)); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"running Certificate shop/tls: the API server does not serve Certificate in cert-manager.io/v1 yet",
			"done Certificate shop/tls",
		}
		if d := cmp.Diff(want, c.told()); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})
}
