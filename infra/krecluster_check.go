package infra

import (
	"slices"
	"strings"
)

// The limits of a cluster. Source: EKS User Guide, "View and manage Amazon EKS
// quotas"; Amazon VPC User Guide, "Amazon VPC quotas" (rules of a security group).
const (
	maxPublicClients = 40
	maxSSHClients    = 60
)

// maxClusterTags are the tags of an Owner that leave room for those of people's
// roles, and for those that EKS gives to instances, among the 50 of a resource.
const maxClusterTags = 40

// maxHostedZones keeps the inline policy of a role within 10,240 characters, with
// two lists of zones in it. Source: IAM User Guide, "IAM and AWS STS quotas".
const maxHostedZones = 50

// check finds all that is wrong with k, whose defaults are filled in.
func (k KRECluster) check(f *faults) {
	if n := len(k.Tags); n > maxClusterTags && n <= maxTags { // owner has told of more
		f.add("%d tags: want at most %d, since EKS and the roles of people have some of their own", n, maxClusterTags)
	}
	f.match("version", k.Version, `1\.[0-9]{2}`, "one like 1.34")
	f.match("VPC", k.VPC, `vpc-[A-Za-z0-9]+`, "the id of a VPC")
	f.subnets("subnets", k.Subnets, 2)
	if !slices.Equal(k.Subnets, k.NodeSubnets) {
		f.subnets("worker subnets", k.NodeSubnets, 1)
	}
	for _, t := range [][2]string{{"project", k.Project}, {"project environment", k.ProjectEnv}} {
		f.match(t[0], t[1], `[A-Za-z0-9 _.:/=+@-]{1,256}`, "1 to 256 letters, digits, spaces and _.:/=+-@")
	}
	k.checkAccess(f)
	for i, log := range k.Logs {
		if known := controlPlaneLogs(); !slices.Contains(known, log) {
			f.add("log %q: want one of %s", log, strings.Join(known, ", "))
		}
		if slices.Contains(k.Logs[:i], log) {
			f.add("log %s: given twice", log)
		}
	}
	if days := retention(); !slices.Contains(days, k.LogDays) {
		f.add("log days: %d: want one of %v", k.LogDays, days)
	}
	f.boundary(k.Boundary)
	if k.SecretsKey != "" {
		f.match("secrets key", k.SecretsKey, `arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+`, "the ARN of a key in KMS, and not of an alias")
	}
	checkNodeGroups(f, k.NodeGroups, k.Version)
	k.checkSSH(f)
	k.checkPods(f)
	k.Mail.check(f)
	k.checkPeople(f)
}

// controlPlaneLogs are the types of logs of a control plane.
// Source: EKS API reference, LogSetup.
func controlPlaneLogs() []string {
	return []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}
}

// checkAccess checks how the API server is reached, and who may do something there.
func (k KRECluster) checkAccess(f *faults) {
	modes := []string{"API", "API_AND_CONFIG_MAP", "CONFIG_MAP"}
	if !slices.Contains(modes, k.AuthenticationMode) {
		f.add("authentication mode %q: want one of %s", k.AuthenticationMode, strings.Join(modes, ", "))
	}
	if k.NoCreatorAdmin && k.AuthenticationMode == "CONFIG_MAP" {
		f.add("authentication mode CONFIG_MAP: without its creator as administrator nobody could enter the cluster")
	}
	if k.NoPrivateEndpoint && len(k.PublicClients) == 0 {
		f.add("endpoint: it is neither private nor public: give public clients, or leave the private one")
	}
	f.ranges("public clients", k.PublicClients, maxPublicClients)
	for _, client := range k.PublicClients {
		var ignored faults
		if p := ignored.cidr("", client); len(ignored) == 0 && private(p) {
			f.add("public clients: %s is private, and the public endpoint never sees it", p)
		}
	}
}

func (k KRECluster) checkSSH(f *faults) {
	if len(k.SSHClients) > 0 && !k.SSH {
		f.add("SSH clients: %d given: want SSH, too", len(k.SSHClients))
	}
	f.ranges("SSH clients", k.SSHClients, maxSSHClients)
	if slices.Contains(k.SSHClients, "0.0.0.0/0") {
		f.add("SSH clients: 0.0.0.0/0 is everybody: want the ranges of those who need it")
	}
}

// checkPods checks what pods may do in AWS, and which.
func (k KRECluster) checkPods(f *faults) {
	if n := len(k.HostedZones); n > maxHostedZones {
		f.add("hosted zones: %d: want at most %d, or none for all of the account", n, maxHostedZones)
	}
	for i, zone := range k.HostedZones {
		f.zone("hosted zone", zone)
		if slices.Contains(k.HostedZones[:i], zone) {
			f.add("hosted zone %s: given twice", zone)
		}
	}
	for _, account := range [][2]string{{"external-dns", k.ExternalDNSAccount}, {"cert-manager", k.CertManagerAccount}, {"the EBS CSI driver", k.EBSAccount}} {
		if account[1] != "" {
			f.match("service account of "+account[0], account[1], `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?`, "its namespace and name, as kube-system:external-dns")
		}
	}
}

func (m Mail) check(f *faults) {
	if m.Domain == "" {
		if m.HostedZone != "" || len(m.From) > 0 {
			f.add("mail: there is no domain to send it from")
		}
		return
	}
	f.domain("mail: domain", m.Domain)
	if m.HostedZone != "" {
		f.zone("mail: hosted zone", m.HostedZone)
	}
	for i, from := range m.From {
		_, domain, _ := strings.Cut(from, "@")
		if !matches(`[A-Za-z0-9._%+*-]{1,64}@[A-Za-z0-9.-]+`, from) || domain != m.Domain && !strings.HasSuffix(domain, "."+m.Domain) {
			f.add("mail: from %q: want an address of %s, in which * may stand for any text before the @", from, m.Domain)
		}
		if slices.Contains(m.From[:i], from) {
			f.add("mail: from %s: given twice", from)
		}
	}
	if n := len(strings.Join(m.From, ",")); n > maxParameter {
		f.add("mail: from: %d characters: want at most %d; take asterisks", n, maxParameter)
	}
}

// maxParameter is the most bytes of a parameter's value.
// Source: CloudFormation User Guide, "Understand CloudFormation quotas".
const maxParameter = 4096
