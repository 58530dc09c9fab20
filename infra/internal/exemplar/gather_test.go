package exemplar

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGather(t *testing.T) {
	const body = `Resources:
  A: {Type: T}

Outputs:
  First: {Value: !GetAtt A.Arn}

  # of all of them
  Roles:
    Condition: Any
    Description: ARNs
    Value: !Join [',', [!GetAtt PersonRole.Arn]] # with commas
  Last: {Value: !Join [',', [a, b]]}
`
	tests := map[string]struct {
		ids  []string
		want string // in the place of Roles, with the comment above
	}{
		"all in one": {
			[]string{"A", "B"},
			"\n  # of all of them\n  Roles:\n    Description: ARNs\n    Value: !Join [',', [!GetAtt A.Arn, !GetAtt B.Arn]] # with commas\n",
		},
		"more than one holds": {
			[]string{"A", "B", "C"},
			"\n  # of all of them\n  Roles:\n    Description: ARNs\n    Value: !Join [',', [!GetAtt A.Arn, !GetAtt B.Arn]] # with commas\n" +
				"  Roles2:\n    Description: ARNs\n    Value: !Join [',', [!GetAtt C.Arn]]\n",
		},
		"none": {nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := parse(t, body)
			if err := tpl.Gather("Roles", tt.ids, 2); err != nil {
				t.Fatal(err)
			}
			before, rest, _ := strings.Cut(body, "\n  # of")
			_, after, _ := strings.Cut(rest, "# with commas\n")
			if d := cmp.Diff(before+tt.want+after, written(t, tpl)); d != "" {
				t.Errorf("template (-want +got):\n%s", d)
			}
		})
	}
	t.Run("what joins no exemplar cannot be gathered", func(t *testing.T) {
		tpl := parse(t, body)
		for _, output := range []string{"Gone", "First", "Last"} {
			if err := tpl.Gather(output, []string{"A"}, 2); err == nil || !strings.Contains(err.Error(), "gather "+output) {
				t.Errorf("%s: error %v", output, err)
			}
		}
	})
}
