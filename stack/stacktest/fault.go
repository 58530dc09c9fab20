package stacktest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// Phase is what is done to a resource when a fault strikes.
type Phase string

// The phases in which faults strike.
const (
	Create   Phase = "create"
	Update   Phase = "update"   // a replacement too
	Delete   Phase = "delete"   // of the stack, of a failed creation, of what an update leaves over
	Rollback Phase = "rollback" // of an update: back to what the resource was
)

// Fault is what goes wrong with a resource.
type Fault struct {
	// On are the phases in which it strikes; none is Create and Update.
	On []Phase
	// Reason is the ResourceStatusReason; "Internal Failure" where it is empty.
	Reason string
	// After is how long the resource is tried; 0 is as long as it takes to succeed.
	After time.Duration
	// Early refuses a creation before anything is made, so that there is no
	// physical id, as where a permission is missing.
	Early bool
	// Times is how often it strikes, whatever the phase; 0 is until Heal.
	Times int
}

// Reasons as the real services give them, for faults.
const (
	// DependencyViolation: something outside the stack uses a security group.
	DependencyViolation = `resource sg-0123456789abcdef0 has a dependent object (Service: Ec2, Status Code: 400, Request ID: 5f0c6c9a-4d5e-4c0f-9e21-1b2f3a4d5c6e) (RequestToken: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9, HandlerErrorCode: InvalidRequest)`
	// InsufficientCapacity: AWS has no machine for a cache.
	InsufficientCapacity = `Resource handler returned message: "Insufficient cache cluster capacity. (Service: ElastiCache, Status Code: 400)" (RequestToken: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9, HandlerErrorCode: ServiceLimitExceeded)`
	// AccessDenied: whoever runs the stack may not do it.
	AccessDenied = `Resource handler returned message: "User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: elasticache:CreateReplicationGroup on resource: arn:aws:elasticache:us-east-1:123456789012:replicationgroup:demo because no identity-based policy allows the elasticache:CreateReplicationGroup action (Service: ElastiCache, Status Code: 403)" (RequestToken: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9, HandlerErrorCode: AccessDenied)`
	// NotStabilized: the resource was made, and never became ready.
	NotStabilized = `Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9, HandlerErrorCode: NotStabilized)`
)

type injected struct {
	Fault
	left int
}

// Inject makes the resource fail. It is named by its logical id, in all stacks,
// or as "stack/LogicalID"; within a nested stack as "stack/Nested/LogicalID".
// Several faults of one resource strike in the order in which they were injected.
func (c *Cloud) Inject(resource string, fault Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(fault.On) == 0 {
		fault.On = []Phase{Create, Update}
	}
	if fault.Reason == "" {
		fault.Reason = "Internal Failure"
	}
	c.faults[resource] = append(c.faults[resource], &injected{Fault: fault, left: fault.Times})
}

// Heal takes back all faults of a resource, named as for Inject.
func (c *Cloud) Heal(resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.faults, resource)
}

// strike returns the fault that r meets in a phase, and uses it up; nil if none.
func (c *Cloud) strike(r *resource, on Phase) *Fault {
	for _, key := range []string{r.path(), r.stack.name + "/" + r.id, r.id} {
		for _, f := range c.faults[key] {
			if !slices.Contains(f.On, on) || f.Times > 0 && f.left == 0 {
				continue
			}
			f.left--
			return &f.Fault
		}
	}
	return nil
}

// Error is an answer of the service that is not a success: an HTTP Status (0 is 400),
// a Code such as "ValidationError", and a Message.
type Error = double.Error

// Throttled is what CloudFormation answers when a caller is over its rate.
func Throttled() *Error { return &Error{Code: "Throttling", Message: "Rate exceeded"} }

// Unavailable is a server fault that the SDK retries.
func Unavailable() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "Service Unavailable"}
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}
