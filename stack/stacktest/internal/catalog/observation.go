package catalog

import "time"

// observation are the types of logs, alarms and notifications.
var observation = []Type{
	{
		Name: "AWS::Logs::LogGroup", NameProperty: "LogGroupName", NameMax: 512,
		Attributes: map[string]string{"Arn": "arn:{partition}:logs:{region}:{account}:log-group:{ref}:*"},
		Create:     4 * time.Second,
	},
	{Name: "AWS::Logs::MetricFilter", NameProperty: "FilterName", NameMax: 512, Untagged: true, Replaces: []string{"LogGroupName"}, Create: 3 * time.Second},
	{Name: "AWS::Logs::SubscriptionFilter", Untagged: true, Replaces: []string{"DestinationArn", "LogGroupName"}, Create: 3 * time.Second},
	{
		Name: "AWS::CloudWatch::Alarm", NameProperty: "AlarmName", NameMax: 255,
		Attributes: map[string]string{"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{ref}"},
		Create:     2 * time.Second,
	},
	{
		Name: "AWS::CloudWatch::CompositeAlarm", NameProperty: "AlarmName", NameMax: 255,
		Attributes: map[string]string{"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{ref}"},
		Create:     2 * time.Second,
	},
	{Name: "AWS::CloudWatch::Dashboard", NameProperty: "DashboardName", NameMax: 255, Untagged: true, Undriftable: true, Create: 2 * time.Second},
	{
		Name: "AWS::SNS::Topic", NameProperty: "TopicName", NameMax: 256, Ref: "arn:{partition}:sns:{region}:{account}:{name}",
		Attributes: map[string]string{"TopicArn": "{ref}", "TopicName": "{name}"}, Replaces: []string{"FifoTopic"},
		Create: 12 * time.Second,
	},
	{
		Name: "AWS::SNS::Subscription", Ref: "{=TopicArn}:{hex32}", Attributes: map[string]string{"Arn": "{ref}"}, Untagged: true,
		Replaces: []string{"Endpoint", "Protocol", "TopicArn"},
		Create:   3 * time.Second,
	},
	{Name: "AWS::SNS::TopicPolicy", Untagged: true, Attributes: map[string]string{"Id": "{ref}"}, Create: 12 * time.Second},
	{
		Name: "AWS::Events::Rule", NameProperty: "Name", NameMax: 64,
		Attributes: map[string]string{"Arn": "arn:{partition}:events:{region}:{account}:rule/{ref}"}, Replaces: []string{"EventBusName"},
		Create: time.Minute,
	},
}

// other are the types of CloudFormation itself.
var other = []Type{
	// Ref of a nested stack is its ARN; the double gives it, and its outputs.
	{Name: Nested, Undriftable: true, Create: 2 * time.Second},
	{Name: "AWS::CloudFormation::WaitConditionHandle", Untagged: true, Undriftable: true, Ref: "https://cloudformation-waitcondition-{region}.s3.amazonaws.com/{hex32}", Create: 2 * time.Second},
}
