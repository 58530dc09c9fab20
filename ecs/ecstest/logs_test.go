package ecstest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/ecstest"
)

// crash has a task of service "a" crash, after which its log stream is there,
// and returns a reader of the stream.
func crash(t *testing.T, messages ...string) func(cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	t.Helper()
	b := newBench(t, ecstest.Options{})
	b.cloud.Inject("a", ecstest.Crash)
	if messages != nil {
		b.cloud.Log("a", messages...)
	}
	out, err := b.client.RegisterTaskDefinition(t.Context(), &awsecs.RegisterTaskDefinitionInput{
		Family: new("a"), ContainerDefinitions: []types.ContainerDefinition{{
			Name: new("app"), Image: new("app:1"), LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "demo", "awslogs-stream-prefix": "ecs"},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.create("a", *out.TaskDefinition.TaskDefinitionArn, 1, nil)
	time.Sleep(61 * time.Second)
	arn := *b.tasks("a", types.DesiredStatusStopped)[0].TaskArn
	client := cloudwatchlogs.NewFromConfig(b.cloud.Config())
	read := func(in cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
		in.LogGroupName, in.LogStreamName = new("demo"), new("ecs/app/"+arn[len(arn)-32:])
		return client.GetLogEvents(t.Context(), &in)
	}
	if _, err := read(cloudwatchlogs.GetLogEventsInput{}); code(err) != "ResourceNotFoundException" {
		t.Errorf("lines are there at once: %v", err)
	}
	time.Sleep(5 * time.Second)
	return read
}

func words(out *cloudwatchlogs.GetLogEventsOutput) string {
	var all []string
	for _, e := range out.Events {
		all = append(all, *e.Message)
	}
	return strings.Join(all, ",")
}

func TestACrashingContainerWritesItsLastWords(t *testing.T) { // T35
	tests := map[string]struct {
		script []string
		want   string
	}{
		"without a script": {nil, "a starts,fatal: a cannot go on"},
		"with one":         {[]string{"one", "no redis"}, "one,no redis"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, err := crash(t, tt.script...)(cloudwatchlogs.GetLogEventsInput{})
				if err != nil || words(out) != tt.want {
					t.Errorf("got %q, %v; want %q", words(out), err, tt.want)
				}
			})
		})
	}
}

func TestLogEventsComeInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := crash(t, "1", "2", "3", "4", "5")
		var got []string
		step := func(in cloudwatchlogs.GetLogEventsInput) *cloudwatchlogs.GetLogEventsOutput {
			t.Helper()
			in.Limit = new(int32(2))
			out, err := read(in)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, words(out))
			return out
		}
		out := step(cloudwatchlogs.GetLogEventsInput{})
		for range 3 {
			out = step(cloudwatchlogs.GetLogEventsInput{NextToken: out.NextBackwardToken})
		}
		end := step(cloudwatchlogs.GetLogEventsInput{NextToken: out.NextBackwardToken})
		if *end.NextBackwardToken != *out.NextBackwardToken {
			t.Error("the token changes where the stream begins")
		}
		out = step(cloudwatchlogs.GetLogEventsInput{StartFromHead: new(true)})
		step(cloudwatchlogs.GetLogEventsInput{StartFromHead: new(true), NextToken: out.NextForwardToken})
		if d := cmp.Diff([]string{"4,5", "2,3", "1", "", "", "1,2", "3,4"}, got); d != "" {
			t.Errorf("pages (-want +got):\n%s", d)
		}
		if _, err := read(cloudwatchlogs.GetLogEventsInput{NextToken: new("b/99")}); code(err) != "InvalidParameterException" {
			t.Errorf("error %v of a token that was never given", err)
		}
		if _, err := read(cloudwatchlogs.GetLogEventsInput{Limit: new(int32(10_001))}); code(err) != "InvalidParameterException" {
			t.Errorf("error %v of a limit that is too high", err)
		}
	})
}

func TestAPageOfLogEventsHoldsOneMegabyte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big := strings.Repeat("x", 400_000)
		out, err := crash(t, big, big, big, "last")(cloudwatchlogs.GetLogEventsInput{})
		if err != nil || len(out.Events) != 3 || *out.Events[2].Message != "last" {
			t.Errorf("%d events, %v", len(out.Events), err)
		}
	})
}
