package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

// The stacks of an environment, in the order in which they need each other.
const (
	network     = "network"
	roles       = "roles"
	environment = "environment"
)

func kinds() []string { return []string{network, roles, environment} }

// site is an environment as the flags and files describe it.
type site struct {
	env      envname.Environment
	settings settings
	options  options
	body     []byte                    // of -template
	has      map[string][]string       // the logical ids that the templates of this run have, by kind, where flags name any
	drafts   map[string]infra.Rendered // the stacks by kind, the environment in no network yet
}

func (s *site) owner() infra.Owner {
	return infra.Owner{
		Name: s.env.Name, Tags: s.env.Tags(),
		ResourceName: func(kind string, parts ...string) (string, error) {
			return s.env.ResourceName(envname.ResourceType(kind), parts...)
		},
	}
}

func (s *site) production() bool { return s.env.Kind == envname.Production }

// concerned are the stacks of this run.
func (s *site) concerned() []string {
	return slices.DeleteFunc(kinds(), func(kind string) bool { return !s.concerns(kind) })
}

// concerns reports whether a stack is one of this run.
func (s *site) concerns(kind string) bool {
	if kind == network && s.options.network != "" {
		return false
	}
	return s.options.only == "" || s.options.only == kind
}

func (s *site) network() infra.Network {
	return infra.Network{
		Owner: s.owner(), CIDR: s.settings.CIDR, Zones: s.settings.Zones, ZoneNames: s.settings.ZoneNames,
		NATPerZone: s.production(), Endpoints: s.production(),
	}
}

func (s *site) roles() infra.Roles {
	return infra.Roles{Owner: s.owner(), Repository: s.settings.Repository, Secrets: s.settings.Secrets, Services: s.settings.Roles}
}

func (s *site) environment(in infra.NetworkOutputs) infra.Environment {
	return infra.Environment{
		Owner: s.owner(), Production: s.production(), Unprotected: s.options.unprotected, Quiet: s.settings.Quiet,
		VPC: in.VPC, PublicSubnets: in.PublicSubnets, PrivateSubnets: in.PrivateSubnets,
		Services: s.settings.Services, Caches: s.settings.Caches, Redis: s.settings.Redis,
		Domain: s.settings.Domain, HostedZone: s.settings.HostedZone, Certificate: s.settings.Certificate,
		Emails: s.settings.Emails, Webhooks: s.settings.Webhooks, LogDays: s.settings.LogDays,
	}
}

// names are the names of the stacks by kind.
func (s *site) names() (map[string]string, error) {
	own, err := s.network().StackName()
	if s.options.network != "" {
		own, err = s.options.network+"-network", nil
	}
	second, err2 := s.roles().StackName()
	third, err3 := s.environment(infra.NetworkOutputs{}).StackName()
	return map[string]string{network: own, roles: second, environment: third}, errors.Join(err, err2, err3)
}

// nowhere stands for the outputs of a network that is not there yet.
func nowhere() infra.NetworkOutputs {
	return infra.NetworkOutputs{
		VPC:            "vpc-notyet",
		PublicSubnets:  []string{"subnet-notyet1", "subnet-notyet2"},
		PrivateSubnets: []string{"subnet-notyet3", "subnet-notyet4"},
	}
}

// try renders everything once, so that what is wrong with the input is told before
// anything is asked of AWS.
func (s *site) try() error {
	s.has, s.drafts = map[string][]string{}, nil
	drafts := map[string]infra.Rendered{}
	for _, kind := range kinds() {
		r, err := s.rendered(kind, nowhere())
		if err != nil {
			return err
		}
		drafts[kind] = r
		if ids := len(s.options.consent) + len(s.options.memory.fail); ids > 0 && s.concerns(kind) {
			s.has[kind] = logicalIDs(r.Body)
		}
	}
	s.drafts = drafts
	return s.failing()
}

// rendered is one stack of the environment. The network is for the environment alone.
func (s *site) rendered(kind string, in infra.NetworkOutputs) (infra.Rendered, error) {
	if r, has := s.drafts[kind]; has && (kind != environment || reflect.DeepEqual(in, nowhere())) {
		r.Parameters = maps.Clone(r.Parameters) // the caller's own
		return r, nil
	}
	switch kind {
	case network:
		return s.network().Render()
	case roles:
		return s.roles().Render()
	}
	r, err := s.environment(in).Render()
	if err != nil {
		return r, err
	}
	if s.body != nil {
		r.Body, r.Parameters = s.body, map[string]string{}
	}
	maps.Copy(r.Parameters, s.options.parameters)
	return r, nil
}

// stack is one stack of the environment as it should be.
func (s *site) stack(kind string, in infra.NetworkOutputs) (stack.Stack, error) {
	r, err := s.rendered(kind, in)
	if err != nil {
		return stack.Stack{}, input{err}
	}
	return stack.Stack{
		Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags,
		Production: s.production(), RecreateFailed: !s.production(), Express: s.options.express, Consent: s.consent(kind),
	}, nil
}

// forecast is the plan of a stack that CloudFormation cannot plan before the network
// is there: that of a CloudFormation in memory, which has no stacks.
func (s *site) forecast(ctx context.Context, kind string) (stack.Plan, error) {
	want, err := s.stack(kind, nowhere())
	if err != nil {
		return stack.Plan{}, err
	}
	const speed = 1e6
	cloud := newCloud(speed, nil)
	plan, err := stack.New(cloud.Client(), inMemory(cloud, speed)).Plan(ctx, want)
	if err != nil {
		return plan, fmt.Errorf("forecast: %w", err)
	}
	plan.ID, plan.ChangeSet = "", ""
	for i, p := range plan.Parameters {
		switch p.Name {
		case "Vpc", "LoadBalancerSubnets", "PrivateSubnets":
			plan.Parameters[i].After = stack.KnownAfterApply
		}
	}
	return plan, nil
}

// render adds the stacks as they would be applied.
func (s *site) render(out *output) error {
	for _, kind := range kinds() {
		if !s.concerns(kind) {
			continue
		}
		r, err := s.rendered(kind, nowhere())
		if err != nil {
			return err
		}
		for _, name := range []string{"Vpc", "LoadBalancerSubnets", "PrivateSubnets"} {
			if _, has := r.Parameters[name]; has && kind == environment && s.body == nil {
				r.Parameters[name] = stack.KnownAfterApply
			}
		}
		if err := hide(r); err != nil {
			return input{err}
		}
		out.Stacks = append(out.Stacks, source{Name: r.Name, Bytes: len(r.Body), Parameters: r.Parameters, Tags: r.Tags, Body: string(r.Body)})
	}
	return nil
}

// hide masks the values of parameters that the template keeps secret.
func hide(r infra.Rendered) error {
	var t struct {
		Parameters map[string]struct {
			NoEcho any `yaml:"NoEcho"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Load(r.Body, &t); err != nil {
		return fmt.Errorf("template of %s: %w", r.Name, err)
	}
	for name, p := range t.Parameters {
		if _, given := r.Parameters[name]; given && fmt.Sprint(p.NoEcho) == "true" {
			r.Parameters[name] = "****"
		}
	}
	return nil
}
