package stacktest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/query"
)

// RoundTrip answers one request as CloudFormation would.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }

// ServeHTTP serves the Cloud to other programs, such as the AWS CLI.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, fault := double.Body(w, r)
	form, err := url.ParseQuery(string(raw))
	if err != nil && fault == nil {
		fault = &Error{Code: "MalformedQueryString", Message: err.Error()}
	}
	op, id := form.Get("Action"), ""
	var out any
	if fault == nil {
		out, id, fault = c.call(op, form)
	}
	if fault != nil {
		double.Write(w, fault.HTTPStatus(), "text/xml", query.EncodeError(fault.HTTPStatus(), fault.Code, fault.Message, id))
		return
	}
	double.Write(w, http.StatusOK, "text/xml", query.Encode(op, out, id))
}

// call does what an operation asks for; out points to the SDK's output struct.
func (c *Cloud) call(op string, form url.Values) (out any, id string, fault *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id = c.uuid()
	out, fault = double.Do(&c.calls, op, func(now time.Time) (any, *Error) {
		if c.opts.Throttle && !c.rates.Take(op, now) {
			return nil, Throttled()
		}
		c.agenda.CatchUp(now)
		handler, ok := c.operations()[op]
		if !ok {
			return nil, &Error{Code: "InvalidAction", Message: "Could not find operation " + op + " for version 2010-05-15"}
		}
		return handler(form, now)
	})
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
// what follows.
func page[T any](all []T, token *string, size int) (part []T, next *string, fault *Error) {
	part, after, ok := double.Page(all, ptr.Value(token), size)
	if !ok {
		return nil, nil, invalid("NextToken is not valid")
	}
	return part, some(after), nil
}

func digest(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// some returns a pointer to v, or nil where v is its zero value.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
