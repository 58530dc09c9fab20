package term

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mettel-automation/delivery/progress"
	safe "github.com/mettel-automation/delivery/progress/internal/text"
)

// words are what random names and messages are made of.
var words = []string{
	"service", "3 of 3 tasks", "通知サービス", "🚀", "👩‍🚀", "e\u0301", "\x1b[2J", "\x1b]0;title\a", "\r", "\n", "\t", "\u202e", "\xff",
	"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/automation/0123456789abcdef", "مرحبا", "",
}

func phrase(rng *rand.Rand, most int) string {
	var said []string
	for range rng.IntN(most + 1) {
		said = append(said, words[rng.IntN(len(words))])
	}
	return strings.Join(said, " ")
}

// Whatever is reported on whatever terminal: no line is wider than it, no
// sequence reaches it that the renderer does not use itself, and in the end
// every subject is there.
func TestAnythingOnAnyTerminal(t *testing.T) {
	seed := rand.Uint64()
	for round := range 25 {
		rng := rand.New(rand.NewPCG(seed, uint64(round)))
		synctest.Test(t, func(t *testing.T) {
			tty := newEmulator(24+rng.IntN(140), 2+rng.IntN(60))
			r := New(tty, Options{Size: tty.size, NoColor: rng.IntN(2) == 0})
			subjects := randomRun(r, rng, tty)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if tty.overflow || len(tty.unknown) > 0 || tty.hidden || tty.noWrap {
				t.Errorf("overflow %t, unknown %q, cursor hidden %t, wrapping off %t", tty.overflow, tty.unknown, tty.hidden, tty.noWrap)
			}
			lines := squeeze(tty.all())
			for _, s := range subjects {
				if !strings.Contains(lines, squeeze(s)) {
					t.Errorf("%q is missing in the end:\n%s", s, tty.all())
				}
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

// randomRun emits random events from several goroutines, and returns the
// subjects as they should be shown.
func randomRun(r *Renderer, rng *rand.Rand, tty *emulator) []string {
	states := []progress.State{
		progress.Waiting, progress.Running, progress.Done, progress.Unchanged, progress.Failed,
		progress.Skipped, progress.RollingBack, progress.RolledBack, "else",
	}
	var subjects []string
	for i := range rng.IntN(most) { // of more, the final view counts those that are well
		subjects = append(subjects, fmt.Sprintf("%d-%s", i, phrase(rng, 2)))
	}
	var group sync.WaitGroup
	for _, s := range subjects {
		rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
		group.Go(func() {
			for range 1 + rng.IntN(6) {
				e := progress.Event{Op: phrase(rng, 1), Subject: s, State: states[rng.IntN(len(states))], Message: phrase(rng, 9)}
				if rng.IntN(3) == 0 {
					e.Err = errors.New(phrase(rng, 30))
				}
				progress.Func(r.Emit).Emit(e)
				time.Sleep(time.Duration(rng.IntN(700))*time.Millisecond + time.Microsecond)
			}
		})
	}
	if rng.IntN(2) == 0 {
		time.Sleep(550 * time.Millisecond) // between two frames
		tty.resize(24+rng.IntN(140), 2+rng.IntN(60))
	}
	group.Wait()
	for i, s := range subjects {
		subjects[i] = safe.Line(s)
	}
	return subjects
}

// squeeze drops the spaces, which is where names may be folded.
func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "\n", "").Replace(s)
}
