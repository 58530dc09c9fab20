package main

import (
	"fmt"
	"maps"
	"slices"
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
	branch   string
	states   [3]rendering
	stateful []string // types of resources that it guards besides those that are guarded anyway
	left     []string // what outlives its deletion
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

// kreOwner is the owner of a KRE environment.
func kreOwner(name string) infra.Owner {
	env := envname.Environment{Name: name}
	return infra.Owner{Name: name, Tags: map[string]string{"Environment": name}, ResourceName: func(kind string, parts ...string) (string, error) {
		return env.ResourceName(envname.ResourceType(kind), parts...)
	}}
}

// users returns the names of n users of IAM.
func users(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("user-%03d", i))
	}
	return names
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
	kre := func(name string, production bool) [3]rendering {
		first := infra.KRECluster{
			Owner: kreOwner(name), Production: production, Version: "1.33", VPC: "vpc-0a1b2c3d4e5f60718",
			Subnets:    []string{"subnet-0a1b2c3d4e5f60713", "subnet-0a1b2c3d4e5f60714"},
			NodeGroups: []infra.NodeGroup{{Name: "workers", InstanceTypes: []string{"m6i.large"}, Desired: 3}},
			Users:      infra.Users{Developer: users(12), Devops: users(1)},
		}
		second := first // more of everything, and the next version
		second.Tags = map[string]string{"Environment": name, "Team": "platform"}
		second.Version, second.PublicClients, second.SSH, second.SSHClients = "1.34", []string{"192.0.2.0/24"}, true, []string{"10.0.0.0/16", "10.1.0.0/16"}
		second.NodeGroups = append(second.NodeGroups[:1:1], infra.NodeGroup{Name: "mongo", InstanceTypes: []string{"r7g.large"}, Desired: 3, Taints: []string{"dedicated=mongo:NoSchedule"}})
		second.Mail, second.EBSAccount = infra.Mail{Domain: "kre.example.com", HostedZone: "Z2FDTNDATAQYW2"}, "kube-system:ebs-csi-controller-sa"
		second.HostedZones, second.Users.DeveloperOpsPrivileged = []string{"Z2FDTNDATAQYW2", "Z3M3LMPEXAMPLE"}, users(30)
		third := second // somebody leaves, nodes change in place
		third.Users, third.Logs, third.Unprotected = infra.Users{Developer: users(2)}, []string{}, true
		third.NodeGroups = slices.Clone(second.NodeGroups)
		third.NodeGroups[0].Desired, third.NodeGroups[0].Disk, third.NodeGroups[1].Labels = 5, 200, map[string]string{"dedicated": "mongo"}
		return [3]rendering{first, second, third}
	}
	stateful := slices.Concat(stack.DefaultStateful(), infra.KRECluster{}.Stateful())
	return map[string]life{
		"network":                     {branch: ephemeral, states: [3]rendering{network, zones, full}},
		"roles":                       {branch: ephemeral, states: [3]rendering{roles, named, own}},
		"an ephemeral environment":    {branch: ephemeral, states: environment(ephemeral, false)},
		"production":                  {branch: master, states: environment(master, true), left: []string{"Bucket", "LogGroup"}},
		"an environment with a crowd": {branch: ephemeral, states: crowd},
		"a KRE cluster of dev":        {branch: ephemeral, states: kre("mettel-automation-kre-dev", false), stateful: stateful},
		"that of production":          {branch: master, states: kre("mettel-automation-kre", true), stateful: stateful, left: []string{"Bucket", "ClusterLogGroup"}},
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
					want = stack.Stack{Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags, Production: l.branch == "master", Stateful: l.stateful}
					outputs := live(t, manager, want, i)
					if k, ok := state.(infra.KRECluster); ok {
						if out, err := k.Read(outputs); err != nil || len(out.DeveloperOpsPrivilegedRoles) != len(k.Users.DeveloperOpsPrivileged) {
							t.Errorf("state %d: %v; outputs %+v", i, err, out)
						}
					}
				}
				deletion := stack.DeleteRequest{Name: want.Name, Tags: maps.Clone(want.Tags), LiftProtection: true}
				if l.branch == "master" {
					deletion.AllowProduction = want.Name
				}
				plan, err := manager.PlanDelete(t.Context(), deletion)
				if err != nil {
					t.Fatal(err)
				}
				result, err := manager.ApplyDelete(t.Context(), plan)
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

// live brings a stack to the i-th state of its life, plans that again, and returns
// its outputs.
func live(t *testing.T, manager *stack.Manager, want stack.Stack, i int) map[string]string {
	t.Helper()
	plan, err := manager.Plan(t.Context(), want)
	if err != nil {
		t.Fatalf("plan state %d: %v", i, err)
	}
	if first := plan.Action == stack.Create; first != (i == 0) || plan.Empty() {
		t.Errorf("state %d is to be a %s:\n%s", i, plan.Action, plan)
	}
	result, err := manager.Apply(t.Context(), plan)
	if err != nil {
		t.Fatalf("apply state %d: %v\n%s", i, err, plan)
	}
	again, err := manager.Plan(t.Context(), want)
	if err != nil || !again.Empty() {
		t.Errorf("state %d, planned again: %v\n%s", i, err, again)
	}
	return result.Outputs
}
