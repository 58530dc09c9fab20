package stack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// strand leaves a stack where its failed creation or update was told not to roll
// back: "demo" in UPDATE_FAILED, or "other" in CREATE_FAILED.
func (y *yard) strand(name string, config *types.DeploymentConfig) {
	y.Helper()
	y.cloud.Inject(name+"/Group", stacktest.Fault{Reason: "no such tag", Times: 1})
	body := strings.Replace(house, "GroupDescription: all", "GroupDescription: all, Tags: [{Key: a, Value: b}]", 1)
	parameters := []types.Parameter{{ParameterKey: new("Environment"), ParameterValue: &name}}
	may := []types.Capability{types.CapabilityCapabilityAutoExpand, types.CapabilityCapabilityNamedIam} // for what is nested
	var disable *bool
	if config == nil {
		disable = new(true)
	}
	var err error
	want := "UPDATE_FAILED"
	if name == "demo" {
		_, err = y.cloud.Client().UpdateStack(y.Context(), &cloudformation.UpdateStackInput{
			StackName: &name, TemplateBody: &body, Parameters: parameters, DisableRollback: disable, DeploymentConfig: config, Capabilities: may,
		})
	} else {
		want = "CREATE_FAILED"
		_, err = y.cloud.Client().CreateStack(y.Context(), &cloudformation.CreateStackInput{
			StackName: &name, TemplateBody: &body, Parameters: parameters, DisableRollback: disable, DeploymentConfig: config, Capabilities: may,
		})
	}
	if err != nil {
		y.Fatal(err)
	}
	y.settle(name)
	if s := y.status(name); s != want {
		y.Fatalf("%s is %s", name, s)
	}
}

func (y *yard) settle(name string) {
	y.Helper()
	for range 1000 {
		if !strings.HasSuffix(y.status(name), "_IN_PROGRESS") {
			return
		}
		time.Sleep(time.Minute)
	}
	y.Fatalf("%s is %s", name, y.status(name))
}

func TestRecoverRollsBackWhatWasLeftAsItFailed(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.strand("demo", nil)
		m := stack.New(y.cloud.Client(), stack.Options{})
		want := stack.Stack{Name: "demo", Body: []byte(house + "  More: {Type: AWS::SNS::Topic}\n"), Parameters: map[string]string{"Environment": "demo"}}
		if _, err := m.Plan(y.Context(), want); !errors.Is(err, stack.ErrState) || !strings.Contains(err.Error(), "Recover") {
			y.Errorf("error %v", err)
		}
		before := writes(y.cloud)
		p := y.recovery()
		const text = "stack demo (UPDATE_FAILED): roll its last update back\n  ! it failed at Group (AWS::EC2::SecurityGroup): no such tag\n"
		if d := cmp.Diff(text, p.String()); d != "" || writes(y.cloud) != before {
			y.Errorf("plan (-want +got):\n%s", d)
		}
		r, err := y.m.ApplyRecover(y.Context(), p)
		if err != nil || r.Status != "UPDATE_ROLLBACK_COMPLETE" || y.status("demo") != r.Status || r.Unchanged || y.cloud.Calls("RollbackStack") != 1 {
			y.Fatalf("%+v, %v: %s", r, err, y.status("demo"))
		}
		last := y.events.Events()[len(y.events.Events())-1]
		if last.Op != "stack.recover" || last.State != progress.RolledBack {
			y.Errorf("last event %+v", last)
		}
		if r, err := y.m.ApplyRecover(y.Context(), p); err != nil || !r.Unchanged {
			y.Errorf("again: %+v, %v", r, err)
		}
		deploy(y.T, m, want)
		if _, err := y.m.ApplyRecover(y.Context(), p); !errors.Is(err, stack.ErrStale) || !strings.Contains(err.Error(), "it is UPDATE_COMPLETE now") {
			y.Errorf("error %v", err)
		}
	})
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.strand("other", nil)
		p, err := y.m.PlanRecover(y.Context(), stack.RecoverRequest{Name: "other"})
		const text = "stack other (CREATE_FAILED): roll its creation back: what was made is deleted, and then only the deletion of the stack is left\n" +
			"  ! it failed at Group (AWS::EC2::SecurityGroup): no such tag\n"
		if d := cmp.Diff(text, p.String()); d != "" || err != nil {
			y.Errorf("%v: plan (-want +got):\n%s", err, d)
		}
		r, err := y.m.ApplyRecover(y.Context(), p)
		if err != nil || r.Status != "ROLLBACK_COMPLETE" || y.status("other") != r.Status {
			y.Fatalf("%+v, %v: %s", r, err, y.status("other"))
		}
		p, err = y.m.PlanRecover(y.Context(), stack.RecoverRequest{Name: "other"})
		if err != nil || !p.Empty() || p.String() != "stack other: the rollback of its creation has ended (ROLLBACK_COMPLETE), only its deletion is left\n" {
			y.Errorf("%v: %s", err, p)
		}
	})
}

// TestRecoverGoesOnWhereItsRollbackFails, with the same plan.
func TestRecoverGoesOnWhereItsRollbackFails(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.strand("demo", nil)
		y.cloud.Inject("demo/Group", stacktest.Fault{On: []stacktest.Phase{stacktest.Rollback}, Reason: "busy", Times: 1})
		p := y.recovery()
		r, err := y.m.ApplyRecover(y.Context(), p)
		if !errors.Is(err, stack.ErrRollbackFailed) || r.Status != "UPDATE_ROLLBACK_FAILED" || y.status("demo") != r.Status {
			y.Fatalf("%+v, %v: %s", r, err, y.status("demo"))
		}
		if r, err := y.m.ApplyRecover(y.Context(), p); err != nil || r.Status != "UPDATE_ROLLBACK_COMPLETE" || y.cloud.Calls("ContinueUpdateRollback") != 1 || y.cloud.Calls("RollbackStack") != 1 {
			y.Errorf("%+v, %v", r, err)
		}
	})
}

func TestRecoverSaysWhatToDoWhereAWSRollsNothingBack(t *testing.T) {
	express := &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress, DisableRollback: new(true)}
	tests := map[string]struct {
		name string
		skip []string
		with *types.DeploymentConfig
		is   error
		text []string
	}{
		"an update in EXPRESS mode":   {name: "demo", with: express, is: stack.ErrState, text: []string{"it is UPDATE_FAILED in EXPRESS mode", "delete it, or update it to the template", "DisableRollback=true"}},
		"a creation in EXPRESS mode":  {name: "other", with: express, is: stack.ErrState, text: []string{"it is CREATE_FAILED in EXPRESS mode", "delete it, or set RecreateFailed"}},
		"a skip before any rollback":  {name: "demo", skip: []string{"Group"}, is: stack.ErrInvalid, text: []string{"Skip: no rollback of it has failed, it is UPDATE_FAILED"}},
		"a skip of a failed creation": {name: "other", skip: []string{"Group"}, is: stack.ErrInvalid, text: []string{"Skip: no rollback of it has failed, it is CREATE_FAILED"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inYard(t, stacktest.Options{}, func(y *yard) {
				y.strand(tt.name, tt.with)
				_, err := y.m.PlanRecover(y.Context(), stack.RecoverRequest{Name: tt.name, Skip: tt.skip})
				if !errors.Is(err, tt.is) || slices.ContainsFunc(tt.text, func(part string) bool { return !strings.Contains(err.Error(), part) }) {
					y.Errorf("error %v", err)
				}
				// Nor does a plan from elsewhere get there.
				s, _ := y.cloud.Stack(tt.name)
				_, err = y.m.ApplyRecover(y.Context(), stack.Recovery{Stack: tt.name, ID: s.ID, Status: s.Status, Skip: tt.skip})
				if !errors.Is(err, tt.is) || y.cloud.Calls("RollbackStack") != 0 {
					y.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestRecoverBelievesNoPlanFromElsewhere(t *testing.T) {
	inYard(t, stacktest.Options{}, func(y *yard) {
		y.strand("other", nil)
		s, _ := y.cloud.Stack("other")
		for text, p := range map[string]stack.Recovery{
			"it is about demo, and its ARN is that of other": {Stack: "demo", ID: s.ID, Status: "CREATE_FAILED"},
			"it is CREATE_FAILED now":                        {Stack: "other", ID: s.ID, Status: "UPDATE_FAILED"},
			"it is gone":                                     {Stack: "demo", ID: strings.Replace(s.ID, "/other/", "/demo/", 1)},
		} {
			if _, err := y.m.ApplyRecover(y.Context(), p); err == nil || !strings.Contains(err.Error(), text) {
				y.Errorf("error %v, want %s", err, text)
			}
		}
		if y.cloud.Calls("RollbackStack") != 0 {
			y.Error("it was rolled back")
		}
	})
}
