package ecstest

import (
	"net/http"

	"github.com/mettel-automation/delivery/internal/double"
)

// Fault is what goes wrong with the tasks of a service.
type Fault string

// The faults of a service.
const (
	// Crash: the essential container exits with code 1 soon after the task has
	// reached RUNNING. The circuit breaker does not count such a task as failed;
	// see aws/containers-roadmap#1206.
	Crash Fault = "crash"
	// ImageMissing: the image cannot be pulled, since its tag does not exist.
	ImageMissing Fault = "image"
	// NeverHealthy: the container runs, and its health check fails. Without a
	// health check the task runs and is never counted as healthy.
	NeverHealthy Fault = "never-healthy"
	// NoCapacity: no container instance has room for the task.
	NoCapacity Fault = "no-capacity"
	// UnhealthyTarget: the load balancer's health check fails, and ECS stops the
	// task for it. It harms only services with target groups, and is none of Faults.
	UnhealthyTarget Fault = "unhealthy-target"
)

// Faults lists the faults that Inject knows and that harm any service.
func Faults() []Fault { return []Fault{Crash, ImageMissing, NeverHealthy, NoCapacity} }

// injected is a fault of all task definitions that were registered after it.
type injected struct {
	fault Fault
	after int // serial
}

// Inject gives fault to the tasks of the named service, in any cluster, that
// run a task definition registered from now on. What was registered before
// stays sound, so that a rollback can succeed. An empty fault heals the service.
func (c *Cloud) Inject(service string, fault Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[service] = injected{fault: fault, after: c.serial}
}

func (c *Cloud) faultOf(s *service, td *taskDefinition) Fault {
	if f := c.faults[s.name]; td.serial > f.after {
		return f.fault
	}
	return ""
}

// Error is an answer of the service that is not a success: an HTTP Status (0 is 400),
// a Code such as "InvalidParameterException", and a Message.
type Error = double.Error

// Throttled is what ECS answers when a caller is over the rate of an operation.
func Throttled() *Error { return &Error{Code: "ThrottlingException", Message: "Rate exceeded"} }

// Unavailable is a server fault that the SDK retries.
func Unavailable() *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "ServerException", Message: "Service Unavailable. Please try again later."}
}

func invalid(message string) *Error {
	return &Error{Code: "InvalidParameterException", Message: message}
}
