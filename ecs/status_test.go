package ecs_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/progress"
)

func TestStatusTellsWhereARolloutStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, journal := journalled(t)
		if _, err := l.Status(t.Context()); !errors.Is(err, ecs.ErrNothingToRollBack) {
			t.Errorf("without a rollout: %v", err)
		}
		chain := func(image string) []ecs.Service {
			return []ecs.Service{svc("a", image), svc("b", image, "a"), svc("c", image, "b")}
		}
		l.mustRoll(chain("v1"))
		l.dieAt(journal, append(chain("v2"), svc("d", "v2", "c")), "UpdateService", 2, true)
		time.Sleep(time.Minute)
		client := l.cloud.Client()
		td, err := client.RegisterTaskDefinition(t.Context(), svc("a", "other").TaskDefinition)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.UpdateService(t.Context(), &awsecs.UpdateServiceInput{Cluster: new(cluster), Service: new("a"), TaskDefinition: td.TaskDefinition.TaskDefinitionArn}); err != nil {
			t.Fatal(err)
		}
		status, err := l.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, s := range status.Services {
			lines = append(lines, s.Service+" "+s.Stage+" runs "+s.Runs)
		}
		want := []string{"a healthy runs other", "b intended runs new", "c waiting runs old", "d waiting runs nothing"}
		if d := cmp.Diff(want, lines); d != "" {
			t.Errorf("status (-want +got):\n%s\n%s", d, status)
		}
		r, err := l.Rollback(t.Context())
		if !errors.Is(err, ecs.ErrSuperseded) || find(r, "a").State != progress.Failed || find(r, "b").State != progress.RolledBack {
			t.Errorf("rolled back with %v: %s", err, r)
		}
		if got := l.running("a"); got != "test-a:3" {
			t.Errorf("a runs %s: what somebody else had deployed is gone", got)
		}
	})
}
