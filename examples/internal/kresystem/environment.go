package kresystem

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "embed"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/stack"
)

// Demo is a whole environment: what the mains show by default.
//
//go:embed demo.yaml
var Demo []byte

// Read reads the environment of a file; "" is [Demo].
func Read(name string) (*Environment, error) {
	if name == "" {
		return Parse("demo.yaml", Demo)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read environment: %w", err)
	}
	return Parse(name, text)
}

// Parse reads the text of the file called name, and says all that is wrong with it, but
// for what the secrets of runtimes decide.
func Parse(name string, text []byte) (*Environment, error) {
	e := &Environment{dir: filepath.Dir(name)}
	if err := yamlfile.Decode(bytes.NewReader(text), e); err != nil {
		return nil, fmt.Errorf("read environment %s:%w", name, err)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("environment %s: %w", name, err)
	}
	return e, nil
}

func (e *Environment) check() error {
	var errs []error
	if e.Kind != runtime.Development && e.Kind != runtime.Production {
		errs = append(errs, fmt.Errorf("kind %q: want %s or %s", e.Kind, runtime.Development, runtime.Production))
	}
	if e.Project == "" || e.Region == "" {
		errs = append(errs, errors.New("project and region are required"))
	}
	if word := production.Find(e.Name, nil); word != "" && e.Kind == runtime.Development {
		errs = append(errs, fmt.Errorf("kind %s: the name %s says %s", e.Kind, e.Name, word))
	}
	if len(errs) == 0 {
		_, err := e.Stack()
		_, err2 := e.Releases(infra.KREClusterOutputs{})
		errs = append(errs, err, err2)
	}
	for g := range e.Access.Rules {
		if _, known := defaultRules()[g]; !known {
			errs = append(errs, fmt.Errorf("access: rules of %q: the groups are developer, developer-ops-privileged and devops", g))
		}
	}
	seen := make(map[string]bool)
	for _, r := range e.Runtimes {
		if seen[r.Name] {
			errs = append(errs, fmt.Errorf("runtime %q is there twice", r.Name))
		}
		seen[r.Name] = true
		if r.Sender != "" && e.Mail.Domain == "" {
			errs = append(errs, fmt.Errorf("runtime %s: sender %s: the environment has no mail domain", r.Name, r.Sender))
		}
	}
	return errors.Join(errs...)
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
		Mail: infra.Mail(e.Mail), Users: infra.Users(e.Users),
	}
	for _, g := range c.NodeGroups {
		k.NodeGroups = append(k.NodeGroups, infra.NodeGroup(g))
	}
	if dns := e.Charts.ExternalDNS; dns != nil {
		k.ExternalDNSAccount = dns.account("external-dns", "kube-system")
	}
	if cert := e.Charts.CertManager; cert != nil {
		k.CertManagerAccount = cert.account("cert-manager", "cert-manager")
	}
	return k
}

// account is the service account of a release, as its chart calls it: after the
// release, with the name of the chart in it.
func (c common) account(chart, namespace string) string {
	name := cmp.Or(c.Name, chart)
	if !strings.Contains(name, chart) {
		name += "-" + chart
	}
	return cmp.Or(c.Namespace, namespace) + ":" + name
}

// Stack is the stack of the environment as it should be.
func (e *Environment) Stack() (stack.Stack, error) {
	k := e.KRECluster()
	r, err := k.Render()
	if err != nil {
		return stack.Stack{}, err
	}
	return stack.Stack{
		Name: r.Name, Body: r.Body, Parameters: r.Parameters, Tags: r.Tags,
		Production: k.Production, RecreateFailed: !k.Production, Stateful: append(stack.DefaultStateful(), k.Stateful()...),
	}, nil
}

func defaultRules() map[string][]rbacv1.PolicyRule {
	return map[string][]rbacv1.PolicyRule{
		"developer": rules.Developer(), "developer-ops-privileged": rules.DeveloperOpsPrivileged(), "devops": rules.DevOps(),
	}
}

// groups are who may do what, with the roles that the stack has made.
func (e *Environment) groups(out infra.KREClusterOutputs) []access.Group {
	list := []access.Group{
		{Name: "developer", Principals: out.DeveloperRoles},
		{Name: "developer-ops-privileged", Principals: out.DeveloperOpsPrivilegedRoles},
		{Name: "devops", Principals: out.DevopsRoles},
	}
	for i, g := range list {
		list[i].Name, list[i].Rules = e.Access.Prefix+g.Name, defaultRules()[g.Name]
		own, given := e.Access.Rules[g.Name]
		if !given {
			continue
		}
		list[i].Rules = nil
		for _, r := range own {
			list[i].Rules = append(list[i].Rules, rbacv1.PolicyRule{
				APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames, NonResourceURLs: r.NonResourceURLs, Verbs: r.Verbs,
			})
		}
	}
	return list
}
