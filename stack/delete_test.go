package stack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// house is a template with what makes deletions interesting: a bucket, one that
// is retained, and a nested stack with another bucket.
const house = `
Parameters:
  Environment: {Type: String}
Resources:
  Data:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Environment}-data"}
  Records:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties: {BucketName: !Sub "${Environment}-records"}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub "${Environment}-alarms"}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: all}
  Metrics:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://templates.s3.us-east-1.amazonaws.com/metrics.yaml
      Parameters: {Environment: !Ref Environment}
`

const metrics = `
Parameters:
  Environment: {Type: String}
Resources:
  Thanos:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Environment}-thanos"}
`

// yard is a CloudFormation in memory with the stack "demo" made of house, and
// what is needed to delete it.
type yard struct {
	*testing.T
	cloud  *stacktest.Cloud
	m      *stack.Manager
	events progress.Recorder
}

// inYard must be called outside of a bubble, and calls test in one.
func inYard(t *testing.T, cloud stacktest.Options, test func(y *yard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		y := &yard{T: t, cloud: stacktest.New(cloud)}
		y.cloud.AddTemplate("https://templates.s3.us-east-1.amazonaws.com/metrics.yaml", []byte(metrics))
		y.m = stack.New(y.cloud.Client(), stack.Options{Progress: y.events.Record, Buckets: y.cloud})
		y.build("demo")
		test(y)
	})
}

func (y *yard) build(name string) {
	y.Helper()
	m := stack.New(y.cloud.Client(), stack.Options{})
	deploy(y.T, m, stack.Stack{
		Name: name, Body: []byte(house), Parameters: map[string]string{"Environment": name}, Tags: map[string]string{"Environment": name},
	})
}

func (y *yard) plan(d stack.DeleteRequest) stack.Deletion {
	y.Helper()
	if d.Name == "" {
		d.Name = "demo"
	}
	p, err := y.m.PlanDelete(y.Context(), d)
	if err != nil {
		y.Fatal(err)
	}
	return p
}

// delete plans and deletes, which must succeed.
func (y *yard) delete(d stack.DeleteRequest) stack.Deleted {
	y.Helper()
	r, err := y.m.ApplyDelete(y.Context(), y.plan(d))
	if err != nil {
		y.Fatal(err)
	}
	return r
}

func (y *yard) status(name string) string {
	s, _ := y.cloud.Stack(name)
	return s.Status
}

func TestDeleteTakesAStackAway(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.cloud.SetObjects("demo-data", 2500)
		y.cloud.SetObjects("demo-thanos", 7)
		y.cloud.SetObjects("demo-records", 3)
		before := writes(y.cloud)
		p := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data", "Metrics/Thanos"}, Tags: map[string]string{"Environment": "demo"}})
		if writes(y.cloud) != before || y.cloud.Objects("demo-data") != 2500 {
			y.Error("planning wrote")
		}
		lines := strings.Split(p.String(), "\n")
		for i, want := range []string{
			"stack demo (CREATE_COMPLETE): delete 5 resources, emptying 2 buckets first; 1 other left behind",
			"  - Data            AWS::S3::Bucket             demo-data (every version of every object is deleted first)",
			"  - Group           AWS::EC2::SecurityGroup     sg-",
			"  - Metrics         AWS::CloudFormation::Stack  arn:aws:cloudformation:us-east-1:123456789012:stack/demo-Metrics-",
			"  - Metrics/Thanos  AWS::S3::Bucket             demo-thanos (every version of every object is deleted first)",
			"  = Records         AWS::S3::Bucket             demo-records (retained: DeletionPolicy Retain)",
			"  - Topic           AWS::SNS::Topic             arn:aws:sns:us-east-1:123456789012:demo-alarms",
			"",
		} {
			if i >= len(lines) || !strings.HasPrefix(lines[i], want) || want == "" && lines[i] != "" {
				y.Errorf("line %d of the plan is not %q:\n%s", i+1, want, p)
				break
			}
		}
		b, err := json.Marshal(p)
		if err != nil {
			y.Fatal(err)
		}
		var read stack.Deletion // a job that plans, and a job that deletes
		if err := json.Unmarshal(b, &read); err != nil {
			y.Fatal(err)
		}
		if d := cmp.Diff(p, read); d != "" {
			y.Errorf("the plan read back (-want +got):\n%s", d)
		}
		r, err := y.m.ApplyDelete(y.Context(), read)
		if err != nil {
			y.Fatal(err)
		}
		if d := cmp.Diff([]string{"Data", "Group", "Metrics", "Metrics/Thanos", "Topic"}, r.Deleted); d != "" {
			y.Errorf("deleted (-want +got):\n%s", d)
		}
		if len(r.Retained) != 1 || r.Retained[0].PhysicalID != "demo-records" || r.Retained[0].Reason != "DeletionPolicy Retain" {
			y.Errorf("retained %+v", r.Retained)
		}
		if d := cmp.Diff(map[string]int{"Data": 2500, "Metrics/Thanos": 7}, r.Emptied); d != "" {
			y.Errorf("emptied (-want +got):\n%s", d)
		}
		if y.status(p.ID) != "DELETE_COMPLETE" || y.cloud.Objects("demo-records") != 3 || !r.Ended.After(r.Started) {
			y.Errorf("%s, %d objects, %+v", y.status(p.ID), y.cloud.Objects("demo-records"), r)
		}
		said := make(map[string][]string)
		for _, e := range y.events.Events() {
			said[e.Subject] = append(said[e.Subject], strings.TrimSuffix(string(e.State)+", "+e.Message, ", "))
		}
		for subject, want := range map[string][]string{
			"demo":         {"running, deleting", "done, deleted"},
			"demo/Data":    {"running, emptying demo-data", "running, emptied, 2500 objects deleted", "running, deleting", "done, deleted"},
			"demo/Records": {"skipped, retained"},
		} {
			if d := cmp.Diff(want, said[subject]); d != "" {
				y.Errorf("progress of %s (-want +got):\n%s", subject, d)
			}
		}
	})
}

func TestDeleteAgainDoesNothing(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		first := y.plan(stack.DeleteRequest{})
		y.delete(stack.DeleteRequest{})
		before := writes(y.cloud)
		again := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data"}, Retain: []string{"Group"}, Tags: map[string]string{"Environment": "demo"}})
		if !again.Empty() || again.String() != "stack demo: does not exist, nothing to delete\n" {
			y.Errorf("plan %s", again)
		}
		for _, p := range []stack.Deletion{again, first} {
			if r, err := y.m.ApplyDelete(y.Context(), p); err != nil || !r.Unchanged || len(r.Deleted) > 0 {
				y.Errorf("%+v, %v", r, err)
			}
		}
		if writes(y.cloud) != before {
			y.Error("deleting what is gone wrote")
		}
		if _, err := y.m.ApplyDelete(y.Context(), stack.Deletion{}); !errors.Is(err, stack.ErrNotPlanned) {
			y.Errorf("error %v", err)
		}
	})
}

func TestDeleteLeavesOthersAlone(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		for _, neighbour := range []string{"demo2", "demo-2", "a-demo"} {
			y.build(neighbour)
		}
		if p := y.plan(stack.DeleteRequest{Name: "dem"}); !p.Empty() {
			y.Errorf("plan %s", p)
		}
		y.delete(stack.DeleteRequest{})
		for _, neighbour := range []string{"demo2", "demo-2", "a-demo"} {
			if s := y.status(neighbour); s != "CREATE_COMPLETE" {
				y.Errorf("%s is %s", neighbour, s)
			}
		}
		// Not even one that has the name by now.
		old := y.plan(stack.DeleteRequest{Name: "demo2"})
		y.delete(stack.DeleteRequest{Name: "demo2"})
		y.cloud.Lose("demo2", "Records") //nolint:errcheck // it is no resource of a stack any more
		y.rebuild("demo2")
		if r, err := y.m.ApplyDelete(y.Context(), old); err != nil || y.status("demo2") != "CREATE_COMPLETE" {
			y.Errorf("%+v, %v: the new stack is %s", r, err, y.status("demo2"))
		}
	})
}

// rebuild makes a stack of that name that shares no names with the one before.
func (y *yard) rebuild(name string) {
	y.Helper()
	deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
		Name: name, Body: []byte(house), Parameters: map[string]string{"Environment": name + "-new"},
	})
}

func TestDeleteRefuses(t *testing.T) {
	protect := func(y *yard) {
		_, err := y.cloud.Client().UpdateTerminationProtection(y.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: new("demo"), EnableTerminationProtection: new(true)})
		if err != nil {
			y.Fatal(err)
		}
	}
	tests := map[string]struct {
		before   func(y *yard)
		deletion stack.DeleteRequest
		between  func(y *yard) // planning and deleting
		is       error
		text     string
	}{
		"no name": {
			deletion: stack.DeleteRequest{Name: "-"}, is: stack.ErrInvalid,
			text: "plan to delete stack without a name: invalid input: no name",
		},
		"an ARN for a name": {
			deletion: stack.DeleteRequest{Name: "ARN"}, is: stack.ErrInvalid,
			text: "plan to delete stack ARN: invalid input: it is called demo",
		},
		"a stack with termination protection": {
			before: protect, is: stack.ErrProtected,
			text: "delete stack demo: termination protection is on: set LiftProtection to have it lifted",
		},
		"protection that came after planning": {
			between: protect, is: stack.ErrProtected,
			text: "delete stack demo: termination protection is on: set LiftProtection to have it lifted",
		},
		"a missing tag": {
			deletion: stack.DeleteRequest{Tags: map[string]string{"Owner": "me"}}, is: stack.ErrNotOwned,
			text: `plan to delete stack demo: the stack does not carry the tags that it must: it has no tag Owner, want "me"`,
		},
		"another value of a tag": {
			deletion: stack.DeleteRequest{Tags: map[string]string{"Environment": "demo-2"}}, is: stack.ErrNotOwned,
			text: `plan to delete stack demo: the stack does not carry the tags that it must: its tag Environment is "demo", want "demo-2"`,
		},
		"a name of production": {
			deletion: stack.DeleteRequest{Name: "automation-Master"}, is: stack.ErrProduction,
			text: `plan to delete stack automation-Master: the stack is one of production: give its name in AllowProduction to delete it ("automation-Master" has "master")`,
		},
		"a tag of production": {
			deletion: stack.DeleteRequest{Production: []string{"Demo"}, AllowProduction: "dem"}, is: stack.ErrProduction,
			text: `plan to delete stack demo: the stack is one of production: give its name in AllowProduction to delete it ("demo" has "Demo")`,
		},
		"buckets that are none, each of them": {
			deletion: stack.DeleteRequest{EmptyBuckets: []string{"Ghost", "Topic", "Records", "demo-data"}}, is: stack.ErrInvalid,
			text: "plan to delete stack demo: invalid input: EmptyBuckets: the stack has no resource \"Ghost\"\n" +
				"invalid input: EmptyBuckets: Topic is no bucket but an AWS::SNS::Topic\n" +
				"invalid input: EmptyBuckets: Records is retained (DeletionPolicy Retain), and so are its objects\n" +
				"invalid input: EmptyBuckets: the stack has no resource \"demo-data\"",
		},
		"retaining before a deletion has failed": {
			deletion: stack.DeleteRequest{Retain: []string{"Group"}}, is: stack.ErrInvalid,
			text: `plan to delete stack demo: invalid input: Retain: no deletion has failed at "Group" yet, and only then it can be left behind`,
		},
		"a tag of production beside another name": {
			before: func(y *yard) {
				deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
					Name: "demo", Body: []byte(house), Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "automation-master"},
				})
			}, is: stack.ErrProduction,
			text: `plan to delete stack demo: the stack is one of production: give its name in AllowProduction to delete it ("automation-master" has "master")`,
		},
		"resources that were replaced after planning": {
			between: func(y *yard) {
				deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
					Name: "demo", Body: []byte(strings.Replace(house, "${Environment}-alarms", "${Environment}-alerts", 1)),
					Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "demo"},
				})
			}, is: stack.ErrStale,
			text: "delete stack demo: the stack has changed since: plan again (it has Topic now, which the plan does not name)",
		},
		"a tag that changed after planning": {
			deletion: stack.DeleteRequest{Tags: map[string]string{"Environment": "demo"}},
			between: func(y *yard) {
				deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
					Name: "demo", Body: []byte(house), Parameters: map[string]string{"Environment": "demo"}, Tags: map[string]string{"Environment": "other"},
				})
			}, is: stack.ErrNotOwned,
			text: `delete stack demo: the stack does not carry the tags that it must: its tag Environment is "other", want "demo"`,
		},
		"a resource that came after planning": {
			between: func(y *yard) {
				deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
					Name: "demo", Body: []byte(house + "  More:\n    Type: AWS::SNS::Topic\n"), Parameters: map[string]string{"Environment": "demo"},
				})
			}, is: stack.ErrStale,
			text: "delete stack demo: the stack has changed since: plan again (it has More now, which the plan does not name)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				if tt.before != nil {
					tt.before(y)
				}
				s, _ := y.cloud.Stack("demo")
				switch tt.deletion.Name {
				case "":
					tt.deletion.Name = "demo"
				case "-":
					tt.deletion.Name = ""
				case "ARN":
					tt.deletion.Name = s.ID
				}
				p, err := y.m.PlanDelete(y.Context(), tt.deletion)
				if err == nil {
					if tt.between != nil {
						tt.between(y)
					}
					_, err = y.m.ApplyDelete(y.Context(), p)
				}
				if !errors.Is(err, tt.is) {
					y.Errorf("error %v does not match %v", err, tt.is)
				}
				if d := cmp.Diff(tt.text, strings.ReplaceAll(fmt.Sprint(err), s.ID, "ARN")); d != "" {
					y.Errorf("error (-want +got):\n%s", d)
				}
				if n := y.cloud.Calls("DeleteStack"); n != 0 {
					y.Errorf("%d calls of DeleteStack", n)
				}
			})
		})
	}
}

func TestDeleteOfANestedStackIsRefused(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		nested := ""
		for _, r := range y.cloud.Resources("demo") {
			if r.LogicalID == "Metrics" {
				nested, _, _ = strings.Cut(strings.TrimPrefix(r.PhysicalID, "arn:aws:cloudformation:us-east-1:123456789012:stack/"), "/")
			}
		}
		if _, err := y.m.PlanDelete(y.Context(), stack.DeleteRequest{Name: nested}); !errors.Is(err, stack.ErrInvalid) || !strings.Contains(err.Error(), "it is nested in arn:") {
			y.Errorf("error %v", err)
		}
		m := stack.New(y.cloud.Client(), stack.Options{})
		if _, err := m.PlanDelete(y.Context(), stack.DeleteRequest{Name: "demo", EmptyBuckets: []string{"Data"}}); !errors.Is(err, stack.ErrInvalid) || !strings.Contains(err.Error(), "EmptyBuckets needs Options.Buckets") {
			y.Errorf("error %v", err)
		}
		if _, err := m.ApplyDelete(y.Context(), y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data"}})); !errors.Is(err, stack.ErrInvalid) {
			y.Errorf("error %v", err)
		}
	})
}
