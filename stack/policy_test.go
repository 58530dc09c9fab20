package stack

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	change := func(id string, action ChangeAction, old Fate, stateful bool) Change {
		return Change{LogicalID: id, Type: "T", Action: action, Old: old, Stateful: stateful}
	}
	tests := map[string]struct {
		changes  []Change
		consent  []string
		refused  []Refusal
		unneeded []string
	}{
		"nothing happens": {},
		"what has no state may go": {
			changes: []Change{change("Alarm", Delete, FateDeleted, false), change("Alb", Replace, FateDeleted, false)},
		},
		"state that is added or modified is safe": {
			changes: []Change{change("Cache", Add, "", true), change("Bucket", Modify, "", true)},
		},
		"state is not deleted": {
			changes: []Change{change("Cache", Delete, FateDeleted, true)},
			refused: []Refusal{{"Cache", "T", Delete}},
		},
		"nor replaced": {
			changes: []Change{change("Cache", Replace, FateDeleted, true)},
			refused: []Refusal{{"Cache", "T", Replace}},
		},
		"nor put at risk": {
			changes: []Change{change("Cache", MayReplace, FateDeleted, true)},
			refused: []Refusal{{"Cache", "T", MayReplace}},
		},
		"a snapshot is no substitute": {
			changes: []Change{change("Db", Delete, FateSnapshot, true)},
			refused: []Refusal{{"Db", "T", Delete}},
		},
		"what stays in the account may leave the stack": {
			changes: []Change{change("Bucket", Delete, FateRetained, true)},
		},
		"but a new and empty one takes its place only with consent": {
			changes: []Change{change("Bucket", Replace, FateRetained, true)},
			refused: []Refusal{{"Bucket", "T", Replace}},
		},
		"consent goes by logical id": {
			changes: []Change{change("A", Delete, FateDeleted, true), change("N/A", Delete, FateDeleted, true), change("B", Replace, FateDeleted, true)},
			consent: []string{"A", "B"},
			refused: []Refusal{{"N/A", "T", Delete}},
		},
		"consent that nothing needs is told, once": {
			changes:  []Change{change("A", Modify, "", true), change("B", Delete, FateDeleted, false)},
			consent:  []string{"Gone", "B", "A", "B"},
			unneeded: []string{"A", "B", "Gone"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused, unneeded := judge(tt.changes, tt.consent)
			if d := cmp.Diff(tt.refused, refused); d != "" {
				t.Errorf("refused (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.unneeded, unneeded); d != "" {
				t.Errorf("unneeded (-want +got):\n%s", d)
			}
		})
	}
}

func TestDefaultStateful(t *testing.T) {
	list := DefaultStateful()
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Errorf("the list is not sorted, or says something twice: %v", list)
	}
	for _, want := range []string{"AWS::S3::Bucket", "AWS::ElastiCache::CacheCluster", "AWS::EKS::Cluster", "AWS::ECS::Cluster", "AWS::Route53::HostedZone"} {
		if !slices.Contains(list, want) {
			t.Errorf("%s is missing", want)
		}
	}
	list[0] = "changed"
	if DefaultStateful()[0] == "changed" {
		t.Error("one caller changes the list of others")
	}
}
