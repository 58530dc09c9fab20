package ecrtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// object is a JSON object of the wire protocol.
type object = map[string]any

// RoundTrip answers one request as ECR would: one to the registry, which has a
// path below /v2, or one to the API.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }

// ServeHTTP answers a request that came over a socket, so that other programs
// can talk to the Cloud too: a Docker engine, the AWS CLI with --endpoint-url, a
// main with AWS_ENDPOINT_URL. The Cloud itself opens none.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2" || strings.HasPrefix(r.URL.Path, "/v2/") {
		c.serveRegistry(w, r)
		return
	}
	body, fault := double.Body(w, r)
	var out object
	if fault == nil {
		_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		out, fault = c.call(op, body)
	}
	double.WriteJSON(w, out, fault)
}

// Registry returns the registry alone, for serving it on a port of its own.
func (c *Cloud) Registry() http.Handler { return http.HandlerFunc(c.serveRegistry) }

func (c *Cloud) call(op string, body []byte) (object, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return double.Do(&c.calls, op, func(now time.Time) (object, *Error) {
		if c.throttled(op, now) {
			return nil, Throttled()
		}
		return c.dispatch(op, body, now)
	})
}

func (c *Cloud) dispatch(op string, body []byte, now time.Time) (object, *Error) {
	at := func(do func(imageInput, time.Time) (object, *Error)) (object, *Error) {
		return double.ReadJSON(body, func(in imageInput) (object, *Error) { return do(in, now) })
	}
	switch op {
	case "BatchGetImage":
		return at(c.batchGetImage)
	case "DescribeImages":
		return double.ReadJSON(body, c.describeImages)
	case "ListImages":
		return double.ReadJSON(body, c.listImages)
	case "PutImage":
		return at(c.putImage)
	case "BatchDeleteImage":
		return double.ReadJSON(body, c.batchDeleteImage)
	case "GetAuthorizationToken":
		return c.getAuthorizationToken(now), nil
	}
	return c.dispatchRepositories(op, body, now)
}

func (c *Cloud) dispatchRepositories(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "CreateRepository":
		return double.ReadJSON(body, func(in createRepository) (object, *Error) { return c.createRepository(in, now) })
	case "DescribeRepositories":
		return double.ReadJSON(body, c.describeRepositories)
	case "DeleteRepository":
		return double.ReadJSON(body, c.deleteRepository)
	case "PutImageTagMutability":
		return double.ReadJSON(body, c.putImageTagMutability)
	case "PutImageScanningConfiguration":
		return double.ReadJSON(body, c.putImageScanning)
	case "TagResource", "UntagResource", "ListTagsForResource":
		return double.ReadJSON(body, func(in tagsInput) (object, *Error) { return c.resourceTags(op, in) })
	case "PutLifecyclePolicy", "GetLifecyclePolicy", "DeleteLifecyclePolicy":
		return double.ReadJSON(body, func(in policyInput) (object, *Error) { return c.lifecyclePolicy(op, in) })
	case "SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy":
		return double.ReadJSON(body, func(in policyInput) (object, *Error) { return c.repositoryPolicy(op, in) })
	}
	return nil, &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("operation %q is none that ecrtest has", op)}
}
