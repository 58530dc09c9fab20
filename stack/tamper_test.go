package stack_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// neighbour is another stack in the same account.
func neighbour() stack.Stack {
	s := demo()
	s.Name = "neighbour"
	s.Parameters = map[string]string{"Environment": "neighbour", "Redis": "neighbour"}
	return s
}

// TestPlanThatSomebodyEdited applies plans from JSON that say other than their
// change set does.
func TestPlanThatSomebodyEdited(t *testing.T) {
	replacing := func() stack.Stack {
		s := demo()
		s.Parameters["Redis"] = "other"
		return s
	}
	tests := map[string]struct {
		edit func(*stack.Plan)
		want error
	}{
		"what is refused is left out": {func(p *stack.Plan) { p.Refused = nil }, stack.ErrConsent},
		"so are the changes":          {func(p *stack.Plan) { p.Refused, p.Changes = nil, nil }, stack.ErrConsent},
		"and they say that nothing is stateful": {
			func(p *stack.Plan) {
				p.Refused = nil
				for i := range p.Changes {
					p.Changes[i].Stateful = false
				}
			},
			stack.ErrConsent,
		},
		"it is a plan of another stack":                    {func(p *stack.Plan) { p.Refused, p.Stack = nil, "neighbour" }, stack.ErrNotPlanned},
		"it has consent, which is whoever's who writes it": {func(p *stack.Plan) { p.Refused, p.Consent = nil, []string{"Cache"} }, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				deploy(t, manager(cloud), demo())
				p := elsewhere(t, plan(t, manager(cloud), replacing()))
				if len(p.Refused) != 1 {
					t.Fatalf("plan:\n%s", p)
				}
				tt.edit(&p)
				before := cloud.Calls("ExecuteChangeSet")
				_, err := manager(cloud).Apply(t.Context(), p)
				if !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
				if executed := cloud.Calls("ExecuteChangeSet") > before; executed != (tt.want == nil) {
					t.Errorf("executed: %t", executed)
				}
			})
		})
	}
}

func TestStatefulTypesSurviveJSON(t *testing.T) {
	for name, types := range map[string][]string{"none at all": {}, "others than usual": {"AWS::SNS::Topic"}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
				deploy(t, manager(cloud), demo())
				s := demo()
				s.Parameters["Redis"], s.Stateful = "other", types
				if _, err := manager(cloud).Apply(t.Context(), elsewhere(t, plan(t, manager(cloud), s))); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestChangeSetOfAnotherStack(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m := manager(cloud)
		deploy(t, m, demo())
		deploy(t, m, neighbour())
		theirs, ours := neighbour(), demo()
		theirs.Parameters["Days"], ours.Parameters["Days"] = "99", "77"
		foreign, p := plan(t, m, theirs), plan(t, m, ours)
		p.ChangeSet = foreign.ChangeSet
		before := writes(cloud)
		_, err := m.Apply(t.Context(), p)
		if !errors.Is(err, stack.ErrNotPlanned) || !strings.Contains(err.Error(), "its change set is one of stack neighbour") {
			t.Errorf("error %v", err)
		}
		if err := m.Discard(t.Context(), p); !errors.Is(err, stack.ErrNotPlanned) {
			t.Errorf("discarded: %v", err)
		}
		p.ID, p.Action = foreign.ID, stack.Create
		if err := m.Discard(t.Context(), p); !errors.Is(err, stack.ErrNotPlanned) {
			t.Errorf("discarded under another name: %v", err)
		}
		if n := writes(cloud) - before; n != 0 {
			t.Errorf("%d writes", n)
		}
		if _, err := m.Apply(t.Context(), foreign); err != nil {
			t.Errorf("the plan of the neighbour: %v", err)
		}
	})
}

// meddler lets something happen after the first look at the events of a stack.
type meddler struct {
	*cloudformation.Client
	meddle func()
}

func (m *meddler) DescribeStackEvents(ctx context.Context, in *cloudformation.DescribeStackEventsInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	out, err := m.Client.DescribeStackEvents(ctx, in, opts...)
	if meddle := m.meddle; meddle != nil {
		m.meddle = nil
		meddle()
	}
	return out, err
}

// alter begins an update of "demo" by other means.
func alter(t *testing.T, client *cloudformation.Client) {
	t.Helper()
	in := updateOf("demo", strings.Replace(environment, "EvaluationPeriods: 1", "EvaluationPeriods: 9", 1))
	if _, err := client.UpdateStack(context.WithoutCancel(t.Context()), in); err != nil {
		t.Fatal(err)
	}
}

func updateOf(name, body string) *cloudformation.UpdateStackInput {
	return &cloudformation.UpdateStackInput{
		StackName: &name, TemplateBody: &body,
		Parameters: []types.Parameter{{ParameterKey: new("Environment"), ParameterValue: &name}},
	}
}

// TestUpdateOfSomebodyElseIsNotCancelled ends the context before anything is
// executed, while somebody else begins an update.
func TestUpdateOfSomebodyElseIsNotCancelled(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		deploy(t, manager(cloud), demo())
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		client := cloud.Client()
		api := &meddler{Client: client, meddle: func() { alter(t, client); stop() }}
		m := stack.New(api, stack.Options{CancelUpdate: true})
		s := demo()
		s.Parameters["Days"] = "30"
		before := cloud.Calls("ExecuteChangeSet")
		_, err := m.Apply(ctx, plan(t, m, s))
		if !errors.Is(err, context.Canceled) || err.Error() != "apply stack demo: context canceled" {
			t.Errorf("error %v", err)
		}
		if cloud.Calls("CancelUpdateStack") != 0 || cloud.Calls("ExecuteChangeSet") != before {
			t.Errorf("%d cancelled, %d executed", cloud.Calls("CancelUpdateStack"), cloud.Calls("ExecuteChangeSet")-before)
		}
	})
}
