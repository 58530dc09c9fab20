package timeline

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

// at is s seconds after some beginning.
func at(s float64) time.Time {
	return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
}

func event(s float64, subject string, state progress.State, needs ...string) progress.Event {
	return progress.Event{Time: at(s), Op: "ecs.rollout", Subject: subject, State: state, Needs: needs}
}

func TestLane(t *testing.T) {
	tests := map[string]struct {
		events     []progress.Event
		spans      []Span
		start, end time.Time
	}{
		"waiting, running and done": {
			events: []progress.Event{event(0, "a", progress.Waiting), event(2, "a", progress.Running), event(5, "a", progress.Done), event(9, "b", progress.Done)},
			spans:  []Span{{progress.Waiting, at(0), at(2)}, {progress.Running, at(2), at(5)}, {progress.Done, at(5), at(9)}},
			start:  at(2), end: at(5),
		},
		"news in the same state are one span": {
			events: []progress.Event{event(0, "a", progress.Running), event(1, "a", progress.Running), event(2, "a", progress.Done)},
			spans:  []Span{{progress.Running, at(0), at(2)}, {progress.Done, at(2), at(2)}},
			start:  at(0), end: at(2),
		},
		"a rollback is not part of the work": {
			events: []progress.Event{event(0, "a", progress.Running), event(3, "a", progress.Failed), event(4, "a", progress.RollingBack), event(9, "a", progress.RolledBack)},
			spans:  []Span{{progress.Running, at(0), at(3)}, {progress.Failed, at(3), at(4)}, {progress.RollingBack, at(4), at(9)}, {progress.RolledBack, at(9), at(9)}},
			start:  at(0), end: at(3),
		},
		"what still runs ends with the last event": {
			events: []progress.Event{event(1, "a", progress.Running), event(7, "b", progress.Done)},
			spans:  []Span{{progress.Running, at(1), at(7)}},
			start:  at(1), end: at(7),
		},
		"what was unchanged took no time": {
			events: []progress.Event{event(1, "a", progress.Waiting), event(2, "a", progress.Unchanged)},
			spans:  []Span{{progress.Waiting, at(1), at(2)}, {progress.Unchanged, at(2), at(2)}},
			start:  at(2), end: at(2),
		},
		"what was skipped has no work": {
			events: []progress.Event{event(1, "a", progress.Waiting), event(2, "a", progress.Skipped)},
			spans:  []Span{{progress.Waiting, at(1), at(2)}, {progress.Skipped, at(2), at(2)}},
		},
		"a second try belongs to the work": {
			events: []progress.Event{event(0, "a", progress.Running), event(1, "a", progress.Failed), event(5, "a", progress.Running), event(6, "a", progress.Done)},
			spans:  []Span{{progress.Running, at(0), at(1)}, {progress.Failed, at(1), at(5)}, {progress.Running, at(5), at(6)}, {progress.Done, at(6), at(6)}},
			start:  at(0), end: at(6),
		},
		"events in disorder are sorted": {
			events: []progress.Event{event(5, "a", progress.Done), event(2, "a", progress.Running)},
			spans:  []Span{{progress.Running, at(2), at(5)}, {progress.Done, at(5), at(5)}},
			start:  at(2), end: at(5),
		},
		"an event without a time happens with the one before": {
			events: []progress.Event{{Op: "ecs.rollout", Subject: "a", State: progress.Waiting}, event(2, "a", progress.Running), {Op: "ecs.rollout", Subject: "a", State: progress.Done}},
			spans:  []Span{{progress.Waiting, at(2), at(2)}, {progress.Running, at(2), at(2)}, {progress.Done, at(2), at(2)}},
			start:  at(2), end: at(2),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lane := Lanes(tt.events)[0]
			if d := cmp.Diff(tt.spans, lane.Spans); d != "" {
				t.Errorf("spans (-want +got):\n%s", d)
			}
			if !lane.Start.Equal(tt.start) || !lane.End.Equal(tt.end) {
				t.Errorf("work from %v to %v, want %v to %v", lane.Start, lane.End, tt.start, tt.end)
			}
			if lane.Begun() == tt.start.IsZero() {
				t.Errorf("begun = %t", lane.Begun())
			}
		})
	}
}

func TestLanesAreOrdered(t *testing.T) {
	other := func(e progress.Event) progress.Event { e.Op = "coverage.gate"; return e }
	lanes := Lanes([]progress.Event{
		event(0, "late", progress.Waiting), event(0, "skipped", progress.Waiting), event(0, "early", progress.Waiting),
		other(event(1, "web", progress.Running)), event(2, "early", progress.Running), event(3, "late", progress.Running),
		event(4, "skipped", progress.Skipped), event(5, "", progress.Done),
	})
	var got []string
	for _, l := range lanes {
		got = append(got, l.Op+"/"+l.Subject)
	}
	want := []string{"ecs.rollout/", "ecs.rollout/early", "ecs.rollout/late", "ecs.rollout/skipped", "coverage.gate/web"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lanes (-want +got):\n%s", d)
	}
}

func TestLanesKeepWhatWasSaid(t *testing.T) {
	why := errors.New("exit 1")
	failed := event(3, "a", progress.Failed)
	failed.Err = why
	back := event(4, "a", progress.RolledBack)
	back.Message = "to a:41"
	events := []progress.Event{event(0, "a", progress.Waiting, "b", "c"), event(1, "a", progress.Running), failed, back}
	lane := Lanes(events)[0]
	if !errors.Is(lane.Err, why) || lane.Message != "to a:41" || lane.State() != progress.RolledBack {
		t.Errorf("error %v, message %q, state %q", lane.Err, lane.Message, lane.State())
	}
	if d := cmp.Diff([]string{"b", "c"}, lane.Needs); d != "" {
		t.Errorf("needs (-want +got):\n%s", d)
	}
	if again := Lanes(append(events, event(5, "a", progress.Running)))[0]; again.Err != nil {
		t.Errorf("the error %v outlives a new try", again.Err)
	}
	lane.Needs[0] = "changed"
	if events[0].Needs[0] != "b" {
		t.Error("the lane shares its needs with the event")
	}
}

func TestNoEventsAreNoLanes(t *testing.T) {
	if lanes := Lanes(nil); lanes != nil {
		t.Errorf("lanes of nothing: %v", lanes)
	}
	if path := CriticalPath(nil); len(path) > 0 {
		t.Errorf("path of nothing: %v", path)
	}
}

func TestCriticalPath(t *testing.T) {
	sec := time.Second
	step := func(subject string, wait, work time.Duration) Step {
		return Step{Op: "ecs.rollout", Subject: subject, Wait: wait, Work: work}
	}
	tests := map[string]struct {
		events []progress.Event
		want   []Step
	}{
		"back along the needs that ended last": {
			[]progress.Event{
				event(0, "a", progress.Running), event(0, "b", progress.Running),
				event(0, "c", progress.Waiting, "a", "b"), event(0, "d", progress.Waiting, "b"), event(0, "e", progress.Waiting, "c", "d"),
				event(3, "b", progress.Done), event(4, "d", progress.Running), event(5, "a", progress.Done), event(5, "d", progress.Done),
				event(6, "c", progress.Running), event(8, "c", progress.Done), event(8.5, "e", progress.Running), event(10, "e", progress.Done),
			},
			[]Step{step("a", 0, 5*sec), step("c", sec, 2*sec), step("e", sec/2, 3*sec/2)},
		},
		"it may end in a failure": {
			[]progress.Event{
				event(0, "a", progress.Running), event(0, "b", progress.Waiting, "a"), event(2, "a", progress.Done), event(2, "b", progress.Running),
				event(9, "b", progress.Failed), event(9, "c", progress.Skipped, "b"),
			},
			[]Step{step("a", 0, 2*sec), step("b", 0, 7*sec)},
		},
		"a rollback afterwards does not count": {
			[]progress.Event{
				event(0, "a", progress.Running), event(1, "a", progress.Done), event(0, "b", progress.Running), event(5, "b", progress.Done),
				event(5, "a", progress.RollingBack), event(60, "a", progress.RolledBack),
			},
			[]Step{step("b", 0, 5*sec)},
		},
		"a failure ends the run, whatever ends after it": {
			[]progress.Event{
				event(0, "a", progress.Running), event(1, "a", progress.Failed), event(1, "a", progress.RollingBack),
				event(0, "b", progress.Running), event(5, "b", progress.Done), event(60, "a", progress.RolledBack),
			},
			[]Step{step("a", 0, sec)},
		},
		"nor does the operation as a whole": {
			[]progress.Event{event(0, "", progress.Running), event(1, "a", progress.Running), event(2, "a", progress.Done), event(9, "", progress.Done)},
			[]Step{step("a", 0, sec)},
		},
		"unless there is nothing else": {
			[]progress.Event{event(0, "", progress.Running), event(9, "", progress.Done)},
			[]Step{step("", 0, 9*sec)},
		},
		"the first step may have waited too": {
			[]progress.Event{event(0, "a", progress.Waiting), event(4, "a", progress.Running), event(5, "a", progress.Done)},
			[]Step{step("a", 4*sec, sec)},
		},
		"what nobody knows is no need": {
			[]progress.Event{event(0, "a", progress.Waiting, "elsewhere"), event(0, "a", progress.Running), event(5, "a", progress.Done)},
			[]Step{step("a", 0, 5*sec)},
		},
		"a circle is walked once": {
			[]progress.Event{
				event(0, "a", progress.Running, "b"), event(0, "b", progress.Running, "a"), event(1, "a", progress.Done), event(2, "b", progress.Done),
			},
			[]Step{step("a", 0, sec), step("b", 0, 2*sec)},
		},
		"a need of oneself is none": {
			[]progress.Event{event(0, "a", progress.Running, "a"), event(1, "a", progress.Done)},
			[]Step{step("a", 0, sec)},
		},
		"nothing ever began": {
			[]progress.Event{event(0, "a", progress.Waiting), event(1, "a", progress.Skipped)},
			[]Step{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, CriticalPath(Lanes(tt.events))); d != "" {
				t.Errorf("path (-want +got):\n%s", d)
			}
		})
	}
}

// In a run that starts each subject when its needs are done, the critical path
// accounts for the whole time, however the graph looks.
func TestTheCriticalPathExplainsTheWholeRun(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range 200 {
		rng := rand.New(rand.NewPCG(seed, uint64(round)))
		events := randomRollout(rng, 1+rng.IntN(40))
		var sum time.Duration
		for _, s := range CriticalPath(Lanes(events)) {
			sum += s.Wait + s.Work
		}
		last := slices.MaxFunc(events, func(a, b progress.Event) int { return a.Time.Compare(b.Time) })
		if total := last.Time.Sub(at(0)); sum != total {
			t.Fatalf("round %d: the path takes %v, the run %v", round, sum, total)
		}
	}
}

// randomRollout is a rollout of n services that each start when their needs are
// done, shuffled as concurrent reporters may do.
func randomRollout(rng *rand.Rand, n int) []progress.Event {
	var events []progress.Event
	end := map[string]float64{}
	var names []string
	for i := range n {
		name := string(rune('a'+i%26)) + string(rune('0'+i/26))
		var needs []string
		start := 0.0
		for range rng.IntN(3) {
			if len(names) > 0 {
				need := names[rng.IntN(len(names))]
				needs = append(needs, need)
				start = max(start, end[need])
			}
		}
		end[name] = start + float64(rng.IntN(100))
		names = append(names, name)
		events = append(events, event(0, name, progress.Waiting, needs...), event(start, name, progress.Running), event(end[name], name, progress.Done))
	}
	return events
}
