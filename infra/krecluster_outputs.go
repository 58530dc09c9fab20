package infra

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KREClusterOutputs are what a KRE cluster has that others need. None of it is secret.
type KREClusterOutputs struct {
	Name                 string            `json:"name"`                 // of the cluster
	ARN                  string            `json:"arn"`                  // of the cluster
	Endpoint             string            `json:"endpoint"`             // URL of the API server
	CertificateAuthority string            `json:"certificateAuthority"` // of the API server, PEM in base64
	VPC                  string            `json:"vpc"`                  // id
	SecurityGroup        string            `json:"securityGroup"`        // id of the one that nodes and control plane share
	Issuer               string            `json:"issuer"`               // URL of the issuer of tokens for service accounts
	OIDCProvider         string            `json:"oidcProvider"`         // ARN of that issuer in IAM
	NodeRole             string            `json:"nodeRole"`             // ARN
	NodeGroups           map[string]string `json:"nodeGroups"`           // what EKS calls each group
	Bucket               string            `json:"bucket"`               // name
	KeyPair              string            `json:"keyPair,omitempty"`    // id of the key pair of the nodes; only with SSH
	ExternalDNSRole      string            `json:"externalDNSRole"`      // ARN
	CertManagerRole      string            `json:"certManagerRole"`      // ARN
	EBSRole              string            `json:"ebsRole,omitempty"`    // ARN; only with an EBSAccount

	// SMTPUser is the name of the user that sends mail, MailRecords are the CNAME
	// records that verify the domain, value by name; both only with Mail.
	SMTPUser    string            `json:"smtpUser,omitempty"`
	MailRecords map[string]string `json:"mailRecords,omitempty"`

	// The ARNs of the roles of people, sorted by user; never nil.
	DeveloperRoles              []string `json:"eks_developer_roles"`
	DeveloperOpsPrivilegedRoles []string `json:"eks_developer_ops_privileged_roles"`
	DevopsRoles                 []string `json:"eks_devops_roles"`
}

// PrivateKeyParameter is the name of the parameter of Systems Manager in which EC2
// keeps the private key of the nodes, encrypted; empty without SSH.
// Source: CloudFormation template reference, AWS::EC2::KeyPair.
func (o KREClusterOutputs) PrivateKeyParameter() string {
	if o.KeyPair == "" {
		return ""
	}
	return "/ec2/keypair/" + o.KeyPair
}

// Read finds what a cluster has in the outputs of its stack. Each output that is
// missing is a [*MissingOutputError] in the joined error, and it is an error if the
// roles are not those of the Users, since the stack is that of others: who reads
// them says who may enter the cluster.
func (k KRECluster) Read(outputs map[string]string) (KREClusterOutputs, error) {
	r := reader{stack: k.StackName, outputs: outputs}
	out := KREClusterOutputs{
		Name:                 r.text("Cluster"),
		ARN:                  r.text("ClusterArn"),
		Endpoint:             r.text("Endpoint"),
		CertificateAuthority: r.text("CertificateAuthority"),
		VPC:                  r.text("Vpc"),
		SecurityGroup:        r.text("SecurityGroup"),
		Issuer:               r.text("Issuer"),
		OIDCProvider:         r.text("OidcProvider"),
		NodeRole:             r.text("NodeRole"),
		NodeGroups:           make(map[string]string, len(k.NodeGroups)),
		Bucket:               r.text("Bucket"),
		ExternalDNSRole:      r.text("ExternalDnsRole"),
		CertManagerRole:      r.text("CertManagerRole"),
	}
	for _, g := range k.NodeGroups {
		group := r.text(g.id() + "Group") // "cluster/group"
		out.NodeGroups[g.Name] = group[strings.LastIndexByte(group, '/')+1:]
	}
	if k.SSH {
		out.KeyPair = r.text("KeyPair")
	}
	if k.EBSAccount != "" {
		out.EBSRole = r.text("EbsRole")
	}
	if k.Mail.Domain != "" {
		out.SMTPUser = r.text("SmtpUser")
		out.MailRecords = make(map[string]string)
		for _, record := range r.list("MailRecords") {
			name, value, _ := strings.Cut(record, "=")
			out.MailRecords[name] = value
		}
	}
	var errs []error
	for _, g := range groups() {
		people := slices.DeleteFunc(k.people(), func(p person) bool { return p.group != g })
		arns, whole := r.roles(g.output, len(people))
		if whole && !slices.EqualFunc(arns, people, func(arn string, p person) bool { return strings.HasSuffix(arn, ":role/"+p.role) }) {
			stack, _ := k.StackName()
			errs = append(errs, fmt.Errorf("read the outputs of stack %s: the %d roles of %s and those after it are not those of the %d users; apply the stack as it is rendered now", stack, len(arns), g.output, len(people)))
		}
		switch g.name {
		case "developer":
			out.DeveloperRoles = arns
		case "devops":
			out.DevopsRoles = arns
		default:
			out.DeveloperOpsPrivilegedRoles = arns
		}
	}
	return out, errors.Join(append([]error{r.err()}, errs...)...)
}

// roles returns the ARNs of n roles, of as many outputs as they have, and whether
// none of these is missing.
func (r *reader) roles(output string, n int) (arns []string, whole bool) {
	arns = make([]string, 0, n)
	missing := len(r.missing)
	for i := range (n + rolesPerOutput - 1) / rolesPerOutput {
		name := output
		if i > 0 {
			name += strconv.Itoa(i + 1)
		}
		arns = append(arns, r.list(name)...)
	}
	return arns, len(r.missing) == missing
}
