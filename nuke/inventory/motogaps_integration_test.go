//go:build integration

package inventory_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/nuke/inventory"
)

// noServerless answers as regions do that have no serverless caches; moto has none.
type noServerless struct{ inventory.Caches }

func (noServerless) DescribeServerlessCaches(context.Context, *elasticache.DescribeServerlessCachesInput, ...func(*elasticache.Options)) (*elasticache.DescribeServerlessCachesOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "InvalidAction"}
}

// motoMap lists services by namespace, which moto does not.
type motoMap struct {
	inventory.CloudMap
	client *servicediscovery.Client
}

func (m motoMap) ListServices(ctx context.Context, in *servicediscovery.ListServicesInput, opts ...func(*servicediscovery.Options)) (*servicediscovery.ListServicesOutput, error) {
	out, err := m.client.ListServices(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	out.Services = slices.DeleteFunc(out.Services, func(s maptypes.ServiceSummary) bool {
		var whole *servicediscovery.GetServiceOutput
		if whole, err = m.client.GetService(ctx, &servicediscovery.GetServiceInput{Id: s.Id}); err != nil {
			return false
		}
		return *whole.Service.NamespaceId != in.Filters[0].Values[0]
	})
	return out, err
}

// motoWatch speaks to moto's CloudWatch in its query protocol: moto does not know the
// binary one of the SDK.
type motoWatch struct{ url, region, account string }

func (w motoWatch) call(ctx context.Context, action string, form url.Values, out any) error {
	form.Set("Action", action)
	form.Set("Version", "2010-08-01")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Moto-Account-Id", w.account)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+w.region+"/monitoring/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s, %w", action, answer.Status, body, err)
	}
	if out == nil {
		return nil
	}
	return xml.Unmarshal(body, out)
}

func token(form url.Values, t *string) url.Values {
	if t != nil {
		form.Set("NextToken", *t)
	}
	return form
}

func (w motoWatch) DescribeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	var answer struct {
		Result struct {
			Alarms    []struct{ AlarmName, AlarmArn string } `xml:"MetricAlarms>member"`
			NextToken *string
		} `xml:"DescribeAlarmsResult"`
	}
	if err := w.call(ctx, "DescribeAlarms", token(url.Values{}, in.NextToken), &answer); err != nil {
		return nil, err
	}
	out := &cloudwatch.DescribeAlarmsOutput{NextToken: answer.Result.NextToken}
	for _, a := range answer.Result.Alarms {
		out.MetricAlarms = append(out.MetricAlarms, watchtypes.MetricAlarm{AlarmName: &a.AlarmName, AlarmArn: &a.AlarmArn})
	}
	return out, nil
}

func (w motoWatch) ListDashboards(ctx context.Context, in *cloudwatch.ListDashboardsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.ListDashboardsOutput, error) {
	var answer struct {
		Result struct {
			Entries   []struct{ DashboardName string } `xml:"DashboardEntries>member"`
			NextToken *string
		} `xml:"ListDashboardsResult"`
	}
	if err := w.call(ctx, "ListDashboards", token(url.Values{}, in.NextToken), &answer); err != nil {
		return nil, err
	}
	out := &cloudwatch.ListDashboardsOutput{NextToken: answer.Result.NextToken}
	for _, e := range answer.Result.Entries {
		out.DashboardEntries = append(out.DashboardEntries, watchtypes.DashboardEntry{DashboardName: &e.DashboardName})
	}
	return out, nil
}

func (w motoWatch) ListTagsForResource(ctx context.Context, in *cloudwatch.ListTagsForResourceInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error) {
	var answer struct {
		Tags []struct{ Key, Value string } `xml:"ListTagsForResourceResult>Tags>member"`
	}
	if err := w.call(ctx, "ListTagsForResource", url.Values{"ResourceARN": {*in.ResourceARN}}, &answer); err != nil {
		return nil, err
	}
	out := &cloudwatch.ListTagsForResourceOutput{}
	for _, tag := range answer.Tags {
		out.Tags = append(out.Tags, watchtypes.Tag{Key: &tag.Key, Value: &tag.Value})
	}
	return out, nil
}

func (w motoWatch) putAlarm(t *testing.T, name, env string) {
	t.Helper()
	form := url.Values{
		"AlarmName": {name}, "ComparisonOperator": {"LessThanThreshold"}, "EvaluationPeriods": {"1"}, "MetricName": {"m"},
		"Namespace": {"n"}, "Period": {"60"}, "Statistic": {"Average"}, "Threshold": {"1"},
	}
	if env != "" {
		form.Set("Tags.member.1.Key", "Environment")
		form.Set("Tags.member.1.Value", env)
	}
	if err := w.call(t.Context(), "PutMetricAlarm", form, nil); err != nil {
		t.Fatal(err)
	}
}

func (w motoWatch) putDashboard(t *testing.T, name string) {
	t.Helper()
	if err := w.call(t.Context(), "PutDashboard", url.Values{"DashboardName": {name}, "DashboardBody": {`{"widgets":[]}`}}, nil); err != nil {
		t.Fatal(err)
	}
}
