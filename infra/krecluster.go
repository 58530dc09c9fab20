package infra

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// KRECluster is what one KRE environment stands on: an EKS cluster with worker
// nodes, a bucket for what is to be known of it, roles for pods and for people, and
// mail. See kre-cluster.yaml, which begins with what can never change. The stack
// needs the capability CAPABILITY_NAMED_IAM.
//
// No secret is in the template, in a parameter or in an output. EC2 keeps the
// private key of the nodes in a parameter of Systems Manager (see
// [KREClusterOutputs.PrivateKeyParameter]); the user that sends mail has no access
// key. Package eks/keys delivers both into the bucket.
//
// Before the stack can be deleted, the load balancers and volumes that Kubernetes
// made have to go, and so do the access keys of that user; the bucket has to be
// empty; in production the cluster has to be Unprotected, too. Besides what package
// stack protects by itself (the cluster, the bucket, the log group), there is more
// here that should not be replaced or deleted without consent: see
// [KRECluster.Stateful].
//
// With more than some thirty people its template has more than 51,200 bytes; see
// [Rendered.Body].
//
// It knows IPv4 alone, as [Network] does, and makes no add-ons of EKS but those
// that every cluster begins with.
type KRECluster struct {
	// Owner has the name of the KRE environment, as "mettel-automation-kre-dev",
	// which is that of the stack and of the cluster, too, so that no [Environment] of
	// the same region may be its namesake. Names of people's roles hold it, but do not
	// begin with it. It has at most 40 tags. The instances and
	// their disks have them, too, so that a change of a tag rolls all nodes; the roles
	// of people have Project, Project-Env, Project-Role and User of their own.
	Owner
	// Production keeps logs for 90 days and not 14. The cluster refuses to be
	// deleted. When the stack is deleted, the bucket and the log group stay, where
	// those of other environments go.
	Production bool
	// Unprotected takes the deletion protection off the cluster of production.
	// Apply the stack with it before it is deleted.
	Unprotected bool
	// Project and ProjectEnv are the tags Project and Project-Env of the roles of
	// people; default the Owner's name, and "production" or "dev".
	Project, ProjectEnv string

	// Version is that of Kubernetes, as "1.34". It goes up by one minor version in
	// an update, and never back; nodes follow the control plane.
	Version string
	// VPC and Subnets are outputs of a [Network]: at least two subnets in as many
	// zones, where EKS places the control plane's network interfaces.
	VPC     string
	Subnets []string
	// NodeSubnets are where nodes live; default Subnets.
	NodeSubnets []string
	// AuthenticationMode is where the cluster looks up who may do what: "API" (EKS
	// access entries), "CONFIG_MAP" (the ConfigMap aws-auth) or the default
	// "API_AND_CONFIG_MAP". It goes from CONFIG_MAP to API, and not back.
	AuthenticationMode string
	// NoCreatorAdmin leaves whoever creates the stack (or the role that
	// CloudFormation acts as) without rights in Kubernetes. Then the first access
	// entry has to be made by way of the EKS API. Without it, who creates the cluster
	// is its administrator, which tools need that set up the rights of others. It
	// cannot be changed later.
	NoCreatorAdmin bool
	// NoPrivateEndpoint keeps the API server from answering in the VPC. Nodes reach
	// it by its public endpoint then, so that PublicClients have to hold the
	// addresses of the NAT gateways.
	NoPrivateEndpoint bool
	// PublicClients are the public IPv4 ranges that the API server answers on the
	// internet, at most 40; without any it has no public endpoint. "0.0.0.0/0" has
	// to be written to be meant.
	PublicClients []string
	// Logs are what the control plane logs: "api", "audit", "authenticator",
	// "controllerManager", "scheduler". Nil are the first three, an empty slice is none.
	Logs []string
	// LogDays is for how many days they are kept, a number that CloudWatch Logs
	// knows; default 14, in production 90.
	LogDays int
	// SecretsKey is the ARN of a KMS key that encrypts Kubernetes secrets, beyond
	// what EKS does by itself. It can be neither added nor changed later.
	SecretsKey string

	// NodeGroups are the worker nodes; at least one group.
	NodeGroups []NodeGroup
	// SSH makes a key pair of the nodes. Switching it rolls all nodes. AWS does not
	// change the tags of a key pair, so that with one those of the Owner have to stay.
	SSH bool
	// SSHClients are the IPv4 ranges from which nodes are reached by SSH, at most
	// 60; without any, only from the nodes themselves and through Systems Manager.
	SSHClients []string

	// HostedZones are the ids of the Route 53 zones that external-dns and
	// cert-manager may write to; default all of the account, which those need that
	// are made later.
	HostedZones []string
	// ExternalDNSAccount, CertManagerAccount and EBSAccount are the service accounts
	// of Kubernetes that have a role, as namespace:name. Default are
	// "kube-system:external-dns" and "cert-manager:cert-manager". The EBS CSI driver,
	// "kube-system:ebs-csi-controller-sa" where it is used, has none by default.
	ExternalDNSAccount, CertManagerAccount, EBSAccount string

	// Boundary is the ARN of a policy that caps what all roles and the user of the stack
	// may do, their permissions boundary; see [Roles]. Empty is none.
	Boundary string

	// Mail is the domain that mail is sent from; none by default.
	Mail Mail
	// Users are the people who have a role.
	Users Users
}

// Mail lets a user of IAM send mail by the SMTP interface of SES, and nothing else.
// As long as SES keeps the account in its sandbox, it asks for rights to the
// identities of recipients as well, which that user does not have.
type Mail struct {
	// Domain is verified by Easy DKIM. An account has it once in a region, so that
	// two environments there have two domains.
	Domain string `json:"domain,omitempty"`
	// HostedZone is the id of the Route 53 zone in which its three DKIM records are
	// made; empty where somebody else makes them, of [KREClusterOutputs].
	HostedZone string `json:"hostedZone,omitempty"`
	// From are the addresses that mail may come from, in which an asterisk stands for
	// any text; default "*@" and the domain.
	From []string `json:"from,omitempty"`
}

// StackName returns the name of the stack, which is made of that of the Owner alone.
func (k KRECluster) StackName() (string, error) { return k.stack() }

// Stateful are the types of resources that the stack should not lose, beside those
// that package stack protects by itself. A group of nodes has the volumes of
// hostpath on the disks of its nodes, a new user has no access key, a new key pair
// and a new identity are others than those that the world knows. (The provider of
// OIDC is none of them: its URL is an attribute of the cluster, so that each change
// set that changes the cluster says that it may be replaced, which it is not.)
//
//	stack.Stack{Stateful: append(stack.DefaultStateful(), cluster.Stateful()...)}
func (k KRECluster) Stateful() []string {
	return []string{"AWS::EC2::KeyPair", "AWS::EKS::Nodegroup", "AWS::IAM::User", "AWS::SES::EmailIdentity"}
}

// withDefaults returns k with the defaults filled in.
func (k KRECluster) withDefaults() KRECluster {
	env, logDays := "dev", 14
	if k.Production {
		env, logDays = "production", 90
	}
	k.Project, k.ProjectEnv = cmp.Or(k.Project, k.Name), cmp.Or(k.ProjectEnv, env)
	k.LogDays = cmp.Or(k.LogDays, logDays)
	k.AuthenticationMode = cmp.Or(k.AuthenticationMode, "API_AND_CONFIG_MAP")
	k.ExternalDNSAccount = cmp.Or(k.ExternalDNSAccount, "kube-system:external-dns")
	k.CertManagerAccount = cmp.Or(k.CertManagerAccount, "cert-manager:cert-manager")
	if k.NodeSubnets == nil {
		k.NodeSubnets = k.Subnets
	}
	if k.Logs == nil {
		k.Logs = []string{"api", "audit", "authenticator"}
	}
	if k.Mail.Domain != "" && len(k.Mail.From) == 0 {
		k.Mail.From = []string{"*@" + k.Mail.Domain}
	}
	k.NodeGroups = slices.Clone(k.NodeGroups)
	for i, g := range k.NodeGroups {
		k.NodeGroups[i] = g.withDefaults()
	}
	return k
}

// Render returns the stack of the cluster. All faults of k are in the error.
func (k KRECluster) Render() (Rendered, error) {
	k = k.withDefaults()
	var f faults
	f.owner(k.Owner)
	k.check(&f)
	t, err := parse("kre-cluster.yaml")
	if err != nil {
		return Rendered{}, err
	}
	stack := ""
	if k.ResourceName != nil {
		stack, err = k.StackName()
		f.also(err)
	}
	if len(f) == 0 {
		f.also(k.edit(t))
		f.within("resources", t.Count("Resources"), 1, maxResources)
		f.within("parameters", t.Count("Parameters"), 1, maxParameters)
		f.within("outputs", t.Count("Outputs"), 1, maxOutputs)
	}
	if err := f.of("KRE cluster", k.Name); err != nil {
		return Rendered{}, err
	}
	return k.render(stack, t, "kre-cluster.yaml", k.parameters())
}

// edit fills in what repeats, and what no parameter can say.
func (k KRECluster) edit(t *exemplar.Template) error {
	people := k.people()
	copies := map[string][]exemplar.Copy{"Nodes": nil, "Person": nil}
	for _, g := range k.NodeGroups {
		copies["Nodes"] = append(copies["Nodes"], g.copy())
	}
	roles := make([]string, len(people))
	for i, p := range people {
		roles[i] = p.id() + "Role"
		copies["Person"] = append(copies["Person"], p.copy(k.Project, k.ProjectEnv))
	}
	errs := []error{t.Repeat(copies)}
	for _, g := range k.NodeGroups {
		errs = append(errs, g.edit(t, k.Owner))
	}
	for _, g := range groups() {
		var in []string
		for i, p := range people {
			if p.group == g {
				in = append(in, roles[i])
			}
		}
		errs = append(errs, t.Gather(g.output, in, rolesPerOutput))
	}
	lists(t, "LogType", "HasLogs", k.Logs)
	lists(t, "SshClient", "HasSshClients", k.SSHClients)
	if len(k.HostedZones) > 0 {
		t.Spread("HostedZone", k.HostedZones)
	}
	if !k.Production {
		t.Discard()
	}
	return errors.Join(append(errs, t.Names(k.Name, k.name, roles...), k.asIs("EKS cluster"))...)
}

// lists puts values in the place of a parameter that stands for one of them, and
// decides the condition that there are any.
func lists(t *exemplar.Template, parameter, condition string, values []string) {
	decided := map[string]bool{condition: len(values) > 0}
	if len(values) == 0 {
		t.Settle(map[string]any{parameter: ""}, decided)
		return
	}
	t.Settle(nil, decided)
	t.Spread(parameter, values)
}

// parameters returns the values of what the template still asks for.
func (k KRECluster) parameters() map[string]string {
	p := map[string]string{
		"Environment":        k.Name,
		"KubernetesVersion":  k.Version,
		"Vpc":                k.VPC,
		"Subnets":            strings.Join(k.Subnets, ","),
		"NodeSubnets":        strings.Join(k.NodeSubnets, ","),
		"AuthenticationMode": k.AuthenticationMode,
		"CreatorIsAdmin":     strconv.FormatBool(!k.NoCreatorAdmin),
		"PrivateEndpoint":    strconv.FormatBool(!k.NoPrivateEndpoint),
		"PublicClients":      strings.Join(k.PublicClients, ","),
		"LogDays":            strconv.Itoa(k.LogDays),
		"SecretsKey":         k.SecretsKey,
		"DeletionProtection": strconv.FormatBool(k.Production && !k.Unprotected),
		"ExternalDnsAccount": k.ExternalDNSAccount,
		"CertManagerAccount": k.CertManagerAccount,
		"EbsAccount":         k.EBSAccount,
		"Boundary":           k.Boundary,
		"Ssh":                strconv.FormatBool(k.SSH),
		"MailDomain":         k.Mail.Domain,
		"MailZone":           k.Mail.HostedZone,
	}
	if k.Mail.Domain != "" {
		p["MailFrom"] = strings.Join(k.Mail.From, ",")
	}
	if len(k.HostedZones) == 0 {
		p["HostedZone"] = "*"
	}
	return p
}
