package inventory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	tagtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// readIndex reads all tags of a region. Most services tell tags of one resource a call
// only; the index tells those of a hundred. It may be minutes behind, and does not know
// all that others do, so that what it says of the environment is confirmed elsewhere.
func readIndex(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var found []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		in := &resourcegroupstaggingapi.GetResourcesInput{PaginationToken: token, ResourcesPerPage: new(int32(100))}
		out, err := call(ctx, p, "tag:GetResources", p.Tags.GetResources, in)
		if err != nil {
			return nil, err
		}
		for _, m := range out.ResourceTagMappingList {
			arn := plainARN(ptr.Value(m.ResourceARN))
			t := p.thing(kindForPeople(arn), arn, "", nil)
			t.ARN, t.Foreign = arn, true
			t.Tags = tags(m.Tags, func(t tagtypes.Tag) (*string, *string) { return t.Key, t.Value })
			found = append(found, t)
		}
		return out.PaginationToken, nil
	})
	return found, err
}

// consult gives things the tags that the index has of them, as long as nothing better is
// known, and leaves of the index only what no reader knows.
func (s *scan) consult() {
	byARN := make(map[string]*whose.Thing, len(s.things))
	for _, t := range s.things {
		if t.ARN != "" && !t.Foreign {
			byARN[t.ARN] = t
		}
	}
	seen := make(map[string]bool) // what has no region is in the index of several
	s.things = slices.DeleteFunc(s.things, func(entry *whose.Thing) bool {
		if entry.ARN == "" || !entry.Foreign {
			return false
		}
		if t := byARN[entry.ARN]; t != nil && t.Tags == nil {
			t.Tags = entry.Tags
		}
		again := seen[entry.ARN]
		seen[entry.ARN] = true
		return again || isRead(entry.ARN)
	})
}

// display shows the tags of all things among the properties, for the types that have them there.
func (s *scan) display() {
	for _, t := range s.things {
		if !s.shows[t.Type] {
			continue
		}
		t.Properties = maps.Clone(t.Properties)
		if t.Properties == nil {
			t.Properties = make(map[string]string)
		}
		show(t.Properties, t.Tags, "tag:")
	}
}

// plainARN is arn without what CloudWatch Logs puts behind it.
func plainARN(arn string) string { return strings.TrimSuffix(arn, ":*") }

// kind is the service of an ARN and its type of resource: "ecs", "task-definition".
func kind(arn string) (service, resource string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn, ""
	}
	if end := strings.IndexAny(parts[5], "/:"); end >= 0 {
		resource = parts[5][:end]
	}
	return parts[2], resource
}

// kindsRead are the types of ARN of which the readers read everything: what the index alone
// has of them is there no more.
var kindsRead = map[string][]string{
	"cloudformation":       {"stack"},
	"cloudwatch":           {"alarm", "dashboard"},
	"ec2":                  {"security-group"},
	"ecs":                  {"cluster", "service", "task", "task-definition", "container-instance"},
	"elasticache":          {"cluster", "replicationgroup", "serverlesscache", "subnetgroup"},
	"elasticloadbalancing": {"targetgroup", "listener-rule"},
	"iam":                  {"role", "policy", "instance-profile"},
	"logs":                 {"log-group"},
	"route53":              {"hostedzone"},
	"s3":                   {""},
	"servicediscovery":     {"namespace", "service"},
	"sns":                  {""},
}

func isRead(arn string) bool {
	service, resource := kind(arn)
	if service == "elasticloadbalancing" && resource == "loadbalancer" { // classic ones have no further slash
		_, name, _ := strings.Cut(arn, ":loadbalancer/")
		return strings.Contains(name, "/")
	}
	return slices.Contains(kindsRead[service], resource)
}

// kindForPeople is such as "ec2 vpc".
func kindForPeople(arn string) string {
	service, resource := kind(arn)
	return strings.TrimSpace(service + " " + resource)
}

// lastOf is what stands behind the last colon of an ARN.
func lastOf(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// partition is the one of a region. Source: AWS General Reference, "Amazon Resource Names".
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
