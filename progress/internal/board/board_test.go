package board

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

// at is s seconds after some beginning.
func at(s int) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s) * time.Second)
}

func event(s int, subject string, state progress.State) progress.Event {
	return progress.Event{Time: at(s), Op: "op", Subject: subject, State: state}
}

func TestElapsed(t *testing.T) {
	tests := map[string]struct {
		events []progress.Event
		want   time.Duration // at 100 s
	}{
		"what waits takes no time": {
			[]progress.Event{event(0, "a", progress.Waiting)}, 0,
		},
		"what runs takes until now": {
			[]progress.Event{event(0, "a", progress.Waiting), event(10, "a", progress.Running)}, 90 * time.Second,
		},
		"news do not start it anew": {
			[]progress.Event{event(10, "a", progress.Running), event(50, "a", progress.Running)}, 90 * time.Second,
		},
		"what is done took until then": {
			[]progress.Event{event(10, "a", progress.Running), event(30, "a", progress.Done), event(40, "a", progress.Done)}, 20 * time.Second,
		},
		"a rollback counts for itself": {
			[]progress.Event{event(10, "a", progress.Running), event(30, "a", progress.Failed), event(60, "a", progress.RollingBack)}, 40 * time.Second,
		},
		"also when nothing was said in between": {
			[]progress.Event{event(10, "a", progress.Running), event(60, "a", progress.RollingBack), event(65, "a", progress.RolledBack)}, 5 * time.Second,
		},
		"a second try starts anew": {
			[]progress.Event{event(10, "a", progress.Running), event(30, "a", progress.Failed), event(90, "a", progress.Running)}, 10 * time.Second,
		},
		"what never ran took no time": {
			[]progress.Event{event(10, "a", progress.Waiting), event(30, "a", progress.Skipped)}, 0,
		},
		"times that go backwards are nothing": {
			[]progress.Event{event(30, "a", progress.Running), event(10, "a", progress.Done)}, 0,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b Board
			for _, e := range tt.events {
				b.Apply(e)
			}
			if got := b.Rows()[0].Elapsed(at(100)); got != tt.want {
				t.Errorf("elapsed %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNews(t *testing.T) {
	running := progress.Event{Op: "op", Subject: "a", State: progress.Running, Message: "1 of 2"}
	failed := progress.Event{Op: "op", Subject: "a", State: progress.Failed, Err: errors.New("x")}
	with := func(e progress.Event, change func(*progress.Event)) progress.Event {
		change(&e)
		return e
	}
	tests := map[string]struct {
		before, e progress.Event
		want      bool
	}{
		"the same again":          {running, running, false},
		"only later":              {running, with(running, func(e *progress.Event) { e.Time = at(9) }), false},
		"another message":         {running, with(running, func(e *progress.Event) { e.Message = "2 of 2" }), true},
		"another state":           {running, with(running, func(e *progress.Event) { e.State = progress.Done }), true},
		"another subject":         {running, with(running, func(e *progress.Event) { e.Subject = "b" }), true},
		"another operation":       {running, with(running, func(e *progress.Event) { e.Op = "p" }), true},
		"failed for the same":     {failed, with(failed, func(e *progress.Event) { e.Err = errors.New("x") }), false},
		"failed for another one":  {failed, with(failed, func(e *progress.Event) { e.Err = errors.New("y") }), true},
		"failed without a reason": {failed, with(failed, func(e *progress.Event) { e.Err = nil }), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b Board
			if _, _, news := b.Apply(tt.before); !news {
				t.Error("the first event of a subject is no news")
			}
			if _, _, news := b.Apply(tt.e); news != tt.want {
				t.Errorf("news = %t, want %t", news, tt.want)
			}
		})
	}
}

func TestFailureOutlivesTheRollback(t *testing.T) {
	why := errors.New("why")
	var b Board
	fail := event(2, "a", progress.Failed)
	fail.Err = why
	for _, e := range []progress.Event{event(1, "a", progress.Running), fail, event(3, "a", progress.RollingBack), event(4, "a", progress.RolledBack)} {
		b.Apply(e)
	}
	if got := b.Rows()[0].Failure; !errors.Is(got, why) {
		t.Errorf("failure after the rollback: %v, want %v", got, why)
	}
	if row, _, _ := b.Apply(event(5, "a", progress.Running)); row.Failure != nil {
		t.Errorf("failure in the second try: %v", row.Failure)
	}
}

func TestRowsKeepTheOrderAndTheNeeds(t *testing.T) {
	var b Board
	first := event(0, "b", progress.Waiting)
	first.Needs = []string{"a"}
	for _, e := range []progress.Event{first, event(1, "a", progress.Waiting), event(2, "", progress.Running), event(3, "b", progress.Running)} {
		b.Apply(e)
	}
	var names []string
	for _, r := range b.Rows() {
		names = append(names, r.Name())
	}
	if d := cmp.Diff([]string{"b", "a", "op"}, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"a"}, b.Rows()[0].Needs); d != "" {
		t.Errorf("needs (-want +got):\n%s", d)
	}
}

func TestCount(t *testing.T) {
	row := func(op, subject string, s progress.State) Row { return Row{Op: op, Subject: subject, State: s} }
	tests := map[string]struct {
		rows  []Row
		total int
		done  int
		parts []Part
	}{
		"nothing": {},
		"what is unchanged is done": {
			rows:  []Row{row("o", "a", progress.Done), row("o", "b", progress.Unchanged), row("o", "c", progress.Waiting)},
			total: 3, done: 2, parts: []Part{{progress.Waiting, "1 waiting"}},
		},
		"an operation beside its subjects is none": {
			rows:  []Row{row("o", "", progress.Running), row("o", "a", progress.Failed)},
			total: 1, parts: []Part{{progress.Failed, "1 failed"}},
		},
		"an operation alone is one": {
			rows:  []Row{row("o", "", progress.Running), row("p", "", progress.Done)},
			total: 2, done: 1, parts: []Part{{progress.Running, "1 running"}},
		},
		"what is under way comes first": {
			rows: []Row{
				row("o", "a", progress.Waiting), row("o", "b", progress.Skipped), row("o", "c", progress.RolledBack),
				row("o", "d", progress.Failed), row("o", "e", progress.RollingBack), row("o", "f", progress.Running), row("o", "g", progress.Running),
			},
			total: 7, parts: []Part{
				{progress.Running, "2 running"},
				{progress.RollingBack, "1 rolling back"},
				{progress.Failed, "1 failed"},
				{progress.RolledBack, "1 rolled back"},
				{progress.Skipped, "1 skipped"},
				{progress.Waiting, "1 waiting"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := Count(tt.rows)
			if c.Total != tt.total || c.In[progress.Done] != tt.done {
				t.Errorf("%d of %d done, want %d of %d", c.In[progress.Done], c.Total, tt.done, tt.total)
			}
			if d := cmp.Diff(tt.parts, c.Parts()); d != "" {
				t.Errorf("parts (-want +got):\n%s", d)
			}
		})
	}
}
