package inventory

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// emulated makes of the clients of a region what gets along with an emulator of AWS,
// as moto is. It is used where the configuration has an endpoint of its own, never
// with AWS itself.
func emulated(r Region, cfg aws.Config) Region {
	r.Caches = emulatedCaches{r.Caches}
	r.CloudMap = emulatedMap{r.CloudMap, servicediscovery.NewFromConfig(cfg)}
	r.CloudWatch = cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		// The older of the two protocols that CloudWatch has, and the one that
		// emulators know.
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})
	return r
}

// emulatedCaches has no serverless caches where the emulator fails to list them, as
// one does that does not know the operation.
type emulatedCaches struct{ Caches }

func (c emulatedCaches) DescribeServerlessCaches(ctx context.Context, in *elasticache.DescribeServerlessCachesInput, opts ...func(*elasticache.Options)) (*elasticache.DescribeServerlessCachesOutput, error) {
	once := func(o *elasticache.Options) { o.Retryer = aws.NopRetryer{} }
	out, err := c.Caches.DescribeServerlessCaches(ctx, in, append(opts, once)...)
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && answer.HTTPStatusCode() >= http.StatusInternalServerError {
		return &elasticache.DescribeServerlessCachesOutput{}, nil
	}
	return out, err
}

// emulatedMap lists the services of a namespace also where the emulator does not heed
// that filter: it asks each for its namespace.
type emulatedMap struct {
	CloudMap
	services interface {
		GetService(context.Context, *servicediscovery.GetServiceInput, ...func(*servicediscovery.Options)) (*servicediscovery.GetServiceOutput, error)
	}
}

func (m emulatedMap) ListServices(ctx context.Context, in *servicediscovery.ListServicesInput, opts ...func(*servicediscovery.Options)) (*servicediscovery.ListServicesOutput, error) {
	out, err := m.CloudMap.ListServices(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	own := out.Services[:0]
	for _, s := range out.Services {
		whole, err := m.services.GetService(ctx, &servicediscovery.GetServiceInput{Id: s.Id}, opts...)
		if err != nil {
			return nil, err
		}
		for _, f := range in.Filters {
			if whole.Service != nil && slices.Contains(f.Values, ptr.Value(whole.Service.NamespaceId)) {
				own = append(own, s)
			}
		}
	}
	out.Services = own
	return out, nil
}
