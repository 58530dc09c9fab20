package stacktest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

// world is what there is outside CloudFormation, and what it refuses.
type world struct {
	there   []string // "stack/LogicalID name", in the order of creation
	said    []string
	refused map[string]string // reasons by "create LogicalID"
	ids     map[string]string // physical ids by logical id
}

func (w *world) ask(verb, stack string, r stacktest.Resource) error {
	w.said = append(w.said, verb+" "+stack+"/"+r.LogicalID)
	if why := w.refused[verb+" "+r.LogicalID]; why != "" {
		return errors.New(why)
	}
	return nil
}

func (w *world) Create(stack string, r stacktest.Resource) (string, error) {
	if err := w.ask("create", stack, r); err != nil {
		return "", err
	}
	id := w.ids[r.LogicalID]
	if id == "" {
		id = r.PhysicalID
	}
	w.there = append(w.there, fmt.Sprintf("%s/%s %s", stack, r.LogicalID, id))
	return w.ids[r.LogicalID], nil
}

func (w *world) Delete(stack string, r stacktest.Resource) error {
	if err := w.ask("delete", stack, r); err != nil {
		return err
	}
	gone := fmt.Sprintf("%s/%s %s", stack, r.LogicalID, r.PhysicalID)
	for i, other := range w.there {
		if other == gone {
			w.there = append(w.there[:i:i], w.there[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("there is no %s", gone)
}

func onWorld(t *testing.T, test func(b bench, w *world)) {
	t.Helper()
	w := &world{refused: make(map[string]string), ids: make(map[string]string)}
	onBench(t, stacktest.Options{Timing: quick, Services: w, Template: func(url string) ([]byte, bool) {
		return []byte(logs), url == "https://templates.example.com/logs"
	}}, func(b bench) { test(b, w) })
}

const pair = `
Parameters: {Name: {Type: String, Default: one}}
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Ref Name, Tags: [{Key: A, Value: b}]}}
  Group: {Type: AWS::Logs::LogGroup, DependsOn: Cluster, Properties: {LogGroupName: !Sub '/${Cluster}'}}
Outputs:
  Cluster: {Value: !Ref Cluster}
`

func named(name string) set { return set{body: pair, parameters: map[string]string{"Name": name}} }

func TestOtherServicesHearWhatStacksMake(t *testing.T) {
	onWorld(t, func(b bench, w *world) {
		w.ids["Group"] = "the-id-of-the-other-service"
		if got := b.create("demo", named("one")); got != "CREATE_COMPLETE" {
			b.Fatal(got)
		}
		if d := cmp.Diff([]string{"demo/Cluster one", "demo/Group the-id-of-the-other-service"}, w.there); d != "" {
			b.Errorf("after the creation (-want +got):\n%s", d)
		}
		if got := b.physical("demo", "Group"); got != "the-id-of-the-other-service" {
			b.Errorf("the stack calls it %s", got)
		}
		if d := cmp.Diff([]string{"demo"}, b.cloud.Stacks()); d != "" {
			b.Errorf("stacks (-want +got):\n%s", d)
		}
		// A replacement is there before what it replaces goes.
		delete(w.ids, "Group")
		w.said = nil
		if got := b.update("demo", named("two")); got != "UPDATE_COMPLETE" {
			b.Fatal(got)
		}
		if d := cmp.Diff([]string{"create demo/Cluster", "create demo/Group", "delete demo/Group", "delete demo/Cluster"}, w.said); d != "" {
			b.Errorf("of the update (-want +got):\n%s", d)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" || len(w.there) > 0 || len(b.cloud.Stacks()) > 0 {
			b.Errorf("%s, left %q", got, w.there)
		}
	})
}

func TestOtherServicesRefuse(t *testing.T) {
	tests := map[string]struct {
		refused, why string
		then         func(b bench) string // what is done to the stack, and its status
		want         string
		there        string
	}{
		"to make something new, which undoes the rest": {
			refused: "create Group", why: "The limit of log groups is reached",
			then: func(b bench) string { return b.create("demo", named("one")) }, want: "ROLLBACK_COMPLETE",
		},
		"to make a replacement, so that the old thing stays": {
			refused: "create Cluster", why: "Cluster two already exists",
			then: func(b bench) string { return b.update("demo", named("two")) }, want: "UPDATE_ROLLBACK_COMPLETE",
			there: "demo/Cluster one, demo/Group /one",
		},
		"to delete what is in use": {
			refused: "delete Cluster", why: "The Cluster cannot be deleted while Services are active.",
			then: func(b bench) string { return b.delete("demo") }, want: "DELETE_FAILED",
			there: "demo/Cluster one",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onWorld(t, func(b bench, w *world) {
				if !strings.HasPrefix(tt.want, "ROLLBACK") {
					b.create("demo", named("one"))
				}
				w.refused[tt.refused] = tt.why
				if got := tt.then(b); got != tt.want {
					b.Errorf("%s, want %s", got, tt.want)
				}
				if got := strings.Join(w.there, ", "); got != tt.there {
					b.Errorf("there is %q, want %q", got, tt.there)
				}
				_, id, _ := strings.Cut(tt.refused, " ")
				told := strings.Join(b.events(b.id("demo")), "\n")
				if !strings.Contains(told, "_FAILED Resource handler returned message: \""+tt.why+"\"") || !strings.Contains(told, id+" ") {
					b.Errorf("events:\n%s", told)
				}
				// Once nobody refuses any more, it can be tried again.
				clear(w.refused)
				if got := b.delete("demo"); got != "DELETE_COMPLETE" || len(w.there) > 0 {
					b.Errorf("%s, left %q", got, w.there)
				}
				if got := b.create("demo", named("two")); got != "CREATE_COMPLETE" {
					b.Errorf("the name is not free: %s", got)
				}
			})
		})
	}
}

func TestOtherServicesKeepWhatIsRetained(t *testing.T) {
	onWorld(t, func(b bench, w *world) {
		b.create("demo", set{body: `
Resources:
  Kept: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: kept}}
  Gone: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: gone}}
`})
		b.delete("demo")
		if d := cmp.Diff([]string{"demo/Kept kept"}, w.there); d != "" {
			b.Errorf("left (-want +got):\n%s", d)
		}
	})
}

func TestOtherServicesHearOfNestedStacksWithin(t *testing.T) {
	onWorld(t, func(b bench, w *world) {
		if got := b.create("demo", days("7")); got != "CREATE_COMPLETE" {
			b.Fatal(got)
		}
		if len(w.there) != 3 || !strings.HasPrefix(w.there[0], "demo-Logs-") || !strings.Contains(w.there[2], "demo/After ") {
			b.Errorf("there is %q", w.there)
		}
		if got := b.cloud.Stacks(); len(got) != 2 || got[0] != "demo" {
			b.Errorf("stacks %q", got)
		}
		if got := b.delete("demo"); got != "DELETE_COMPLETE" || len(w.there) > 0 {
			b.Errorf("%s, left %q", got, w.there)
		}
	})
}
