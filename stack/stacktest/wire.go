package stacktest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/mettel-automation/delivery/stack/stacktest/internal/query"
)

// RoundTrip answers one request as CloudFormation would.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, body, err := c.answer(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode:    status,
		Header:        http.Header{"Content-Type": {"text/xml"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}, nil
}

// ServeHTTP serves the Cloud to other programs, such as the AWS CLI.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body, err := c.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// maxRequest bounds a request; a template in one has at most 51,200 bytes.
const maxRequest = 4 << 20

func (c *Cloud) answer(r *http.Request) (status int, body []byte, err error) {
	if r.Body == nil {
		return 0, nil, fmt.Errorf("read request: no body")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return 0, nil, fmt.Errorf("read request: %w", err)
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return 0, nil, fmt.Errorf("read request: %w", err)
	}
	op := form.Get("Action")
	out, id, fault := c.call(op, form)
	if fault != nil {
		return fault.status(), query.EncodeError(fault.status(), fault.Code, fault.Message, id), nil
	}
	return http.StatusOK, query.Encode(op, out, id), nil
}

// call does what an operation asks for; out points to the SDK's output struct.
func (c *Cloud) call(op string, form url.Values) (out any, id string, fault *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[op]++
	n := c.calls[op]
	id = c.uuid()
	if c.opts.Before != nil {
		if fault := c.opts.Before(op, n); fault != nil {
			return nil, id, fault
		}
	}
	now := time.Now()
	if c.opts.Throttle && !c.rates.take(op, now) {
		return nil, id, Throttled()
	}
	c.agenda.CatchUp(now)
	handler, ok := c.operations()[op]
	if !ok {
		return nil, id, &Error{Code: "InvalidAction", Message: "Could not find operation " + op + " for version 2010-05-15"}
	}
	out, fault = handler(form, now)
	if fault == nil && c.opts.After != nil {
		fault = c.opts.After(op, n)
	}
	return out, id, fault
}

// operation is one that the Cloud has, from the form to the SDK's output.
type operation func(form url.Values, now time.Time) (any, *Error)

// serve makes an operation of a function from input to output.
func serve[In, Out any](do func(in *In, now time.Time) (*Out, *Error)) operation {
	return func(form url.Values, now time.Time) (any, *Error) {
		in := new(In)
		if err := query.Decode(form, in); err != nil {
			return nil, &Error{Code: "MalformedInput", Message: err.Error()}
		}
		if fault := checkFields(in); fault != nil {
			return nil, fault
		}
		return do(in, now)
	}
}

// operations are all that the Cloud has, by name.
func (c *Cloud) operations() map[string]operation {
	return map[string]operation{
		"CreateChangeSet":                   serve(c.createChangeSet),
		"DescribeChangeSet":                 serve(c.describeChangeSet),
		"ListChangeSets":                    serve(c.listChangeSets),
		"ExecuteChangeSet":                  serve(c.executeChangeSet),
		"DeleteChangeSet":                   serve(c.deleteChangeSet),
		"CreateStack":                       serve(c.createStack),
		"UpdateStack":                       serve(c.updateStack),
		"DeleteStack":                       serve(c.deleteStack),
		"CancelUpdateStack":                 serve(c.cancelUpdate),
		"RollbackStack":                     serve(c.rollbackStack),
		"ContinueUpdateRollback":            serve(c.continueRollback),
		"UpdateTerminationProtection":       serve(c.protect),
		"DescribeStacks":                    serve(c.describeStacks),
		"ListStacks":                        serve(c.listStacks),
		"DescribeStackEvents":               serve(c.describeStackEvents),
		"DescribeEvents":                    serve(c.describeEvents),
		"DescribeStackResources":            serve(c.describeResources),
		"ListStackResources":                serve(c.listResources),
		"ListExports":                       serve(c.listExports),
		"GetTemplate":                       serve(c.getTemplate),
		"DetectStackDrift":                  serve(c.detectDrift),
		"DescribeStackDriftDetectionStatus": serve(c.describeDetection),
		"DescribeStackResourceDrifts":       serve(c.describeDrifts),
	}
}

// page returns the part of all that begins where token says, and the token of
// what follows. A token is the place of an element.
func page[T any](all []T, token *string, size int) (part []T, next *string, fault *Error) {
	start := 0
	if token != nil {
		if _, err := fmt.Sscanf(*token, "from-%d", &start); err != nil || start < 0 || start > len(all) {
			return nil, nil, invalid("NextToken is not valid")
		}
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = new(fmt.Sprintf("from-%d", end))
	}
	return all[start:end], next, nil
}

func digest(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// some returns a pointer to v, or nil where v is its zero value.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
