package ekstest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// object is a JSON object of the wire protocol.
type object = map[string]any

// request is a call of one operation.
type request struct {
	path  func(name string) string // the parts of the address
	query url.Values
	body  []byte
	now   time.Time
}

// route is an operation, and where it is called.
type route struct {
	pattern, op string
	do          func(request) (object, *Error)
}

// routes are all operations that the Cloud has.
// Source: the request snapshots of the SDK's package service/eks.
func (c *Cloud) routes() []route {
	const (
		clusters = "/clusters"
		one      = clusters + "/{name}"
		updates  = one + "/updates"
		groups   = one + "/node-groups"
		group    = groups + "/{group}"
		entries  = one + "/access-entries"
		entry    = entries + "/{principal}"
		policies = entry + "/access-policies"
		tags     = "/tags/{arn}"
	)
	return []route{
		{"POST " + clusters, "CreateCluster", c.createCluster},
		{"GET " + clusters, "ListClusters", c.listClusters},
		{"GET " + one, "DescribeCluster", c.describeCluster},
		{"DELETE " + one, "DeleteCluster", c.deleteCluster},
		{"POST " + one + "/update-config", "UpdateClusterConfig", c.updateClusterConfig},
		{"POST " + updates, "UpdateClusterVersion", c.updateClusterVersion},
		{"GET " + updates, "ListUpdates", c.listUpdates},
		{"GET " + updates + "/{update}", "DescribeUpdate", c.describeUpdate},
		{"POST " + groups, "CreateNodegroup", c.createNodegroup},
		{"GET " + groups, "ListNodegroups", c.listNodegroups},
		{"GET " + group, "DescribeNodegroup", c.describeNodegroup},
		{"DELETE " + group, "DeleteNodegroup", c.deleteNodegroup},
		{"POST " + group + "/update-config", "UpdateNodegroupConfig", c.updateNodegroupConfig},
		{"POST " + group + "/update-version", "UpdateNodegroupVersion", c.updateNodegroupVersion},
		{"POST " + entries, "CreateAccessEntry", c.createAccessEntry},
		{"GET " + entries, "ListAccessEntries", c.listAccessEntries},
		{"GET " + entry, "DescribeAccessEntry", c.describeAccessEntry},
		{"POST " + entry, "UpdateAccessEntry", c.updateAccessEntry},
		{"DELETE " + entry, "DeleteAccessEntry", c.deleteAccessEntry},
		{"POST " + policies, "AssociateAccessPolicy", c.associateAccessPolicy},
		{"GET " + policies, "ListAssociatedAccessPolicies", c.listAssociatedAccessPolicies},
		{"DELETE " + policies + "/{policy}", "DisassociateAccessPolicy", c.disassociateAccessPolicy},
		{"GET /access-policies", "ListAccessPolicies", c.listAccessPolicies},
		{"POST " + tags, "TagResource", c.tagResource},
		{"DELETE " + tags, "UntagResource", c.untagResource},
		{"GET " + tags, "ListTagsForResource", c.listTags},
	}
}

func (c *Cloud) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range c.routes() {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, in *http.Request) { c.answer(w, in, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, in *http.Request) {
		write(w, nil, &Error{Status: http.StatusNotFound, Code: "UnknownOperationException", Message: in.Method + " " + in.URL.Path})
	})
	return mux
}

// ServeHTTP answers a request that came over a socket, so that other programs can talk
// to the Cloud too: the AWS CLI with --endpoint-url, a main with AWS_ENDPOINT_URL_EKS.
// The Cloud itself opens none.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.serve.ServeHTTP(w, r) }

// RoundTrip answers one request as EKS would.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }

func (c *Cloud) answer(w http.ResponseWriter, in *http.Request, r route) {
	body, fault := double.Body(w, in)
	if fault != nil {
		write(w, nil, fault)
		return
	}
	out, fault := c.call(r, request{path: in.PathValue, query: in.URL.Query(), body: body})
	write(w, out, fault)
}

// call does what an operation asks for. What is returned is encoded while the Cloud is
// locked, since it is part of it.
func (c *Cloud) call(r route, in request) (json.RawMessage, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return double.Do(&c.calls, r.op, func(now time.Time) (json.RawMessage, *Error) {
		if c.opts.Throttle && !c.rates.Take(r.op, now) {
			return nil, Throttled()
		}
		c.agenda.CatchUp(now)
		in.now = now
		return c.once(r, in)
	})
}

// once gives the answer of the first to a request that is repeated with its token.
func (c *Cloud) once(r route, in request) (json.RawMessage, *Error) {
	var token struct{ ClientRequestToken string }
	if len(in.body) > 0 {
		if err := json.Unmarshal(in.body, &token); err != nil {
			return nil, &Error{Code: "SerializationException", Message: err.Error()}
		}
	}
	key := r.op + " " + token.ClientRequestToken
	if before, ok := c.answers[key]; ok && token.ClientRequestToken != "" {
		return before, nil
	}
	out, fault := r.do(in)
	if fault != nil {
		return nil, fault
	}
	b, err := json.Marshal(encode(out))
	if err != nil {
		return nil, double.Unencodable(err)
	}
	if token.ClientRequestToken != "" {
		c.answers[key] = b
	}
	return b, nil
}

// decode reads the body of a request into the SDK's own input, whose field names are
// those of the wire but for the case of their first letter.
func decode[In any](r request) (*In, *Error) {
	in := new(In)
	if len(r.body) == 0 {
		return in, nil
	}
	if err := json.Unmarshal(r.body, in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	return in, nil
}

func write(w http.ResponseWriter, out json.RawMessage, fault *Error) {
	status := http.StatusOK
	if fault != nil {
		status = fault.HTTPStatus()
		w.Header().Set("X-Amzn-Errortype", fault.Code)
		out, _ = json.Marshal(object{"message": fault.Message}) // a string always can be
	}
	double.Write(w, status, "application/json", out)
}

// mostOnPage is the most that a list shows at once.
// Source: EKS API reference, "maxResults" of the List operations.
const mostOnPage = 100

// page cuts the page that a request asks for out of names, and puts it into an answer.
func (c *Cloud) page(r request, field string, names []string) (object, *Error) {
	size := c.opts.PageSize
	if text := r.query.Get("maxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostOnPage {
			return nil, invalid("maxResults must be between 1 and %d", mostOnPage)
		}
		size = n
	}
	part, next, ok := double.Page(names, r.query.Get("nextToken"), size)
	if !ok {
		return nil, invalid("Invalid nextToken")
	}
	out := object{field: part}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

// or returns p, or a pointer to v where p is nil.
func or[T any](p *T, v T) *T {
	if p == nil {
		return &v
	}
	return p
}
