package discovery

import (
	"context"
	"errors"
	"fmt"
	"time"

	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/ecs/internal/grant"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// remove deletes a service. Instances that are left over are deregistered
// first; ECS may be doing the same at this moment, so that both what is gone
// already and what is under way already are as good.
func (n *Namespace) remove(ctx context.Context, serviceID string) error {
	deadline := time.Now().Add(n.opts.Timeout)
	for {
		if err := n.clear(ctx, serviceID, deadline); err != nil && !gone(err) {
			return err
		}
		_, err := n.api.DeleteService(ctx, &sd.DeleteServiceInput{Id: &serviceID})
		if _, used := errors.AsType[*types.ResourceInUse](err); used {
			if late := n.pause(ctx, deadline); late != nil {
				return errors.Join(late, err)
			}
			continue
		}
		if err != nil && !gone(err) {
			return grant.Explain(err, "servicediscovery:DeleteService")
		}
		return nil
	}
}

func gone(err error) bool {
	_, gone := errors.AsType[*types.ServiceNotFound](err)
	return gone
}

// clear deregisters all instances of a service, and waits until they are.
func (n *Namespace) clear(ctx context.Context, serviceID string, deadline time.Time) error {
	instances, err := listInstances(ctx, n.api, serviceID)
	if err != nil {
		return err
	}
	var operations []string
	for _, i := range instances {
		out, err := n.api.DeregisterInstance(ctx, &sd.DeregisterInstanceInput{ServiceId: &serviceID, InstanceId: i.Id})
		if _, gone := errors.AsType[*types.InstanceNotFound](err); gone {
			continue
		}
		if _, twice := errors.AsType[*types.DuplicateRequest](err); twice {
			continue // deleting the service is tried again until it is over
		}
		if err != nil {
			return fmt.Errorf("deregister instance %s: %w", ptr.Value(i.Id), grant.Explain(err, "servicediscovery:DeregisterInstance"))
		}
		operations = append(operations, ptr.Value(out.OperationId))
	}
	for _, o := range operations {
		if err := n.await(ctx, o, deadline); err != nil {
			return err
		}
	}
	return nil
}

// listInstances reads all instances of a service.
func listInstances(ctx context.Context, api sd.ListInstancesAPIClient, serviceID string) ([]types.InstanceSummary, error) {
	var all []types.InstanceSummary
	for pages := sd.NewListInstancesPaginator(api, &sd.ListInstancesInput{ServiceId: &serviceID}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list instances: %w", grant.Explain(err, "servicediscovery:ListInstances"))
		}
		all = append(all, page.Instances...)
	}
	return all, nil
}
