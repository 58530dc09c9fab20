package ecstest

import (
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// The statuses of a service deployment.
// Source: ECS API reference, ServiceDeployment, "status".
const (
	deploymentInProgress  = "IN_PROGRESS"
	deploymentSuccessful  = "SUCCESSFUL"
	deploymentStopped     = "STOPPED"
	deploymentRollingBack = "ROLLBACK_IN_PROGRESS"
	deploymentRolledBack  = "ROLLBACK_SUCCESSFUL"
)

// Pause has the deployments of the named service that are not rolling ones (blue/green,
// linear, canary) wait at a lifecycle hook, once their tasks are healthy, until
// ContinueServiceDeployment says what is to happen.
func (c *Cloud) Pause(service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused[service] = true
}

// strategic reports whether s is deployed by another strategy than rolling
// updates: all new tasks beside the old ones, then the traffic.
func (s *service) strategic() bool {
	return s.config.Strategy != "" && s.config.Strategy != "ROLLING"
}

// early is how many healthy tasks make a deployment a success before all are.
func (s *service) early(d *deployment) (tasks int, enabled bool) {
	e := s.config.Early
	return (d.desired*e.HealthyPercent + 99) / 100, e.Enable
}

// hold reports whether d waits at its lifecycle hook.
func (c *Cloud) hold(s *service, d *deployment) bool {
	d.awaiting = s.strategic() && c.paused[s.name] && !d.continued
	return d.awaiting
}

// serviceDeployment is the number in the ARN of d's service deployment and revision.
func (d *deployment) number() string { return d.id[strings.LastIndexByte(d.id, '/')+1:] }

func (s *service) deploymentARN(d *deployment) string {
	return arn("service-deployment", s.cluster.name, s.name, d.number())
}

func (s *service) deploymentWire(d *deployment) object {
	out := object{
		"serviceDeploymentArn": s.deploymentARN(d), "serviceArn": s.arn(), "clusterArn": s.cluster.arn(),
		"status": d.outcome, "statusReason": d.reason, "createdAt": double.Stamp(d.created),
		"targetServiceRevisionArn": s.revisionARN(d), "targetServiceRevision": object{"arn": s.revisionARN(d)},
		"lifecycleStage": "SCALE_UP",
	}
	if d.awaiting {
		out["lifecycleStage"] = "POST_SCALE_UP"
		out["lifecycleHookDetails"] = []object{{"hookId": "hook-" + d.number(), "status": "AWAITING_ACTION", "targetType": "PAUSE"}}
	}
	return out
}

func (s *service) revisionARN(d *deployment) string {
	return arn("service-revision", s.cluster.name, s.name, d.number())
}

type deploymentsInput struct {
	Cluster string   `json:"cluster"`
	Service string   `json:"service"`
	ARNs    []string `json:"serviceDeploymentArns"`
	ARN     string   `json:"serviceDeploymentArn"`
	Action  string   `json:"action"`
}

func (c *Cloud) listServiceDeployments(in deploymentsInput) (object, *Error) {
	s, fault := c.find(in.Cluster, in.Service)
	if fault != nil {
		return nil, fault
	}
	list := []object{}
	for _, d := range s.history {
		list = append(list, s.deploymentWire(d))
	}
	return object{"serviceDeployments": list}, nil
}

// deploymentBatch is the most that one DescribeServiceDeployments call takes.
// Source: ECS API reference, DescribeServiceDeployments.
const deploymentBatch = 20

func (c *Cloud) describeServiceDeployments(in deploymentsInput) (object, *Error) {
	if n := len(in.ARNs); n == 0 || n > deploymentBatch {
		return nil, invalid("Service deployment ARNs must have between 1 and 20 items.")
	}
	found, failures := []object{}, []object{}
	for _, name := range in.ARNs {
		if s, d := c.serviceDeployment(name); d != nil {
			found = append(found, s.deploymentWire(d))
		} else {
			failures = append(failures, object{"arn": name, "reason": "MISSING"})
		}
	}
	return object{"serviceDeployments": found, "failures": failures}, nil
}

func (c *Cloud) continueServiceDeployment(in deploymentsInput, now time.Time) (object, *Error) {
	s, d := c.serviceDeployment(in.ARN)
	switch {
	case d == nil:
		return nil, &Error{Code: "ServiceDeploymentNotFoundException", Message: "Service deployment not found."}
	case !d.awaiting:
		return nil, invalid("The service deployment does not wait at a lifecycle hook.")
	}
	d.continued, d.awaiting = true, false
	if in.Action == "ROLLBACK" {
		c.giveUp(s, d, "rolled back at a lifecycle hook", now)
	}
	c.reconcile(s, now)
	return object{"serviceDeploymentArn": s.deploymentARN(d)}, nil
}

func (c *Cloud) serviceDeployment(name string) (*service, *deployment) {
	for _, cl := range c.clusters {
		for _, s := range cl.services {
			if i := slices.IndexFunc(s.history, func(d *deployment) bool { return s.deploymentARN(d) == name }); i >= 0 {
				return s, s.history[i]
			}
		}
	}
	return nil, nil
}
