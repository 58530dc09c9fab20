package ecstest

import (
	"net/http"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// object is a JSON object of the wire protocol.
type object = map[string]any

// RoundTrip answers one request as the service would that it is for: ECS, Cloud
// Map, CloudWatch Logs or Elastic Load Balancing.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }

// ServeHTTP answers a request that came over a socket, so that other programs
// can talk to the Cloud too: the AWS CLI with --endpoint-url, a main with
// AWS_ENDPOINT_URL. The Cloud itself opens none.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, fault := double.Body(w, r)
	if fault == nil && strings.HasPrefix(r.Header.Get("Content-Type"), formType) {
		c.query(w, body)
		return
	}
	var out object
	if fault == nil {
		target, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		out, fault = c.call(qualified(target, op), body)
	}
	double.WriteJSON(w, out, fault)
}

func (c *Cloud) call(op string, body []byte) (object, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return double.Do(&c.calls, op, func(now time.Time) (object, *Error) {
		if c.opts.Throttle && !c.rates.take(op, now) {
			return nil, Throttled()
		}
		c.agenda.CatchUp(now)
		return c.dispatch(op, body, now)
	})
}

func (c *Cloud) dispatch(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case "RegisterTaskDefinition":
		return double.ReadJSON(body, func(in object) (object, *Error) { return c.registerTaskDefinition(in, now) })
	case "DescribeTaskDefinition":
		return double.ReadJSON(body, c.describeTaskDefinition)
	case "DeregisterTaskDefinition":
		return double.ReadJSON(body, c.deregisterTaskDefinition)
	case "CreateService":
		return double.ReadJSON(body, func(in createService) (object, *Error) { return c.createService(in, body, now) })
	case "UpdateService":
		return double.ReadJSON(body, func(in updateService) (object, *Error) { return c.updateService(in, now) })
	case "DeleteService":
		return double.ReadJSON(body, func(in deleteService) (object, *Error) { return c.deleteService(in, now) })
	case "DescribeServices":
		return double.ReadJSON(body, c.describeServices)
	case "ListServices":
		return double.ReadJSON(body, c.listServices)
	case "ListTasks":
		return double.ReadJSON(body, c.listTasks)
	case "DescribeTasks":
		return double.ReadJSON(body, c.describeTasks)
	case "ListServiceDeployments":
		return double.ReadJSON(body, c.listServiceDeployments)
	case "DescribeServiceDeployments":
		return double.ReadJSON(body, c.describeServiceDeployments)
	case "ContinueServiceDeployment":
		return double.ReadJSON(body, func(in deploymentsInput) (object, *Error) { return c.continueServiceDeployment(in, now) })
	}
	return c.dispatchClusters(op, body, now)
}

func arn(kind string, path ...string) string {
	return "arn:aws:ecs:" + Region + ":" + Account + ":" + kind + "/" + strings.Join(path, "/")
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
