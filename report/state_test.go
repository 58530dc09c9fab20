package report

import (
	"testing"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

func TestState(t *testing.T) {
	stage := func(s progress.State, from, to float64) Stage {
		v := Stage{Name: "s", State: s}
		if from >= 0 {
			v.Started = clock(from)
		}
		if to >= 0 {
			v.Ended = clock(to)
		}
		return v
	}
	remove := stage(progress.Done, 0, 60)
	remove.Changes = []Change{{Action: "delete"}, {Action: "none"}}
	both := remove
	both.Stacks = []Stack{{Action: "update"}}
	tests := map[string]struct {
		stages []Stage
		want   progress.State
		took   time.Duration
		lead   string
	}{
		"no stages": {nil, progress.Waiting, 0, "Nothing has been reported yet."},
		"all done": {
			[]Stage{stage(progress.Done, 0, 10), stage(progress.Unchanged, 10, 12), stage(progress.Skipped, -1, -1)},
			progress.Done, 12 * time.Second, "Everything went through in 12 s.",
		},
		"done without times": {[]Stage{stage(progress.Done, -1, -1)}, progress.Done, 0, "Everything went through."},
		"a failure counts most": {
			[]Stage{stage(progress.Failed, 0, 5), stage(progress.Running, 5, -1), stage(progress.Waiting, -1, -1)},
			progress.Failed, 90 * time.Second, "Failed at s after 1 min 30 s.",
		},
		"still running, until the page was written": {
			[]Stage{stage(progress.Done, 0, 5), stage(progress.Running, 5, -1)},
			progress.Running, 90 * time.Second, "Still running: s, 1 min 30 s so far.",
		},
		"ended in the middle": {
			[]Stage{stage(progress.Done, 0, 5), stage(progress.Waiting, -1, -1)},
			progress.Waiting, 5 * time.Second, "Not at its end: s has yet to begin, 5 s so far.",
		},
		"rolled back":        {[]Stage{stage(progress.RolledBack, 0, 5)}, progress.RolledBack, 5 * time.Second, "Rolled back: s, 5 s after the beginning."},
		"rolling back":       {[]Stage{stage(progress.RollingBack, 0, -1)}, progress.RollingBack, 90 * time.Second, "Rolling back: s, 1 min 30 s after the beginning."},
		"nothing changed":    {[]Stage{stage(progress.Unchanged, 0, 2)}, progress.Unchanged, 2 * time.Second, "Everything was already as asked for; it took 2 s to see."},
		"nothing to do":      {[]Stage{stage(progress.Skipped, -1, -1)}, progress.Skipped, 0, "There was nothing to do."},
		"a removal":          {[]Stage{remove}, progress.Done, time.Minute, "Everything was removed in 1 min."},
		"more than removals": {[]Stage{both}, progress.Done, time.Minute, "Everything went through in 1 min."},
		"a clock that went back": {
			[]Stage{stage(progress.Done, 10, 5)}, progress.Done, 0, "Everything went through.",
		},
		"a state of others alone": {[]Stage{stage("paused", 0, 5)}, progress.Waiting, 5 * time.Second, "Not at its end, 5 s so far."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := Run{Stages: tt.stages, Written: clock(90)}
			if got := r.State(); got != tt.want {
				t.Errorf("state %q, want %q", got, tt.want)
			}
			if got := r.Took(); got != tt.took {
				t.Errorf("took %v, want %v", got, tt.took)
			}
			if got := r.lead(); got != tt.lead {
				t.Errorf("lead %q, want %q", got, tt.lead)
			}
			check(t, write(t, r))
		})
	}
}

func TestTheBarsOfStagesStayInTheirTrack(t *testing.T) {
	r := Run{Written: clock(100), Stages: []Stage{
		Stage{State: progress.Done}.ranFrom(0, 0), Stage{State: progress.Done}.ranFrom(0, 50),
		Stage{State: progress.Done}.ranFrom(99.99, 100),
		{State: progress.Running, Started: clock(50)},
		{State: progress.Waiting},
	}}
	want := []struct{ from, width, took string }{{"0.0%", "0.8%", "0 s"}, {"0.0%", "50.0%", "50 s"}, {"99.2%", "0.8%", "10 ms"}, {"50.0%", "50.0%", "50 s"}, {"", "", ""}}
	for i, s := range stagesOf(r) {
		if s.From != want[i].from || s.Width != want[i].width || s.Took != want[i].took {
			t.Errorf("stage %d from %q, %q wide, %q; want %+v", i, s.From, s.Width, s.Took, want[i])
		}
	}
}
