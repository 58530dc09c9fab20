package kubetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/registry"
)

// maxBody is the most that a request may hold. Source: MaxRequestBodyBytes of
// k8s.io/apiserver.
const maxBody = 3 << 20

// call is a request on its way to its answer.
type call struct {
	Request
	http     *http.Request
	body     []byte
	resource *catalog.Resource // nil for what is no resource
	now      time.Time
	warnings []string
}

// answer is what a call ends with: a value to encode, or a stream.
type answer struct {
	code      int
	value     any    // encoded as JSON
	text      string // sent as it is, where value is nil
	mediaType string // default application/json
	stream    io.ReadCloser
}

func (c *Cluster) roundTrip(r *http.Request, who identity) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	k := &call{Request: readRequest(r.Method, r.URL), http: r}
	if k.User = who.name; k.User != "" {
		k.Groups = withAuthenticated(who.groups)
	}
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if k.body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
	}
	a, err := c.answer(k)
	switch {
	case errors.Is(err, ErrHang):
		return nil, hung(r)
	case err != nil:
		return nil, err
	}
	return k.response(a)
}

// answer does the call and notes it. Its error is one of the transport.
func (c *Cluster) answer(k *call) (answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.now = time.Now()
	defer func() { c.requests = append(c.requests, k.Request) }()
	fault := c.refusal(k.Request, false)
	if fault == nil {
		a, err := c.serve(k)
		if err != nil {
			a = failure(err)
		}
		k.Code = a.code
		if fault = c.refusal(k.Request, true); fault == nil {
			return a, nil
		}
	}
	if status := apierrors.APIStatus(nil); !errors.As(fault, &status) {
		k.Code = 0
		return answer{}, fault
	}
	a := failure(fault)
	k.Code = a.code
	return a, nil
}

// serve finds who answers the call.
func (c *Cluster) serve(k *call) (answer, error) {
	if len(k.body) > maxBody {
		return answer{}, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxBody))
	}
	if c.broken != nil {
		return answer{}, c.broken
	}
	c.catchUp()
	if k.User == "" {
		return answer{}, Unauthorized()
	}
	if err := c.impersonate(k); err != nil {
		return answer{}, err
	}
	if err := c.authorize(k.user(), k.action()); err != nil {
		return answer{}, err
	}
	if k.Resource == "" {
		return c.nonResource(k)
	}
	k.resource = c.registry.Catalog.Find(k.Group, k.Version, k.Resource)
	if k.resource == nil {
		return c.unknown(k)
	}
	return c.serveResource(k)
}

// unknown answers a call for a resource that is not served: a group and version
// that is knows better words for it.
func (c *Cluster) unknown(k *call) (answer, error) {
	if !c.registry.Catalog.Serves(k.Group, k.Version) {
		return notFound(), nil
	}
	return answer{}, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
		Message: "the server could not find the requested resource", Details: &metav1.StatusDetails{},
	}}
}

// unsupported answers a call with a method that a path does not have.
func unsupported() (answer, error) {
	return answer{}, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusMethodNotAllowed, Reason: metav1.StatusReasonMethodNotAllowed,
		Message: "the server does not allow this method on the requested resource", Details: &metav1.StatusDetails{},
	}}
}

func notFound() answer {
	return answer{code: http.StatusNotFound, text: "404 page not found\n", mediaType: "text/plain; charset=utf-8"}
}

// request is the call as the registry wants it.
func (k *call) request() registry.Request {
	query := k.http.URL.Query()
	manager := query.Get("fieldManager")
	if manager == "" && k.http.Header.Get("Content-Type") != "application/apply-patch+yaml" {
		manager, _, _ = strings.Cut(k.http.UserAgent(), "/")
	}
	q := registry.Request{
		Resource: k.resource, Subresource: k.Subresource, Namespace: k.Namespace, Name: k.Name,
		Manager: manager, DryRun: k.DryRun, Now: k.now, Force: query.Get("force") == "true",
		Strict: query.Get("fieldValidation") == metav1.FieldValidationStrict,
		Ignore: query.Get("fieldValidation") == metav1.FieldValidationIgnore,
		Warn:   func(text string) { k.warnings = append(k.warnings, text) },
	}
	if !k.resource.Namespaced {
		q.Namespace = ""
	}
	return q
}

// mediaType is that of the request's body, without parameters.
func (k *call) mediaType() string {
	m, _, _ := mime.ParseMediaType(k.http.Header.Get("Content-Type"))
	return m
}

// failure is the answer to a call that failed.
func failure(err error) answer {
	var status apierrors.APIStatus
	s := metav1.Status{Status: metav1.StatusFailure, Message: err.Error()}
	if errors.As(err, &status) {
		s = status.Status()
	}
	s.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	if s.Code == 0 {
		s.Code = http.StatusInternalServerError
	}
	return answer{code: int(s.Code), value: s}
}

// response is the answer on the wire.
func (k *call) response(a answer) (*http.Response, error) {
	header := http.Header{"Content-Type": {a.mediaType}, "Audit-Id": {"00000000-0000-0000-0000-000000000000"}}
	if a.mediaType == "" {
		header.Set("Content-Type", "application/json")
	}
	for _, w := range k.warnings {
		header.Add("Warning", fmt.Sprintf("299 - %s", strconv.Quote(w)))
	}
	if s, ok := a.value.(metav1.Status); ok && s.Details != nil && s.Details.RetryAfterSeconds > 0 {
		header.Set("Retry-After", strconv.Itoa(int(s.Details.RetryAfterSeconds)))
	}
	out := &http.Response{
		Status: fmt.Sprintf("%d %s", a.code, http.StatusText(a.code)), StatusCode: a.code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: k.http,
	}
	if a.stream != nil {
		out.Body, out.ContentLength = a.stream, -1
		return out, nil
	}
	data := []byte(a.text)
	if a.value != nil {
		var err error
		if data, err = json.Marshal(a.value); err != nil {
			return nil, fmt.Errorf("encode answer: %w", err)
		}
	}
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	return out, nil
}

// ServeHTTP answers a request that came over a socket, as that of a member of
// system:masters, so that other programs can talk to the Cluster too. The
// Cluster itself opens none.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := c.RoundTrip(r)
	if err != nil {
		// As when the server goes away: the connection ends without an answer.
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	controller := http.NewResponseController(w)
	buffer := make([]byte, 32<<10)
	for {
		// The header of a watch goes out before there is anything to tell. What
		// cannot flush sends its answer when it ends.
		_ = controller.Flush()
		n, err := answer.Body.Read(buffer)
		if _, broken := w.Write(buffer[:n]); err != nil || broken != nil {
			return
		}
	}
}
