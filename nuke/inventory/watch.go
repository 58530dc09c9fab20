package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// readAlarms reads the alarms of metrics, and those that are composed of others.
func readAlarms(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	add := func(name, arn *string, kind watchtypes.AlarmType) {
		t := p.thing("CloudWatchAlarm", ptr.Value(name), ptr.Value(name), map[string]string{"Name": ptr.Value(name), "Type": string(kind)})
		t.ARN = ptr.Value(arn)
		t.Ask = func(ctx context.Context) (map[string]string, error) {
			out, err := call(ctx, p, "cloudwatch:ListTagsForResource", p.CloudWatch.ListTagsForResource, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return tags(out.Tags, func(t watchtypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
		}
		things = append(things, t)
	}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "cloudwatch:DescribeAlarms", p.CloudWatch.DescribeAlarms, &cloudwatch.DescribeAlarmsInput{
			NextToken: token, MaxRecords: new(int32(100)), AlarmTypes: []watchtypes.AlarmType{watchtypes.AlarmTypeMetricAlarm, watchtypes.AlarmTypeCompositeAlarm},
		})
		if err != nil {
			return nil, err
		}
		for _, a := range out.MetricAlarms {
			add(a.AlarmName, a.AlarmArn, watchtypes.AlarmTypeMetricAlarm)
		}
		for _, a := range out.CompositeAlarms {
			add(a.AlarmName, a.AlarmArn, watchtypes.AlarmTypeCompositeAlarm)
		}
		return out.NextToken, nil
	})
	return things, err
}

func readDashboards(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "cloudwatch:ListDashboards", p.CloudWatch.ListDashboards, &cloudwatch.ListDashboardsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, d := range out.DashboardEntries {
			t := p.thing("CloudWatchDashboard", ptr.Value(d.DashboardName), ptr.Value(d.DashboardName), nil)
			t.ARN = ptr.Value(d.DashboardArn)
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	return things, err
}

// readLogGroups reads log groups and metric filters. These are no type of aws-nuke: they
// go with their group.
func readLogGroups(ctx context.Context, p *place) ([]*whose.Thing, error) {
	var things []*whose.Thing
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "logs:DescribeLogGroups", p.Logs.DescribeLogGroups, &cloudwatchlogs.DescribeLogGroupsInput{NextToken: token, Limit: new(int32(50))})
		if err != nil {
			return nil, err
		}
		for _, g := range out.LogGroups {
			name, arn := ptr.Value(g.LogGroupName), plainARN(ptr.Value(g.Arn))
			t := p.thing("CloudWatchLogsLogGroup", name, name, map[string]string{"Name": name, "logGroupName": name})
			t.ARN, t.Keys = arn, []string{logKey(p, name)}
			if g.DeletionProtectionEnabled != nil && *g.DeletionProtectionEnabled {
				t.Why = []string{protected}
			}
			t.Ask = func(ctx context.Context) (map[string]string, error) {
				out, err := call(ctx, p, "logs:ListTagsForResource", p.Logs.ListTagsForResource, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
				if err != nil {
					return nil, err
				}
				return out.Tags, nil
			}
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return things, err
	}
	err = pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "logs:DescribeMetricFilters", p.Logs.DescribeMetricFilters, &cloudwatchlogs.DescribeMetricFiltersInput{NextToken: token, Limit: new(int32(50))})
		if err != nil {
			return nil, err
		}
		for _, f := range out.MetricFilters {
			t := p.thing("metric filter", ptr.Value(f.LogGroupName)+" -> "+ptr.Value(f.FilterName), "", nil)
			t.Foreign, t.Within = true, []whose.Part{{Kind: "log group", Key: logKey(p, ptr.Value(f.LogGroupName))}}
			things = append(things, t)
		}
		return out.NextToken, nil
	})
	return things, err
}

// protected is told of what AWS does not let anybody delete until that is changed.
const protected = "protected from deletion: aws-nuke fails at it until that is switched off"

func logKey(p *place, name string) string { return p.name + " log group " + name }
