package main

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/stack"
)

// rendering is a template with all that fills it in.
type rendering interface {
	Render() (infra.Rendered, error)
}

// life is a stack as it is created, and then updated twice.
type life struct {
	branch string
	states [3]rendering
	left   []string // what outlives its deletion
}

func owner(t *testing.T, branch string) infra.Owner {
	t.Helper()
	env, err := envname.Resolve(branch)
	if err != nil {
		t.Fatal(err)
	}
	return infra.Owner{Name: env.Name, Tags: env.Tags(), ResourceName: func(kind string, parts ...string) (string, error) {
		return env.ResourceName(envname.ResourceType(kind), parts...)
	}}
}

// many returns n services, of which each third is public.
func many(n int) (services []infra.Service) {
	for i := range n {
		s := infra.Service{Name: fmt.Sprintf("service-%02d", i)}
		if i%3 == 0 {
			s.Route = &infra.Route{Priority: i + 1, Paths: []string{"/" + s.Name + "/*"}, HealthPath: "/health"}
		}
		services = append(services, s)
	}
	return services
}

func lives(t *testing.T) map[string]life {
	const ephemeral, master = "dev/feature/login", "master"
	network := infra.Network{Owner: owner(t, ephemeral)}
	zones := network
	zones.Zones, zones.NATPerZone = 3, true
	full := zones
	full.Endpoints, full.FlowLogDays = true, 30

	roles := infra.Roles{Owner: owner(t, ephemeral)}
	named := roles
	named.Secrets, named.Exec = []string{"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-*"}, true
	own := named
	own.Services = []infra.ServiceRole{{Service: "api", Statements: []infra.Statement{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::reports/*"}}}}}

	environment := func(branch string, production bool) [3]rendering {
		first := infra.Environment{
			Owner: owner(t, branch), Production: production, VPC: "vpc-0a1b2c3d4e5f60718",
			PublicSubnets:  []string{"subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"},
			PrivateSubnets: []string{"subnet-0a1b2c3d4e5f60713", "subnet-0a1b2c3d4e5f60714"},
			Services:       many(3), Quiet: true, Emails: []string{"oncall@example.com"},
		}
		second := first
		second.Services, second.Quiet, second.LogDays = many(7), false, 30
		third := second
		third.Services, third.Emails, third.Unprotected = many(2), nil, true
		third.Certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000"
		return [3]rendering{first, second, third}
	}
	crowd := environment(ephemeral, false)
	large := crowd[0].(infra.Environment)
	large.Services = many(30) // goes through a bucket
	crowd[1] = large
	return map[string]life{
		"network":                     {branch: ephemeral, states: [3]rendering{network, zones, full}},
		"roles":                       {branch: ephemeral, states: [3]rendering{roles, named, own}},
		"an ephemeral environment":    {branch: ephemeral, states: environment(ephemeral, false)},
		"production":                  {branch: master, states: environment(master, true), left: []string{"Bucket", "LogGroup"}},
		"an environment with a crowd": {branch: ephemeral, states: crowd},
	}
}

// TestTemplates applies every template, updates it twice and deletes it. What has
// been applied is a plan of no changes the next time.
func TestTemplates(t *testing.T) {
	for name, l := range lives(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := newCloud(1, nil)
				manager := stack.New(cloud.Client(), inMemory(cloud, 1))
				var want stack.Stack
				for i, state := range l.states {
					r, err := state.Render()
					if err != nil {
						t.Fatalf("state %d: %v", i, err)
					}
					want = stack.Stack{Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags, Production: l.branch == "master"}
					live(t, manager, want, i)
				}
				deletion := stack.Deletion{Name: want.Name, Tags: maps.Clone(want.Tags), LiftProtection: true}
				if l.branch == "master" {
					deletion.AllowProduction = want.Name
				}
				plan, err := manager.PlanDelete(t.Context(), deletion)
				if err != nil {
					t.Fatal(err)
				}
				result, err := manager.Delete(t.Context(), plan)
				if err != nil {
					t.Fatal(err)
				}
				var left []string
				for _, r := range result.Retained {
					left = append(left, r.LogicalID)
				}
				if fmt.Sprint(left) != fmt.Sprint(l.left) {
					t.Errorf("what is left is %q, want %q", left, l.left)
				}
			})
		})
	}
}

// live brings a stack to the i-th state of its life, and plans that again.
func live(t *testing.T, manager *stack.Manager, want stack.Stack, i int) {
	t.Helper()
	plan, err := manager.Plan(t.Context(), want)
	if err != nil {
		t.Fatalf("plan state %d: %v", i, err)
	}
	if first := plan.Action == stack.Create; first != (i == 0) || plan.Empty() {
		t.Errorf("state %d is to be a %s:\n%s", i, plan.Action, plan)
	}
	if _, err := manager.Apply(t.Context(), plan); err != nil {
		t.Fatalf("apply state %d: %v\n%s", i, err, plan)
	}
	again, err := manager.Plan(t.Context(), want)
	if err != nil || !again.Empty() {
		t.Errorf("state %d, planned again: %v\n%s", i, err, again)
	}
}
