package stacktest_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

func TestThrottlingFollowsARate(t *testing.T) {
	onBench(t, stacktest.Options{Throttle: true}, func(b bench) {
		b.client = b.cloud.Client(func(o *cloudformation.Options) { o.Retryer = aws.NopRetryer{} })
		refused := 0
		for range 100 {
			if _, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{}); err != nil {
				refused++
				if got, want := answer(err), "Throttling: Rate exceeded"; got != want {
					b.Fatalf("%s, want %s", got, want)
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		// 5 seconds refill 50 calls, besides the 20 that may come at once.
		if refused < 28 || refused > 32 {
			b.Errorf("%d of 100 calls were refused, want about 30", refused)
		}
		if got := b.cloud.Calls("DescribeStacks"); got != 100 {
			b.Errorf("%d calls were counted", got)
		}
	})
}

func TestTheSDKRetriesThroughThrottling(t *testing.T) {
	refuse := func(op string, n int) *stacktest.Error {
		if op == "DescribeStacks" && n <= 2 {
			return stacktest.Throttled()
		}
		return nil
	}
	onBench(t, stacktest.Options{Before: refuse}, func(b bench) {
		if _, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{}); err != nil {
			b.Error(err)
		}
		if got := b.cloud.Calls("DescribeStacks"); got != 3 {
			b.Errorf("%d calls, want 3", got)
		}
	})
}

func TestAnAnswerCanBeLost(t *testing.T) {
	lose := func(op string, n int) *stacktest.Error {
		if op == "CreateStack" && n == 1 {
			return stacktest.Unavailable()
		}
		return nil
	}
	onBench(t, stacktest.Options{Timing: quick, After: lose}, func(b bench) {
		// The SDK repeats the call, and its token makes the second find the first.
		out, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(chain), ClientRequestToken: new("t")})
		if err != nil || *out.StackId != b.id("demo") || b.cloud.Calls("CreateStack") != 2 {
			b.Errorf("%+v, %v after %d calls", out, err, b.cloud.Calls("CreateStack"))
		}
	})
}

func TestReadsLagBehindWrites(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, Lag: 2}, func(b bench) {
		if _, err := b.client.CreateStack(b.Context(), &cloudformation.CreateStackInput{StackName: new("demo"), TemplateBody: new(chain)}); err != nil {
			b.Fatal(err)
		}
		read := func() string {
			out, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: new("demo")})
			if err != nil {
				return answer(err)
			}
			return string(out.Stacks[0].StackStatus)
		}
		got := []string{read(), read(), read()}
		time.Sleep(time.Hour)
		got = append(got, read(), read(), read())
		missing := "ValidationError: Stack with id demo does not exist"
		want := []string{missing, missing, "CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"}
		if d := cmp.Diff(want, got); d != "" {
			b.Errorf("statuses (-want +got):\n%s", d)
		}
		var counts []int
		for range 4 {
			out, err := b.client.DescribeStackEvents(b.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("demo")})
			if err != nil {
				counts = append(counts, 0)
				continue
			}
			counts = append(counts, len(out.StackEvents))
		}
		if d := cmp.Diff([]int{0, 0, 14, 14}, counts); d != "" {
			b.Errorf("events (-want +got):\n%s", d)
		}
	})
}

func TestStacksAndResourcesComeInPages(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, PageSize: 2}, func(b bench) {
		for i := range 5 {
			b.create(fmt.Sprint("s", i), set{body: chain})
		}
		id := b.id("s0")
		b.delete("s0")
		var names []string
		pages := cloudformation.NewDescribeStacksPaginator(b.client, &cloudformation.DescribeStacksInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range page.Stacks {
				names = append(names, *s.StackName)
			}
		}
		if d := cmp.Diff([]string{"s4", "s3", "s2", "s1"}, names); d != "" {
			b.Errorf("stacks (-want +got):\n%s", d)
		}
		var resources []string
		list := cloudformation.NewListStackResourcesPaginator(b.client, &cloudformation.ListStackResourcesInput{StackName: &id})
		for list.HasMorePages() {
			page, err := list.NextPage(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range page.StackResourceSummaries {
				resources = append(resources, fmt.Sprint(*r.LogicalResourceId, " ", r.ResourceStatus))
			}
		}
		if d := cmp.Diff([]string{"Beside DELETE_COMPLETE", "One DELETE_COMPLETE", "Three DELETE_COMPLETE", "Two DELETE_COMPLETE"}, resources); d != "" {
			b.Errorf("resources (-want +got):\n%s", d)
		}
		gone, err := b.client.ListStacks(b.Context(), &cloudformation.ListStacksInput{StackStatusFilter: []types.StackStatus{types.StackStatusDeleteComplete}})
		if err != nil || len(gone.StackSummaries) != 1 || *gone.StackSummaries[0].StackId != id {
			b.Errorf("%+v, %v", gone, err)
		}
		if _, err := b.client.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{NextToken: new("x")}); answer(err) != "ValidationError: NextToken is not valid" {
			b.Error(answer(err))
		}
	})
}

func TestNewEventsDoNotShiftThePages(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick, PageSize: 4}, func(b bench) {
		b.plan("demo", types.ChangeSetTypeCreate, set{body: chain})
		b.execute("demo")
		time.Sleep(12 * time.Second)
		all := b.rawEvents("demo")
		page, err := b.client.DescribeStackEvents(b.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("demo")})
		if err != nil {
			b.Fatal(err)
		}
		b.rest("demo") // many more events
		next, err := b.client.DescribeStackEvents(b.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("demo"), NextToken: page.NextToken})
		if err != nil {
			b.Fatal(err)
		}
		newest := all[len(all)-4:]
		if got, want := *page.StackEvents[3].EventId, *newest[0].EventId; got != want {
			b.Errorf("the first page ends with %s, want %s", got, want)
		}
		if got, want := *next.StackEvents[0].EventId, *all[len(all)-5].EventId; got != want {
			b.Errorf("the second page begins with %s, want %s", got, want)
		}
	})
}

func TestResourcesAreDescribed(t *testing.T) {
	onBench(t, stacktest.Options{Timing: quick}, func(b bench) {
		b.create("demo", set{body: chain})
		all, err := b.client.DescribeStackResources(b.Context(), &cloudformation.DescribeStackResourcesInput{StackName: new("demo")})
		if err != nil || len(all.StackResources) != 4 {
			b.Fatalf("%+v, %v", all, err)
		}
		one, err := b.client.DescribeStackResources(b.Context(), &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: new(b.physical("demo", "Two")), LogicalResourceId: new("Two")})
		if err != nil || len(one.StackResources) != 1 || *one.StackResources[0].StackName != "demo" {
			b.Errorf("%+v, %v", one, err)
		}
	})
}

func TestOtherProgramsAreServed(t *testing.T) {
	cloud := stacktest.New(stacktest.Options{})
	call := func(form url.Values) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
		w := httptest.NewRecorder()
		cloud.ServeHTTP(w, r)
		if err := xml.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&struct{ XMLName xml.Name }{}); err != nil {
			t.Errorf("%v in %s", err, w.Body)
		}
		return w.Code, w.Body.String()
	}
	code, body := call(url.Values{"Action": {"CreateStack"}, "StackName": {"demo"}, "TemplateBody": {chain}})
	if code != http.StatusOK || !strings.Contains(body, "<CreateStackResult><OperationId>") {
		t.Error(code, body)
	}
	code, body = call(url.Values{"Action": {"SetStackPolicy"}})
	if code != http.StatusBadRequest || !strings.Contains(body, "<Code>InvalidAction</Code><Message>Could not find operation SetStackPolicy for version 2010-05-15</Message>") {
		t.Error(code, body)
	}
	code, body = call(url.Values{"Action": {"UpdateTerminationProtection"}, "EnableTerminationProtection": {"maybe"}})
	if code != http.StatusBadRequest || !strings.Contains(body, "<Code>MalformedInput</Code>") {
		t.Error(code, body)
	}
}
