package ecstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// object is a JSON object of the wire protocol.
type object = map[string]any

// RoundTrip answers one request as the service would that it is for: ECS, Cloud
// Map, CloudWatch Logs or Elastic Load Balancing.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), formType) {
		return c.query(body)
	}
	target, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	out, fault := c.call(qualified(target, op), body)
	if fault != nil {
		return response(fault.status(), object{"__type": fault.Code, "message": fault.Message})
	}
	return response(http.StatusOK, out)
}

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
	if c.opts.Throttle && !c.rates.take(op, now) {
		return nil, Throttled()
	}
	c.agenda.CatchUp(now)
	out, fault := c.dispatch(op, body, now)
	if fault == nil && c.opts.After != nil {
		fault = c.opts.After(op, n)
	}
	return out, fault
}

func (c *Cloud) dispatch(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "RegisterTaskDefinition":
		return handle(body, func(in object) (object, *Error) { return c.registerTaskDefinition(in, now) })
	case "DescribeTaskDefinition":
		return handle(body, c.describeTaskDefinition)
	case "DeregisterTaskDefinition":
		return handle(body, c.deregisterTaskDefinition)
	case "CreateService":
		return handle(body, func(in createService) (object, *Error) { return c.createService(in, body, now) })
	case "UpdateService":
		return handle(body, func(in updateService) (object, *Error) { return c.updateService(in, now) })
	case "DeleteService":
		return handle(body, func(in deleteService) (object, *Error) { return c.deleteService(in, now) })
	case "DescribeServices":
		return handle(body, c.describeServices)
	case "ListServices":
		return handle(body, c.listServices)
	case "ListTasks":
		return handle(body, c.listTasks)
	case "DescribeTasks":
		return handle(body, c.describeTasks)
	case "ListServiceDeployments":
		return handle(body, c.listServiceDeployments)
	case "DescribeServiceDeployments":
		return handle(body, c.describeServiceDeployments)
	case "ContinueServiceDeployment":
		return handle(body, func(in deploymentsInput) (object, *Error) { return c.continueServiceDeployment(in, now) })
	}
	return c.dispatchClusters(op, body, now)
}

// handle decodes the body of a request for do.
func handle[In any](body []byte, do func(In) (object, *Error)) (object, *Error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	return do(in)
}

func response(status int, v any) (*http.Response, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode response: %w", err)
	}
	return &http.Response{
		StatusCode:    status,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:          io.NopCloser(bytes.NewReader(b)),
		ContentLength: int64(len(b)),
	}, nil
}

// stamp is a time on the wire: seconds since the epoch.
func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func arn(kind string, path ...string) string {
	return "arn:aws:ecs:" + Region + ":" + Account + ":" + kind + "/" + strings.Join(path, "/")
}

// base is the last element of an ARN, or of a plain name.
func base(nameOrARN string) string {
	return nameOrARN[strings.LastIndexByte(nameOrARN, '/')+1:]
}

// page cuts one page out of keys: the one after token, of at most size.
func page(keys []string, token string, size int) (part []string, next string) {
	start := 0
	for start < len(keys) && token != "" && keys[start] != token {
		start++
	}
	end := min(start+size, len(keys))
	if end < len(keys) {
		next = keys[end]
	}
	return keys[start:end], next
}

// ServeHTTP answers a request that came over a socket, so that other programs
// can talk to the Cloud too: the AWS CLI with --endpoint-url, a main with
// AWS_ENDPOINT_URL. The Cloud itself opens none.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := c.RoundTrip(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // whoever has gone needs no answer
}
