package logs_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/ecstest"
	"github.com/mettel-automation/delivery/ecs/logs"
)

var _ ecs.LogReader = (*logs.Reader)(nil)

// streams answers with the pages of one stream, newest first.
type streams struct {
	pages  [][]string
	err    error
	asked  []cloudwatchlogs.GetLogEventsInput
	region string
}

func (s *streams) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, optFns ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	s.asked = append(s.asked, *in)
	o := cloudwatchlogs.Options{Region: "own"}
	for _, fn := range optFns {
		fn(&o)
	}
	s.region = o.Region
	if s.err != nil {
		return nil, s.err
	}
	i := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &i); err != nil {
			return nil, err
		}
	}
	out := &cloudwatchlogs.GetLogEventsOutput{NextBackwardToken: new(fmt.Sprint(min(i+1, len(s.pages))))}
	if i < len(s.pages) {
		for _, m := range s.pages[i] {
			out.Events = append(out.Events, cwtypes.OutputLogEvent{Message: &m})
		}
	}
	return out, nil
}

// container logs to group demo with the prefix ecs, changed by more options.
func container(more map[string]string) types.ContainerDefinition {
	options := map[string]string{"awslogs-group": "demo", "awslogs-stream-prefix": "ecs"}
	maps.Copy(options, more)
	return types.ContainerDefinition{Name: new("app"), LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: options}}
}

func TestTail(t *testing.T) {
	thousand := strings.Repeat("é", 1000)
	tests := map[string]struct {
		pages [][]string // newest first
		n     int
		want  []string
		calls int
	}{
		"lines come in order":                           {[][]string{{"one", "two"}}, 2, []string{"one", "two"}, 1},
		"fewer than asked for take a look at the start": {[][]string{{"one", "two"}}, 9, []string{"one", "two"}, 2},
		"of more, the last":                             {[][]string{{"one", "two", "three"}}, 2, []string{"two", "three"}, 1},
		"an event of several lines is split":            {[][]string{{"panic: x\n\ngoroutine 1:\r\n\tmain.main()\n"}}, 3, []string{"", "goroutine 1:", "\tmain.main()"}, 1},
		"an empty event is an empty line":               {[][]string{{"", "x"}}, 2, []string{"", "x"}, 1},
		"a page that 1 MB has cut short goes on":        {[][]string{{"four", "five"}, {"two", "three"}, {"one"}}, 3, []string{"three", "four", "five"}, 2},
		"also over an empty page":                       {[][]string{{}, {"one"}}, 1, []string{"one"}, 2},
		"but not for ever":                              {make([][]string, 100), 1, nil, 5},
		"a line of the length that is kept stays":       {[][]string{{thousand}}, 1, []string{thousand}, 1},
		"a longer one is cut":                           {[][]string{{thousand + "é"}}, 1, []string{thousand[:len(thousand)-2] + "…"}, 1},
		"control characters stay":                       {[][]string{{"\x1b[31mred\a"}}, 1, []string{"\x1b[31mred\a"}, 1},
		"no lines are asked for":                        {[][]string{{"one"}}, 0, nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			api := &streams{pages: tt.pages}
			got, err := logs.New(api, logs.Options{}).Tail(t.Context(), container(nil), "0123", tt.n)
			if d := cmp.Diff(tt.want, got); d != "" || err != nil || len(api.asked) != tt.calls {
				t.Errorf("%d calls, want %d, error %v; lines (-want +got):\n%s", len(api.asked), tt.calls, err, d)
			}
		})
	}
}

func TestTheStreamIsThatOfTheContainersConfiguration(t *testing.T) {
	api := &streams{pages: [][]string{{"x"}}}
	reader := logs.New(api, logs.Options{})
	if _, err := reader.Tail(t.Context(), container(nil), "0123", 20_000); err != nil {
		t.Fatal(err)
	}
	in := api.asked[0]
	if *in.LogGroupName != "demo" || *in.LogStreamName != "ecs/app/0123" || *in.StartFromHead || *in.Limit != 10_000 || api.region != "own" {
		t.Errorf("asked for %s %s, from head %v, limit %d, in region %s", *in.LogGroupName, *in.LogStreamName, *in.StartFromHead, *in.Limit, api.region)
	}
	if _, err := reader.Tail(t.Context(), container(map[string]string{"awslogs-region": "eu-west-1"}), "0123", 1); err != nil || api.region != "eu-west-1" {
		t.Errorf("asked in region %s, %v", api.region, err)
	}
}

func TestAContainerThatLogsElsewhereHasNoLines(t *testing.T) {
	splunk := container(nil)
	splunk.LogConfiguration.LogDriver = types.LogDriverSplunk
	nameless := container(nil)
	nameless.Name = nil
	tests := map[string]types.ContainerDefinition{
		"no log configuration": {Name: new("app")},
		"another driver":       splunk,
		"no stream prefix":     container(map[string]string{"awslogs-stream-prefix": ""}),
		"no group":             container(map[string]string{"awslogs-group": ""}),
		"no name":              nameless,
	}
	for name, def := range tests {
		t.Run(name, func(t *testing.T) {
			api := &streams{pages: [][]string{{"x"}}}
			if got, err := logs.New(api, logs.Options{}).Tail(t.Context(), def, "0123", 5); got != nil || err != nil || api.asked != nil {
				t.Errorf("%q, %v after %d calls", got, err, len(api.asked))
			}
		})
	}
}

func TestWhatCannotBeRead(t *testing.T) { // T50
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	tests := map[string]struct {
		err  error
		want string
	}{
		"a stream that is not there yet has no lines": {&cwtypes.ResourceNotFoundException{}, ""},
		"a missing permission is named":               {denied, "read log stream ecs/app/0123 of group demo: no permission: grant logs:GetLogEvents to whoever runs this: api error AccessDeniedException: no"},
		"any other error is passed on":                {errors.New("broken"), "read log stream ecs/app/0123 of group demo: broken"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := logs.New(&streams{err: tt.err}, logs.Options{}).Tail(t.Context(), container(nil), "0123", 5)
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || err.Error() != tt.want || !errors.Is(err, tt.err)):
				t.Errorf("error %v, want %q", err, tt.want)
			case got != nil:
				t.Errorf("lines %q", got)
			}
		})
	}
}

// deploy rolls out a service whose container crashes, and returns its error.
func deploy(t *testing.T, opts ecstest.Options) *ecs.ServiceError {
	t.Helper()
	cloud := ecstest.New(opts)
	cloud.AddCluster("demo")
	cloud.Inject("a", ecstest.Crash)
	cloud.Log("a", "a 1.2.3 starts", "panic: no redis\n\ngoroutine 1 [running]:\n")
	def := container(nil)
	def.Image, def.Memory = new("a:1"), new(int32(128))
	reader := logs.New(cloudwatchlogs.NewFromConfig(cloud.Config()), logs.Options{})
	deployer := ecs.New(cloud.Client(), ecs.Options{Cluster: "demo", Logs: reader, LogLines: 3})
	plan, err := deployer.Plan(t.Context(), []ecs.Service{{
		Name: "a", TaskDefinition: &awsecs.RegisterTaskDefinitionInput{Family: new("a"), ContainerDefinitions: []types.ContainerDefinition{def}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = deployer.Apply(t.Context(), plan)
	failure, ok := errors.AsType[*ecs.ServiceError](err)
	if !ok || !errors.Is(err, ecs.ErrTasksFail) {
		t.Fatalf("error %v", err)
	}
	return failure
}

func TestAFailedRolloutShowsTheLastLines(t *testing.T) { // T35
	synctest.Test(t, func(t *testing.T) {
		got := deploy(t, ecstest.Options{}).Logs
		if len(got) != 1 {
			t.Fatalf("logs %+v", got)
		}
		if d := cmp.Diff([]string{"panic: no redis", "", "goroutine 1 [running]:"}, got[0].Lines); d != "" {
			t.Errorf("lines (-want +got):\n%s", d)
		}
	})
}

func TestARolloutFailsForItsOwnReasonWhereLogsMayNotBeRead(t *testing.T) { // T50
	synctest.Test(t, func(t *testing.T) {
		failure := deploy(t, ecstest.Options{Before: func(op string, _ int) *ecstest.Error {
			if op == "logs:GetLogEvents" {
				return &ecstest.Error{Code: "AccessDeniedException", Message: "no"}
			}
			return nil
		}})
		if failure.Logs != nil || !strings.Contains(failure.Error(), "exited with code 1") {
			t.Errorf("error %v with logs %v", failure, failure.Logs)
		}
	})
}

func FuzzTail(f *testing.F) {
	for _, seed := range []string{"", "one\ntwo", "\r\n\r\n", "\xff\xfe\n", strings.Repeat("€", 40), "a\rb"} {
		f.Add(seed, 5, 10)
	}
	f.Fuzz(func(t *testing.T, message string, n, length int) {
		got, err := logs.New(&streams{pages: [][]string{{message}}}, logs.Options{LineLength: length}).Tail(t.Context(), container(nil), "0123", n)
		if err != nil || len(got) > max(n, 0) {
			t.Fatalf("%d lines of %d, %v", len(got), n, err)
		}
		for _, line := range got {
			if strings.Contains(line, "\n") || length > 0 && utf8.RuneCountInString(line) > length {
				t.Errorf("line %q of at most %d characters", line, length)
			}
		}
	})
}
