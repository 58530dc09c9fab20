package kubetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is one call of the API, as authorization and audit logs see it.
type Request struct {
	User   string   // whose it is, after impersonation
	Groups []string // of that user

	Verb        string // get, list, watch, create, update, patch, delete, deletecollection
	Group       string // "" is the core group
	Version     string
	Resource    string // plural, such as "deployments"; "" in a request that is for no resource
	Subresource string // "status", "scale", ...
	Namespace   string // "" in a cluster-scoped request
	Name        string // "" in a list; of what is created, the name it got
	Path        string // of the URL

	DryRun bool
	Code   int // HTTP status of the answer; 0 where there was none
}

// Write reports whether the request may have changed something: it is neither
// a read, nor a dry run, nor a review that only computes.
func (r Request) Write() bool {
	if r.Resource == "" || r.DryRun || strings.HasSuffix(r.Resource, "reviews") {
		return false
	}
	return !slices.Contains([]string{"get", "list", "watch"}, r.Verb)
}

// String is the request in one line: "patch deployments.apps/scale shop/web",
// "list pods", "get /version".
func (r Request) String() string {
	if r.Resource == "" {
		return r.Verb + " " + r.Path
	}
	what := r.Resource
	if r.Group != "" {
		what += "." + r.Group
	}
	if r.Subresource != "" {
		what += "/" + r.Subresource
	}
	text := r.Verb + " " + what
	switch {
	case r.Namespace != "" && r.Name != "" && r.Resource != "namespaces":
		text += " " + r.Namespace + "/" + r.Name
	case r.Name != "":
		text += " " + r.Name
	case r.Namespace != "":
		text += " " + r.Namespace + "/"
	}
	if r.DryRun {
		text += " (dry run)"
	}
	return text
}

// read fills in what method, path and query say. The rules are those of
// RequestInfoFactory in k8s.io/apiserver.
func readRequest(method string, u *url.URL) Request {
	r := Request{Path: u.Path, Verb: strings.ToLower(method)}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		r.Version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		r.Group, r.Version, parts = parts[1], parts[2], parts[3:]
	default:
		return r
	}
	if parts[0] == "namespaces" && len(parts) > 1 {
		r.Namespace = parts[1]
		// What follows is a resource in the namespace, or a part of the namespace itself.
		if len(parts) > 2 && !slices.Contains([]string{"status", "finalize"}, parts[2]) {
			parts = parts[2:]
		}
	}
	r.Resource = parts[0]
	if len(parts) > 1 {
		r.Name = parts[1]
	}
	if len(parts) > 2 {
		r.Subresource = parts[2]
	}
	query := u.Query()
	r.DryRun = slices.Contains(query["dryRun"], "All")
	r.Verb = verb(method, r.Name, query)
	return r
}

func verb(method, name string, query url.Values) string {
	switch method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if name == "" {
			return "deletecollection"
		}
		return "delete"
	case http.MethodGet, http.MethodHead:
		switch watch := query.Get("watch"); {
		case watch != "" && watch != "0" && watch != "false":
			return "watch"
		case name == "":
			return "list"
		}
		return "get"
	}
	return strings.ToLower(method)
}
