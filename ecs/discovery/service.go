package discovery

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Service is one desired Cloud Map service: a name below the namespace's.
type Service struct {
	// Name is the name under which the ECS service is found; one or more labels
	// of at most 63 letters, digits, hyphens and underscores, with dots between.
	Name string `json:"name"`
	// Record is A (the default), the addresses of tasks in network mode awsvpc,
	// or SRV, their ports as well.
	Record types.RecordType `json:"record,omitempty"`
	// TTL is how long resolvers may keep an answer, in whole seconds; default
	// 10 s. A rollout waits for it after each service.
	TTL time.Duration `json:"ttl,omitempty"`
	// HealthCheck has ECS tell Cloud Map the health of a task's containers, and
	// DNS answer with healthy tasks alone. It cannot be changed later.
	HealthCheck bool `json:"healthCheck,omitempty"`
	// Port is what an SRV record gives. Where Container is named as well, it is
	// that container's port, as tasks in network mode bridge or host need it.
	Port      int32  `json:"port,omitempty"`
	Container string `json:"container,omitempty"`
}

// defaultTTL keeps rollouts short, since a Gate waits for it after each service.
const defaultTTL = 10 * time.Second

func (s Service) withDefaults() Service {
	if s.Record == "" {
		s.Record = types.RecordTypeA
	}
	if s.TTL == 0 {
		s.TTL = defaultTTL
	}
	return s
}

// What a name may be. Source: Cloud Map API reference, CreateService, "Name".
const (
	nameRule = `^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*$`
	nameMost = 127
)

// check returns all faults of services, joined.
func check(services []Service) error {
	var errs []error
	rule := regexp.MustCompile(nameRule)
	seen := make(map[string]bool, len(services))
	for _, s := range services {
		fault := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("service %q: "+format, append([]any{s.Name}, args...)...))
		}
		if !rule.MatchString(s.Name) || len(s.Name) > nameMost {
			fault("a name has labels of 1 to 63 letters, digits, hyphens and underscores, and %d characters at most", nameMost)
		}
		if key := strings.ToLower(s.Name); seen[key] {
			fault("is there twice; DNS names that differ only by case are the same")
		} else {
			seen[key] = true
		}
		if s.TTL < 0 || s.TTL%time.Second != 0 || s.TTL/time.Second > math.MaxInt32 {
			fault("TTL %v is not a number of whole seconds", s.TTL)
		}
		switch s.Record {
		case "", types.RecordTypeA:
		case types.RecordTypeSrv:
			if s.Port == 0 {
				fault("an SRV record needs a port")
			}
		default:
			fault("record type %s: ECS registers A and SRV records only", s.Record)
		}
		if s.Port < 0 || s.Port > math.MaxUint16 {
			fault("port %d is not from 1 to 65535", s.Port)
		}
		if s.Container != "" && s.Port == 0 {
			fault("container %s without its port", s.Container)
		}
	}
	return errors.Join(errs...)
}

// registry is what an ECS service says to be registered in the service of arn.
// Source: ECS API reference, ServiceRegistry: either a container and its port,
// or a port alone.
func (s Service) registry(arn string) ecstypes.ServiceRegistry {
	r := ecstypes.ServiceRegistry{RegistryArn: &arn}
	switch {
	case s.Container != "":
		r.ContainerName, r.ContainerPort = &s.Container, &s.Port
	case s.Port != 0:
		r.Port = &s.Port
	}
	return r
}

// ttlOf is the longest time to live of records.
func ttlOf(c *types.DnsConfig) time.Duration {
	var longest time.Duration
	if c != nil {
		for _, r := range c.DnsRecords {
			longest = max(longest, time.Duration(ptr.Value(r.TTL))*time.Second)
		}
	}
	return longest
}
