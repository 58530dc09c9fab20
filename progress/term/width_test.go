package term

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

var update = flag.Bool("update", false, "write the golden files anew")

// delivery is a run as people have it: stacks with long names, modules with
// paths, and a rollout of which one service fails. Middle is called where most
// is under way.
func delivery(r *Renderer, middle func()) {
	emit := func(op, subject string, state progress.State, message string, needs ...string) {
		progress.Func(r.Emit).Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Needs: needs})
	}
	emit("changes.select", "", progress.Done, "5 of 28 modules")
	for _, env := range []string{"environment", "network", "kre"} {
		emit("stack.apply", "automation-dev-feature-velocloud-retries-c721e158-"+env, progress.Running, "42 of 57 resources, AWS::ElasticLoadBalancingV2::TargetGroup NotifierTargetGroup is being created")
	}
	for _, env := range []string{"production", "staging"} {
		emit("validate.check", "infrastructure/modules/velocloud-bridge/environments/"+env+"/main", progress.Done, "no findings")
	}
	bridges := []string{"bruin-bridge", "cts-bridge", "hawkeye-bridge", "lit-bridge", "velocloud-bridge"}
	for _, name := range bridges {
		emit("ecs.rollout", name, progress.Waiting, "")
	}
	for _, name := range []string{"service-outage-monitor-1", "service-outage-monitor-triage"} {
		emit("ecs.rollout", name, progress.Waiting, "", bridges...)
	}
	time.Sleep(72 * time.Second)
	for _, name := range bridges {
		emit("ecs.rollout", name, progress.Running, "2 of 3 tasks running, waiting for them to be healthy")
	}
	time.Sleep(8*time.Second + 50*time.Millisecond)
	middle()
	for _, env := range []string{"environment", "network", "kre"} {
		emit("stack.apply", "automation-dev-feature-velocloud-retries-c721e158-"+env, progress.Done, "57 resources")
	}
	for _, name := range bridges[:4] {
		emit("ecs.rollout", name, progress.Done, "3 of 3 tasks running")
	}
	progress.Func(r.Emit).Emit(progress.Event{
		Op: "ecs.rollout", Subject: "velocloud-bridge", State: progress.Failed,
		Err: errors.New("roll out velocloud-bridge: tasks fail: essential container in task exited, container velocloud-bridge exited with code 1 (4 tasks)\nlog:\n    ConnectionError: redis://automation-dev-feature-velocloud-retries-c721e158.cache.amazonaws.com:6379 refused the connection"),
	})
	for _, name := range []string{"service-outage-monitor-1", "service-outage-monitor-triage"} {
		emit("ecs.rollout", name, progress.Skipped, "needs velocloud-bridge, which failed")
	}
}

func TestWidths(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {160, 40}, {80, 12}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		t.Run(name, func(t *testing.T) {
			show(t, size[0], size[1], Options{}, func(r *Renderer, tty *emulator) {
				delivery(r, func() { golden(t, "live-"+name, tty.screen()) })
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				golden(t, "final-"+name, tty.all())
			})
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, d)
	}
}

func TestTheFinalViewCountsWhatIsWellOfMany(t *testing.T) {
	var out strings.Builder
	r := New(&out, Options{NoColor: true, Size: func() (int, int) { return 80, 24 }})
	for i := range 60 {
		r.Emit(progress.Event{Op: "stack.apply", Subject: fmt.Sprintf("resource %d", i), State: progress.Done})
	}
	r.Emit(progress.Event{Op: "stack.apply", Subject: "the cluster", State: progress.Failed, Err: errors.New("no capacity")})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	final := out.String()
	final = final[strings.LastIndex(final, "stack.apply\n"):]
	if strings.Contains(final, "resource 7") || !strings.Contains(final, "… 60 done") || !strings.Contains(final, "the cluster") || !strings.Contains(final, "no capacity") {
		t.Errorf("%s", final)
	}
}

func TestABriefEndOfOneThatIsWellIsNone(t *testing.T) {
	tty := newEmulator(80, 24)
	r := New(tty, Options{NoColor: true, Brief: true, Size: tty.size})
	r.Emit(progress.Event{Op: "stack.plan", Subject: "network", State: progress.Done})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left := strings.TrimSpace(strings.Join(strings.Fields(tty.all()), " ")); left != "" {
		t.Errorf("left: %q", left)
	}
}

func TestABriefEnd(t *testing.T) {
	tests := map[string]struct {
		failure error
		want    []string
		not     []string
	}{
		"of what is well is one line":     {nil, []string{"2/2 done"}, []string{"notifier", "ecs.rollout"}},
		"names what failed, and says why": {errors.New("no capacity"), []string{"ecs.rollout", "notifier", "no capacity", "… 1 done"}, []string{"nats"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := New(&out, Options{NoColor: true, Brief: true, Interval: time.Hour, Size: func() (int, int) { return 80, 24 }})
			r.Emit(progress.Event{Op: "ecs.rollout", Subject: "nats", State: progress.Done})
			last := progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Done}
			if tt.failure != nil {
				last.State, last.Err = progress.Failed, tt.failure
			}
			r.Emit(last)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in:\n%s", want, out.String())
				}
			}
			for _, not := range tt.not {
				if strings.Contains(out.String(), not) {
					t.Errorf("%q is in:\n%s", not, out.String())
				}
			}
		})
	}
}
