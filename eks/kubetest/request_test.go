package kubetest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadRequest(t *testing.T) {
	tests := map[string]struct {
		method, path string
		want         Request
		text         string
	}{
		"a list of all namespaces": {
			"GET", "/api/v1/pods", Request{Verb: "list", Version: "v1", Resource: "pods"}, "list pods",
		},
		"an object": {
			"GET", "/apis/apps/v1/namespaces/shop/deployments/web",
			Request{Verb: "get", Group: "apps", Version: "v1", Resource: "deployments", Namespace: "shop", Name: "web"},
			"get deployments.apps shop/web",
		},
		"a subresource": {
			"PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All",
			Request{Verb: "patch", Group: "apps", Version: "v1", Resource: "deployments", Subresource: "scale", Namespace: "shop", Name: "web", DryRun: true},
			"patch deployments.apps/scale shop/web (dry run)",
		},
		"a namespace": {
			"DELETE", "/api/v1/namespaces/shop", Request{Verb: "delete", Version: "v1", Resource: "namespaces", Namespace: "shop", Name: "shop"}, "delete namespaces shop",
		},
		"a part of a namespace": {
			"PUT", "/api/v1/namespaces/shop/finalize",
			Request{Verb: "update", Version: "v1", Resource: "namespaces", Subresource: "finalize", Namespace: "shop", Name: "shop"},
			"update namespaces/finalize shop",
		},
		"a resource called as a part of a namespace": {
			"GET", "/api/v1/namespaces/shop/status/a",
			Request{Verb: "get", Version: "v1", Resource: "namespaces", Subresource: "status", Namespace: "shop", Name: "shop"},
			"get namespaces/status shop",
		},
		"a watch": {
			"GET", "/api/v1/namespaces/shop/pods?watch=true", Request{Verb: "watch", Version: "v1", Resource: "pods", Namespace: "shop"}, "watch pods shop/",
		},
		"no watch": {
			"GET", "/api/v1/pods?watch=0", Request{Verb: "list", Version: "v1", Resource: "pods"}, "list pods",
		},
		"a collection": {
			"DELETE", "/api/v1/namespaces/shop/pods", Request{Verb: "deletecollection", Version: "v1", Resource: "pods", Namespace: "shop"}, "deletecollection pods shop/",
		},
		"what is no resource": {
			"GET", "/apis/apps/v1", Request{Verb: "get"}, "get /apis/apps/v1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Path = u.Path
			got := readRequest(tt.method, u)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
			if got.String() != tt.text {
				t.Errorf("text %q, want %q", got, tt.text)
			}
		})
	}
}

// FuzzServe checks that no request brings the server down, or is answered by
// something that is no answer.
func FuzzServe(f *testing.F) {
	f.Add("POST", "/api/v1/namespaces/default/configmaps", "", "application/json", `{"metadata":{"name":"a"},"data":{"k":"v"}}`)
	f.Add("PATCH", "/api/v1/namespaces/default/configmaps/seed", "fieldManager=x", "application/apply-patch+yaml", "apiVersion: v1\nkind: ConfigMap\n")
	f.Add("PATCH", "/api/v1/namespaces/default/configmaps/seed", "", "application/json-patch+json", `[{"op":"add","path":"/data/k","value":1}]`)
	f.Add("PATCH", "/apis/apps/v1/namespaces/default/deployments/seed", "", "application/strategic-merge-patch+json", `{"spec":{"template":{"spec":{"containers":[{"name":"b"}]}}}}`)
	f.Add("PATCH", "/apis/apps/v1/namespaces/default/deployments/seed/scale", "", "application/merge-patch+json", `{"spec":{"replicas":2}}`)
	f.Add("GET", "/api/v1/pods", "labelSelector=a in (b)&limit=1&continue=eA", "", "")
	f.Add("GET", "/api/v1/events", "watch=1&resourceVersion=1&timeoutSeconds=0", "", "")
	f.Add("DELETE", "/api/v1/namespaces/default/configmaps/seed", "propagationPolicy=Foreground", "application/json", `{"preconditions":{}}`)
	f.Add("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", "", "application/yaml", "spec: {user: a}")
	f.Add("PUT", "/api/v1/namespaces/default/finalize", "", "application/json", `{"spec":{"finalizers":[]}}`)
	f.Fuzz(func(t *testing.T, method, path, query, kind, body string) {
		u := &url.URL{Scheme: "https", Host: "kubernetes.test", Path: "/" + strings.TrimPrefix(path, "/"), RawQuery: query}
		c := New(Options{NoControllers: true})
		if err := c.Add(`
{apiVersion: v1, kind: ConfigMap, metadata: {name: seed}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: seed}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}}`); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", u.String(), strings.NewReader(body))
		if err != nil {
			return
		}
		r.Method = method
		r.Header.Set("Content-Type", kind)
		answer, err := c.RoundTrip(r)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		if answer.StatusCode < 200 || answer.StatusCode > 599 {
			t.Errorf("status %d", answer.StatusCode)
		}
	})
}
