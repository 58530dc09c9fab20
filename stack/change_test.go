package stack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
)

func TestActionOf(t *testing.T) {
	tests := map[string]struct {
		change types.ResourceChange
		want   ChangeAction
	}{
		"added":                        {types.ResourceChange{Action: "Add"}, Add},
		"imported":                     {types.ResourceChange{Action: "Import"}, Add},
		"removed":                      {types.ResourceChange{Action: "Remove"}, Delete},
		"modified":                     {types.ResourceChange{Action: "Modify"}, Modify},
		"modified in place":            {types.ResourceChange{Action: "Modify", Replacement: "False"}, Modify},
		"replaced":                     {types.ResourceChange{Action: "Modify", Replacement: "True"}, Replace},
		"perhaps replaced":             {types.ResourceChange{Action: "Modify", Replacement: "Conditional"}, MayReplace},
		"replaced as its policy says":  {types.ResourceChange{Action: "Modify", PolicyAction: "ReplaceAndSnapshot"}, Replace},
		"only noted down":              {types.ResourceChange{Action: "SyncWithActual"}, Modify},
		"not decided yet":              {types.ResourceChange{Action: "Dynamic"}, MayReplace},
		"something that is not known":  {types.ResourceChange{Action: "Teleport"}, MayReplace},
		"nothing that is said, either": {types.ResourceChange{}, MayReplace},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := actionOf(tt.change); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	signs := ""
	for _, a := range []ChangeAction{Add, Modify, Replace, MayReplace, Delete} {
		signs += a.Sign() + " "
	}
	if signs != "+ ~ ! !? - " {
		t.Errorf("signs %s", signs)
	}
}

func TestPropertyChanges(t *testing.T) {
	target := func(mod func(*types.ResourceTargetDefinition)) types.ResourceChangeDetail {
		d := types.ResourceChangeDetail{Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties}}
		mod(d.Target)
		return d
	}
	dynamic := func(d types.ResourceChangeDetail) types.ResourceChangeDetail {
		d.Evaluation = types.EvaluationTypeDynamic
		return d
	}
	tests := map[string]struct {
		details []types.ResourceChangeDetail
		want    []PropertyChange
	}{
		"a detail without a target says nothing": {[]types.ResourceChangeDetail{{}}, []PropertyChange{}},
		"without values, the name stands for the path": {
			[]types.ResourceChangeDetail{target(func(t *types.ResourceTargetDefinition) { t.Name = new("Name") })},
			[]PropertyChange{{Path: "Name", Action: Modify, Recreates: "never"}},
		},
		"other attributes go by their name": {
			[]types.ResourceChangeDetail{target(func(t *types.ResourceTargetDefinition) { t.Attribute = types.ResourceAttributeUpdatePolicy })},
			[]PropertyChange{{Path: "UpdatePolicy", Action: Modify, Recreates: "never"}},
		},
		"paths are sorted, and read with dots": {
			[]types.ResourceChangeDetail{
				target(func(t *types.ResourceTargetDefinition) {
					t.Path, t.AttributeChangeType, t.BeforeValue = new("/Properties/Tags/0/Value"), types.AttributeChangeTypeRemove, new("x")
				}),
				target(func(t *types.ResourceTargetDefinition) {
					t.Path, t.AttributeChangeType, t.AfterValue = new("/Properties/A"), types.AttributeChangeTypeAdd, new("{{changeSet:KNOWN_AFTER_APPLY}}")
				}),
			},
			[]PropertyChange{
				{Path: "A", Action: Add, After: KnownAfterApply, Recreates: "never"},
				{Path: "Tags.0.Value", Action: Delete, Before: "x", Recreates: "never"},
			},
		},
		"two details of one path are one change, with the gravest effect": {
			[]types.ResourceChangeDetail{
				dynamic(target(func(t *types.ResourceTargetDefinition) {
					t.Name, t.RequiresRecreation = new("A"), types.RequiresRecreationConditionally
				})),
				target(func(t *types.ResourceTargetDefinition) {
					t.Path, t.BeforeValue, t.AfterValue, t.RequiresRecreation = new("/Properties/A"), new("1"), new("2"), types.RequiresRecreationAlways
				}),
				target(func(t *types.ResourceTargetDefinition) {
					t.Name, t.RequiresRecreation = new("A"), types.RequiresRecreationNever
				}),
			},
			[]PropertyChange{{Path: "A", Action: Modify, Before: "1", After: "2", Recreates: "always"}},
		},
		"what one detail hides, the other does not show": {
			[]types.ResourceChangeDetail{
				target(func(t *types.ResourceTargetDefinition) {
					t.Path, t.BeforeValue, t.AfterValue = new("/Properties/A"), new("1"), new("2")
				}),
				{
					ChangeSource: types.ChangeSourceParameterReference, CausingEntity: new("Secret"),
					Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, Name: new("A")},
				},
			},
			[]PropertyChange{{Path: "A", Action: Modify, Before: masked, After: masked, Recreates: "never", Cause: "Secret"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := located{ResourceChange: types.ResourceChange{LogicalResourceId: new("R"), Details: tt.details}}
			got := propertyChanges(l, secrets{names: map[string]bool{"Secret": true}})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzPlanText reads plans of other processes: whatever they hold, the text neither
// panics nor steers a terminal, and has a line for each change.
func FuzzPlanText(f *testing.F) {
	f.Add(`{"stack":"demo","action":"update","changes":[{"action":"replace","logicalID":"A","properties":[{"path":"P","before":"\u001b[2J"}]}]}`)
	f.Add(`{"stack":"d\nemo","action":"recreate","status":"\u0007","parameters":[{"action":"x","name":"\t"}],"refused":[{"logicalID":"\u202e"}],"unneeded":["\f"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var p Plan
		if json.Unmarshal([]byte(text), &p) != nil {
			return
		}
		got := p.String()
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
			t.Errorf("a control character in %q", got)
		}
		lines := 1 + len(p.Changes)
		for _, c := range p.Changes {
			lines += len(c.Properties)
		}
		if n := strings.Count(got, "\n"); n < lines {
			t.Errorf("%d lines for %d changes: %q", n, lines, got)
		}
	})
}
