package stack_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// environment is a template of what an environment is made of, in small.
const environment = `
Parameters:
  Environment: {Type: String}
  Days: {Type: Number, Default: 14}
  Redis: {Type: String, Default: demo-redis}
  Token: {Type: String, NoEcho: true, Default: first-token}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub "${Environment}-alarms"}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/${Environment}", RetentionInDays: !Ref Days}
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties: {ReplicationGroupId: !Ref Redis, ReplicationGroupDescription: cache, AuthToken: !Ref Token}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "${Environment}-memory"
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
      AlarmActions: [!Ref Topic]
      Dimensions: [{Name: CacheClusterId, Value: !Ref Cache}]
Outputs:
  Topic: {Value: !Ref Topic}
  Redis: {Value: !Ref Redis}
`

func demo() stack.Stack {
	return stack.Stack{
		Name: "demo", Body: []byte(environment),
		Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "demo"},
	}
}

// bubble runs a test on virtual time, on a CloudFormation of its own.
func bubble(t *testing.T, opts stacktest.Options, test func(t *testing.T, cloud *stacktest.Cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, stacktest.New(opts)) })
}

func manager(cloud *stacktest.Cloud) *stack.Manager {
	return stack.New(cloud.Client(), stack.Options{Templates: cloud})
}

// deploy plans and applies s, which must succeed.
func deploy(t *testing.T, m *stack.Manager, s stack.Stack) (stack.Plan, stack.Result) {
	t.Helper()
	p := plan(t, m, s)
	r, err := m.Apply(t.Context(), p)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return p, r
}

func plan(t *testing.T, m *stack.Manager, s stack.Stack) stack.Plan {
	t.Helper()
	p, err := m.Plan(t.Context(), s)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return p
}

// changeSets are the names of the change sets of a stack that wait to be executed.
func changeSets(t *testing.T, cloud *stacktest.Cloud, name string) []string {
	t.Helper()
	out, err := cloud.Client().ListChangeSets(t.Context(), &cloudformation.ListChangeSetsInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range out.Summaries {
		names = append(names, *s.ChangeSetName)
	}
	return names
}

func status(t *testing.T, cloud *stacktest.Cloud, name string) types.StackStatus {
	t.Helper()
	return describe(t, cloud, name).StackStatus
}

// describe is the stack of that name or ARN; its zero value if there is none.
func describe(t *testing.T, cloud *stacktest.Cloud, name string) types.Stack {
	t.Helper()
	out, err := cloud.Client().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		return types.Stack{}
	}
	return out.Stacks[0]
}

// writes counts the calls that change something.
func writes(cloud *stacktest.Cloud) (n int) {
	for _, op := range []string{
		"CreateChangeSet", "DeleteChangeSet", "ExecuteChangeSet", "DeleteStack", "UpdateTerminationProtection", "CancelUpdateStack", "ContinueUpdateRollback",
	} {
		n += cloud.Calls(op)
	}
	return n
}

func TestCreateThenKeep(t *testing.T) {
	for _, message := range []string{stacktest.NoChanges, stacktest.NoUpdates} {
		bubble(t, stacktest.Options{NoChanges: message}, func(t *testing.T, cloud *stacktest.Cloud) {
			m := manager(cloud)
			p, r := deploy(t, m, demo())
			if p.Action != stack.Create || len(p.Changes) != 4 || p.Status != "" {
				t.Errorf("plan of a creation:\n%s", p)
			}
			if r.Action != stack.Create || r.Status != "CREATE_COMPLETE" || r.Outputs["Redis"] != "demo-redis" || r.ID != p.ID {
				t.Errorf("result %+v", r)
			}
			if took := r.Ended.Sub(r.Started); took < 6*time.Minute || took > 8*time.Minute {
				t.Errorf("it took %s, and a cache takes 6 minutes", took)
			}
			p = plan(t, m, demo())
			if !p.Empty() || p.Action != stack.Keep || p.String() != "stack demo: no changes\n" {
				t.Errorf("plan of what is there:\n%s", p)
			}
			if left := changeSets(t, cloud, "demo"); len(left) > 0 {
				t.Errorf("change sets are left behind: %v", left)
			}
			before := writes(cloud)
			r, err := m.Apply(t.Context(), p)
			if err != nil || r.Action != stack.Keep || r.Outputs["Redis"] != "demo-redis" {
				t.Errorf("result %+v, error %v", r, err)
			}
			if n := writes(cloud) - before; n != 0 {
				t.Errorf("%d writes to keep a stack", n)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	tests := map[string]struct {
		change func(*stack.Stack)
		want   string // the plan
	}{
		"a property": {
			func(s *stack.Stack) { s.Parameters["Days"] = "30" },
			"stack demo: update\n  ~  Logs  AWS::Logs::LogGroup  /demo\n       RetentionInDays: 14 -> 30 by Days\n  ~  parameter Days: 14 -> 30\n1 to modify\n",
		},
		"a resource comes and one goes": {
			func(s *stack.Stack) {
				s.Body = []byte(strings.ReplaceAll(environment, "  Alarm:", "  Warning:"))
				s.Body = []byte(strings.ReplaceAll(string(s.Body), "-memory", "-cpu"))
			},
			"stack demo: update\n  -  Alarm    AWS::CloudWatch::Alarm  demo-memory\n  +  Warning  AWS::CloudWatch::Alarm\n1 to add, 1 to delete\n",
		},
		"only an output": {
			func(s *stack.Stack) { s.Body = append(s.Body, "  More: {Value: x}\n"...) },
			"stack demo: update\n  +  output More\n",
		},
		"a secret": {
			func(s *stack.Stack) { s.Parameters["Token"] = "second-token" },
			"stack demo: update\n  ~  Cache  AWS::ElastiCache::ReplicationGroup  demo-redis\n       AuthToken: secret by Token\n  ~  parameter Token: secret\n1 to modify\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				m := manager(cloud)
				deploy(t, m, demo())
				s := demo()
				tt.change(&s)
				p, r := deploy(t, m, s)
				if d := cmp.Diff(tt.want, p.String()); d != "" {
					t.Errorf("plan (-want +got):\n%s", d)
				}
				if r.Action != stack.Update || r.Status != "UPDATE_COMPLETE" {
					t.Errorf("result %+v", r)
				}
				if again := plan(t, m, s); !again.Empty() {
					t.Errorf("there is something left to do:\n%s", again)
				}
			})
		})
	}
}

func TestTagsAlone(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		s := demo()
		s.Tags["Owner"] = "me"
		p, _ := deploy(t, m, s)
		if p.Action != stack.Update || len(p.Tags) != 1 || p.Tags[0].Name != "Owner" {
			t.Errorf("plan:\n%s", p)
		}
		if got := len(describe(t, cloud, "demo").Tags); got != 2 {
			t.Errorf("%d tags", got)
		}
		s.Tags = nil
		if p := plan(t, m, s); !p.Empty() {
			t.Errorf("no tags are no wish to take them away:\n%s", p)
		}
		s.Tags = map[string]string{}
		if p, _ := deploy(t, m, s); len(p.Tags) != 2 || len(describe(t, cloud, "demo").Tags) != 0 {
			t.Errorf("tags that are taken away: %v", describe(t, cloud, "demo").Tags)
		}
	})
}

func TestPreviousValueStays(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		s := demo()
		s.Parameters["Token"] = "given-once"
		deploy(t, m, s)
		delete(s.Parameters, "Token")
		if p := plan(t, m, s); p.Empty() {
			t.Error("the default of the secret is the given one")
		}
		s.Previous = []string{"Token"}
		if p := plan(t, m, s); !p.Empty() {
			t.Errorf("a secret that stays is a change:\n%s", p)
		}
		s.Name = "other"
		before := writes(cloud)
		if _, err := m.Plan(t.Context(), s); !errors.Is(err, stack.ErrInvalid) || writes(cloud) != before {
			t.Errorf("a creation has no previous value: %v", err)
		}
	})
}

func TestSecretsStaySecret(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		var recorder progress.Recorder
		m := stack.New(cloud.Client(), stack.Options{Progress: recorder.Record})
		var texts []string
		for _, token := range []string{"secret-one", "secret-two"} {
			s := demo()
			s.Parameters["Token"] = token
			p, r := deploy(t, m, s)
			texts = append(texts, p.String(), encode(t, p), encode(t, r), p.ChangeSet)
		}
		s := demo()
		s.Parameters["Token"] = "secret-three"
		cloud.Inject("Cache", stacktest.Fault{On: []stacktest.Phase{stacktest.Update}})
		_, err := m.Apply(t.Context(), plan(t, m, s))
		if err == nil {
			t.Fatal("no failure")
		}
		texts = append(texts, err.Error())
		for _, e := range recorder.Events() {
			texts = append(texts, e.Subject, e.Message)
			if e.Err != nil {
				texts = append(texts, e.Err.Error())
			}
		}
		for _, text := range texts {
			if strings.Contains(text, "secret-") {
				t.Errorf("a secret in %s", text)
			}
		}
	})
}
