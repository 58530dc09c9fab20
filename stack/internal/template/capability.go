package template

import "strings"

// The capabilities that CloudFormation wants to be acknowledged.
const (
	capabilityIAM      = "CAPABILITY_IAM"
	capabilityNamedIAM = "CAPABILITY_NAMED_IAM"
	capabilityExpand   = "CAPABILITY_AUTO_EXPAND"
)

// Capabilities returns the capabilities that the template needs, sorted, and no others:
//
//   - CAPABILITY_NAMED_IAM where a user, group, role, managed policy or instance
//     profile of IAM has a name of its own, which includes CAPABILITY_IAM; else
//     CAPABILITY_IAM where there is any resource of IAM;
//   - CAPABILITY_AUTO_EXPAND where there are transforms, macros or modules;
//   - both CAPABILITY_NAMED_IAM and CAPABILITY_AUTO_EXPAND where it nests a stack:
//     what that one needs must be acknowledged for its parent, and cannot be known here.
//
// Source: CloudFormation API reference, CreateStack and CreateChangeSet, "Capabilities".
func (t *Template) Capabilities() []string {
	iam, named := false, false
	expand := len(t.Transforms) > 0 || t.macros
	for _, r := range t.Resources {
		if r.Type == "AWS::CloudFormation::Stack" {
			named, expand = true, true
		}
		if !strings.HasPrefix(r.Type, "AWS::IAM::") {
			continue
		}
		iam = true
		name := customName(r.Type)
		_, given := r.Properties[name]
		named = named || name != "" && given
	}
	var all []string
	if expand {
		all = append(all, capabilityExpand)
	}
	switch {
	case named:
		all = append(all, capabilityNamedIAM)
	case iam:
		all = append(all, capabilityIAM)
	}
	return all
}

// customName is the property by which a resource of IAM gets a name that is not
// made up. (Of other types a name is no custom name: the UserName of an access key
// says whose it is.)
func customName(resourceType string) string {
	switch resourceType {
	case "AWS::IAM::User":
		return "UserName"
	case "AWS::IAM::Group":
		return "GroupName"
	case "AWS::IAM::Role":
		return "RoleName"
	case "AWS::IAM::ManagedPolicy":
		return "ManagedPolicyName"
	case "AWS::IAM::InstanceProfile":
		return "InstanceProfileName"
	}
	return ""
}
