package ecstest

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
)

// Config is what the NewFromConfig of any SDK client takes for its requests to
// end in c. Beside ECS, it has Cloud Map, Elastic Load Balancing and CloudWatch Logs:
// tasks are registered in the service registries of their service and are targets of
// its target groups, and what a crashing container writes can be read.
func (c *Cloud) Config() aws.Config {
	return sdk.Config(Region, c)
}

// What stands before an operation of another service than ECS, for Calls,
// Before and After: the prefix of its actions in IAM.
const (
	mapPrefix  = "servicediscovery:"
	logsPrefix = "logs:"
	elbPrefix  = "elasticloadbalancing:"
)

// qualified names an operation by the target header of the JSON protocol.
func qualified(target, op string) string {
	switch target {
	case "Route53AutoNaming_v20170314":
		return mapPrefix + op
	case "Logs_20140328":
		return logsPrefix + op
	}
	return op
}

// dispatchElsewhere answers for the services beside ECS.
func (c *Cloud) dispatchElsewhere(op string, body []byte, now time.Time) (object, *Error) {
	switch op {
	case elbPrefix + "DescribeTargetHealth":
		return c.describeTargetHealth(body)
	case logsPrefix + "GetLogEvents":
		return double.ReadJSON(body, c.getLogEvents)
	case mapPrefix + "ListNamespaces":
		return double.ReadJSON(body, c.listNamespaces)
	case mapPrefix + "CreateService":
		return double.ReadJSON(body, func(in mapServiceInput) (object, *Error) { return c.createMapService(in, now) })
	case mapPrefix + "UpdateService":
		return double.ReadJSON(body, func(in mapUpdate) (object, *Error) { return c.updateMapService(in, now) })
	case mapPrefix + "DeleteService":
		return double.ReadJSON(body, c.deleteMapService)
	case mapPrefix + "GetService":
		return double.ReadJSON(body, c.getMapService)
	case mapPrefix + "ListServices":
		return double.ReadJSON(body, c.listMapServices)
	case mapPrefix + "ListTagsForResource":
		return double.ReadJSON(body, c.listMapTags)
	case mapPrefix + "ListInstances":
		return double.ReadJSON(body, c.listInstances)
	case mapPrefix + "RegisterInstance":
		return double.ReadJSON(body, func(in instanceInput) (object, *Error) { return c.registerInstance(in, now) })
	case mapPrefix + "DeregisterInstance":
		return double.ReadJSON(body, func(in instanceInput) (object, *Error) { return c.deregisterInstance(in, now) })
	case mapPrefix + "GetOperation":
		return double.ReadJSON(body, c.getOperation)
	}
	return nil, &Error{Code: "UnknownOperationException", Message: "ecstest does not know " + op}
}
