package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// Apply makes the changes of plan, which must come from [Manager.Plan], and
// waits until the cluster is ready and shows them. A plan without changes makes
// no call.
//
// In an account that never had a cluster, ECS cannot assume its service-linked
// role yet; such an attempt is repeated for a minute.
func (m *Manager) Apply(ctx context.Context, plan Plan) error {
	if plan.Cluster == "" || plan.desired.Name != plan.Cluster {
		return fmt.Errorf("apply cluster %s: %w", plan.Cluster, ErrNotPlanned)
	}
	if plan.Empty() {
		m.emit(plan.Cluster, progress.Unchanged, "", nil)
		return nil
	}
	m.emit(plan.Cluster, progress.Running, string(plan.Action), nil)
	err := m.write(ctx, plan)
	if err == nil {
		err = m.settle(ctx, plan.desired)
	}
	if err != nil {
		err = fmt.Errorf("%s cluster %s: %w", plan.Action, plan.Cluster, err)
		m.emit(plan.Cluster, progress.Failed, "", err)
		return err
	}
	m.emit(plan.Cluster, progress.Done, string(plan.Action)+"d", nil)
	return nil
}

func (m *Manager) write(ctx context.Context, plan Plan) error {
	if plan.Action == Update {
		return m.update(ctx, plan)
	}
	s := plan.desired
	if plan.Action == Recreate {
		if err := m.deleted(ctx, s.Name); err != nil {
			return err
		}
	}
	keys := make([]string, 0, len(s.Tags))
	for key := range s.Tags {
		keys = append(keys, key)
	}
	err := m.insist(ctx, func() error {
		_, err := m.api.CreateCluster(ctx, &awsecs.CreateClusterInput{
			ClusterName: &s.Name, Settings: s.settings(), Tags: s.tags(keys),
			CapacityProviders: s.CapacityProviders, DefaultCapacityProviderStrategy: s.items(),
		})
		return err
	})
	if unassumable(err) {
		return fmt.Errorf("%w, for %s; `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com` makes that role", err, rolePatience)
	}
	return err
}

// update makes every change that is needed; a failed one does not stop the others.
func (m *Manager) update(ctx context.Context, plan Plan) error {
	s, errs := plan.desired, []error(nil)
	try := func(needed bool, what string, call func() error) {
		if !needed {
			return
		}
		if err := m.insist(ctx, call); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	try(plan.drift.insights, "set container insights", func() error {
		_, err := m.api.UpdateCluster(ctx, &awsecs.UpdateClusterInput{Cluster: &s.Name, Settings: s.settings()})
		return err
	})
	try(plan.drift.capacity, "put capacity providers", func() error {
		_, err := m.api.PutClusterCapacityProviders(ctx, &awsecs.PutClusterCapacityProvidersInput{
			Cluster: &s.Name, CapacityProviders: s.CapacityProviders, DefaultCapacityProviderStrategy: s.items(),
		})
		return err
	})
	try(len(plan.drift.tags) > 0, "tag", func() error {
		_, err := m.api.TagResource(ctx, &awsecs.TagResourceInput{ResourceArn: &plan.drift.arn, Tags: s.tags(plan.drift.tags)})
		return err
	})
	return errors.Join(errs...)
}

// lag is how long a read may still show what was before a write.
const lag = time.Minute

// settle waits until the cluster is ready and as desired. CreateCluster gives
// back an existing cluster as it is, so that what somebody else has made
// meanwhile shows only here.
func (m *Manager) settle(ctx context.Context, desired Spec) error {
	began, news := time.Now(), ""
	for {
		found, err := m.find(ctx, desired.Name)
		if err != nil {
			return err
		}
		now := diff(desired, found)
		status, attachments := statusInactive, ""
		if found != nil {
			status, attachments = ptr.Value(found.Status), ptr.Value(found.AttachmentsStatus)
		}
		waited := time.Since(began)
		switch {
		case status == statusFailed || attachments == "UPDATE_FAILED":
			return fmt.Errorf("%w: its capacity providers could not be set up", ErrFailed)
		case status == statusProvisioning || attachments == "UPDATE_IN_PROGRESS":
			if waited >= m.opts.Timeout {
				return fmt.Errorf("%w after %s: its capacity providers are still being set up", ErrTimeout, m.opts.Timeout)
			}
			if news == "" {
				news = "waiting for its capacity providers"
				m.emit(desired.Name, progress.Running, news, nil)
			}
		case now.Empty():
			return nil
		case waited >= lag:
			return fmt.Errorf("%w: it still differs: %s", ErrStale, strings.Join(now.Detail, "; "))
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return err
		}
	}
}

// deleted waits until a cluster that is being deleted is gone.
func (m *Manager) deleted(ctx context.Context, name string) error {
	for began := time.Now(); ; {
		found, err := m.find(ctx, name)
		if err != nil || found == nil || ptr.Value(found.Status) != statusDeprovisioning {
			return err
		}
		if time.Since(began) >= m.opts.Timeout {
			return fmt.Errorf("%w after %s: it is still being deleted", ErrTimeout, m.opts.Timeout)
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return err
		}
	}
}
