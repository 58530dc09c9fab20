package ecs

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Status is how far the rollout in the journal is, and what ECS says of it.
type Status struct {
	Cluster string `json:"cluster"`
	// Phase is "unfinished", "rolling back" or "finished".
	Phase    string          `json:"phase"`
	Services []ServiceStatus `json:"services"` // in the order of the plan
}

// ServiceStatus is how one service of a rollout stands.
type ServiceStatus struct {
	Service string `json:"service"`
	Action  Action `json:"action"`
	// Stage is "waiting", "intended" (about to be written, or written),
	// "deployed" (under way), "healthy" or "rolled back".
	Stage string `json:"stage"`
	// Runs is what the service runs: "new" for what the rollout has deployed, "old"
	// for what ran before, "other" for what somebody else has, "nothing".
	Runs           string `json:"runs"`
	TaskDefinition string `json:"taskDefinition,omitempty"` // ARN of that
	Running        int32  `json:"running"`                  // tasks
	Desired        int32  `json:"desired"`
}

// Status reads the journal, and what its services run. It changes nothing, also
// not who goes on with the rollout.
//
// It fails with [ErrNothingToRollBack] where the journal holds no rollout.
func (d *Deployer) Status(ctx context.Context) (Status, error) {
	if d.opts.Journal == nil {
		return Status{}, fmt.Errorf("status: %w: set Options.Journal", ErrNothingToRollBack)
	}
	r, err := load(ctx, d.opts.Journal)
	if err != nil {
		return Status{}, fmt.Errorf("status: %w", err)
	}
	if r == nil || r.Cluster != d.opts.Cluster {
		return Status{}, fmt.Errorf("status of %s: %w", d.opts.Cluster, ErrNothingToRollBack)
	}
	var names []string
	for _, e := range r.Services {
		names = append(names, e.Service)
	}
	found, err := d.describe(ctx, names)
	if err != nil {
		return Status{}, fmt.Errorf("status of %s: %w", d.opts.Cluster, err)
	}
	status := Status{Cluster: r.Cluster, Phase: "unfinished"}
	switch {
	case r.Finished:
		status.Phase = "finished"
	case r.Back:
		status.Phase = "rolling back"
	}
	for _, e := range r.Services {
		status.Services = append(status.Services, e.status(found[e.Service]))
	}
	return status, nil
}

func (e entry) status(s types.Service) ServiceStatus {
	out := ServiceStatus{
		Service: e.Service, Action: e.Action, Stage: string(e.Stage), Runs: "nothing",
		Running: s.RunningCount, Desired: s.DesiredCount,
	}
	if e.Stage == untouched {
		out.Stage = "waiting"
	}
	p := primary(s)
	if p == nil || ptr.Value(s.Status) != statusActive {
		return out
	}
	out.TaskDefinition = ptr.Value(p.TaskDefinition)
	switch {
	case ptr.Value(p.Id) == e.Deployment, e.Definition != "" && out.TaskDefinition == e.Definition:
		out.Runs = "new"
	case e.Baseline != nil && out.TaskDefinition == e.Baseline.TaskDefinition:
		out.Runs = "old"
	default:
		out.Runs = "other"
	}
	return out
}

// String shows the status as people read it, a line a service.
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rollout to %s: %s\n", s.Cluster, s.Phase)
	width := 0
	for _, e := range s.Services {
		width = max(width, len(e.Service))
	}
	for _, e := range s.Services {
		fmt.Fprintf(&b, "  %-*s  %-9s  %-11s  runs %s", width, e.Service, e.Action, e.Stage, e.Runs)
		if e.TaskDefinition != "" {
			fmt.Fprintf(&b, " (%s), %d of %d tasks", short.Name(e.TaskDefinition), e.Running, e.Desired)
		}
		b.WriteString("\n")
	}
	return b.String()
}
