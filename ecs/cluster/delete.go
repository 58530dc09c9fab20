package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/mettel-automation/delivery/internal/awserr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// Deleted is what ApplyDelete did.
type Deleted struct {
	Services []string `json:"services,omitempty"` // that this run began to delete
	Tasks    []string `json:"tasks,omitempty"`    // that this run stopped
	// Cluster is whether it is gone now, whoever deleted it.
	Cluster bool `json:"cluster"`
}

// ApplyDelete deletes what plan names: the services, whose tasks ECS stops, the
// tasks of no service, and, once all of them are gone, the cluster.
//
// It reads the cluster again first, with the refusals of [Manager.PlanDelete],
// and with [ErrStale] where there is a service or a task that the plan does not
// name. Container instances are never stopped: it fails with [ErrInstances] where
// there are some once the cluster is empty. What it did is returned beside the
// error; a later run with a new plan goes on from there.
func (m *Manager) ApplyDelete(ctx context.Context, plan Deletion) (Deleted, error) {
	var done Deleted
	err := m.destroy(ctx, plan, &done)
	if err != nil {
		err = fmt.Errorf("delete cluster %s: %w", plan.Cluster, err)
		m.emit(plan.Cluster, progress.Failed, "", err)
	}
	return done, err
}

func (m *Manager) destroy(ctx context.Context, plan Deletion, done *Deleted) error {
	if plan.Cluster == "" {
		return ErrNotPlanned
	}
	now, err := m.survey(ctx, plan.Cluster)
	if err != nil {
		return err
	}
	if now.Gone {
		done.Cluster = true
		m.emit(plan.Cluster, progress.Unchanged, "does not exist", nil)
		return nil
	}
	if more := unplanned(plan, now); len(more) > 0 {
		return fmt.Errorf("%w: there is also %s", ErrStale, strings.Join(more, ", "))
	}
	m.announce(now)
	if !now.under {
		if err := m.strike(ctx, now, done); err != nil {
			return err
		}
		if err := m.drain(ctx, plan, now); err != nil {
			return err
		}
	}
	if err := m.deleted(ctx, plan.Cluster); err != nil {
		return err
	}
	done.Cluster = true
	m.emit(plan.Cluster, progress.Done, "deleted", nil)
	return nil
}

// unplanned names what there is and the plan does not know.
func unplanned(plan, now Deletion) (more []string) {
	for _, s := range now.Services {
		if !slices.ContainsFunc(plan.Services, func(p Service) bool { return p.Name == s.Name }) {
			more = append(more, "service "+s.Name)
		}
	}
	for _, t := range now.Tasks {
		if !slices.ContainsFunc(plan.Tasks, func(p Task) bool { return p.ID == t.ID }) {
			more = append(more, "task "+t.ID)
		}
	}
	return more
}

// announce tells what is going to happen, the cluster after its services.
func (m *Manager) announce(d Deletion) {
	var needs []string
	for _, s := range d.Services {
		needs = append(needs, s.Name)
		m.emit(s.Name, progress.Waiting, "", nil)
	}
	m.opts.Progress.Emit(progress.Event{Op: op, Subject: d.Cluster, State: progress.Waiting, Needs: needs})
}

// strike begins to delete every service and stops every task; a failure does
// not stop the others.
func (m *Manager) strike(ctx context.Context, d Deletion, done *Deleted) error {
	var errs []error
	for _, s := range d.Services {
		m.emit(s.Name, progress.Running, s.tasks(), nil)
		if s.Status != statusActive {
			continue
		}
		err := m.insist(ctx, func() error {
			// By force: it is scaled to none, and deleted, in one.
			_, err := m.api.DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: &d.Cluster, Service: &s.Name, Force: new(true)})
			return err
		})
		switch awserr.Code(err) {
		case "ServiceNotFoundException", "ServiceNotActiveException": // somebody was faster
			continue
		}
		if err != nil {
			err = fmt.Errorf("delete service %s: %w", s.Name, err)
			m.emit(s.Name, progress.Failed, "", err)
			errs = append(errs, err)
			continue
		}
		done.Services = append(done.Services, s.Name)
	}
	for _, t := range d.Tasks {
		err := m.insist(ctx, func() error {
			_, err := m.api.StopTask(ctx, &awsecs.StopTaskInput{Cluster: &d.Cluster, Task: &t.ID, Reason: new("the cluster is being deleted")})
			return err
		})
		if err != nil && strings.Contains(err.Error(), "task was not found") {
			continue // it has stopped by itself, and is forgotten
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("stop task %s: %w", t.ID, err))
			continue
		}
		done.Tasks = append(done.Tasks, t.ID)
	}
	return errors.Join(errs...)
}

// drain waits until everything of the cluster is gone, and deletes it then.
func (m *Manager) drain(ctx context.Context, plan, now Deletion) error {
	left := make([]string, len(now.Services))
	for i, s := range now.Services {
		left[i] = s.Name
	}
	news := ""
	for began := time.Now(); ; {
		services, err := m.describe(ctx, now.Cluster, left)
		if err != nil {
			return err
		}
		for _, name := range left {
			if !slices.ContainsFunc(services, func(s Service) bool { return s.Name == name }) {
				m.emit(name, progress.Done, "deleted", nil)
			}
		}
		left = left[:0]
		for _, s := range services {
			left = append(left, s.Name)
		}
		remains := describeRest(services)
		if len(services) == 0 {
			var over bool
			if over, remains, err = m.finish(ctx, plan); over || err != nil {
				return err
			}
		}
		if remains != news {
			news = remains
			m.emit(now.Cluster, progress.Running, "waiting for "+news, nil)
		}
		if time.Since(began) >= m.opts.Timeout {
			return fmt.Errorf("%w after %s: still waiting for %s; run again to go on", ErrTimeout, m.opts.Timeout, remains)
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return err
		}
	}
}

func describeRest(services []Service) string {
	texts := make([]string, len(services))
	for i, s := range services {
		texts[i] = s.Name + " (" + s.tasks() + ")"
	}
	return strings.Join(texts, ", ")
}

// finish deletes the cluster, and reports whether it could; remains is what
// stands in the way and goes by itself.
func (m *Manager) finish(ctx context.Context, plan Deletion) (over bool, remains string, err error) {
	err = m.insist(ctx, func() error {
		_, err := m.api.DeleteCluster(ctx, &awsecs.DeleteClusterInput{Cluster: &plan.Cluster})
		return err
	})
	switch awserr.Code(err) {
	case "ClusterNotFoundException":
		return true, "", nil
	case "ClusterContainsCapacityProviderException":
		return false, "", fmt.Errorf("%w: %w", ErrProviders, err)
	case "ClusterContainsContainerInstancesException":
		ids, readErr := m.instances(ctx, plan.Cluster)
		return false, "", errors.Join(fmt.Errorf("%w: %s", ErrInstances, strings.Join(ids, ", ")), readErr)
	case "ClusterContainsServicesException", "ClusterContainsTasksException":
		now, readErr := m.survey(ctx, plan.Cluster)
		if readErr != nil {
			return false, "", readErr
		}
		if more := unplanned(plan, now); len(more) > 0 {
			return false, "", fmt.Errorf("%w: there is now %s", ErrStale, strings.Join(more, ", "))
		}
		return false, "tasks that are stopping", nil
	}
	return err == nil, "", err
}
