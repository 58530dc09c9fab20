package destroy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/ecs/cluster"
	"github.com/mettel-automation/delivery/ecs/discovery"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/examples/internal/stages/site"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/report"
)

// services destroys what runs in the cluster of the environment, the names by which it
// was found, and its task definitions. The cluster itself goes with its stack.
func (o Options) services(ctx context.Context, j *job.Job, r *job.Record) error {
	c, err := o.Connect(ctx, j)
	if err != nil {
		return err
	}
	if _, err := o.doom(ctx, c, j, r); err != nil { // a stack that must not go keeps its services
		return err
	}
	w, err := o.workload(ctx, c, j, r)
	if err != nil {
		return cli.Failed(err)
	}
	if w.empty() {
		r.Summary = nothing
		return nil
	}
	r.Changes = w.changes()
	if !o.Yes {
		r.Say("this is what -yes destroys")
	}
	r.SayAll("%s", w)
	if r.Summary = fmt.Sprintf("%s %s", english.Count(len(w.cluster.Services), "service"), o.verb()); !o.Yes {
		return nil
	}
	if err := w.drain(ctx); err != nil {
		return cli.Failed(err)
	}
	if _, err := w.names.Apply(ctx, w.named); err != nil {
		return cli.Failed(err)
	}
	r.Notes = append(r.Notes, w.deregister(ctx)...)
	return ctx.Err()
}

// workload is what runs in an environment, and what it left.
type workload struct {
	client   *awsecs.Client
	clusters *cluster.Manager
	names    *discovery.Namespace
	record   *job.Record
	pace     func(time.Duration) time.Duration

	cluster  cluster.Deletion
	named    discovery.Plan
	families []string // of task definitions that are active
}

// attempts is how often a call is made that ECS refuses for now: task definitions are
// many, and one of them a second is what ECS takes.
const attempts = 10

// workload finds out what there is. It only reads.
func (o Options) workload(ctx context.Context, c *cloud.Cloud, j *job.Job, r *job.Record) (*workload, error) {
	w := &workload{record: r, pace: c.Pace}
	w.client = awsecs.NewFromConfig(c.AWS, func(o *awsecs.Options) { o.RetryMaxAttempts = attempts })
	w.clusters = cluster.New(w.client, cluster.Options{Environment: j.Env.Name, AllowProduction: o.AllowProduction})
	w.names = discovery.New(servicediscovery.NewFromConfig(c.AWS), discovery.Options{
		Namespace: j.Env.Name + ".local", Tags: j.Env.Tags(), Progress: r.Emit, PollInterval: c.Pace(2 * time.Second),
	})
	name, err := site.Of(j).Env.ResourceName(envname.ECSCluster)
	if err != nil {
		return nil, err
	}
	if w.cluster, err = w.clusters.PlanDelete(ctx, name); err != nil {
		return nil, err
	}
	if w.named, err = w.names.PlanDelete(ctx); err != nil && !errors.Is(err, discovery.ErrNoNamespace) {
		return nil, err
	}
	services := j.Config.ServiceNames()
	for _, s := range w.cluster.Services {
		services = append(services, s.Name)
	}
	slices.Sort(services)
	for _, s := range slices.Compact(services) {
		family, err := j.Env.ResourceName(envname.TaskFamily, s)
		if err != nil {
			return nil, err
		}
		arn, err := w.newest(ctx, family)
		if err != nil {
			return nil, err
		}
		if arn != "" {
			w.families = append(w.families, family)
		}
	}
	return w, nil
}

func (w *workload) empty() bool {
	return len(w.cluster.Services)+len(w.cluster.Tasks)+len(w.families) == 0 && w.named.Empty()
}

// changes are all that goes, by kind.
func (w *workload) changes() (all []report.Change) {
	gone := func(kind, name, detail string) {
		all = append(all, report.Change{Action: "delete", Name: name, Type: kind, Detail: detail})
	}
	for _, s := range w.cluster.Services {
		gone("ECS service", s.Name, english.Count(int(s.Running+s.Pending), "task"))
	}
	for _, t := range w.cluster.Tasks {
		gone("ECS task", t.ID, t.Group)
	}
	for _, c := range w.named.Changes {
		gone("Cloud Map service", c.Service, "in "+w.named.Namespace)
	}
	for _, f := range w.families {
		gone("task definitions", f, "all revisions")
	}
	return all
}

// String names all that goes, by kind.
func (w *workload) String() string {
	var kinds []string
	names := map[string][]string{}
	for _, c := range w.changes() {
		if names[c.Type] == nil {
			kinds = append(kinds, c.Type)
		}
		text := c.Name
		if strings.HasPrefix(c.Type, "ECS") {
			text += " (" + c.Detail + ")"
		}
		names[c.Type] = append(names[c.Type], text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %s\n", w.cluster.Cluster)
	for _, kind := range kinds {
		fmt.Fprintf(&b, "  - %s (%d):\n%s", kind, len(names[kind]), fold(names[kind]))
	}
	return b.String()
}

// fold lists names in indented lines of at most 100 columns.
func fold(names []string) string {
	var b strings.Builder
	line := "     "
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if len(line)+1+len(name) > 100 && strings.TrimSpace(line) != "" {
			b.WriteString(line + "\n")
			line = "     "
		}
		line += " " + name
	}
	return b.String() + line + "\n"
}

// newest is the ARN of the newest active task definition of a family; "" where there is
// none.
func (w *workload) newest(ctx context.Context, family string) (string, error) {
	out, err := w.client.DescribeTaskDefinition(ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: &family})
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "ClientException" && strings.Contains(api.ErrorMessage(), "Unable to describe task definition") {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("describe task definition %s: %w", family, err)
	}
	return cmp.Or(*out.TaskDefinition.TaskDefinitionArn, family), nil
}

// deregister makes every revision of the families inactive, so that nobody starts one
// again. It costs nothing to leave one: what fails is a note.
func (w *workload) deregister(ctx context.Context) (notes []string) {
	for _, family := range w.families {
		for ctx.Err() == nil {
			arn, err := w.newest(ctx, family)
			if err == nil && arn == "" {
				break
			}
			if err == nil {
				_, err = w.client.DeregisterTaskDefinition(ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn})
			}
			if err != nil {
				notes = append(notes, fmt.Sprintf("task definitions of %s stay: %v", family, err))
				break
			}
		}
	}
	return notes
}
