package ecs

import (
	"context"
	"fmt"
	"strings"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// strategic reports whether s is deployed blue/green, linear or canary. Its
// deployments have no rollout state; their service deployments tell how they do.
// Source: ECS API reference, Deployment, "rolloutState".
func strategic(s types.Service) bool {
	c := s.DeploymentConfiguration
	return c != nil && c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling
}

// judgeStrategy decides by the service deployment where v, by the service alone,
// sees no failure. While ECS waits for a person, the service's time stands still.
func (w *walk) judgeStrategy(ctx context.Context, watch *watch, v verdict, now time.Time) verdict {
	d, err := w.serviceDeployment(ctx, watch)
	if err == nil && d == nil && watch.settled {
		return v // so long ago that ECS lists it no more
	}
	if err != nil || d == nil {
		watch.good = 0
		if err != nil && denied(err) {
			return verdict{phase: failed, err: err}
		}
		return verdict{message: v.message} // no news
	}
	switch d.Status {
	case types.ServiceDeploymentStatusSuccessful:
		return v
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		watch.good = 0
		if hook := waiting(d); hook != "" {
			watch.excuse(now)
			return verdict{message: fmt.Sprintf("paused: continue or roll back with aws ecs continue-service-deployment --service-deployment-arn %s --hook-id %s",
				ptr.Value(d.ServiceDeploymentArn), hook)}
		}
		return verdict{message: v.message + ", " + strings.ToLower(strings.ReplaceAll(string(d.LifecycleStage), "_", " "))}
	default: // stopped, or rolled back in one way or another
		return verdict{phase: failed, err: ErrRolledBack, reason: fmt.Sprintf("service deployment %s: %s", d.Status, ptr.Value(d.StatusReason))}
	}
}

// waiting returns the lifecycle hook that waits for somebody's decision.
func waiting(d *types.ServiceDeployment) string {
	for _, hook := range d.LifecycleHookDetails {
		if hook.Status == types.DeploymentLifecycleHookStatusAwaitingAction {
			return ptr.Value(hook.HookId)
		}
	}
	return ""
}

// serviceDeployment reads the service deployment of the watched deployment; nil
// if it is not there yet. They are known to belong together by the number in the
// deployment's id, which the ARN of the service revision repeats.
func (w *walk) serviceDeployment(ctx context.Context, watch *watch) (*types.ServiceDeployment, error) {
	if watch.strategy == "" {
		if err := w.findServiceDeployment(ctx, watch); err != nil {
			return nil, err
		}
	}
	if watch.strategy == "" {
		return nil, nil
	}
	out, err := w.api.DescribeServiceDeployments(ctx, &awsecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{watch.strategy}})
	if err != nil {
		return nil, fmt.Errorf("describe the service deployment of %s: %w", watch.service, err)
	}
	if len(out.ServiceDeployments) == 0 {
		return nil, nil
	}
	return &out.ServiceDeployments[0], nil
}

func (w *walk) findServiceDeployment(ctx context.Context, watch *watch) error {
	in := &awsecs.ListServiceDeploymentsInput{Cluster: &w.opts.Cluster, Service: &watch.service}
	for {
		page, err := w.api.ListServiceDeployments(ctx, in)
		if err != nil {
			return fmt.Errorf("list service deployments of %s: %w", watch.service, err)
		}
		for _, d := range page.ServiceDeployments {
			if strings.HasSuffix(ptr.Value(d.TargetServiceRevisionArn), "/"+short.Name(watch.deployment)) {
				watch.strategy = ptr.Value(d.ServiceDeploymentArn)
				return nil
			}
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return nil
		}
	}
}
