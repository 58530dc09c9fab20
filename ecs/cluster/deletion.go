package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Deletion is what deleting a cluster would destroy.
type Deletion struct {
	Cluster string `json:"cluster"`
	// Gone is a cluster that does not exist, or not any more.
	Gone bool `json:"gone,omitempty"`
	// Services are those that run or drain, sorted by name. Their tasks go with them.
	Services []Service `json:"services,omitempty"`
	// Tasks are those of no service, sorted by group and id.
	Tasks []Task `json:"tasks,omitempty"`
	// Instances are the container instances, as EC2 calls them. They are not
	// stopped, and must be gone before the cluster can be deleted.
	Instances []string `json:"instances,omitempty"`

	under bool // ECS is deleting it already
}

// Service is a service that is to be deleted.
type Service struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // ACTIVE or DRAINING
	Running int32  `json:"running"`
	Pending int32  `json:"pending"`
}

// Task is a task that is to be stopped and belongs to no service.
type Task struct {
	ID    string `json:"id"`
	Group string `json:"group,omitempty"` // "family:migrate" unless it was given another
}

// String names everything, a line each.
func (d Deletion) String() string {
	var b strings.Builder
	if d.Gone {
		fmt.Fprintf(&b, "cluster %s: does not exist\n", d.Cluster)
		return b.String()
	}
	fmt.Fprintf(&b, "cluster %s: delete, with %s and %s\n", d.Cluster, english.Count(len(d.Services), "service"), english.Count(len(d.Tasks), "task of no service"))
	for _, s := range d.Services {
		fmt.Fprintf(&b, "  - service %s (%s)\n", s.Name, s.tasks())
	}
	for _, t := range d.Tasks {
		fmt.Fprintf(&b, "  - task %s (%s)\n", t.ID, t.Group)
	}
	for _, i := range d.Instances {
		fmt.Fprintf(&b, "  ! container instance %s must be stopped first\n", i)
	}
	return b.String()
}

func (s Service) tasks() string {
	text := english.Count(int(s.Running+s.Pending), "task")
	if s.Status != statusActive {
		text = strings.ToLower(s.Status) + ", " + text
	}
	return text
}

// PlanDelete reads what deleting the named cluster would destroy. It only reads.
//
// It fails with [ErrProduction] where the name or the tag TagEnvironment of the
// cluster is one of production, and with [ErrNotOwned] where that tag is not
// exactly Options.Environment: a neighbour's cluster may have a similar name.
func (m *Manager) PlanDelete(ctx context.Context, name string) (Deletion, error) {
	d, err := m.survey(ctx, name)
	if err != nil {
		return Deletion{}, fmt.Errorf("plan to delete cluster %s: %w", name, err)
	}
	return d, nil
}

func (m *Manager) survey(ctx context.Context, name string) (Deletion, error) {
	d := Deletion{Cluster: name}
	if m.opts.Environment == "" {
		return d, ErrNoEnvironment
	}
	if err := (Spec{Name: name}).check(); err != nil {
		return d, err
	}
	found, err := m.find(ctx, name)
	if err != nil {
		return d, err
	}
	if err := m.guard(name, found); err != nil {
		return d, err
	}
	if found == nil || ptr.Value(found.Status) == statusInactive {
		d.Gone = true
		return d, nil
	}
	if ptr.Value(found.Status) == statusDeprovisioning {
		d.under = true // and so it is empty
		return d, nil
	}
	if d.Services, err = m.services(ctx, name); err != nil {
		return d, err
	}
	if d.Tasks, err = m.looseTasks(ctx, name); err != nil {
		return d, err
	}
	d.Instances, err = m.instances(ctx, name)
	return d, err
}

// guard refuses what must not be deleted.
func (m *Manager) guard(name string, found *types.Cluster) error {
	tag, tagged := "", false
	if found != nil {
		tag, tagged = tagsOf(*found)[TagEnvironment], true
	}
	for _, text := range []string{name, tag} {
		if word := production.Find(text, m.opts.Production); word != "" && m.opts.AllowProduction != name {
			return fmt.Errorf("%w (%q has %q)", ErrProduction, text, word)
		}
	}
	switch {
	case !tagged || ptr.Value(found.Status) == statusInactive: // there is nothing to own
	case tag == "":
		return fmt.Errorf("%w: it has no tag %s, want %q", ErrNotOwned, TagEnvironment, m.opts.Environment)
	case tag != m.opts.Environment:
		return fmt.Errorf("%w: its tag %s is %q, want %q", ErrNotOwned, TagEnvironment, tag, m.opts.Environment)
	}
	return nil
}

// describeServices and describeTasks are the most that one call takes.
// Source: ECS API reference, DescribeServices and DescribeTasks;
// DescribeContainerInstances takes as many as DescribeTasks.
const (
	describeServices = 10
	describeTasks    = 100
)

// pages calls next with one token after another until there is none.
func (m *Manager) pages(ctx context.Context, what string, next func(token *string) (*string, error)) error {
	for token := (*string)(nil); ; {
		err := m.insist(ctx, func() (err error) {
			after, err := next(token)
			if err == nil {
				token = after
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ptr.Value(token) == "" {
			return nil
		}
	}
}

// services returns the services that are not gone, sorted by name.
func (m *Manager) services(ctx context.Context, cluster string) ([]Service, error) {
	var arns []string
	err := m.pages(ctx, "list services", func(token *string) (*string, error) {
		out, err := m.api.ListServices(ctx, &awsecs.ListServicesInput{Cluster: &cluster, NextToken: token, MaxResults: new(int32(100))})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.ServiceArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(arns))
	for i, arn := range arns {
		names[i] = short.Name(arn)
	}
	return m.describe(ctx, cluster, names)
}

// describe returns those of the named services that are not gone, sorted.
func (m *Manager) describe(ctx context.Context, cluster string, names []string) ([]Service, error) {
	var services []Service
	for batch := range slices.Chunk(names, describeServices) {
		err := m.insist(ctx, func() error {
			out, err := m.api.DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: &cluster, Services: batch})
			if err != nil {
				return err
			}
			for _, s := range out.Services {
				if status := ptr.Value(s.Status); status != statusInactive {
					services = append(services, Service{Name: ptr.Value(s.ServiceName), Status: status, Running: s.RunningCount, Pending: s.PendingCount})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("describe services %s: %w", strings.Join(batch, ", "), err)
		}
	}
	slices.SortFunc(services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
	return services, nil
}

// looseTasks returns the tasks that run and belong to no service.
func (m *Manager) looseTasks(ctx context.Context, cluster string) ([]Task, error) {
	var arns []string
	err := m.pages(ctx, "list tasks", func(token *string) (*string, error) {
		out, err := m.api.ListTasks(ctx, &awsecs.ListTasksInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.TaskArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var tasks []Task
	for batch := range slices.Chunk(arns, describeTasks) {
		err := m.insist(ctx, func() error {
			out, err := m.api.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Cluster: &cluster, Tasks: batch})
			if err != nil {
				return err
			}
			for _, t := range out.Tasks {
				if group := ptr.Value(t.Group); !strings.HasPrefix(group, "service:") && ptr.Value(t.LastStatus) != "STOPPED" {
					tasks = append(tasks, Task{ID: short.Name(ptr.Value(t.TaskArn)), Group: group})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("describe tasks: %w", err)
		}
	}
	slices.SortFunc(tasks, func(a, b Task) int { return strings.Compare(a.Group+" "+a.ID, b.Group+" "+b.ID) })
	return tasks, nil
}

// instances returns the container instances by the ids that EC2 has for them.
func (m *Manager) instances(ctx context.Context, cluster string) ([]string, error) {
	var arns, ids []string
	err := m.pages(ctx, "list container instances", func(token *string) (*string, error) {
		out, err := m.api.ListContainerInstances(ctx, &awsecs.ListContainerInstancesInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		arns = append(arns, out.ContainerInstanceArns...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(arns, describeTasks) {
		err := m.insist(ctx, func() error {
			out, err := m.api.DescribeContainerInstances(ctx, &awsecs.DescribeContainerInstancesInput{Cluster: &cluster, ContainerInstances: batch})
			if err != nil {
				return err
			}
			for _, i := range out.ContainerInstances {
				ids = append(ids, ptr.Value(i.Ec2InstanceId))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("describe container instances: %w", err)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
