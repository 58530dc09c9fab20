package kre_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
)

func TestClustersThatDoNotAnswer(t *testing.T) {
	tests := map[string]struct {
		fail error
		want error
		text string
	}{
		"nothing listens":         {kubetest.Refused(), kre.ErrUnreachable, "plan releases: ask what the cluster serves: the cluster cannot be reached"},
		"the name is unknown":     {kubetest.UnknownHost(), kre.ErrUnreachable, "no such host"},
		"the token has expired":   {kubetest.Unauthorized(), kre.ErrCredentials, "the cluster does not accept the credentials: they may have expired"},
		"the server is no server": {errors.New("http: server gave HTTP response to HTTPS client"), nil, "HTTP response to HTTPS client"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				c.Fail(kubetest.Match{}, tt.fail)
				_, err := engine(t, c, kre.Options{}).Plan(t.Context(), []kre.Release{small("c").release(t, "c", "default")})
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error: %v", err)
				}
			})
		})
	}
}

func TestCredentialsThatExpireInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		p := plan(t, e, shop().release(t, "shop", "market"))
		c.Fail(kubetest.Match{Verb: "create", Resource: "services"}, kubetest.Unauthorized())
		result, err := e.Apply(t.Context(), p)
		if !errors.Is(err, kre.ErrCredentials) || result.Releases[0].After != "failed" {
			t.Errorf("%v, %v", result, err)
		}
	})
}

func TestForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		manifest := `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: some, namespace: market}
rules:
- {apiGroups: [""], resources: [secrets, configmaps], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: some, namespace: market}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: some}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: deployer}]
`
		if err := c.Add(manifest); err != nil {
			t.Fatal(err)
		}
		e, err := kre.New(c.ConfigFor("deployer"), kre.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Plan(t.Context(), []kre.Release{small("c").release(t, "c", "default")})
		f, is := errors.AsType[*kre.ForbiddenError](err)
		if !is || !errors.Is(err, kre.ErrForbidden) || f.User != "deployer" || f.Verb != "list" || f.Resource != "secrets" || f.Namespace != "default" {
			t.Errorf("reading: %v", err)
		}
		// It may not see namespaces, which does not matter, nor make Services.
		if _, err := e.Apply(t.Context(), plan(t, e, small("c").release(t, "c", "market"))); err != nil {
			t.Errorf("what it may do: %v", err)
		}
		_, err = e.Apply(t.Context(), plan(t, e, shop().release(t, "shop", "market")))
		if err == nil || !errors.Is(err, kre.ErrForbidden) || !strings.Contains(err.Error(), "user deployer may not get services in namespace market (403)") {
			t.Errorf("writing: %v", err)
		}
	})
}

func TestPassingFaultsOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := shop().release(t, "shop", "market")
		c.Fail(kubetest.Match{Verb: "get", Resource: "deployments.apps", Skip: 3, Times: 2}, kubetest.InternalError())
		c.Fail(kubetest.Match{Verb: "write", Times: 3}, kubetest.TooManyRequests(2))
		if o, err := apply(t, e, r); err != nil || o.After != "deployed" {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func TestAnAnswerThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n := range 4 { // of the records: the last says that all went well
			c := kubetest.New(kubetest.Options{})
			e := engine(t, c, kre.Options{Run: "1"})
			r := small("c").release(t, "c", "default")
			if _, err := apply(t, e, r); err != nil {
				t.Fatal(err)
			}
			c.FailAfter(kubetest.Match{Verb: "write", Resource: "secrets", Skip: n, Times: 1}, kubetest.Reset())
			r.Values = map[string]any{"text": "two"}
			o, err := apply(t, e, r)
			want := "deployed"
			if err != nil {
				want = "failed"
			}
			if records := stored(t, c, "default"); o.After != want || !strings.HasSuffix(records[len(records)-1], want) {
				t.Errorf("answer %d: %v, %v, records %v", n+1, o, err, records)
			}
			if n == 2 && err != nil {
				t.Errorf("it was deployed, and only the answer was lost: %v", err)
			}
			if o, err := apply(t, e, r); err != nil || o.After != "deployed" {
				t.Errorf("answer %d, the next run: %v, %v", n+1, o, err)
			}
		}
	})
}

func TestAConfigurationThatCannotBeUsed(t *testing.T) {
	_, err := kre.New(&rest.Config{Host: "https://example.test", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("none")}}, kre.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "use the configuration of the cluster: ") {
		t.Errorf("error: %v", err)
	}
	e, err := kre.New(nil, kre.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := small("c").release(t, "c", "default")
	if _, err := e.Plan(t.Context(), []kre.Release{r}); !errors.Is(err, kre.ErrNoCluster) {
		t.Errorf("plan: %v", err)
	}
	if _, err := e.PlanUninstall(t.Context(), []kre.Release{r}); !errors.Is(err, kre.ErrNoCluster) {
		t.Errorf("plan to uninstall: %v", err)
	}
	if _, err := e.Rollback(t.Context(), r, 0); !errors.Is(err, kre.ErrNoCluster) {
		t.Errorf("rollback: %v", err)
	}
}

func TestAServerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		e := engine(t, c, kre.Options{})
		r := shop().release(t, "shop", "market")
		r.Timeout = time.Minute
		p := plan(t, e, r)
		c.Fail(kubetest.Match{Verb: "create", Resource: "services"}, kubetest.ErrHang)
		started := time.Now()
		result, err := e.Apply(t.Context(), p)
		if err == nil || result.Releases[0].After != "failed" || time.Since(started) != time.Minute {
			t.Errorf("after %v: %v, %v", time.Since(started), result, err)
		}
		if !strings.Contains(err.Error(), "not done within 1m0s") {
			t.Errorf("error: %v", err)
		}
	})
}
