package stack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// TestSecretsOfFailuresStaySecret: AWS quotes what it finds wrong.
func TestSecretsOfFailuresStaySecret(t *testing.T) {
	const quoted = "Value 'hunter2-very-secret' at 'authToken' failed to satisfy constraint: AuthToken must be 16-128 characters"
	scenes := map[string]func(t *testing.T, cloud *stacktest.Cloud){
		"a creation": func(_ *testing.T, cloud *stacktest.Cloud) {
			cloud.Inject("Cache", stacktest.Fault{Reason: quoted})
		},
		"an update and its rollback": func(t *testing.T, cloud *stacktest.Cloud) {
			deploy(t, manager(cloud), demo())
			cloud.Inject("Alarm", stacktest.Fault{Reason: "no", On: []stacktest.Phase{stacktest.Update}})
			cloud.Inject("Cache", stacktest.Fault{Reason: quoted, On: []stacktest.Phase{stacktest.Update, stacktest.Rollback}})
		},
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				scene(t, cloud)
				var recorder progress.Recorder
				m := stack.New(cloud.Client(), stack.Options{Progress: recorder.Record})
				s := demo()
				s.Parameters["Token"], s.Parameters["Days"] = "hunter2-very-secret", "30"
				r, err := m.Apply(t.Context(), plan(t, m, s))
				if !errors.Is(err, stack.ErrFailed) || !strings.Contains(err.Error(), "Value '****' at 'authToken'") {
					t.Errorf("error %v", err)
				}
				failed, _ := errors.AsType[*stack.OperationError](err)
				texts := []string{err.Error(), encode(t, r), encode(t, failed)}
				for _, e := range recorder.Events() {
					texts = append(texts, e.Message, fmt.Sprint(e.Err))
				}
				for _, text := range texts {
					if strings.Contains(text, "hunter2") {
						t.Errorf("a secret in %s", text)
					}
				}
			})
		})
	}
}

// executing keeps what is asked of ExecuteChangeSet.
type executing struct {
	*cloudformation.Client
	execute []*cloudformation.ExecuteChangeSetInput
}

func (a *executing) ExecuteChangeSet(ctx context.Context, in *cloudformation.ExecuteChangeSetInput, opts ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error) {
	a.execute = append(a.execute, in)
	return a.Client.ExecuteChangeSet(ctx, in, opts...)
}

func TestWhatExecutingAsksFor(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		api := &executing{Client: cloud.Client()}
		m := stack.New(api, stack.Options{})
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Days"] = "30"
		deploy(t, m, s)
		s.Parameters["Days"], s.Express = "60", true
		deploy(t, m, s)
		for i, in := range api.execute {
			switch express := i == 2; {
			case express && in.DisableRollback != nil:
				t.Errorf("call %d repeats what its change set says", i)
			case !express && (in.DisableRollback == nil || *in.DisableRollback):
				t.Errorf("call %d does not say that a failure is rolled back", i)
			}
			if first := in.RetainExceptOnCreate != nil && *in.RetainExceptOnCreate; first != (i == 0) {
				t.Errorf("call %d: RetainExceptOnCreate %t", i, first)
			}
		}
		if len(api.execute) != 3 {
			t.Errorf("%d calls", len(api.execute))
		}
	})
}

// kept is a template with a bucket of a fixed name, that outlives its stack.
const kept = `
Resources:
  Data: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: precious}}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Data}
`

func TestFailedCreationLeavesNoNamesTaken(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		s := stack.Stack{Name: "demo", Body: []byte(kept), RecreateFailed: true}
		cloud.Inject("Topic", stacktest.Fault{Reason: "no", Times: 1})
		_, err := m.Apply(t.Context(), plan(t, m, s))
		if failed, ok := errors.AsType[*stack.OperationError](err); !ok || len(failed.Retained) != 0 {
			t.Fatalf("error %v", err)
		}
		if _, r := deploy(t, m, s); r.Status != "CREATE_COMPLETE" {
			t.Errorf("result %+v", r)
		}
	})
}

func TestFailedUpdateTellsWhatItLeavesBehind(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, stack.Stack{Name: "demo", Body: []byte("Resources:\n  Topic: {Type: AWS::SNS::Topic}\n")})
		cloud.Inject("Topic", stacktest.Fault{Reason: "no", On: []stacktest.Phase{stacktest.Update}})
		body := strings.Replace(kept, "DependsOn: Data}", "DependsOn: Data, Properties: {DisplayName: x}}", 1)
		_, err := m.Apply(t.Context(), plan(t, m, stack.Stack{Name: "demo", Body: []byte(body)}))
		failed, ok := errors.AsType[*stack.OperationError](err)
		if !ok || len(failed.Retained) != 1 || failed.Retained[0].LogicalID != "Data" || failed.Retained[0].PhysicalID != "precious" {
			t.Fatalf("%+v, error %v", failed, err)
		}
		const want = "what stays in the account, in no stack, is Data (precious): delete it before the next attempt where that needs its name"
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v\nwant %s", err, want)
		}
	})
}

// undeleting is a CloudFormation for a run that is killed before it deletes a change set.
type undeleting struct{ *cloudformation.Client }

func (undeleting) DeleteChangeSet(context.Context, *cloudformation.DeleteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error) {
	return nil, errors.New("killed")
}

// TestLeftOverOfNoChangesHidesNothing: the template of a nested stack changes after a
// run was killed that had found nothing to do.
func TestLeftOverOfNoChangesHidesNothing(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		const url = "https://templates.s3.us-east-1.amazonaws.com/metrics.yaml"
		cloud.AddTemplate(url, []byte(metrics))
		s := stack.Stack{Name: "demo", Body: []byte(house), Parameters: map[string]string{"Environment": "demo"}}
		deploy(t, manager(cloud), s)
		if _, err := stack.New(undeleting{cloud.Client()}, stack.Options{}).Plan(t.Context(), s); err == nil || len(changeSets(t, cloud, "demo")) != 1 {
			t.Fatalf("nothing is left over: %v", err)
		}
		cloud.AddTemplate(url, []byte(metrics+"  More: {Type: AWS::SNS::Topic}\n"))
		if p := plan(t, manager(cloud), s); p.Empty() {
			t.Errorf("the change is hidden:\n%s", p)
		}
	})
}

// TestOvertaken: somebody else begins an update before the outputs are read.
func TestOvertaken(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		client := cloud.Client()
		api := &overtaking{Client: client}
		var recorder progress.Recorder
		m := stack.New(api, stack.Options{Progress: recorder.Record})
		deploy(t, m, demo())
		s := demo()
		s.Parameters["Token"] = "second-token"
		p := plan(t, m, s)
		armed := false
		api.ended = func() {
			if !armed {
				armed = true
				in := updateOf("demo", strings.Replace(environment, "first-token", "third-token", 1))
				if _, err := client.UpdateStack(t.Context(), in); err != nil {
					t.Error(err)
				}
			}
		}
		r, err := m.Apply(t.Context(), p)
		if !errors.Is(err, stack.ErrOvertaken) || errors.Is(err, stack.ErrStale) || r.Outputs["Redis"] != "demo-redis" || r.Status != "UPDATE_IN_PROGRESS" {
			t.Errorf("result %+v, error %v", r, err)
		}
		events := recorder.Events()
		if last := events[len(events)-1]; last.Subject != "demo" || last.State != progress.Done || last.Message != "and changed by somebody else since" {
			t.Errorf("last event %+v", last)
		}
		time.Sleep(time.Hour)
	})
}

// overtaking tells when a stack shows for the first time that an update has ended.
type overtaking struct {
	*cloudformation.Client
	ended func()
}

func (o *overtaking) DescribeStackEvents(ctx context.Context, in *cloudformation.DescribeStackEventsInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	out, err := o.Client.DescribeStackEvents(ctx, in, opts...)
	if err == nil && o.ended != nil && len(out.StackEvents) > 0 && out.StackEvents[0].ResourceStatus == "UPDATE_COMPLETE" && *out.StackEvents[0].PhysicalResourceId == *out.StackEvents[0].StackId {
		o.ended()
	}
	return out, err
}

func TestOutputsOfNoName(t *testing.T) {
	if _, err := stack.New(nil, stack.Options{}).Outputs(t.Context(), ""); !errors.Is(err, stack.ErrInvalid) {
		t.Errorf("error %v", err)
	}
}
