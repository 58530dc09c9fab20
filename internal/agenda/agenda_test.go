package agenda_test

import (
	"slices"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/internal/agenda"
)

func TestWhatIsDueHappensInOrderAndAtItsTime(t *testing.T) {
	var a agenda.Agenda
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var got []string
	note := func(name string) func(time.Time) {
		return func(now time.Time) { got = append(got, name+" "+now.Sub(start).String()) }
	}
	a.Plan(start.Add(2*time.Second), note("late"))
	a.Plan(start.Add(time.Second), note("first"))
	a.Plan(start.Add(time.Second), func(now time.Time) {
		note("second")(now)
		a.Plan(now.Add(500*time.Millisecond), note("planned meanwhile"))
	})
	a.Plan(start.Add(time.Minute), note("not yet"))
	a.CatchUp(start.Add(30 * time.Second))
	want := []string{"first 1s", "second 1s", "planned meanwhile 1.5s", "late 2s"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	a.CatchUp(start.Add(time.Hour))
	if len(got) != 5 {
		t.Errorf("%q", got)
	}
}
