package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mettel-automation/delivery/internal/production"
)

// KRE is a KRE environment: an EKS cluster, who may do what in it, its charts, and the
// runtimes on it. All ephemeral environments share that of kind dev; production has the
// other one. Its types say what the packages infra, eks/access, kre/charts and
// kre/runtime say of theirs, which judge the values when a job has them.
type KRE struct {
	// Name is that of the cluster, of the stack and of all that is theirs; default
	// PROJECT-kre-KIND, such as automation-kre-dev.
	Name string `yaml:"name"`
	// Role is the ARN of the role that CloudFormation makes, changes and deletes the
	// stack as; default none: it has the rights of the job.
	Role string `yaml:"role"`
	// Boundary is the ARN of a policy that caps what the roles and the user of the stack
	// may do, their permissions boundary; default none.
	Boundary string     `yaml:"boundary"`
	Network  KRENetwork `yaml:"network"`
	Cluster  Cluster    `yaml:"cluster"`
	Users    Users      `yaml:"users"`
	Mail     Mail       `yaml:"mail"`
	Access   Access     `yaml:"access"`
	Charts   Charts     `yaml:"charts"`
	Runtimes []Runtime  `yaml:"runtimes"`
}

// The kinds of KRE environments, which are the keys of File.KRE.
const (
	KREDev        = "dev"
	KREProduction = "production"
)

// KRENetwork is the VPC that the cluster is in, which others have made.
type KRENetwork struct {
	VPC         string   `yaml:"vpc"`          // vpc-…
	Subnets     []string `yaml:"subnets"`      // two at least, in as many zones
	NodeSubnets []string `yaml:"node_subnets"` // of the nodes; default Subnets
}

// Cluster is the EKS cluster with its nodes; see infra.KRECluster.
type Cluster struct {
	Version string `yaml:"version"` // of Kubernetes, in quotes: "1.34"
	// AuthenticationMode is API, CONFIG_MAP or API_AND_CONFIG_MAP, the default.
	AuthenticationMode string      `yaml:"authentication_mode"`
	NoCreatorAdmin     bool        `yaml:"no_creator_admin"`
	NoPrivateEndpoint  bool        `yaml:"no_private_endpoint"`
	PublicClients      []string    `yaml:"public_clients"` // CIDRs that reach the API server; default nobody
	Logs               []string    `yaml:"logs"`           // of the control plane; default api, audit and authenticator
	LogDays            int         `yaml:"log_days"`       // default 14, in production 90
	SecretsKey         string      `yaml:"secrets_key"`    // ARN of the KMS key for Kubernetes secrets
	Unprotected        bool        `yaml:"unprotected"`    // lets production be destroyed
	SSH                bool        `yaml:"ssh"`            // makes a key pair of the nodes
	SSHClients         []string    `yaml:"ssh_clients"`    // CIDRs that reach nodes by SSH
	NodeGroups         []NodeGroup `yaml:"node_groups"`
	HostedZones        []string    `yaml:"hosted_zones"` // ids of what external-dns and cert-manager may write to; default all
	EBSAccount         string      `yaml:"ebs_account"`  // of the EBS CSI driver, NAMESPACE:NAME; default none
}

// NodeGroup is a group of worker nodes; see infra.NodeGroup.
type NodeGroup struct {
	Name          string            `yaml:"name"`
	InstanceTypes []string          `yaml:"instance_types"`
	Desired       int               `yaml:"desired"` // nodes
	Min           int               `yaml:"min"`
	Max           int               `yaml:"max"`
	Disk          int               `yaml:"disk"` // GiB of each node
	Spot          bool              `yaml:"spot"`
	AMIType       string            `yaml:"ami_type"`
	Labels        map[string]string `yaml:"labels"`
	Taints        []string          `yaml:"taints"` // KEY=VALUE:EFFECT
}

// Users are the users of IAM who get a role in a cluster, by group.
type Users struct {
	Developer              []string `yaml:"developer"`
	DeveloperOpsPrivileged []string `yaml:"developer_ops_privileged"`
	Devops                 []string `yaml:"devops"`
}

// Mail is the domain that runtimes send mail from, by SES; see infra.Mail.
type Mail struct {
	Domain     string   `yaml:"domain"`
	HostedZone string   `yaml:"hosted_zone"` // id of the zone that gets its records; default somebody else makes them
	From       []string `yaml:"from"`        // addresses, in which an asterisk stands for any text; default all of Domain
}

// Access says who may do what where that is not the default.
type Access struct {
	// Prefix is what the names of groups in Kubernetes begin with; default nothing.
	Prefix string `yaml:"prefix"`
	// Rules are those of the groups, in place of those of package eks/access/rules. An
	// empty list lets a group do nothing.
	Rules struct {
		Developer              []AccessRule `yaml:"developer"`
		DeveloperOpsPrivileged []AccessRule `yaml:"developer_ops_privileged"`
		Devops                 []AccessRule `yaml:"devops"`
	} `yaml:"rules"`
}

// AccessRule is a rule of Kubernetes' RBAC.
type AccessRule struct {
	APIGroups       []string `yaml:"api_groups"`
	Resources       []string `yaml:"resources"`
	ResourceNames   []string `yaml:"resource_names"`
	NonResourceURLs []string `yaml:"non_resource_urls"`
	Verbs           []string `yaml:"verbs"`
}

// KREName is the name of the KRE environment of a kind.
func (f *File) KREName(kind string) string {
	return cmp.Or(f.KRE[kind].Name, f.Project+"-kre-"+kind)
}

func (f *File) checkKRE() error {
	var errs []error
	if len(f.KRE) > 0 && f.Region == "" {
		errs = append(errs, errors.New("kre: it needs a region, at the top of the file"))
	}
	names := map[string]bool{}
	for _, kind := range slices.Sorted(maps.Keys(f.KRE)) {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("kre: %s: %s", kind, fmt.Sprintf(format, args...)))
		}
		name := f.KREName(kind)
		switch word := production.Find(name, nil); {
		case kind != KREDev && kind != KREProduction:
			fail("want the kind %s or %s", KREDev, KREProduction)
		case kind == KREDev && word != "":
			fail("the name %s says %s", name, word)
		case names[name]:
			fail("the other one has the name %s, too", name)
		}
		names[name] = true
		errs = append(errs, f.checkIAM("kre: "+kind+": role", "role", f.KRE[kind].Role), f.checkIAM("kre: "+kind+": boundary", "policy", f.KRE[kind].Boundary))
		f.KRE[kind].Charts.check(fail)
		seen := map[string]bool{}
		for i, r := range f.KRE[kind].Runtimes {
			r.check(i, f.KRE[kind].Mail.Domain, seen[r.Name], fail)
			seen[r.Name] = true
		}
	}
	return errors.Join(errs...)
}
