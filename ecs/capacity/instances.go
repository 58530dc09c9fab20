package capacity

import (
	"context"
	"slices"
	"strconv"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/ecs/internal/tasksize"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// instanceOf reads what ECS tells of a container instance. Of its resources,
// PORTS and PORTS_UDP list what is in use, the others what remains.
// Source: ECS API reference, ContainerInstance, "remainingResources".
func instanceOf(c types.ContainerInstance) Instance {
	i := Instance{
		ID: short.Name(ptr.Value(c.ContainerInstanceArn)), Provider: ptr.Value(c.CapacityProviderName),
		Status: ptr.Value(c.Status), Connected: c.AgentConnected, Attributes: make(map[string]string, len(c.Attributes)),
	}
	for _, a := range c.Attributes {
		i.Attributes[ptr.Value(a.Name)] = ptr.Value(a.Value)
	}
	i.Type = i.Attributes["ecs.instance-type"]
	for _, r := range c.RemainingResources {
		switch ptr.Value(r.Name) {
		case "PORTS":
			i.TCP = ports(r.StringSetValue)
		case "PORTS_UDP":
			i.UDP = ports(r.StringSetValue)
		default:
			i.Free.set(r)
		}
	}
	for _, r := range c.RegisteredResources {
		i.Total.set(r)
	}
	return i
}

func (a *Resources) set(r types.Resource) {
	switch ptr.Value(r.Name) {
	case "CPU":
		a.CPU = int(r.IntegerValue)
	case "MEMORY":
		a.Memory = int(r.IntegerValue)
	case "GPU":
		a.GPUs = len(r.StringSetValue)
	}
}

func ports(texts []string) []int {
	var out []int
	for _, text := range texts {
		if port, err := strconv.Atoi(text); err == nil {
			out = append(out, port)
		}
	}
	slices.Sort(out)
	return out
}

// placed reads on which instances the tasks of cluster run, by service, and
// counts their network interfaces there.
func (r *Reader) placed(ctx context.Context, cluster string, s *Supply) error {
	placed := make(map[string][]string)
	enis := make(map[string]int)
	err := r.tasks(ctx, cluster, "", func(t types.Task) {
		instance := short.Name(ptr.Value(t.ContainerInstanceArn))
		if instance == "" {
			return
		}
		if service, ok := strings.CutPrefix(ptr.Value(t.Group), "service:"); ok {
			placed[service] = append(placed[service], instance)
		}
		for _, a := range t.Attachments {
			if ptr.Value(a.Type) == "ElasticNetworkInterface" && ptr.Value(a.Status) != "DELETED" {
				enis[instance]++
			}
		}
	})
	if err != nil {
		return err
	}
	s.Placed = placed
	for i := range s.Instances {
		n := enis[s.Instances[i].ID]
		s.Instances[i].TaskENIs = &n
	}
	return nil
}

// fargateUsage adds up the CPU of the Fargate tasks in clusters.
func (r *Reader) fargateUsage(ctx context.Context, clusters []string, s *Supply) error {
	onDemand, spot := 0, 0
	for _, cluster := range clusters {
		err := r.tasks(ctx, cluster, types.LaunchTypeFargate, func(t types.Task) {
			cpu, err := tasksize.CPU(ptr.Value(t.Cpu))
			if err != nil {
				return // ECS gives CPU units
			}
			if ptr.Value(t.CapacityProviderName) == fargateSpot {
				spot += cpu
			} else {
				onDemand += cpu
			}
		})
		if err != nil && !gone(err) {
			return err
		}
	}
	s.OnDemand.Used, s.Spot.Used = &onDemand, &spot
	return nil
}

// tasks gives each task of cluster that shall run to each; launchType may be empty.
func (r *Reader) tasks(ctx context.Context, cluster string, launchType types.LaunchType, each func(types.Task)) error {
	pages := awsecs.NewListTasksPaginator(r.opts.Tasks, &awsecs.ListTasksInput{Cluster: &cluster, LaunchType: launchType})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(page.TaskArns, describeBatch) {
			out, err := r.opts.Tasks.DescribeTasks(ctx, &awsecs.DescribeTasksInput{Cluster: &cluster, Tasks: batch})
			if err != nil {
				return err
			}
			for _, t := range out.Tasks {
				each(t)
			}
		}
	}
	return nil
}
