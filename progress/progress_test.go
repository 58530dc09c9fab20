package progress

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnded(t *testing.T) {
	want := map[State]bool{
		Waiting: false, Running: false, RollingBack: false,
		Done: true, Unchanged: true, Failed: true, Skipped: true, RolledBack: true,
	}
	for state, ended := range want {
		if got := state.Ended(); got != ended {
			t.Errorf("State(%q).Ended() = %t, want %t", state, got, ended)
		}
	}
}

func TestEmitStampsEventsWithoutATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recorder
		emit := Func(r.Record)
		given := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

		emit.Emit(Event{Subject: "a"})
		time.Sleep(time.Minute)
		emit.Emit(Event{Subject: "b"})
		emit.Emit(Event{Subject: "c", Time: given})

		got := r.Events()
		if d := got[1].Time.Sub(got[0].Time); d != time.Minute {
			t.Errorf("events are %v apart, want 1m", d)
		}
		if !got[2].Time.Equal(given) {
			t.Errorf("the given time became %v", got[2].Time)
		}
	})
}

func TestNilFuncIsSilence(t *testing.T) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("emitting to nobody panics: %v", p)
		}
	}()
	var f Func
	f.Emit(Event{Op: "a.b", State: Running})
	Tee().Emit(Event{})
	Tee(nil, nil).Emit(Event{})
}

func TestTeeHandsOnInOrder(t *testing.T) {
	var heard []string
	note := func(name string) Func {
		return func(e Event) { heard = append(heard, fmt.Sprintf("%s:%s", name, e.Subject)) }
	}
	emit := Tee(note("first"), nil, note("second"))
	emit.Emit(Event{Subject: "a"})
	emit.Emit(Event{Subject: "b"})

	want := []string{"first:a", "second:a", "first:b", "second:b"}
	if d := cmp.Diff(want, heard); d != "" {
		t.Errorf("heard (-want +got):\n%s", d)
	}
}

func TestTeeStampsOnce(t *testing.T) {
	var a, b Recorder
	Tee(a.Record, b.Record).Emit(Event{Subject: "x"})
	if got, want := b.Events()[0].Time, a.Events()[0].Time; !got.Equal(want) || got.IsZero() {
		t.Errorf("the two renderers saw %v and %v", want, got)
	}
}

func TestRecorderIsSafeForConcurrentUse(t *testing.T) {
	var r Recorder
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 50 {
				Func(r.Record).Emit(Event{Subject: fmt.Sprint(i)})
				r.Events()
			}
		})
	}
	group.Wait()
	if n := len(r.Events()); n != 400 {
		t.Errorf("%d events, want 400", n)
	}
}

func TestRecorderGivesACopy(t *testing.T) {
	var r Recorder
	r.Record(Event{Subject: "a", Err: errors.New("x")})
	r.Events()[0].Subject = "changed"
	if got := r.Events()[0].Subject; got != "a" {
		t.Errorf("the recorded subject became %q", got)
	}
}
