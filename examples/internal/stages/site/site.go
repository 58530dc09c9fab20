// Package site is the environment of a run as package infra has it: which stacks it is
// made of, what they are called, and who manages them.
//
//	s := site.Of(j)
//	manager := site.Manager(c, j, r.Emit)
//	in, err := s.NetworkOutputs(ctx, manager)
//	want, err := s.Stack(s.Environment(in))
//	plan, err := manager.Plan(ctx, want)
//
// Ephemeral environments share one network, that of PROJECT-ephemeral; production has
// its own. Each has its own roles and its own stack of all else.
//
// It decides nothing that delivery.yaml does not say, and applies nothing.
package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

// Shared ends the name that stands for all ephemeral environments of a project in the
// names and tags of what they share.
const Shared = "ephemeral"

// Site is one environment of delivery.yaml.
type Site struct {
	Config *config.File
	Env    envname.Environment
}

// Of is the environment of a job.
func Of(j *job.Job) Site { return Site{Config: j.Config, Env: j.Env} }

// Production reports whether it is the environment that lasts.
func (s Site) Production() bool { return s.Env.Kind == envname.Production }

// Owner is whose the roles and the environment are.
func (s Site) Owner() infra.Owner { return owner(s.Env, s.Env.Tags()) }

// NetworkOwner is whose the network is: the environment's where it is production, and
// otherwise that of all ephemeral ones.
func (s Site) NetworkOwner() infra.Owner {
	if s.Production() {
		return s.Owner()
	}
	all := envname.Environment{Name: s.Config.Project + "-" + Shared}
	return owner(all, map[string]string{envname.TagEnvironment: all.Name, envname.TagProject: s.Env.Project})
}

func owner(env envname.Environment, tags map[string]string) infra.Owner {
	return infra.Owner{Name: env.Name, Tags: tags, ResourceName: func(kind string, parts ...string) (string, error) {
		return env.ResourceName(envname.ResourceType(kind), parts...)
	}}
}

// Network is the network that the environment is in. In production each zone has a
// gateway of its own.
func (s Site) Network() infra.Network {
	n := s.Config.Infrastructure.Network
	return infra.Network{
		Owner: s.NetworkOwner(), CIDR: n.CIDR, Zones: n.Zones, ZoneNames: n.ZoneNames,
		NATPerZone: s.Production(), Endpoints: s.Production(),
	}
}

// Roles are those of its tasks, which may be started from the repositories of the
// project and with the secrets that the file names, also those of single services.
func (s Site) Roles() infra.Roles {
	roles := infra.Roles{Owner: s.Owner(), Repository: s.Config.Repository("*"), Secrets: s.secrets(), Boundary: s.Config.Infrastructure.Boundary}
	for _, service := range s.Config.Services {
		if len(service.Statements) == 0 {
			continue
		}
		own := infra.ServiceRole{Service: service.Name}
		for _, allowed := range service.Statements {
			own.Statements = append(own.Statements, infra.Statement{Actions: allowed.Actions, Resources: allowed.Resources})
		}
		roles.Services = append(roles.Services, own)
	}
	return roles
}

// secrets are the ARNs of the file and those of services that none of them covers,
// without the parts that services take of them.
func (s Site) secrets() []string {
	all := slices.Clone(s.Config.Infrastructure.Secrets)
	for _, service := range s.Config.Services {
		for _, name := range slices.Sorted(maps.Keys(service.Secrets)) {
			arn := whole(service.Secrets[name])
			if !slices.ContainsFunc(all, func(pattern string) bool { return covers(pattern, arn) }) {
				all = append(all, arn)
			}
		}
	}
	return all
}

// whole is the ARN of a secret without the key, stage and version that a task
// definition may take of it: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.
func whole(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) > 7 && parts[2] == "secretsmanager" {
		return strings.Join(parts[:7], ":")
	}
	return arn
}

// covers reports whether pattern, in which an asterisk stands for any text, matches arn.
func covers(pattern, arn string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == arn
	}
	if arn, wild = strings.CutPrefix(arn, first); !wild {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		if _, arn, wild = strings.Cut(arn, part); !wild {
			return false
		}
	}
	return strings.HasSuffix(arn, parts[len(parts)-1])
}

// Environment is what its services run in, in a network with the outputs in. Domain,
// zone and certificate are those of production alone.
func (s Site) Environment(in infra.NetworkOutputs) infra.Environment {
	f := s.Config.Infrastructure
	e := infra.Environment{
		Owner: s.Owner(), Production: s.Production(),
		VPC: in.VPC, PublicSubnets: in.PublicSubnets, PrivateSubnets: in.PrivateSubnets,
		Redis: infra.Redis(f.Redis), Emails: f.Emails, Webhooks: f.Webhooks, LogDays: f.LogDays,
	}
	if s.Production() {
		e.Domain, e.HostedZone, e.Certificate = f.Domain, f.HostedZone, f.Certificate
	}
	e.Caches = []infra.Cache{} // and not those that package infra makes where nobody asks
	for _, c := range f.Caches {
		e.Caches = append(e.Caches, infra.Cache(c))
	}
	for _, service := range s.Config.Services {
		one := infra.Service{Name: service.Name, ErrorPattern: service.ErrorPattern, MaxErrorLines: service.MaxErrorLines}
		if r := service.Route; r != nil {
			one.Route = &infra.Route{Priority: r.Priority, Paths: r.Paths, Hosts: r.Hosts, HealthPath: r.HealthPath}
		}
		e.Services = append(e.Services, one)
	}
	return e
}

// Template is one of [infra.Network], [infra.Roles] and [infra.Environment].
type Template interface {
	Render() (infra.Rendered, error)
}

// Stack is a template as it is to be applied. Production gets its protection, and what
// failed of others is made anew. Consent is for the caller to add.
func (s Site) Stack(t Template) (stack.Stack, error) {
	r, err := t.Render()
	if err != nil {
		return stack.Stack{}, err
	}
	return stack.Stack{
		Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags, Role: s.Config.Infrastructure.Role,
		Production: s.Production(), RecreateFailed: !s.Production(),
	}, nil
}

// Check finds what is wrong with any of the three stacks as far as that can be told
// without AWS, so that none is applied beside one that cannot be. The error is one of
// the input.
func (s Site) Check(m *stack.Manager) error {
	nowhere := infra.NetworkOutputs{
		VPC:            "vpc-notyet",
		PublicSubnets:  []string{"subnet-notyet1", "subnet-notyet2"},
		PrivateSubnets: []string{"subnet-notyet3", "subnet-notyet4"},
	}
	var errs []error
	for _, t := range []Template{s.Network(), s.Roles(), s.Environment(nowhere)} {
		want, err := s.Stack(t)
		if err == nil {
			err = m.Check(want)
		}
		if errors.Is(err, stack.ErrTemplateTooLarge) && s.Config.Infrastructure.TemplateBucket == "" {
			err = fmt.Errorf("stack %s: its template has %d bytes, and more than 51,200 go through a bucket: set infrastructure.template_bucket in %s", want.Name, len(want.Body), config.Name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
