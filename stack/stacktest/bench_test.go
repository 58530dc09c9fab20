package stacktest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// bench is a cloud, driven by a real client on virtual time.
type bench struct {
	*testing.T
	cloud  *stacktest.Cloud
	client *cloudformation.Client
}

// onBench runs a test in a bubble.
func onBench(t *testing.T, opts stacktest.Options, test func(b bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := stacktest.New(opts)
		test(bench{t, cloud, cloud.Client()})
	})
}

// set is what a call says besides names.
type set struct {
	body         string
	parameters   map[string]string // "=" is the previous value
	tags         map[string]string
	capabilities []types.Capability
	express      bool
}

func (s set) parameterList() (list []types.Parameter) {
	for key, value := range s.parameters {
		if value == "=" {
			list = append(list, types.Parameter{ParameterKey: &key, UsePreviousValue: new(true)})
			continue
		}
		list = append(list, types.Parameter{ParameterKey: &key, ParameterValue: &value})
	}
	slices.SortFunc(list, func(a, b types.Parameter) int { return strings.Compare(*a.ParameterKey, *b.ParameterKey) })
	return list
}

func (s set) tagList() (list []types.Tag) {
	if s.tags != nil {
		list = []types.Tag{}
	}
	for key, value := range s.tags {
		list = append(list, types.Tag{Key: &key, Value: &value})
	}
	slices.SortFunc(list, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return list
}

func (s set) config() *types.DeploymentConfig {
	if !s.express {
		return nil
	}
	return &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress}
}

// plan makes a change set named "set" and returns it once it is planned.
func (b bench) plan(name string, kind types.ChangeSetType, s set) *cloudformation.DescribeChangeSetOutput {
	b.Helper()
	in := &cloudformation.CreateChangeSetInput{
		StackName: &name, ChangeSetName: new("set"), ChangeSetType: kind, TemplateBody: &s.body,
		Parameters: s.parameterList(), Tags: s.tagList(), Capabilities: s.capabilities, DeploymentConfig: s.config(),
	}
	if s.body == "" {
		in.TemplateBody, in.UsePreviousTemplate = nil, new(true)
	}
	if _, err := b.client.CreateChangeSet(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	out, err := b.client.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{StackName: &name, ChangeSetName: new("set"), IncludePropertyValues: new(true)})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func (b bench) execute(name string) {
	b.Helper()
	if _, err := b.client.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{StackName: &name, ChangeSetName: new("set")}); err != nil {
		b.Fatal(err)
	}
}

// create makes a stack, and returns its status when it rests.
func (b bench) create(name string, s set) string {
	b.Helper()
	b.plan(name, types.ChangeSetTypeCreate, s)
	b.execute(name)
	return b.rest(name)
}

// update changes a stack, and returns its status when it rests.
func (b bench) update(name string, s set) string {
	b.Helper()
	if out := b.plan(name, types.ChangeSetTypeUpdate, s); out.Status != types.ChangeSetStatusCreateComplete {
		b.Fatalf("the change set is %s: %s", out.Status, aws.ToString(out.StatusReason))
	}
	b.execute(name)
	return b.rest(name)
}

// delete deletes a stack, and returns its status when it rests.
func (b bench) delete(name string) string {
	b.Helper()
	id := b.id(name)
	if _, err := b.client.DeleteStack(b.Context(), &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		b.Fatal(err)
	}
	return b.rest(id)
}

// rest waits until nothing happens to a stack, and returns its status.
func (b bench) rest(name string) string {
	b.Helper()
	time.Sleep(3 * time.Hour)
	return b.status(name)
}

func (b bench) status(name string) string {
	b.Helper()
	s, ok := b.cloud.Stack(name)
	if !ok {
		b.Fatalf("there is no stack %s", name)
	}
	return s.Status
}

func (b bench) id(name string) string {
	b.Helper()
	s, ok := b.cloud.Stack(name)
	if !ok {
		b.Fatalf("there is no stack %s", name)
	}
	return s.ID
}

// events returns all events of a stack, oldest first, as "LogicalID STATUS reason".
func (b bench) events(name string) (all []string) {
	b.Helper()
	for _, e := range b.rawEvents(name) {
		all = append(all, strings.TrimSpace(fmt.Sprint(*e.LogicalResourceId, " ", e.ResourceStatus, " ", aws.ToString(e.ResourceStatusReason))))
	}
	return all
}

func (b bench) rawEvents(name string) (all []types.StackEvent) {
	b.Helper()
	pages := cloudformation.NewDescribeStackEventsPaginator(b.client, &cloudformation.DescribeStackEventsInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page.StackEvents...)
	}
	slices.Reverse(all)
	return all
}

// since returns the events after the last one that is begin.
func since(events []string, begin string) []string {
	for i, e := range slices.Backward(events) {
		if e == begin {
			return events[i:]
		}
	}
	return events
}

// resources returns "LogicalID STATUS" of each resource.
func (b bench) resources(name string) (all []string) {
	for _, r := range b.cloud.Resources(name) {
		all = append(all, r.LogicalID+" "+r.Status)
	}
	return all
}

func (b bench) physical(name, logicalID string) string {
	b.Helper()
	for _, r := range b.cloud.Resources(name) {
		if r.LogicalID == logicalID {
			return r.PhysicalID
		}
	}
	b.Fatalf("%s has no resource %s", name, logicalID)
	return ""
}

// answer is what an error of the service says.
func answer(err error) string {
	if err == nil {
		return ""
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// quick has resources that take ten seconds each, whatever they are.
func quick(string) stacktest.Timing {
	return stacktest.Timing{Create: 10 * time.Second, Update: 10 * time.Second, Delete: 10 * time.Second}
}

func replaceAll(s, from, to string) string { return strings.ReplaceAll(s, from, to) }

// listen gives b a client of which all answers are kept; said returns them.
func (b *bench) listen() (said func() string) {
	var all strings.Builder
	b.client = b.cloud.Client(func(o *cloudformation.Options) {
		o.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
			out, err := b.cloud.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(out.Body)
			all.Write(body)
			out.Body = io.NopCloser(bytes.NewReader(body))
			return out, err
		})
	})
	return all.String
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// detect looks for drift, and returns what was found.
func (b bench) detect(name string) []types.StackResourceDrift {
	b.Helper()
	begun, err := b.client.DetectStackDrift(b.Context(), &cloudformation.DetectStackDriftInput{StackName: &name})
	if err != nil {
		b.Fatal(err)
	}
	for {
		out, err := b.client.DescribeStackDriftDetectionStatus(b.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: begun.StackDriftDetectionId})
		if err != nil {
			b.Fatal(err)
		}
		if out.DetectionStatus == types.StackDriftDetectionStatusDetectionComplete {
			break
		}
		time.Sleep(time.Second)
	}
	var all []types.StackResourceDrift
	pages := cloudformation.NewDescribeStackResourceDriftsPaginator(b.client, &cloudformation.DescribeStackResourceDriftsInput{StackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page.StackResourceDrifts...)
	}
	return all
}
