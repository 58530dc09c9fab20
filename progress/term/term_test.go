package term

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/plain"
)

// show runs body with a Renderer on an emulated terminal, in a bubble of its
// own with virtual time.
func show(t *testing.T, width, height int, opts Options, body func(r *Renderer, tty *emulator)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tty := newEmulator(width, height)
		opts.Size = tty.size
		r := New(tty, opts)
		body(r, tty)
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if tty.hidden || tty.noWrap {
			t.Errorf("the terminal is left with the cursor hidden: %t, without wrapping: %t", tty.hidden, tty.noWrap)
		}
		if tty.overflow {
			t.Error("a line was wider than the terminal")
		}
		if len(tty.unknown) > 0 {
			t.Errorf("the terminal got %q", tty.unknown)
		}
	})
}

func event(subject string, state progress.State, message string) progress.Event {
	return progress.Event{Op: "ecs.rollout", Subject: subject, State: state, Message: message}
}

// story is a rollout of five services in which one fails, 75 seconds later.
func story(r *Renderer) {
	emit := progress.Func(r.Emit)
	emit.Emit(event("", progress.Running, "automation-1a2b3c4d"))
	emit.Emit(event("identity", progress.Waiting, ""))
	emit.Emit(progress.Event{Op: "ecs.rollout", Subject: "notifier", State: progress.Waiting, Needs: []string{"identity"}})
	emit.Emit(progress.Event{Op: "ecs.rollout", Subject: "lit-bridge", State: progress.Waiting, Needs: []string{"identity", "notifier"}})
	emit.Emit(event("通知サービス", progress.Unchanged, ""))
	emit.Emit(event("web", progress.Running, "0 of 2 tasks running"))
	emit.Emit(event("identity", progress.Running, "1 of 3 tasks running"))
	time.Sleep(12 * time.Second)
	emit.Emit(event("identity", progress.Done, "3 of 3 tasks healthy"))
	emit.Emit(event("notifier", progress.Running, "2 of 3 tasks running"))
	emit.Emit(progress.Event{Op: "ecs.rollout", Subject: "web", State: progress.Failed, Err: errors.New("roll out web: essential container exited with code 1\nlog:\n\tpanic: no redis at redis://web:6379, which is the address that its task definition gives")})
	emit.Emit(event("web", progress.RollingBack, "to web:41"))
	time.Sleep(63*time.Second + time.Millisecond)
}

func TestLiveView(t *testing.T) {
	show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
		tty.put("$ rollout\n")
		story(r)
		want := `$ rollout
⠋ ecs.rollout  automation-1a2b3c4d
  ✓ identity        12s  3 of 3 tasks healthy
  ⠋ notifier      1m03s  2 of 3 tasks running
  · lit-bridge           after notifier
  ✓ 通知サービス         unchanged
  ⠋ web           1m03s  rolling back: to web:41

━━━━━━━━━━━━────────  2/5 done · 1 running · 1 rolling back · 1m15s
`
		if d := cmp.Diff(want, tty.screen()); d != "" {
			t.Errorf("screen (-want +got):\n%s", d)
		}
		if !tty.hidden {
			t.Error("the cursor is shown in the live view")
		}
	})
}

func TestFinalView(t *testing.T) {
	show(t, 50, 12, Options{}, func(r *Renderer, tty *emulator) {
		tty.put("$ rollout\n")
		story(r)
		progress.Func(r.Emit).Emit(event("web", progress.RolledBack, "to web:41 after the new one failed"))
		progress.Func(r.Emit).Emit(event("lit-bridge", progress.Skipped, "needs web, which is not healthy in this environment"))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		want := `$ rollout
⠋ ecs.rollout  automation-1a2b3c4d
  ✓ identity        12s  3 of 3 tasks healthy
  ⠋ notifier      1m03s  2 of 3 tasks running
  - lit-bridge           skipped: needs web, which
                         is not healthy in this
                         environment
  ✓ 通知サービス         unchanged
  ↺ web           1m03s  rolled back: to web:41
                         after the new one failed

✗ web (ecs.rollout)
    roll out web: essential container exited with
    code 1
    log:
        panic: no redis at redis://web:6379, which
    is the address that its task definition gives

2/5 done · 1 running · 1 rolled back · 1 skipped
1m15s
`
		if d := cmp.Diff(want, tty.all()); d != "" {
			t.Errorf("all lines (-want +got):\n%s", d)
		}
	})
}

func TestOperationsHaveTheirHeaders(t *testing.T) {
	show(t, 120, 40, Options{}, func(r *Renderer, tty *emulator) {
		emit := progress.Func(r.Emit)
		emit.Emit(progress.Event{Op: "changes.select", State: progress.Done, Message: "2 of 32 modules"})
		emit.Emit(progress.Event{Op: "coverage.gate", Subject: "web", State: progress.Done, Message: "81% of statements"})
		emit.Emit(progress.Event{Op: "ecs.rollout", Subject: "web", State: progress.Waiting})
		emit.Emit(progress.Event{Op: "coverage.gate", Subject: "api", State: progress.Failed, Err: errors.New("61% of 70%")})
		time.Sleep(1050 * time.Millisecond)
		want := `✓ changes.select  2 of 32 modules
coverage.gate
  ✓ web         81% of statements
  ✗ api         61% of 70%
ecs.rollout
  · web         waiting

━━━━━━━━━━━━━━━━━━━━━━────────  2/4 done · 1 failed · 1s
`
		if d := cmp.Diff(want, tty.screen()); d != "" {
			t.Errorf("screen (-want +got):\n%s", d)
		}
	})
}

func TestWhatMattersIsShownWhereThereIsLittleRoom(t *testing.T) {
	show(t, 80, 12, Options{}, func(r *Renderer, tty *emulator) {
		emit := progress.Func(r.Emit)
		for i := range 30 {
			emit.Emit(event(fmt.Sprintf("svc-%02d", i), progress.Waiting, ""))
		}
		for i := range 9 {
			emit.Emit(event(fmt.Sprintf("svc-%02d", i), progress.Done, ""))
		}
		for _, i := range []int{12, 25} {
			emit.Emit(event(fmt.Sprintf("svc-%02d", i), progress.Running, ""))
		}
		emit.Emit(event("svc-29", progress.Failed, "exit 1"))
		time.Sleep(1050 * time.Millisecond)
		want := `ecs.rollout
  · svc-09         waiting
  · svc-10         waiting
  · svc-11         waiting
  ⠋ svc-12     1s  running
  · svc-13         waiting
  ⠋ svc-25     1s  running
  ✗ svc-29         exit 1
  … 14 waiting, 9 done

━━━━━━──────────────  9/30 done · 2 running · 1 failed · 1s
`
		if d := cmp.Diff(want, tty.screen()); d != "" {
			t.Errorf("screen (-want +got):\n%s", d)
		}
	})
}

func TestFramesAreFewHoweverManyEvents(t *testing.T) {
	show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
		for i := range 5000 {
			progress.Func(r.Emit).Emit(event("a", progress.Running, fmt.Sprint(i)))
			time.Sleep(time.Millisecond)
		}
		if n := tty.frames(); n < 40 || n > 51 {
			t.Errorf("%d frames in 5 s, want about 10 a second", n)
		}
	})
}

func TestTheSpinnerMovesAndRestIsQuiet(t *testing.T) {
	show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
		progress.Func(r.Emit).Emit(event("a", progress.Running, ""))
		time.Sleep(150 * time.Millisecond)
		before := tty.screen()
		time.Sleep(100 * time.Millisecond)
		if tty.screen() == before {
			t.Errorf("the spinner stands still:\n%s", before)
		}
		progress.Func(r.Emit).Emit(event("a", progress.Done, ""))
		time.Sleep(200 * time.Millisecond)
		writes := tty.frames()
		time.Sleep(10 * time.Second)
		if n := tty.frames() - writes; n != 10 {
			t.Errorf("%d frames in 10 s in which only the clock moves, want 10", n)
		}
	})
}

func TestNothingIsDrawnWhereNothingHappens(t *testing.T) {
	show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
		time.Sleep(time.Minute)
		if err := r.Close(); err != nil || tty.frames() > 0 {
			t.Errorf("%d writes, error %v", tty.frames(), err)
		}
	})
}

func TestColors(t *testing.T) {
	for _, noColor := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			r := New(&out, Options{NoColor: noColor, Size: func() (int, int) { return 80, 24 }})
			story(r)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), "m"+"✓"); got == noColor {
				t.Errorf("NoColor %t: a coloured check mark: %t", noColor, got)
			}
			if got := strings.Contains(out.String(), "\x1b[0m"); got == noColor {
				t.Errorf("NoColor %t: colours: %t", noColor, got)
			}
		})
	}
}

func TestTheViewFollowsAResize(t *testing.T) {
	for name, size := range map[string][2]int{
		"narrower": {44, 24}, "much narrower": {20, 24}, "wider": {140, 24}, "lower": {80, 7}, "higher": {80, 50}, "smaller": {60, 10},
	} {
		t.Run(name, func(t *testing.T) {
			show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
				for i := range 12 {
					progress.Func(r.Emit).Emit(event(fmt.Sprintf("svc-%02d", i), progress.Running, strings.Repeat("many words ", i)))
				}
				time.Sleep(1050 * time.Millisecond) // between two frames
				tty.resize(size[0], size[1])
				time.Sleep(time.Second)
				screen := tty.screen()
				if n := strings.Count(screen, "ecs.rollout"); n != 1 {
					t.Errorf("%d headers on the screen:\n%s", n, screen)
				}
				if n := strings.Count(screen, "0/12 done"); n != 1 {
					t.Errorf("%d summaries on the screen:\n%s", n, screen)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				for i := range 12 {
					if name := fmt.Sprintf("svc-%02d", i); !strings.Contains(tty.all(), name) {
						t.Errorf("%s is missing in the end:\n%s", name, tty.all())
					}
				}
			})
		})
	}
}

func TestWhatStoodAboveStays(t *testing.T) {
	show(t, 40, 10, Options{}, func(r *Renderer, tty *emulator) {
		for i := range 20 {
			tty.put(fmt.Sprintf("line %d of the shell\n", i))
		}
		for i := range 30 {
			progress.Func(r.Emit).Emit(event(fmt.Sprintf("svc-%02d", i), progress.Running, ""))
			time.Sleep(70 * time.Millisecond)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if n := strings.Count(tty.all(), fmt.Sprintf("line %d of the shell\n", i)); n != 1 {
				t.Errorf("line %d is there %d times", i, n)
			}
		}
		if n := strings.Count(tty.all(), "svc-00"); n != 1 {
			t.Errorf("svc-00 is there %d times:\n%s", n, tty.all())
		}
	})
}

func TestCloseTwiceAndEmitAfterwards(t *testing.T) {
	show(t, 80, 24, Options{}, func(r *Renderer, tty *emulator) {
		progress.Func(r.Emit).Emit(event("a", progress.Running, ""))
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Fatal(err)
		}
		writes := tty.frames()
		progress.Func(r.Emit).Emit(event("b", progress.Running, ""))
		time.Sleep(time.Minute)
		if tty.frames() != writes {
			t.Errorf("%d frames after Close", tty.frames()-writes)
		}
	})
}

type broken struct{ calls int }

var errGone = errors.New("input/output error")

func (b *broken) Write([]byte) (int, error) {
	b.calls++
	return 0, errGone
}

func TestTheFirstErrorOfTheTerminalIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &broken{}
		r := New(w, Options{})
		progress.Func(r.Emit).Emit(event("a", progress.Running, ""))
		time.Sleep(time.Second)
		for range 2 {
			if err := r.Close(); !errors.Is(err, errGone) || err.Error() != "draw progress: input/output error" {
				t.Errorf("Close: %v", err)
			}
		}
		if w.calls != 1 {
			t.Errorf("%d writes, want none after the failed one", w.calls)
		}
	})
}

func TestLiveIsChosenOnTerminalsOnly(t *testing.T) {
	tests := map[string]struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		"a terminal":              {true, map[string]string{"TERM": "xterm-256color"}, true},
		"a pipe":                  {false, map[string]string{"TERM": "xterm-256color"}, false},
		"a terminal in CI":        {true, map[string]string{"TERM": "xterm", "CI": "true"}, false},
		"CI that is denied":       {true, map[string]string{"TERM": "xterm", "CI": "false"}, true},
		"a dumb terminal":         {true, map[string]string{"TERM": "dumb"}, false},
		"a terminal without name": {true, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := live(tt.terminal, func(key string) string { return tt.env[key] }); got != tt.want {
				t.Errorf("live = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestAutoWritesLinesToAFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := Auto(f, func(string) string { return "xterm" })
	if _, ok := r.(*plain.Renderer); !ok {
		t.Errorf("Auto chose %T", r)
	}
	r.Emit(progress.Event{Time: time.Now(), Op: "o", Subject: "a", State: progress.Done})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("[    0s] done          o a\n[    0s] 1 of 1 done\n", string(got)); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
	if width, height := sizeOf(f)(); width != 80 || height != 24 {
		t.Errorf("a file is %d by %d, want 80 by 24", width, height)
	}
}
