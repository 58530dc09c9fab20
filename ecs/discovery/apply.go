package discovery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/ecs/internal/grant"
	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

const op = "ecs.discovery"

// Result is what Apply did, in the order of the plan.
type Result struct {
	Services []Outcome `json:"services"`
}

// Outcome is how it ended for one service.
type Outcome struct {
	Service string         `json:"service"`
	Action  Action         `json:"action"`
	State   progress.State `json:"state"` // Done, Unchanged or Failed
	// Registry is the setting of the ECS service that belongs to this service. It
	// is the zero value where the service was removed, or could not be made.
	Registry ecstypes.ServiceRegistry `json:"registry,omitzero"`
	Err      error                    `json:"-"`
}

// Registries returns the settings of ECS services by the name of the service,
// for CreateServiceInput.ServiceRegistries.
func (r Result) Registries() map[string]ecstypes.ServiceRegistry {
	all := make(map[string]ecstypes.ServiceRegistry)
	for _, o := range r.Services {
		if o.Registry.RegistryArn != nil {
			all[o.Service] = o.Registry
		}
	}
	return all
}

// Ensure plans and applies at once, and returns the registries by name. It is
// to be called before the ECS services are made.
func (n *Namespace) Ensure(ctx context.Context, services []Service) (map[string]ecstypes.ServiceRegistry, error) {
	plan, err := n.Plan(ctx, services)
	if err != nil {
		return nil, err
	}
	result, err := n.Apply(ctx, plan)
	return result.Registries(), err
}

// Apply makes the changes of plan, several at once, and waits until each has
// taken effect. A plan with conflicts, or for another namespace, fails with
// [ErrConflict] before any call; so does a service which is no longer ours.
// A failed service does not stop the others; their errors are joined, and
// Result says how each service ended either way.
//
// To remove a service, instances that are left over are deregistered first.
func (n *Namespace) Apply(ctx context.Context, plan Plan) (Result, error) {
	if err := plan.Err(); err != nil {
		return Result{}, fmt.Errorf("apply service discovery: %w", err)
	}
	if len(plan.Changes) > 0 && plan.Namespace != n.opts.Namespace && plan.NamespaceID != n.opts.Namespace {
		return Result{}, fmt.Errorf("apply service discovery in %s: %w: the plan is for %s", n.opts.Namespace, ErrConflict, plan.Namespace)
	}
	outcomes := make([]Outcome, len(plan.Changes))
	slots := make(chan struct{}, n.opts.Writes)
	var group sync.WaitGroup
	for i, change := range plan.Changes {
		group.Go(func() {
			slots <- struct{}{}
			outcomes[i] = n.change(ctx, plan.NamespaceID, change)
			<-slots
		})
	}
	group.Wait()
	var errs []error
	for _, o := range outcomes {
		errs = append(errs, o.Err)
	}
	return Result{Services: outcomes}, errors.Join(errs...)
}

// change makes one change, and tells of it.
func (n *Namespace) change(ctx context.Context, namespaceID string, c Change) Outcome {
	out := Outcome{Service: c.Service, Action: c.Action, State: progress.Done}
	event := progress.Event{Op: op, Subject: c.Service, State: progress.Running, Message: strings.Join(c.Detail, ", ")}
	n.opts.Progress.Emit(event)
	arn, err := c.ARN, context.Cause(ctx)
	if err == nil {
		switch c.Action {
		case Create:
			arn, err = n.create(ctx, namespaceID, *c.Desired)
		case Update:
			if err = n.still(ctx, c); err == nil {
				err = n.update(ctx, *c.Desired, short.Name(c.ARN))
			}
		case Delete:
			if err = n.still(ctx, c); err == nil {
				err = n.remove(ctx, short.Name(c.ARN))
			}
		case Keep:
			out.State = progress.Unchanged
		}
	}
	switch {
	case err != nil:
		out.State, out.Err = progress.Failed, fmt.Errorf("%s service %s: %w", c.Action, c.Service, err)
	case c.Desired != nil:
		out.Registry = c.Desired.registry(arn)
	}
	event.State, event.Err = out.State, out.Err
	n.opts.Progress.Emit(event)
	return out
}

// still looks once more whether a service is ours, before it is changed or
// removed: a plan may be old, or have come from elsewhere.
func (n *Namespace) still(ctx context.Context, c Change) error {
	ours, err := n.ours(ctx, types.ServiceSummary{Arn: &c.ARN, Name: &c.Service})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return nil // the write itself says so
	}
	if err != nil {
		return err
	}
	if !ours {
		return fmt.Errorf("%w: %s", ErrConflict, n.foreign())
	}
	return nil
}

func (n *Namespace) create(ctx context.Context, namespaceID string, s Service) (arn string, err error) {
	in := &sd.CreateServiceInput{
		Name: &s.Name, NamespaceId: &namespaceID,
		DnsConfig: &types.DnsConfig{DnsRecords: s.records(), RoutingPolicy: types.RoutingPolicyMultivalue},
	}
	for _, key := range slices.Sorted(maps.Keys(n.opts.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: new(n.opts.Tags[key])})
	}
	if s.HealthCheck {
		in.HealthCheckCustomConfig = &types.HealthCheckCustomConfig{}
	}
	out, err := n.api.CreateService(ctx, in)
	if err != nil {
		return "", grant.Explain(err, "servicediscovery:CreateService")
	}
	return ptr.Value(out.Service.Arn), nil
}

func (s Service) records() []types.DnsRecord {
	return []types.DnsRecord{{Type: s.Record, TTL: new(int64(s.TTL / time.Second))}}
}

func (n *Namespace) update(ctx context.Context, s Service, serviceID string) error {
	out, err := n.api.UpdateService(ctx, &sd.UpdateServiceInput{
		Id: &serviceID, Service: &types.ServiceChange{DnsConfig: &types.DnsConfigChange{DnsRecords: s.records()}},
	})
	if err != nil {
		return grant.Explain(err, "servicediscovery:UpdateService")
	}
	return n.await(ctx, ptr.Value(out.OperationId), time.Now().Add(n.opts.Timeout))
}

// await waits until Cloud Map has done an operation.
func (n *Namespace) await(ctx context.Context, operation string, deadline time.Time) error {
	for {
		out, err := n.api.GetOperation(ctx, &sd.GetOperationInput{OperationId: &operation})
		if err != nil {
			return fmt.Errorf("read operation %s: %w", operation, grant.Explain(err, "servicediscovery:GetOperation"))
		}
		switch o := out.Operation; o.Status {
		case types.OperationStatusSuccess:
			return nil
		case types.OperationStatusFail:
			return fmt.Errorf("operation %s failed: %s: %s", operation, ptr.Value(o.ErrorCode), ptr.Value(o.ErrorMessage))
		}
		if err := n.pause(ctx, deadline); err != nil {
			return fmt.Errorf("wait for operation %s: %w", operation, err)
		}
	}
}

// ErrTimeout is the error of what took longer than Options.Timeout.
var ErrTimeout = errors.New("not done in time")

// pause waits for one PollInterval, within the deadline.
func (n *Namespace) pause(ctx context.Context, deadline time.Time) error {
	if time.Now().After(deadline) {
		return fmt.Errorf("%w (%v)", ErrTimeout, n.opts.Timeout)
	}
	return wait.For(ctx, n.opts.PollInterval)
}
