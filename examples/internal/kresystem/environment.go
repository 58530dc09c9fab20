package kresystem

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/stack"
)

// Environment is a KRE environment of delivery.yaml.
type Environment struct {
	config.KRE // with its Name
	Kind       runtime.Kind
	Project    string
	Region     string

	path func(string) string // a path of the file as one of the operating system
}

// New is the environment of a kind, dev or production. It says all that is wrong with it,
// but for what the secrets of runtimes decide, in an [*InputError].
func New(file *config.File, kind string) (*Environment, error) {
	of, there := file.KRE[kind]
	if !there {
		return nil, &InputError{fmt.Errorf("the file has no KRE environment of kind %s: the key kre has %s", kind, cmp.Or(strings.Join(slices.Sorted(maps.Keys(file.KRE)), ", "), "none"))}
	}
	e := &Environment{KRE: of, Kind: runtime.Kind(kind), Project: file.Project, Region: file.Region, path: file.Path}
	e.Name = file.KREName(kind)
	_, err := e.Stack()
	_, err2 := e.Releases(infra.KREClusterOutputs{})
	if err := errors.Join(err, err2); err != nil {
		return nil, &InputError{fmt.Errorf("kre: %s: %w", kind, err)}
	}
	return e, nil
}

// Tag says whose something in AWS or Kubernetes is: the name, and that it is of
// production where the name does not say so.
func (e *Environment) Tag() string {
	if e.Kind == runtime.Production && production.Find(e.Name, nil) == "" {
		return e.Name + "-" + string(e.Kind)
	}
	return e.Name
}

func (e *Environment) tags() map[string]string {
	return map[string]string{stack.TagEnvironment: e.Tag(), "Project": e.Project}
}

// production reports whether it is the environment of production.
func (e *Environment) production() bool { return e.Kind == runtime.Production }

// KRECluster is the template of the environment.
func (e *Environment) KRECluster() infra.KRECluster {
	names := envname.Environment{Name: e.Name}
	c := e.Cluster
	k := infra.KRECluster{
		Owner: infra.Owner{Name: e.Name, Tags: e.tags(), ResourceName: func(kind string, parts ...string) (string, error) {
			return names.ResourceName(envname.ResourceType(kind), parts...)
		}},
		Production: e.production(), Unprotected: c.Unprotected, Project: e.Project, ProjectEnv: string(e.Kind),
		Version: c.Version, VPC: e.Network.VPC, Subnets: e.Network.Subnets, NodeSubnets: e.Network.NodeSubnets,
		AuthenticationMode: c.AuthenticationMode, NoCreatorAdmin: c.NoCreatorAdmin, NoPrivateEndpoint: c.NoPrivateEndpoint,
		PublicClients: c.PublicClients, Logs: c.Logs, LogDays: c.LogDays, SecretsKey: c.SecretsKey,
		SSH: c.SSH, SSHClients: c.SSHClients, HostedZones: c.HostedZones, EBSAccount: c.EBSAccount,
		Boundary: e.Boundary,
		Mail:     infra.Mail(e.Mail), Users: infra.Users(e.Users),
	}
	for _, g := range c.NodeGroups {
		k.NodeGroups = append(k.NodeGroups, infra.NodeGroup(g))
	}
	if dns := e.Charts.ExternalDNS; dns != nil {
		k.ExternalDNSAccount = account(dns.Release, "external-dns", "kube-system")
	}
	if cert := e.Charts.CertManager; cert != nil {
		k.CertManagerAccount = account(cert.Release, "cert-manager", "cert-manager")
	}
	return k
}

// account is the service account of a release, as its chart calls it: after the
// release, with the name of the chart in it.
func account(r config.Release, chart, namespace string) string {
	name := cmp.Or(r.Name, chart)
	if !strings.Contains(name, chart) {
		name += "-" + chart
	}
	return cmp.Or(r.Namespace, namespace) + ":" + name
}

// Stack is the stack of the environment as it should be.
func (e *Environment) Stack() (stack.Stack, error) {
	k := e.KRECluster()
	r, err := k.Render()
	if err != nil {
		return stack.Stack{}, err
	}
	return stack.Stack{
		Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags, Role: e.Role,
		Production: k.Production, RecreateFailed: !k.Production, Stateful: append(stack.DefaultStateful(), k.Stateful()...),
	}, nil
}

// groups are who may do what, with the roles that the stack has made.
func (e *Environment) groups(out infra.KREClusterOutputs) []access.Group {
	own := e.Access.Rules
	return []access.Group{
		{Name: e.Access.Prefix + "developer", Principals: out.DeveloperRoles, Rules: rulesOr(own.Developer, rules.Developer)},
		{Name: e.Access.Prefix + "developer-ops-privileged", Principals: out.DeveloperOpsPrivilegedRoles, Rules: rulesOr(own.DeveloperOpsPrivileged, rules.DeveloperOpsPrivileged)},
		{Name: e.Access.Prefix + "devops", Principals: out.DevopsRoles, Rules: rulesOr(own.Devops, rules.DevOps)},
	}
}

// rulesOr are own rules, or others where there are none. An empty list is one.
func rulesOr(own []config.AccessRule, others func() []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	if own == nil {
		return others()
	}
	var list []rbacv1.PolicyRule
	for _, r := range own {
		list = append(list, rbacv1.PolicyRule{
			APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames, NonResourceURLs: r.NonResourceURLs, Verbs: r.Verbs,
		})
	}
	return list
}
