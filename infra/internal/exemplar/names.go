package exemplar

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// named says which property is the name of a type of resource, what people call
// the type, and what ends the name beyond what is limited.
func named(resourceType string) (property, kind, suffix string) {
	switch resourceType {
	case "AWS::ECS::Cluster":
		return "ClusterName", "ECS cluster", ""
	case "AWS::ElasticLoadBalancingV2::LoadBalancer":
		return "Name", "load balancer", ""
	case "AWS::ElastiCache::ReplicationGroup":
		return "ReplicationGroupId", "replication group", ""
	case "AWS::EKS::Cluster":
		return "Name", "EKS cluster", ""
	case "AWS::IAM::Role":
		return "RoleName", "role", ""
	case "AWS::IAM::User":
		return "UserName", "user", ""
	case "AWS::Logs::LogGroup":
		return "LogGroupName", "log group", ""
	case "AWS::SNS::Topic":
		return "TopicName", "topic", ""
	case "AWS::CloudWatch::Alarm":
		return "AlarmName", "alarm", ""
	case "AWS::CloudWatch::Dashboard":
		return "DashboardName", "dashboard", ""
	case "AWS::S3::Bucket":
		return "BucketName", "bucket", ""
	case "AWS::ServiceDiscovery::PrivateDnsNamespace":
		return "Name", "Cloud Map namespace", ".local"
	}
	return "", "", ""
}

// account stands for the number of an account, which only AWS knows.
const account = "000000000000"

// Names holds the names of all resources against name, which makes those of an
// environment: what the template calls ${Environment}-a-b is name(kind, "a-b").
// Where it makes another one, since that is too long for its type, the template
// takes it over. What AWS names after something else, as /aws/ecs/..., is left
// alone, and so are the resources with the logical ids of others, whose names the
// caller has made. Two resources of one type with one name are an error, as are all
// that name returns; they are joined.
func (t *Template) Names(environment string, name func(kind string, parts ...string) (string, error), others ...string) error {
	var errs []error
	owner := map[[2]string]string{}
	for id, resource := range pairs(t.section("Resources")) {
		property, kind, suffix := named(text(find(resource, "Type")))
		node := find(resource, "Properties", property)
		if node == nil || strings.HasPrefix(node.Value, "/aws/") || slices.Contains(others, id.Value) {
			continue
		}
		got, err := rename(node, environment, kind, suffix, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, taken := owner[[2]string{kind, got}]; taken {
			errs = append(errs, fmt.Errorf("%s and %s: each %s would be called %s; rename one", other, id.Value, kind, got))
		}
		owner[[2]string{kind, got}] = id.Value
	}
	return errors.Join(errs...)
}

// rename makes node hold the name that it should, and returns that.
func rename(node *yaml.Node, environment, kind, suffix string, name func(kind string, parts ...string) (string, error)) (string, error) {
	formula := node.Value
	if node.Tag == "!Ref" {
		formula = "${" + node.Value + "}"
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(formula, suffix), "${Environment}")
	if !ok || rest != "" && rest[0] != '-' {
		return "", fmt.Errorf("%s %q: its name in the template does not begin with the environment", kind, formula)
	}
	rest = strings.ReplaceAll(rest, "${AWS::AccountId}", account)
	var parts []string
	if rest != "" {
		parts = []string{rest[1:]}
	}
	got, err := name(kind, parts...)
	switch {
	case err != nil:
		return "", err
	case got == environment+rest:
		return got, nil
	case strings.Contains(rest, account):
		return "", fmt.Errorf("%s %s%s: its name, with the account's number for the zeros, is too long, and cannot be shortened before that is known; take a shorter environment",
			kind, environment, rest)
	}
	*node = *literal(got+suffix, node)
	return got, nil
}
