package destroy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// op is the operation of the events of services that go.
const op = "destroy.services"

// patience is how long services may take until their tasks have stopped.
const patience = 15 * time.Minute

func (w *workload) emit(name string, state progress.State, message string, err error) {
	w.record.Emit.Emit(progress.Event{Op: op, Subject: name, State: state, Message: message, Err: err})
}

// drain deletes the services and stops the tasks of none, and waits until nothing runs
// in the cluster any more: with tasks in it, it could not be deleted.
func (w *workload) drain(ctx context.Context) error {
	if w.cluster.Gone {
		return nil
	}
	var errs []error
	for _, s := range w.cluster.Services {
		w.emit(s.Name, progress.Running, fmt.Sprintf("stopping %d tasks", s.Running+s.Pending), nil)
		_, err := w.client.DeleteService(ctx, &awsecs.DeleteServiceInput{Cluster: &w.cluster.Cluster, Service: &s.Name, Force: new(true)})
		if _, gone := errors.AsType[*types.ServiceNotFoundException](err); err != nil && !gone {
			err = fmt.Errorf("delete service %s: %w", s.Name, err)
			w.emit(s.Name, progress.Failed, "", err)
			errs = append(errs, err)
		}
	}
	for _, t := range w.cluster.Tasks {
		if _, err := w.client.StopTask(ctx, &awsecs.StopTaskInput{Cluster: &w.cluster.Cluster, Task: &t.ID, Reason: new("its environment is destroyed")}); err != nil {
			errs = append(errs, fmt.Errorf("stop task %s: %w", t.ID, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return w.wait(ctx)
}

// wait waits until the services are gone and no task is left.
func (w *workload) wait(ctx context.Context) error {
	left := make([]string, len(w.cluster.Services))
	for i, s := range w.cluster.Services {
		left[i] = s.Name
	}
	for began := time.Now(); ; {
		var err error
		if left, err = w.draining(ctx, left); err != nil {
			return err
		}
		tasks := 0
		if len(left) == 0 {
			if tasks, err = w.tasks(ctx); err != nil || tasks == 0 {
				return err
			}
		}
		if time.Since(began) > w.pace(patience) {
			what := strings.Join(left, ", ")
			if tasks > 0 {
				what = fmt.Sprintf("%d tasks", tasks)
			}
			return fmt.Errorf("drain cluster %s: still waiting for %s after %v; run again to go on", w.cluster.Cluster, what, w.pace(patience))
		}
		if err := wait.For(ctx, w.pace(5*time.Second)); err != nil {
			return err
		}
	}
}

// describeServices and describeTasks are the most that one call takes.
// Source: ECS API reference, DescribeServices and DescribeTasks.
const (
	describeServices = 10
	describeTasks    = 100
)

// draining returns those of the services that are not gone yet.
func (w *workload) draining(ctx context.Context, names []string) (left []string, err error) {
	for batch := range slices.Chunk(names, describeServices) {
		out, err := w.client.DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: &w.cluster.Cluster, Services: batch})
		if err != nil {
			return nil, fmt.Errorf("describe services %s: %w", strings.Join(batch, ", "), err)
		}
		for _, name := range batch {
			is := func(s types.Service) bool { return *s.ServiceName == name && *s.Status != "INACTIVE" }
			if slices.ContainsFunc(out.Services, is) {
				left = append(left, name)
			} else {
				w.emit(name, progress.Done, "deleted", nil)
			}
		}
	}
	return left, nil
}

// tasks counts the tasks of the cluster that have not stopped, also those on their way.
func (w *workload) tasks(ctx context.Context) (n int, err error) {
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		pages := awsecs.NewListTasksPaginator(w.client, &awsecs.ListTasksInput{Cluster: &w.cluster.Cluster, DesiredStatus: desired})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return 0, fmt.Errorf("list the tasks of %s: %w", w.cluster.Cluster, err)
			}
			for batch := range slices.Chunk(page.TaskArns, describeTasks) {
				out, err := w.client.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Cluster: &w.cluster.Cluster, Tasks: batch})
				if err != nil {
					return 0, fmt.Errorf("describe the tasks of %s: %w", w.cluster.Cluster, err)
				}
				for _, t := range out.Tasks {
					if *t.LastStatus != "STOPPED" {
						n++
					}
				}
			}
		}
	}
	return n, nil
}
