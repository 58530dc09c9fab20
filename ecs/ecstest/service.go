package ecstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// The statuses of services, clusters and task definitions.
const (
	statusActive   = "ACTIVE"
	statusDraining = "DRAINING"
	statusInactive = "INACTIVE"
)

// eventRing is how many events ECS keeps for a service.
// Source: ECS API reference, Service, "events".
const eventRing = 100

type service struct {
	cluster     *cluster
	name        string
	status      string
	desired     int
	token       string // clientToken of its creation
	request     string // body of its creation, to tell a repetition from another
	created     time.Time
	config      deploymentConfiguration
	ties        ties
	deployments []*deployment // newest first; the first is PRIMARY
	history     []*deployment // all there ever were, newest first
	tasks       []*task
	events      []object // newest first
	loose       bool     // stands for tasks of no service
	passed      object   // settings that come back as they were given
	notBefore   time.Time
	stale       object // what reads show while staleReads > 0; nil is MISSING
	staleReads  int
}

type deploymentConfiguration struct {
	Maximum  *int   `json:"maximumPercent"`
	Minimum  *int   `json:"minimumHealthyPercent"`
	Strategy string `json:"strategy"`
	Breaker  struct {
		Enable   bool `json:"enable"`
		Rollback bool `json:"rollback"`
	} `json:"deploymentCircuitBreaker"`
	Early struct {
		Enable         bool   `json:"enable"`
		HealthyPercent int    `json:"healthyPercent"`
		Cleanup        string `json:"sourceServiceRevisionCleanup"`
	} `json:"earlySuccessCriteria"`
}

func (s *service) configWire() object {
	out := object{
		"maximumPercent": s.maximum(), "minimumHealthyPercent": s.minimum(),
		"deploymentCircuitBreaker": object{"enable": s.config.Breaker.Enable, "rollback": s.config.Breaker.Rollback},
	}
	if s.config.Strategy != "" {
		out["strategy"] = s.config.Strategy
	}
	if e := s.config.Early; e.Enable {
		out["earlySuccessCriteria"] = object{"enable": true, "healthyPercent": e.HealthyPercent, "sourceServiceRevisionCleanup": e.Cleanup}
	}
	return out
}

type createService struct {
	Cluster        string                  `json:"cluster"`
	ServiceName    string                  `json:"serviceName"`
	TaskDefinition string                  `json:"taskDefinition"`
	DesiredCount   *int                    `json:"desiredCount"`
	ClientToken    string                  `json:"clientToken"`
	Config         deploymentConfiguration `json:"deploymentConfiguration"`
	ties
}

type updateService struct {
	Cluster        string                   `json:"cluster"`
	Service        string                   `json:"service"`
	TaskDefinition string                   `json:"taskDefinition"`
	DesiredCount   *int                     `json:"desiredCount"`
	Force          bool                     `json:"forceNewDeployment"`
	Config         *deploymentConfiguration `json:"deploymentConfiguration"`
}

type deleteService struct {
	Cluster string `json:"cluster"`
	Service string `json:"service"`
	Force   bool   `json:"force"`
}

func (c *Cloud) createService(in createService, body []byte, now time.Time) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	if in.ServiceName == "" {
		return nil, invalid("Service name should not be empty.")
	}
	if old := cl.services[in.ServiceName]; old != nil {
		switch {
		case old.status == statusDraining:
			return nil, invalid("Unable to Start a service that is still Draining.")
		case old.status == statusActive && in.ClientToken != "" && old.token == in.ClientToken && old.request == string(body):
			return object{"service": old.wire()}, nil
		case old.status == statusActive:
			return nil, invalid("Creation of service was not idempotent.")
		}
	}
	td, fault := c.usable(in.TaskDefinition)
	if fault != nil {
		return nil, fault
	}
	if fault := c.knownTies(in.ties); fault != nil {
		return nil, fault
	}
	passed := object{}
	if err := json.Unmarshal(body, &passed); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	maps.DeleteFunc(passed, func(key string, _ any) bool {
		return slices.Contains([]string{"cluster", "serviceName", "taskDefinition", "desiredCount", "clientToken", "tags"}, key)
	})
	s := &service{
		cluster: cl, name: in.ServiceName, status: statusActive, token: in.ClientToken, request: string(body),
		created: now, config: in.Config, ties: in.ties, passed: passed, staleReads: c.opts.Lag,
	}
	if in.DesiredCount != nil {
		s.desired = *in.DesiredCount
	}
	cl.services[s.name] = s
	c.deploy(s, td, now)
	return object{"service": s.wire()}, nil
}

func (c *Cloud) updateService(in updateService, now time.Time) (object, *Error) {
	s, fault := c.find(in.Cluster, in.Service)
	if fault != nil {
		return nil, fault
	}
	if s.status != statusActive {
		return nil, &Error{Code: "ServiceNotActiveException", Message: "Service was not ACTIVE."}
	}
	td := s.primary().definition
	if in.TaskDefinition != "" {
		if td, fault = c.usable(in.TaskDefinition); fault != nil {
			return nil, fault
		}
	}
	s.stale, s.staleReads = s.wire(), c.opts.Lag
	if in.Config != nil {
		s.config = *in.Config
	}
	if in.DesiredCount != nil {
		s.desired = *in.DesiredCount
		s.primary().desired = s.desired
	}
	if in.Force || td != s.primary().definition {
		c.deploy(s, td, now)
	} else {
		c.reconcile(s, now)
	}
	return object{"service": s.wire()}, nil
}

func (c *Cloud) deleteService(in deleteService, now time.Time) (object, *Error) {
	s, fault := c.find(in.Cluster, in.Service)
	if fault != nil {
		return nil, fault
	}
	if s.status == statusInactive {
		return nil, &Error{Code: "ServiceNotActiveException", Message: "Service was not ACTIVE."}
	}
	if s.desired > 0 && !in.Force {
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	}
	s.stale, s.staleReads = s.wire(), c.opts.Lag
	s.status, s.desired = statusDraining, 0
	c.reconcile(s, now)
	return object{"service": s.wire()}, nil
}

func (c *Cloud) find(clusterName, name string) (*service, *Error) {
	cl, fault := c.cluster(clusterName)
	if fault != nil {
		return nil, fault
	}
	if s := cl.services[short.Name(name)]; s != nil {
		return s, nil
	}
	return nil, &Error{Code: "ServiceNotFoundException", Message: "Service not found."}
}

// describeBatch is the most services that one DescribeServices call takes.
// Source: ECS API reference, DescribeServices.
const describeBatch = 10

type servicesInput struct {
	Cluster    string   `json:"cluster"`
	Services   []string `json:"services"`
	MaxResults int      `json:"maxResults"`
	NextToken  string   `json:"nextToken"`
}

func (c *Cloud) describeServices(in servicesInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	if n := len(in.Services); n == 0 || n > describeBatch {
		return nil, invalid(fmt.Sprintf("Services must have between 1 and %d items, not %d.", describeBatch, n))
	}
	found, failures := []object{}, []object{}
	for _, name := range in.Services {
		s := cl.services[short.Name(name)]
		var shown object
		switch {
		case s == nil:
		case s.staleReads > 0:
			s.staleReads--
			shown = s.stale
		default:
			shown = s.wire()
		}
		if shown == nil {
			failures = append(failures, object{"arn": arn("service", cl.name, short.Name(name)), "reason": "MISSING"})
			continue
		}
		found = append(found, shown)
	}
	return object{"services": found, "failures": failures}, nil
}

func (c *Cloud) listServices(in servicesInput) (object, *Error) {
	cl, fault := c.cluster(in.Cluster)
	if fault != nil {
		return nil, fault
	}
	var arns []string
	for _, s := range cl.services {
		if s.status != statusInactive {
			arns = append(arns, s.arn())
		}
	}
	slices.Sort(arns)
	size := in.MaxResults
	if size == 0 {
		size = 10 // ECS API reference, ListServices
	}
	part, next := page(arns, in.NextToken, size)
	out := object{"serviceArns": part}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

func (s *service) arn() string { return arn("service", s.cluster.name, s.name) }

func (s *service) say(now time.Time, format string, args ...any) {
	event := object{
		"id": fmt.Sprintf("%s-%d-%d", s.name, now.UnixNano(), len(s.events)), "createdAt": double.Stamp(now),
		"message": fmt.Sprintf("(service %s) ", s.name) + fmt.Sprintf(format, args...),
	}
	s.events = append([]object{event}, s.events...)
	s.events = s.events[:min(len(s.events), eventRing)]
}

func (s *service) wire() object {
	out := maps.Clone(s.passed)
	var up, coming int
	deployments := []object{}
	for i, d := range s.deployments {
		w := d.wire(s, i == 0)
		up += w["runningCount"].(int)
		coming += w["pendingCount"].(int)
		deployments = append(deployments, w)
	}
	maps.Copy(out, object{
		"serviceArn": s.arn(), "serviceName": s.name, "clusterArn": s.cluster.arn(), "status": s.status,
		"desiredCount": s.desired, "runningCount": up, "pendingCount": coming, "createdAt": double.Stamp(s.created),
		"deployments": deployments, "events": slices.Clone(s.events), "schedulingStrategy": "REPLICA",
		"deploymentConfiguration": s.configWire(),
	})
	if p := s.primary(); p != nil {
		out["taskDefinition"] = p.definition.arn()
	}
	return out
}
