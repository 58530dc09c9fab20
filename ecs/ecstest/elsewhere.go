package ecstest

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config is what the NewFromConfig of any SDK client takes for its requests to
// end in c.
func (c *Cloud) Config() aws.Config {
	return aws.Config{
		Region:      Region,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: c},
	}
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
		return handle(body, c.getLogEvents)
	case mapPrefix + "ListNamespaces":
		return handle(body, c.listNamespaces)
	case mapPrefix + "CreateService":
		return handle(body, func(in mapServiceInput) (object, *Error) { return c.createMapService(in, now) })
	case mapPrefix + "UpdateService":
		return handle(body, func(in mapUpdate) (object, *Error) { return c.updateMapService(in, now) })
	case mapPrefix + "DeleteService":
		return handle(body, c.deleteMapService)
	case mapPrefix + "GetService":
		return handle(body, c.getMapService)
	case mapPrefix + "ListServices":
		return handle(body, c.listMapServices)
	case mapPrefix + "ListTagsForResource":
		return handle(body, c.listMapTags)
	case mapPrefix + "ListInstances":
		return handle(body, c.listInstances)
	case mapPrefix + "RegisterInstance":
		return handle(body, func(in instanceInput) (object, *Error) { return c.registerInstance(in, now) })
	case mapPrefix + "DeregisterInstance":
		return handle(body, func(in instanceInput) (object, *Error) { return c.deregisterInstance(in, now) })
	case mapPrefix + "GetOperation":
		return handle(body, c.getOperation)
	}
	return nil, &Error{Code: "UnknownOperationException", Message: "ecstest does not know " + op}
}
