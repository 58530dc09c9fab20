package awsnuke

import "strings"

// The paths of roles that are not the account's own.
const (
	serviceRoles = "/aws-service-role/"
	signOnRoles  = "/aws-reserved/sso.amazonaws.com/"
)

// protected is why aws-nuke keeps item whatever the configuration says, or "".
// Source: the Filter methods of both majors, and what their listers leave out.
func (p *Plan) protected(item Item) string {
	v3 := p.config.major == 3
	switch item.Type {
	case "EC2SecurityGroup":
		owner := item.Properties["OwnerID"]
		switch {
		case item.Properties["Name"] == "default":
			return "it is the default security group of a network"
		case v3 && owner != "" && owner != p.subject.Account:
			return "another account owns it"
		}
	case "ECSTaskDefinition":
		return taskDefinition(item.Properties["Status"], v3)
	case "ElasticacheSubnetGroup":
		if strings.HasPrefix(item.ID, "default") {
			return "its name begins with default"
		}
	case "Route53ResourceRecordSet":
		kind := item.Properties["Type"]
		if kind == "SOA" || kind == "NS" && item.Properties["HostedZoneName"] == item.ID {
			return "a zone needs its " + kind + " record"
		}
	}
	return p.identity(item, v3)
}

func taskDefinition(status string, v3 bool) string {
	switch {
	case status == "DELETE_IN_PROGRESS":
		return "it is being deleted"
	case status == "INACTIVE" && !v3:
		return "v2 lists active task definitions only"
	}
	return ""
}

// identity is the part of protected that is about IAM.
func (p *Plan) identity(item Item, v3 bool) string {
	path := item.Properties["Path"]
	role := item.Properties["role:Path"]
	var own bool
	switch item.Type {
	case "IAMRole":
		own = strings.HasPrefix(path, signOnRoles) || strings.HasPrefix(path, serviceRoles) && (!v3 || !p.config.roles)
	case "IAMRolePolicy":
		own = strings.HasPrefix(role, serviceRoles) || v3 && strings.HasPrefix(role, signOnRoles)
	case "IAMRolePolicyAttachment":
		own = strings.HasPrefix(item.Properties["RolePath"], signOnRoles) ||
			strings.Contains(item.Properties["PolicyArn"], ":iam::aws:policy"+serviceRoles)
	case "IAMPolicy":
		own = strings.Contains(item.ID, ":iam::aws:")
	}
	if own {
		return "it belongs to AWS: to a service, or to single sign-on"
	}
	return ""
}
