package report

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestMarks(t *testing.T) {
	tests := map[string]struct{ got, want mark }{
		"a state of the vocabulary":       {markOf(progress.Done), mark{"done", "done"}},
		"rolling back looks as rolled":    {markOf(progress.RollingBack), mark{"back", "rolling back"}},
		"a state of others":               {markOf("paused"), mark{"other", "paused"}},
		"no state":                        {markOf(""), mark{"other", "unknown"}},
		"a built image":                   {markOfOutcome("built"), mark{"done", "built"}},
		"an image that was not begun":     {markOfOutcome("not begun"), mark{"skipped", "not begun"}},
		"an image of another outcome":     {markOfOutcome("mirrored"), mark{"other", "mirrored"}},
		"an error":                        {markOfSeverity("error"), mark{"failed", "error"}},
		"a finding without a severity":    {markOfSeverity(""), mark{"other", "finding"}},
		"a stack that is done":            {markOfStack(Stack{Action: "create", Status: "CREATE_COMPLETE"}), mark{"done", "CREATE_COMPLETE"}},
		"a stack that was rolled back":    {markOfStack(Stack{Action: "update", Status: "UPDATE_ROLLBACK_COMPLETE"}), mark{"failed", "UPDATE_ROLLBACK_COMPLETE"}},
		"a stack that could not be gone":  {markOfStack(Stack{Action: "delete", Status: "DELETE_FAILED"}), mark{"failed", "DELETE_FAILED"}},
		"a stack with an error":           {markOfStack(Stack{Action: "create", Error: "no"}), mark{"failed", "planned"}},
		"a stack under way":               {markOfStack(Stack{Action: "create", Status: "CREATE_IN_PROGRESS"}), mark{"running", "CREATE_IN_PROGRESS"}},
		"a stack that is planned":         {markOfStack(Stack{Action: "create"}), mark{"waiting", "planned"}},
		"a stack without changes":         {markOfStack(Stack{Action: "none", Status: "UPDATE_COMPLETE"}), mark{"unchanged", "UPDATE_COMPLETE"}},
		"a stack without anything at all": {markOfStack(Stack{}), mark{"unchanged", "unchanged"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.got); d != "" {
				t.Errorf("mark (-want +got):\n%s", d)
			}
		})
	}
}

func TestEachMarkHasItsShapeAndEachSignItsOwn(t *testing.T) {
	symbols, err := os.ReadFile("page.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{}
	for _, slug := range []string{"done", "unchanged", "failed", "back", "running", "waiting", "skipped", "warning", "note", "other"} {
		_, after, found := strings.Cut(string(symbols), `<symbol id="m-`+slug+`"`)
		if !found {
			t.Errorf("no symbol for %s", slug)
			continue
		}
		shape, _, _ := strings.Cut(after, "</symbol>")
		if twin, there := shapes[shape]; there {
			t.Errorf("%s and %s have one shape: those who see no colours cannot tell them apart", slug, twin)
		}
		shapes[shape] = slug
	}
	signs := map[string]string{}
	for _, action := range []string{"add", "modify", "replace", "delete", "none"} {
		s := signOf(action)
		if s.Slug != action || s.Word != action {
			t.Errorf("%s is shown as %+v", action, s)
		}
		if twin, there := signs[s.Sign]; there {
			t.Errorf("%s and %s have one sign", action, twin)
		}
		signs[s.Sign] = action
	}
	if !deletes("Removed") || deletes("keep") || !nothing("keep") || nothing("create") {
		t.Error("actions are taken for others")
	}
}

func TestChangesThatPutSomethingAtRiskComeFirst(t *testing.T) {
	changes := []Change{{Action: "add", Name: "a"}, {Action: "none", Name: "b"}, {Action: "delete", Name: "c"}, {Action: "modify", Name: "d"}, {Action: "replace", Name: "e"}, {Action: "delete", Name: "f"}, {Name: "g"}}
	var got []string
	for _, c := range changeRows(changes).Shown {
		got = append(got, c.Name)
	}
	if d := cmp.Diff([]string{"c", "f", "e", "d", "a", "b", "g"}, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
	if got, want := counts(changes), "2 delete, 1 replace, 1 modify, 1 add, 2 none"; got != want {
		t.Errorf("counts = %q, want %q", got, want)
	}
}
