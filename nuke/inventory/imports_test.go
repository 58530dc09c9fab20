package inventory_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// The SDK has a module for each service that is read.
func TestImports(t *testing.T) {
	const sdk = "github.com/aws/aws-sdk-go-v2"
	allowed := []string{"github.com/aws/smithy-go", "go.yaml.in/yaml/v4", "golang.org/x/sync", sdk}
	for _, module := range []string{
		"aws/protocol/eventstream", "internal/configsources", "internal/endpoints/v2", "internal/v4a",
		"service/cloudformation", "service/cloudwatch", "service/cloudwatchlogs", "service/ec2", "service/ecs", "service/elasticache",
		"service/elasticloadbalancingv2", "service/iam", "service/resourcegroupstaggingapi", "service/route53", "service/s3",
		"service/servicediscovery", "service/sns", "service/sts",
		"service/internal/accept-encoding", "service/internal/checksum", "service/internal/presigned-url", "service/internal/s3shared",
	} {
		allowed = append(allowed, sdk+"/"+module)
	}
	depcheck.Only(t, ".", allowed...)
	depcheck.Only(t, "./inventorytest", allowed...)
}
