package discovery

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/internal/candidate"
	"github.com/mettel-automation/delivery/ecs/internal/grant"
	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Finder is what a Gate needs of an [sd.Client].
type Finder interface {
	GetService(context.Context, *sd.GetServiceInput, ...func(*sd.Options)) (*sd.GetServiceOutput, error)
	ListInstances(context.Context, *sd.ListInstancesInput, ...func(*sd.Options)) (*sd.ListInstancesOutput, error)
}

// Gate is an [ecs.Gate]: a service with service registries passes when in each
// of them every running task of its deployment is registered, by its address or
// its id, and the time to live of the DNS records has passed since the last
// registration was first seen. By then no resolver gives an answer that is
// older, so that a service which looks the name up once, when it starts, finds
// the new tasks. A service without registries passes without a call.
//
// Tasks that have run for 15 minutes and are registered at the first look were
// so long before: an unchanged service costs no waiting.
//
// A Gate remembers what it has seen of the present deployment of each service,
// until an hour after the last look. It is safe for use by several rollouts at
// once. It does not ask a resolver.
type Gate struct {
	api Finder

	mu   sync.Mutex
	seen map[string]*sighting // by ARN of the ECS service
}

// NewGate returns a Gate that asks api.
func NewGate(api Finder) *Gate { return &Gate{api: api, seen: make(map[string]*sighting)} }

const (
	settled = 15 * time.Minute // a task that has run for so long was registered long ago
	memory  = time.Hour        // how long what nobody asks for is remembered
)

// sighting is what was seen of one deployment.
type sighting struct {
	deployment string
	looked     time.Time
	registries map[string]registry    // by ARN
	first      map[instance]time.Time // when each task was first seen registered
}

// registry is what does not change about a registry during a deployment.
type registry struct {
	name string
	ttl  time.Duration
}

// instance is a task in a registry, by their ARNs.
type instance struct{ registry, task string }

// Ready reports whether the names of the candidate lead to its tasks. If not,
// news say for which name what is missing. An error names the service and the
// registry.
func (g *Gate) Ready(ctx context.Context, c ecs.Candidate) (ok bool, news string, err error) {
	if len(c.Service.ServiceRegistries) == 0 {
		return true, "", nil
	}
	tasks, news := candidate.Running(c)
	if news != "" || len(tasks) == 0 {
		return news == "", news, nil
	}
	known := g.recall(c)
	present := make(map[instance]bool)
	for _, r := range c.Service.ServiceRegistries {
		arn := ptr.Value(r.RegistryArn)
		if _, read := known[arn]; !read {
			if known[arn], err = g.read(ctx, arn); err != nil {
				return false, "", fmt.Errorf("check registry %s of service %s: %w", short.Name(arn), ptr.Value(c.Service.ServiceName), err)
			}
		}
		instances, err := listInstances(ctx, g.api, short.Name(arn))
		if err != nil {
			return false, "", fmt.Errorf("check registry %s of service %s: %w", known[arn].name, ptr.Value(c.Service.ServiceName), err)
		}
		for _, t := range tasks {
			if slices.ContainsFunc(instances, func(i types.InstanceSummary) bool { return is(t, i) }) {
				present[instance{arn, ptr.Value(t.TaskArn)}] = true
			}
		}
	}
	news = g.judge(c, tasks, known, present, time.Now())
	return news == "", news, nil
}

func (g *Gate) read(ctx context.Context, arn string) (registry, error) {
	out, err := g.api.GetService(ctx, &sd.GetServiceInput{Id: new(short.Name(arn))})
	if err != nil {
		return registry{}, grant.Explain(err, "servicediscovery:GetService")
	}
	return registry{ptr.Value(out.Service.Name), ttlOf(out.Service.DnsConfig)}, nil
}

// is reports whether i is the registration of t. ECS gives an instance the id
// of its task; a task in network mode bridge has no address of its own.
func is(t ecstypes.Task, i types.InstanceSummary) bool {
	if ptr.Value(i.Id) == short.Name(ptr.Value(t.TaskArn)) {
		return true
	}
	for _, key := range []string{"AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6"} {
		if a, err := netip.ParseAddr(i.Attributes[key]); err == nil && slices.Contains(candidate.Addresses(t), a) {
			return true
		}
	}
	return false
}

// recall returns what is known of the registries of a deployment.
func (g *Gate) recall(c ecs.Candidate) map[string]registry {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.seen[ptr.Value(c.Service.ServiceArn)]; s != nil && s.deployment == c.Deployment {
		return maps.Clone(s.registries)
	}
	return make(map[string]registry)
}

// judge notes which tasks are present in which registry, and says what is
// missing; empty if nothing is.
func (g *Gate) judge(c ecs.Candidate, tasks []ecstypes.Task, known map[string]registry, present map[instance]bool, now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.seen, func(_ string, s *sighting) bool { return now.Sub(s.looked) > memory })
	key := ptr.Value(c.Service.ServiceArn)
	s := g.seen[key]
	firstLook := s == nil || s.deployment != c.Deployment
	if firstLook {
		s = &sighting{deployment: c.Deployment, first: make(map[instance]time.Time)}
		g.seen[key] = s
	}
	s.looked, s.registries = now, known
	maps.DeleteFunc(s.first, func(i instance, _ time.Time) bool { return !present[i] })
	var lacking []string
	for _, r := range c.Service.ServiceRegistries {
		if text := s.judge(ptr.Value(r.RegistryArn), tasks, present, firstLook, now); text != "" {
			lacking = append(lacking, text)
		}
	}
	return strings.Join(lacking, "; ")
}

// judge is that of one registry.
func (s *sighting) judge(arn string, tasks []ecstypes.Task, present map[instance]bool, firstLook bool, now time.Time) string {
	r := s.registries[arn]
	registered := 0
	var last time.Time
	for _, t := range tasks {
		i := instance{arn, ptr.Value(t.TaskArn)}
		if !present[i] {
			continue
		}
		registered++
		if _, seen := s.first[i]; !seen {
			s.first[i] = now
			if firstLook && t.StartedAt != nil && now.Sub(*t.StartedAt) > settled {
				s.first[i] = *t.StartedAt
			}
		}
		if s.first[i].After(last) {
			last = s.first[i]
		}
	}
	switch {
	case registered < len(tasks):
		return fmt.Sprintf("%d of %d tasks registered as %s", registered, len(tasks), r.name)
	case now.Sub(last) < r.ttl:
		return fmt.Sprintf("registered as %s, waiting for the DNS TTL of %v to pass", r.name, r.ttl)
	}
	return ""
}
