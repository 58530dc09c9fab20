package ecrtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// object is a JSON object of the wire protocol.
type object = map[string]any

// RoundTrip answers one request as ECR would: one to the registry, which has a
// path below /v2, or one to the API.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return serve(c, r)
}

// ServeHTTP answers a request that came over a socket, so that other programs
// can talk to the Cloud too: a Docker engine, the AWS CLI with --endpoint-url, a
// main with AWS_ENDPOINT_URL. The Cloud itself opens none.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2" || strings.HasPrefix(r.URL.Path, "/v2/") {
		c.serveRegistry(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // whoever has gone needs no answer
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	out, fault := c.call(op, body)
	status := http.StatusOK
	if fault != nil {
		status, out = fault.status(), object{"__type": fault.Code, "message": fault.Message}
	}
	writeJSON(w, "application/x-amz-json-1.1", status, out)
}

// Registry returns the registry alone, for serving it on a port of its own.
func (c *Cloud) Registry() http.Handler { return http.HandlerFunc(c.serveRegistry) }

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

func (c *Cloud) call(op string, body []byte) (object, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[op]++
	n := c.calls[op]
	if c.opts.Before != nil {
		if fault := c.opts.Before(op, n); fault != nil {
			return nil, fault
		}
	}
	now := time.Now()
	if c.throttled(op, now) {
		return nil, Throttled()
	}
	out, fault := c.dispatch(op, body, now)
	if fault == nil && c.opts.After != nil {
		fault = c.opts.After(op, n)
	}
	return out, fault
}

func (c *Cloud) dispatch(op string, body []byte, now time.Time) (object, *Error) {
	at := func(do func(imageInput, time.Time) (object, *Error)) (object, *Error) {
		return handle(body, func(in imageInput) (object, *Error) { return do(in, now) })
	}
	switch op {
	case "BatchGetImage":
		return at(c.batchGetImage)
	case "DescribeImages":
		return handle(body, c.describeImages)
	case "ListImages":
		return handle(body, c.listImages)
	case "PutImage":
		return at(c.putImage)
	case "BatchDeleteImage":
		return handle(body, c.batchDeleteImage)
	case "GetAuthorizationToken":
		return c.getAuthorizationToken(now), nil
	}
	return c.dispatchRepositories(op, body, now)
}

func (c *Cloud) dispatchRepositories(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "CreateRepository":
		return handle(body, func(in createRepository) (object, *Error) { return c.createRepository(in, now) })
	case "DescribeRepositories":
		return handle(body, c.describeRepositories)
	case "DeleteRepository":
		return handle(body, c.deleteRepository)
	case "PutImageTagMutability":
		return handle(body, c.putImageTagMutability)
	case "PutImageScanningConfiguration":
		return handle(body, c.putImageScanning)
	case "TagResource", "UntagResource", "ListTagsForResource":
		return handle(body, func(in tagsInput) (object, *Error) { return c.resourceTags(op, in) })
	case "PutLifecyclePolicy", "GetLifecyclePolicy", "DeleteLifecyclePolicy":
		return handle(body, func(in policyInput) (object, *Error) { return c.lifecyclePolicy(op, in) })
	case "SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy":
		return handle(body, func(in policyInput) (object, *Error) { return c.repositoryPolicy(op, in) })
	}
	return nil, &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("operation %q is none that ecrtest has", op)}
}

// handle decodes the body of a request for do.
func handle[In any](body []byte, do func(In) (object, *Error)) (object, *Error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	return do(in)
}

func writeJSON(w http.ResponseWriter, contentType string, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}

// stamp is a time on the wire: seconds since the epoch.
func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// serve lets handler answer a request that never was on a wire.
func serve(handler http.Handler, r *http.Request) (answer *http.Response, err error) {
	in := *r
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			answer, err = nil, fmt.Errorf("read response: %w", io.ErrUnexpectedEOF)
		}
	}()
	w := &recorder{header: make(http.Header), status: http.StatusOK}
	handler.ServeHTTP(w, &in)
	if r.Method == http.MethodHead {
		w.body.Reset()
	}
	return &http.Response{
		Status:        http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: w.length(r.Method),
		Request:       r,
	}, nil
}

// recorder keeps what a handler answers.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *recorder) length(method string) int64 {
	if method != http.MethodHead {
		return int64(w.body.Len())
	}
	var n int64 = -1
	_, _ = fmt.Sscan(w.header.Get("Content-Length"), &n) // unknown where it was not said
	return n
}
