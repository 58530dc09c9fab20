package kubetest

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// aggregatedType is the media type of discovery in one document.
const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// nonResource answers a call for what is no resource: discovery, health, the version.
func (c *Cluster) nonResource(k *call) (answer, error) {
	if k.http.Method != http.MethodGet && k.http.Method != http.MethodHead {
		return notFound(), nil
	}
	parts := strings.Split(strings.Trim(k.Path, "/"), "/")
	switch parts[0] {
	case "version":
		return okay(c.version()), nil
	case "healthz", "livez", "readyz":
		return answer{code: http.StatusOK, text: "ok", mediaType: "text/plain; charset=utf-8"}, nil
	case "openapi":
		return c.openAPI(k, parts[1:])
	case "api", "apis":
		aggregated := strings.Contains(strings.Join(k.http.Header.Values("Accept"), ","), "v=v2;as=APIGroupDiscoveryList")
		return c.discover(parts, aggregated), nil
	}
	return notFound(), nil
}

// discover answers what is served: in one document, or in one for each group and version.
func (c *Cluster) discover(parts []string, aggregated bool) answer {
	known, core := c.registry.Catalog, parts[0] == "api"
	switch {
	case len(parts) == 1 && aggregated:
		return answer{code: http.StatusOK, value: known.Aggregated(core), mediaType: aggregatedType}
	case len(parts) == 1 && core:
		return okay(metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: "kubernetes.test:443"}},
		})
	case len(parts) == 1:
		return okay(known.Groups())
	case len(parts) == 2 && core:
		if list := known.Resources(schema.GroupVersion{Version: parts[1]}); list != nil {
			return okay(list)
		}
	case len(parts) == 2:
		if group := known.Group(parts[1]); group != nil {
			group.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
			return okay(group)
		}
	case len(parts) == 3 && !core:
		if list := known.Resources(schema.GroupVersion{Group: parts[1], Version: parts[2]}); list != nil {
			return okay(list)
		}
	}
	return notFound()
}

func okay(value any) answer { return answer{code: http.StatusOK, value: value} }

func (c *Cluster) version() version.Info {
	major, rest, _ := strings.Cut(strings.TrimPrefix(c.opts.Version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return version.Info{
		Major: major, Minor: minor, GitVersion: c.opts.Version, GitTreeState: "clean", BuildDate: "2026-01-01T00:00:00Z",
		GoVersion: runtime.Version(), Compiler: runtime.Compiler, Platform: "linux/amd64",
	}
}

// openAPI answers with documents that hold no schemas. They say that the server
// validates fields itself, which keeps clients from doing so.
func (c *Cluster) openAPI(k *call, parts []string) (answer, error) {
	switch {
	case len(parts) == 1 && parts[0] == "v2":
		return c.openAPIv2(k)
	case len(parts) == 1 && parts[0] == "v3":
		paths := map[string]any{}
		for _, r := range c.registry.Catalog.All() {
			p := groupPath(r.GroupVersion())
			paths[p] = map[string]any{"serverRelativeURL": "/openapi/v3/" + p + "?hash=0"}
		}
		return okay(map[string]any{"paths": paths}), nil
	case len(parts) > 1 && parts[0] == "v3":
		var gv schema.GroupVersion
		switch path := parts[1:]; {
		case len(path) == 2 && path[0] == "api":
			gv.Version = path[1]
		case len(path) == 3 && path[0] == "apis":
			gv.Group, gv.Version = path[1], path[2]
		}
		if c.registry.Catalog.Serves(gv.Group, gv.Version) {
			return okay(map[string]any{
				"openapi": "3.0.0", "info": map[string]any{"title": "Kubernetes", "version": c.opts.Version},
				"paths": c.paths(&gv), "components": map[string]any{"schemas": map[string]any{}},
			}), nil
		}
	}
	return notFound(), nil
}

// openAPIv2 answers with the document of all versions, which clients read in
// the form of protobuf.
func (c *Cluster) openAPIv2(k *call) (answer, error) {
	document := map[string]any{
		"swagger": "2.0", "info": map[string]any{"title": "Kubernetes", "version": c.opts.Version},
		"paths": c.paths(nil), "definitions": map[string]any{},
	}
	if !strings.Contains(k.http.Header.Get("Accept"), "com.github.proto-openapi") {
		return okay(document), nil
	}
	parsed, err := openapi_v2.ParseDocument(rawJSON(document))
	if err != nil {
		return answer{}, err
	}
	data, err := proto.Marshal(parsed)
	if err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusOK, text: string(data), mediaType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"}, nil
}

func groupPath(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "api/" + gv.Version
	}
	return "apis/" + gv.Group + "/" + gv.Version
}

// paths describes how objects are patched, of one version or of all.
func (c *Cluster) paths(of *schema.GroupVersion) map[string]any {
	paths := map[string]any{}
	parameter := func(name, kind string) map[string]any {
		if of == nil {
			return map[string]any{"name": name, "in": "query", "type": kind, "uniqueItems": true}
		}
		return map[string]any{"name": name, "in": "query", "schema": map[string]any{"type": kind}}
	}
	for _, r := range c.registry.Catalog.All() {
		if (of != nil && r.GroupVersion() != *of) || r.Virtual() {
			continue
		}
		path := "/" + groupPath(r.GroupVersion())
		if r.Namespaced {
			path += "/namespaces/{namespace}"
		}
		paths[path+"/"+r.Plural+"/{name}"] = map[string]any{"patch": map[string]any{
			"x-kubernetes-group-version-kind": map[string]any{"group": r.Group, "version": r.Version, "kind": r.Kind},
			"parameters":                      []any{parameter("dryRun", "string"), parameter("fieldManager", "string"), parameter("fieldValidation", "string"), parameter("force", "boolean")},
			"responses":                       map[string]any{"200": map[string]any{"description": "OK"}},
		}}
	}
	return paths
}

// rawJSON encodes what cannot fail: maps of what came from JSON.
func rawJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}
