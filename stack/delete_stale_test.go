package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// rework updates "demo" to house with the replacements.
func (y *yard) rework(replace ...string) {
	y.Helper()
	y.tag("demo", map[string]string{"Environment": "demo"}, replace...)
}

func (y *yard) tag(name string, tags map[string]string, replace ...string) {
	y.Helper()
	deploy(y.T, stack.New(y.cloud.Client(), stack.Options{}), stack.Stack{
		Name: name, Body: []byte(strings.NewReplacer(replace...).Replace(house)), Parameters: map[string]string{"Environment": name},
		Tags: tags, Consent: []string{"Data"},
	})
}

const (
	dataBucket = "  Data:\n    Type: AWS::S3::Bucket\n"
	dataKept   = "  Data:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n"
	dataWhole  = dataBucket + "    Properties: {BucketName: !Sub \"${Environment}-data\"}\n"
	recordKept = "    DeletionPolicy: Retain\n"
)

// blind is a CloudFormation whose templates the caller may not read.
type blind struct{ stack.API }

func (blind) GetTemplate(context.Context, *cloudformation.GetTemplateInput, ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error) {
	return nil, &stacktest.Error{Code: "AccessDenied", Message: "not you"}
}

// TestDeleteEmptiesOnlyWhatTheStackHasAndDeletes: whatever the plan says, and
// whatever happened since, a bucket that stays keeps its objects.
func TestDeleteEmptiesOnlyWhatTheStackHasAndDeletes(t *testing.T) {
	tests := map[string]struct {
		between func(y *yard, p *stack.Deletion)
		text    string
	}{
		"a bucket that has left the stack": {
			between: func(y *yard, _ *stack.Deletion) { y.rework(dataBucket, dataKept); y.rework(dataWhole, "") },
			text:    "the bucket Data is not in it any more",
		},
		"a bucket that is retained by now": {
			between: func(y *yard, _ *stack.Deletion) { y.rework(dataBucket, dataKept) },
			text:    "Data is to be retained now, and was to be deleted",
		},
		"a bucket that is another by now": {
			between: func(y *yard, _ *stack.Deletion) { y.rework("${Environment}-data", "${Environment}-data-2") },
			text:    "it has Data now, which the plan does not name",
		},
		"another bucket under the name of one of the stack": {
			between: func(_ *yard, p *stack.Deletion) { p.Resources[0].PhysicalID = "neighbour-data" },
			text:    "it has Data now, which the plan does not name",
		},
		"a bucket that the plan has from elsewhere": {
			between: func(_ *yard, p *stack.Deletion) {
				p.Resources = append(p.Resources, stack.Removal{LogicalID: "More", Type: "AWS::S3::Bucket", PhysicalID: "neighbour-data", Fate: stack.FateDeleted, Empty: true})
			},
			text: "the bucket More is not in it any more",
		},
		"what is no bucket": {
			between: func(_ *yard, p *stack.Deletion) { p.Resources[1].Empty = true },
			text:    "Group is no bucket that is deleted",
		},
		"a retained bucket that the plan has as one to be emptied": {
			between: func(_ *yard, p *stack.Deletion) {
				for i, r := range p.Resources {
					p.Resources[i].Empty = r.Type == "AWS::S3::Bucket"
				}
			},
			text: "Records is no bucket that is deleted",
		},
		"a bucket of which nobody knows whether it is retained": {
			between: func(y *yard, _ *stack.Deletion) {
				y.m = stack.New(blind{y.cloud.Client()}, stack.Options{Buckets: y.cloud})
			},
			text: "what the template of demo retains is unknown: get template: ",
		},
		"what is deleted by now and was to be retained": {
			between: func(y *yard, _ *stack.Deletion) { y.rework(recordKept, "") },
			text:    "Records is to be deleted now, and was to be retained",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				y.build("neighbour")
				buckets := []string{"demo-data", "demo-records", "neighbour-data"}
				for _, b := range buckets {
					y.cloud.SetObjects(b, 42)
				}
				p := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data"}})
				tt.between(y, &p)
				r, err := y.m.ApplyDelete(y.Context(), p)
				if !errors.Is(err, stack.ErrStale) || !strings.HasPrefix(err.Error(), "delete stack demo: the stack has changed since: plan again (") || !strings.Contains(err.Error(), tt.text) {
					y.Errorf("error %v, want %s", err, tt.text)
				}
				for _, b := range buckets {
					if n := y.cloud.Objects(b); n != 42 {
						y.Errorf("%d objects are left in %s", n, b)
					}
				}
				if len(r.Deleted)+len(r.Emptied) > 0 || y.cloud.Calls("DeleteStack") != 0 {
					y.Errorf("%+v", r)
				}
			})
		})
	}
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.m = stack.New(blind{y.cloud.Client()}, stack.Options{Buckets: y.cloud})
		_, err := y.m.PlanDelete(y.Context(), stack.DeleteRequest{Name: "demo", EmptyBuckets: []string{"Data"}})
		if !errors.Is(err, stack.ErrInvalid) || !strings.Contains(err.Error(), "invalid input: EmptyBuckets: what the template of demo retains is unknown: ") {
			y.Errorf("error %v", err)
		}
		y.delete(stack.DeleteRequest{}) // which needs no such knowledge
	})
}

// TestDeleteGoesOnWithTheSamePlan after a deletion that has got part of the way.
func TestDeleteGoesOnWithTheSamePlan(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.cloud.SetObjects("demo-data", 5)
		y.cloud.Inject("Group", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: stacktest.DependencyViolation, Times: 1})
		p := y.plan(stack.DeleteRequest{EmptyBuckets: []string{"Data"}})
		first, err := y.m.ApplyDelete(y.Context(), p)
		if !errors.Is(err, stack.ErrFailed) || first.Emptied["Data"] != 5 || y.status("demo") != "DELETE_FAILED" {
			y.Fatalf("%+v, %v: %s", first, err, y.status("demo"))
		}
		y.cloud.SetObjects("demo-data", 7) // somebody else's by now
		r, err := y.m.ApplyDelete(y.Context(), p)
		if err != nil || y.status(p.ID) != "DELETE_COMPLETE" || y.cloud.Objects("demo-data") != 7 {
			y.Errorf("%v: %s, %d objects", err, y.status(p.ID), y.cloud.Objects("demo-data"))
		}
		if d := cmp.Diff([]string{"Group"}, r.Deleted); d != "" || len(r.Emptied) != 0 {
			y.Errorf("deleted (-want +got):\n%s\nemptied %v", d, r.Emptied)
		}
	})
}

// TestDeleteThatJoinsTellsOnlyWhatItSaw: the plan may name what the stack had lost
// before somebody else began to delete it.
func TestDeleteThatJoinsTellsOnlyWhatItSaw(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		p := y.plan(stack.DeleteRequest{})
		y.rework(dataBucket, dataKept)
		y.rework(dataWhole, "")
		if _, err := y.cloud.Client().DeleteStack(y.Context(), &cloudformation.DeleteStackInput{StackName: new("demo")}); err != nil {
			y.Fatal(err)
		}
		r, err := y.m.ApplyDelete(y.Context(), p)
		if err != nil {
			y.Fatal(err)
		}
		if d := cmp.Diff([]string{"Group", "Metrics", "Metrics/Thanos", "Topic"}, r.Deleted); d != "" {
			y.Errorf("deleted (-want +got):\n%s", d)
		}
	})
}

// TestDeleteBelievesNoPlanFromElsewhere about what the stack is.
func TestDeleteBelievesNoPlanFromElsewhere(t *testing.T) {
	tests := map[string]struct {
		deletion stack.DeleteRequest
		between  func(y *yard, p *stack.Deletion)
		is       error
		text     string
	}{
		"the ARN of another stack": {
			between: func(y *yard, p *stack.Deletion) {
				s, _ := y.cloud.Stack("other-production")
				p.ID, p.LiftProtection = s.ID, true
			},
			is: stack.ErrNotPlanned, text: "delete stack demo: this is no plan that can be applied: it is about demo, and its ARN is that of other-production",
		},
		"a name for the ARN": {
			between: func(_ *yard, p *stack.Deletion) { p.ID = p.Stack },
			is:      stack.ErrNotPlanned, text: `delete stack demo: this is no plan that can be applied: "demo" is no ARN`,
		},
		"another stack, whole": {
			between: func(y *yard, p *stack.Deletion) {
				s, _ := y.cloud.Stack("other-production")
				p.Stack, p.ID = "other-production", s.ID
			},
			is: stack.ErrProduction, text: `delete stack other-production: the stack is one of production: give its name in AllowProduction to delete it ("other-production" has "production")`,
		},
		"a tag of production that came later": {
			between: func(y *yard, _ *stack.Deletion) { y.tag("demo", map[string]string{"environment": "Production"}) },
			is:      stack.ErrProduction, text: `delete stack demo: the stack is one of production: give its name in AllowProduction to delete it ("Production" has "production")`,
		},
		"a tag with a word of its own that came later": {
			deletion: stack.DeleteRequest{Production: []string{"live"}},
			between:  func(y *yard, _ *stack.Deletion) { y.tag("demo", map[string]string{"Environment": "live-eu"}) },
			is:       stack.ErrProduction, text: `delete stack demo: the stack is one of production: give its name in AllowProduction to delete it ("live-eu" has "live")`,
		},
		"a tag of production that is allowed": {
			deletion: stack.DeleteRequest{AllowProduction: "demo"},
			between:  func(y *yard, _ *stack.Deletion) { y.tag("demo", map[string]string{"Environment": "production"}) },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				y.build("other-production")
				tt.deletion.Name = "demo"
				b, err := json.Marshal(y.plan(tt.deletion))
				if err != nil {
					y.Fatal(err)
				}
				var p stack.Deletion
				if err := json.Unmarshal(b, &p); err != nil {
					y.Fatal(err)
				}
				tt.between(y, &p)
				_, err = y.m.ApplyDelete(y.Context(), p)
				if !errors.Is(err, tt.is) || err != nil && err.Error() != tt.text {
					y.Errorf("error %v, want %s", err, tt.text)
				}
				if want := len(tt.text) == 0; (y.cloud.Calls("DeleteStack") == 1) != want || y.cloud.Calls("UpdateTerminationProtection") != 0 {
					y.Errorf("%d calls of DeleteStack", y.cloud.Calls("DeleteStack"))
				}
				if s := y.status("other-production"); s != "CREATE_COMPLETE" {
					y.Errorf("the other stack is %s", s)
				}
			})
		})
	}
}

// asked keeps what CloudFormation is asked to delete, and of which account buckets are emptied.
type asked struct {
	stack.API
	*stacktest.Cloud
	in       *cloudformation.DeleteStackInput
	accounts []string
}

func (a *asked) DeleteStack(ctx context.Context, in *cloudformation.DeleteStackInput, opts ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error) {
	a.in = in
	return a.API.DeleteStack(ctx, in, opts...)
}

func (a *asked) Empty(ctx context.Context, bucket, account string) (int, error) {
	a.accounts = append(a.accounts, account)
	return a.Cloud.Empty(ctx, bucket, account)
}

func TestDeleteAsksForWhatThePlanSays(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		a := &asked{API: y.cloud.Client(), Cloud: y.cloud}
		y.m = stack.New(a, stack.Options{Buckets: a})
		if p := y.plan(stack.DeleteRequest{}); strings.Contains(p.String(), "EXPRESS") {
			y.Errorf("plan %s", p)
		}
		p := y.plan(stack.DeleteRequest{Express: true, Role: "arn:aws:iam::123456789012:role/deleter", EmptyBuckets: []string{"Data", "Metrics/Thanos"}})
		if !strings.HasSuffix(p.String(), "\n  ! in EXPRESS mode: what is deleted may take until after the end to be gone\n") {
			y.Errorf("plan %s", p)
		}
		if _, err := y.m.ApplyDelete(y.Context(), p); err != nil || y.status(p.ID) != "DELETE_COMPLETE" {
			y.Fatalf("%v: %s", err, y.status(p.ID))
		}
		if a.in.DeploymentConfig == nil || a.in.DeploymentConfig.Mode != "EXPRESS" || a.in.RoleARN == nil || *a.in.RoleARN != p.Role || *a.in.StackName != p.ID {
			y.Errorf("asked for %+v", a.in)
		}
		if d := cmp.Diff([]string{"123456789012", "123456789012"}, a.accounts); d != "" {
			y.Errorf("accounts (-want +got):\n%s", d)
		}
		y.rebuild("demo")
		y.delete(stack.DeleteRequest{})
		if a.in.DeploymentConfig != nil || a.in.RoleARN != nil {
			y.Errorf("asked for %+v", a.in)
		}
	})
}

func TestPlansSteerNoTerminal(t *testing.T) {
	const bad = "a\x1b[2Jb\u202ec"
	plans := map[string]interface{ String() string }{
		"of a deletion": stack.Deletion{
			Stack: bad, ID: "arn", Status: bad, Notes: []string{bad}, Failed: []stack.Cause{{LogicalID: bad, Type: bad, Reason: bad}},
			Resources: []stack.Removal{{LogicalID: bad, Type: bad, PhysicalID: bad, Fate: stack.FateRetained, Reason: bad}},
		},
		"of nothing": stack.Deletion{Stack: bad},
		"of a recovery": stack.Recovery{
			Stack: bad, ID: "arn", Status: bad, Skip: []string{bad}, Failed: []stack.Cause{{LogicalID: bad, Type: bad, Reason: bad}},
		},
		"of drift": stack.Drift{
			Stack: bad, Resources: []stack.ResourceDrift{
				{LogicalID: bad, Type: bad, Status: "UNKNOWN", Reason: bad},
				{LogicalID: bad, Type: bad, Status: "MODIFIED", Properties: []stack.PropertyDrift{
					{Path: bad, Expected: bad, Actual: bad, Kind: "NOT_EQUAL"}, {Path: bad, Expected: bad, Kind: "REMOVE"}, {Path: bad, Actual: bad, Kind: "ADD"},
				}},
			},
		},
	}
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			text := p.String()
			if strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, `a\x1b[2Jb\u202ec`) {
				t.Errorf("%q", text)
			}
		})
	}
}
