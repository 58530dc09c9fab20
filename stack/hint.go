package stack

import (
	"slices"
	"strings"
)

// rule gives the remedy for a reason that contains one of the texts, in lower
// case, of a resource whose type has the prefix.
type rule struct {
	prefix string // of the type; "" for any
	texts  []string
	remedy string
}

// hint is what helps against a reason that AWS gives for the failure of a
// resource of type kind, in one clause; "" where nothing is known to help.
//
// The services write their reasons freely, and no page lists them: the texts
// below are those that they are seen to use.
func hint(kind, reason string) string {
	text := strings.ToLower(reason)
	if action := denied(reason); action != "" {
		return "allow " + action + " to whoever runs this, or to the role that the stack is given"
	}
	for _, rules := range [][]rule{hintsOfDeletion(), hintsOfNames(), hintsOfServices(), hintsOfAWS()} {
		for _, r := range rules {
			if strings.HasPrefix(kind, r.prefix) && slices.ContainsFunc(r.texts, func(part string) bool { return strings.Contains(text, part) }) {
				return r.remedy
			}
		}
	}
	return ""
}

// denied is the action in "... is not authorized to perform: iam:CreateRole on
// resource ...".
func denied(reason string) string {
	_, after, ok := strings.Cut(reason, "not authorized to perform: ")
	if !ok {
		return ""
	}
	if end := strings.IndexFunc(after, func(r rune) bool { return !actionRune(r) }); end >= 0 {
		after = after[:end]
	}
	return after
}

func actionRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ':' || r == '-' || r == '*'
}

// hintsOfDeletion are for what stands in the way of a deletion.
func hintsOfDeletion() []rule {
	return []rule{
		{"AWS::S3::Bucket", []string{"not empty", "bucketnotempty"}, "list it in EmptyBuckets to have it emptied first, or in Retain to keep it"},
		{"AWS::ECR::Repository", []string{"not empty", "still contains images", "repositorynotempty"}, "delete its images, or list it in Retain to keep it"},
		{"AWS::Route53::HostedZone", []string{"non-required resource record sets", "hostedzonenotempty"}, "delete the records that were made in the zone by others, all but its NS and SOA"},
		{"AWS::ECS::Cluster", []string{"services are active", "clustercontainsservices", "tasks are active", "clustercontainstasks"}, "delete the services and stop the tasks of the cluster first"},
		{"AWS::ECS::Cluster", []string{"container instances are active", "clustercontainscontainerinstances"}, "stop the container instances of the cluster first, by deleting their Auto Scaling group"},
		{"AWS::ServiceDiscovery::", []string{"resourceinuse", "associated services", "registered instances"}, "delete the services that are registered in it first"},
		{"AWS::IAM::", []string{"must detach all policies first", "must delete policies first", "must remove roles from instance profile first", "deleteconflict"}, "take off what was attached to it outside of the stack"},
		{"", []string{"deletion protection", "deletionprotection", "deletion_protection"}, "lift the deletion protection of the resource itself"},
		{"", []string{"dependencyviolation", "has a dependent object", "has dependencies and cannot be deleted", "is currently in use by", "mapped public address"}, "something outside of the stack still uses it, such as a network interface: remove that first"},
		{"", []string{"as it is in use by"}, "another stack imports its export: update or delete that stack first"},
	}
}

// hintsOfNames are for names that are taken, too long, or out of place.
func hintsOfNames() []rule {
	return []rule{
		{"", []string{"custom-named resource requires replacing"}, "give it another name, or none"},
		{"AWS::Route53::RecordSet", []string{"but it already exists"}, "somebody else made that record: delete it, or leave it out of the template"},
		{"AWS::Route53::RecordSet", []string{"is not permitted in zone", "no hosted zone found"}, "name the hosted zone that the record's name ends in"},
		{"", []string{"already exists in stack"}, "another stack has a resource of that name: delete that stack, or give another name"},
		{"", []string{"already exists", "alreadyexists", "already owned by you", "bucket name is not available", "duplicate name"}, "something of that name exists outside of the stack: delete it, import it, or give another name"},
		{"", []string{"length less than or equal to", "maxlength", "cannot be longer than", "must not be longer than", "must be less than or equal to", "at most 32 characters", "expected maximum length"}, "the value is too long: shorten the name"},
	}
}

// hintsOfServices are for what single services are particular about.
func hintsOfServices() []rule {
	return []rule{
		{"", []string{"service linked role", "service-linked role"}, "AWS has only now made the role, or may not: run again in a minute, or make it by `aws iam create-service-linked-role`"},
		{"AWS::ElasticLoadBalancingV2::", []string{"certificate"}, "the certificate must be issued, and in the region of the load balancer: see to its validation record first"},
		{"", []string{"pending_validation", "certificate validation", "certificate is not issued", "certificate has not been issued"}, "see to the DNS record that validates the certificate"},
		{"AWS::EKS::", []string{"does not currently have sufficient capacity"}, "give subnets in the zones that the reason names"},
		{"", []string{"at least two subnets in two different availability zones", "availability zone coverage", "two availability zones", "in different availability zones", "not in the specified availability zone"}, "give subnets in at least two availability zones that the service has"},
		{"AWS::ElastiCache::", []string{"insufficientcacheclustercapacity", "insufficient cache cluster capacity", "insufficient capacity"}, "AWS has no such nodes there now: take another node type or zone"},
		{"AWS::ElastiCache::", []string{"not in available state", "invalidcacheclusterstate", "invalidreplicationgroupstate"}, "it is busy with something else: run again when it is available"},
		{"", []string{"insufficient capacity", "insufficientinstancecapacity"}, "AWS has none of that kind there now: take another kind or zone"},
	}
}

// hintsOfAWS are for what any resource may meet.
func hintsOfAWS() []rule {
	return []rule{
		{"", []string{"action denied by stack policy"}, "the stack policy forbids it: allow it there first"},
		{"", []string{"not supported on stack with disable-rollback"}, "an operation that does not roll back replaces nothing: let Recover bring the stack to rest, then plan again"},
		{"", []string{"rate exceeded", "requestlimitexceeded", "throttling"}, "AWS throttled CloudFormation: run again"},
		{"", []string{"limitexceeded", "limit exceeded", "maximum number of", "servicequotaexceeded", "quota"}, "a quota of the account is used up: delete what is unused, or raise it in Service Quotas"},
		{"", []string{"encoded authorization failure", "accessdenied", "access denied", "not authorized", "unauthorizedoperation"}, "allow the action to whoever runs this, or to the role that the stack is given"},
		{"", []string{"security token included in the request is"}, "the credentials ended before the operation did: give the stack a Role of its own"},
		{"", []string{"did not stabilize", "notstabilized", "exceeded attempts to wait", "timed out waiting"}, "it was made, and did not become healthy in time: look at its own log and events"},
		{"", []string{"internal failure", "internalfailure", "internal error", "serviceinternalerror"}, "AWS failed: run again, and look at its health dashboard if that repeats"},
	}
}
