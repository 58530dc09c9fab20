package stack_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// elsewhere is a plan as another process reads it.
func elsewhere(t *testing.T, p stack.Plan) (read stack.Plan) {
	t.Helper()
	if err := json.Unmarshal([]byte(encode(t, p)), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestPlanOfAnotherProcess(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		s := demo()
		s.Production = true
		p := elsewhere(t, plan(t, manager(cloud), s))
		r, err := manager(cloud).Apply(t.Context(), p)
		if err != nil || r.Outputs["Redis"] != "demo-redis" || !*describe(t, cloud, "demo").EnableTerminationProtection {
			t.Errorf("result %+v, error %v", r, err)
		}
		if r, err = manager(cloud).Apply(t.Context(), elsewhere(t, plan(t, manager(cloud), s))); err != nil || r.Action != stack.Keep {
			t.Errorf("nothing to do elsewhere: %+v, error %v", r, err)
		}
	})
}

func TestRecreationNeedsItsProcess(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		m, s := broken(t, cloud)
		p := elsewhere(t, plan(t, m, s))
		before := writes(cloud)
		if _, err := m.Apply(t.Context(), p); !errors.Is(err, stack.ErrNotPlanned) || writes(cloud) != before {
			t.Errorf("error %v", err)
		}
	})
}

func TestApplyRefusesWhatIsNoPlan(t *testing.T) {
	const id = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1"
	tests := map[string]stack.Plan{
		"an update of a stack of another name": {Stack: "dem", ID: id, Action: stack.Update, ChangeSet: "arn:y"},
		"what keeps, and executes":             {Stack: "demo", ID: id, Action: stack.Keep, ChangeSet: "arn:y"},
		"nothing at all":                       {},
		"a name alone":                         {Stack: "demo"},
		"an action that there is not":          {Stack: "demo", ID: id, Action: "destroy", ChangeSet: "arn:y"},
		"an update of no stack":                {Stack: "demo", Action: stack.Update, ChangeSet: "arn:y"},
		"a creation without its change set":    {Stack: "demo", ID: id, Action: stack.Create},
		"a plan to keep what is not there":     {Stack: "demo", Action: stack.Keep},
		"a plan without the name of a stack":   {ID: id, Action: stack.Update, ChangeSet: "arn:y"},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := stacktest.New(stacktest.Options{})
			if _, err := manager(cloud).Apply(t.Context(), p); !errors.Is(err, stack.ErrNotPlanned) {
				t.Errorf("error %v", err)
			}
			if n := writes(cloud); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}
