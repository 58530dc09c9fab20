package plain

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

// step is an event that comes after a while.
type step struct {
	after time.Duration
	event progress.Event
}

// rollout is an event of an operation called "o".
func rollout(subject string, state progress.State, message string) progress.Event {
	return progress.Event{Op: "o", Subject: subject, State: state, Message: message}
}

// log returns what a Renderer wrote in a bubble of its own, until rest after
// the last step, and what Close added.
func log(t *testing.T, opts Options, rest time.Duration, steps ...step) (written, closing string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		r := New(&out, opts)
		for _, s := range steps {
			time.Sleep(s.after)
			progress.Func(r.Emit).Emit(s.event)
		}
		time.Sleep(rest)
		written = out.String()
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		closing = strings.TrimPrefix(out.String(), written)
	})
	return written, closing
}

// buffer may be read while the heartbeat writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestVerboseLines(t *testing.T) {
	tests := map[string]struct {
		steps []step
		want  string
	}{
		"what waits says for what": {
			[]step{{0, progress.Event{Op: "o", Subject: "a", State: progress.Waiting, Needs: []string{"b", "c"}}}},
			"[    0s] waiting       o a, after b, c\n",
		},
		"the same again is not repeated": {
			[]step{
				{time.Second, rollout("a", progress.Running, "1 of 3")},
				{time.Second, rollout("a", progress.Running, "1 of 3")},
				{time.Second, rollout("a", progress.Running, "2 of 3")},
			},
			"[    1s] running       o a: 1 of 3\n[    3s] running       o a: 2 of 3\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := log(t, Options{Interval: -1, Verbose: true}, 0, tt.steps...)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
		})
	}
}

func TestLines(t *testing.T) {
	tests := map[string]struct {
		steps []step
		want  string
	}{
		"what waits is silent": {
			[]step{{0, progress.Event{Op: "o", Subject: "a", State: progress.Waiting, Needs: []string{"b", "c"}}}},
			"",
		},
		"what stays in its state is silent": {
			[]step{
				{time.Second, rollout("a", progress.Running, "1 of 3")},
				{time.Second, rollout("a", progress.Running, "2 of 3")},
			},
			"[    1s] running       o a: 1 of 3\n",
		},
		"an end says how long it took": {
			[]step{
				{0, rollout("a", progress.Running, "")},
				{2500 * time.Millisecond, rollout("a", progress.Done, "healthy")},
			},
			"[    0s] running       o a\n[    2s] done          o a in 2.5s: healthy\n",
		},
		"what never began took no time": {
			[]step{{0, rollout("a", progress.Skipped, "needs b, which failed")}},
			"[    0s] skipped       o a: needs b, which failed\n",
		},
		"a failure stands out with its text below": {
			[]step{
				{0, rollout("a", progress.Running, "")},
				{25 * time.Second, progress.Event{Op: "o", Subject: "a", State: progress.Failed, Err: errors.New("exit 1\n\tpanic: x")}},
			},
			"[    0s] running       o a\n" +
				"[   25s] FAILED        o a after 25s\n" +
				"                       exit 1\n" +
				"                           panic: x\n",
		},
		"another failure is news": {
			[]step{
				{0, progress.Event{Op: "o", Subject: "a", State: progress.Failed, Message: "m", Err: errors.New("x")}},
				{0, progress.Event{Op: "o", Subject: "a", State: progress.Failed, Message: "m", Err: errors.New("x")}},
				{0, progress.Event{Op: "o", Subject: "a", State: progress.Failed, Message: "m", Err: errors.New("y")}},
			},
			"[    0s] FAILED        o a: m\n                       x\n" +
				"[    0s] FAILED        o a: m\n                       y\n",
		},
		"an operation as a whole has no subject": {
			[]step{{0, rollout("", progress.Running, "32 services")}},
			"[    0s] running       o: 32 services\n",
		},
		"the same subject of two operations is two": {
			[]step{{0, rollout("a", progress.Done, "")}, {0, progress.Event{Op: "p", Subject: "a", State: progress.Done}}},
			"[    0s] done          o a\n[    0s] done          p a\n",
		},
		"foreign text cannot steer the log": {
			[]step{{0, progress.Event{Op: "o\x1b[2J", Subject: "a\nb", State: "we\rird", Message: "\x1b]0;x\a"}}},
			"[    0s] we ird        o\\x1b[2J a b: \\x1b]0;x\\a\n",
		},
		"hours fit": {
			[]step{{75 * time.Minute, rollout("a", progress.Done, "")}},
			"[ 1h15m] done          o a\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := log(t, Options{Interval: -1}, 0, tt.steps...)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
		})
	}
}

func TestHeartbeat(t *testing.T) {
	running := func(name string) progress.Event { return rollout(name, progress.Running, "") }
	tests := map[string]struct {
		opts  Options
		steps []step
		rest  time.Duration
		want  string // what follows the line of the last step
	}{
		"comes every half minute": {
			steps: []step{{0, running("a")}},
			rest:  65 * time.Second,
			want:  "[   30s] still running: 0 of 1 done; a (30s)\n[ 1m00s] still running: 0 of 1 done; a (1m00s)\n",
		},
		"comes as often as is asked for": {
			opts:  Options{Interval: 10 * time.Second},
			steps: []step{{0, running("a")}},
			rest:  15 * time.Second,
			want:  "[   10s] still running: 0 of 1 done; a (10s)\n",
		},
		"waits after each line": {
			opts:  Options{Verbose: true},
			steps: []step{{0, running("a")}, {29 * time.Second, rollout("a", progress.Running, "news")}},
			rest:  30*time.Second + time.Millisecond,
			want:  "[   29s] running       o a: news\n[   59s] still running: 0 of 1 done; a (59s)\n",
		},
		"is not put off by repetitions": {
			steps: []step{{0, running("a")}, {29 * time.Second, running("a")}},
			rest:  2 * time.Second,
			want:  "[   30s] still running: 0 of 1 done; a (30s)\n",
		},
		"names the longest first and counts the others": {
			steps: []step{
				{0, rollout("z", progress.Done, "")},
				{0, progress.Event{Op: "o", Subject: "y", State: progress.Failed}},
				{0, running("e")},
				{time.Second, running("d")},
				{time.Second, running("c")},
				{time.Second, rollout("b", progress.RollingBack, "")},
				{time.Second, running("a")},
			},
			rest: 31 * time.Second,
			want: "[   34s] still running: 1 of 7 done, 1 failed; e (34s), d (33s), c (32s) and 2 more\n",
		},
		"names the operation where there is nothing else": {
			steps: []step{{0, rollout("", progress.Running, "planning")}},
			rest:  31 * time.Second,
			want:  "[   30s] still running: 0 of 1 done; o (30s)\n",
		},
		"leaves the operation out beside its subjects": {
			steps: []step{{0, rollout("", progress.Running, "")}, {0, running("a")}},
			rest:  31 * time.Second,
			want:  "[   30s] still running: 0 of 1 done; a (30s)\n",
		},
		"is silent where nothing is under way": {
			steps: []step{{0, rollout("a", progress.Done, "")}},
			rest:  time.Hour,
		},
		"is silent when it is switched off": {
			opts:  Options{Interval: -1},
			steps: []step{{0, running("a")}},
			rest:  time.Hour,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, _ := log(t, Options{Interval: -1}, 0, tt.steps...)
			got, _ := log(t, tt.opts, tt.rest, tt.steps...)
			if d := cmp.Diff(before+tt.want, got); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
		})
	}
}

func TestCloseSumsUp(t *testing.T) {
	tests := map[string]struct {
		steps []step
		want  string
	}{
		"nothing happened, nothing is said": {},
		"all is done": {
			[]step{{0, rollout("a", progress.Done, "")}, {time.Second, rollout("b", progress.Unchanged, "")}},
			"[    2s] 2 of 2 done\n",
		},
		"what is not done is named": {
			[]step{
				{0, rollout("", progress.Failed, "")},
				{0, rollout("a", progress.Done, "")},
				{0, rollout("b", progress.Failed, "")},
				{0, rollout("c", progress.Skipped, "")},
				{0, rollout("d", progress.Skipped, "")},
				{0, rollout("e", progress.Skipped, "")},
				{0, rollout("f", progress.Skipped, "")},
			},
			"[    1s] 1 of 6 done, 1 failed (b), 4 skipped (c, d, e and 1 more), o failed\n",
		},
		"an operation that failed alone is named once": {
			[]step{{0, rollout("", progress.Failed, "")}},
			"[    1s] 0 of 1 done, 1 failed (o)\n",
		},
		"what was interrupted is said to run": {
			[]step{{0, rollout("a", progress.Running, "")}},
			"[    1s] 0 of 1 done, 1 running (a)\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := log(t, Options{}, time.Second, tt.steps...)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("last line (-want +got):\n%s", d)
			}
		})
	}
}

func TestColor(t *testing.T) {
	failed := progress.Event{Op: "o", Subject: "a", State: progress.Failed, Err: errors.New("why")}
	got, _ := log(t, Options{Color: true}, 0, step{0, failed})
	want := "[    0s] \x1b[31mFAILED      \x1b[0m  o a\n                       why\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("coloured (-want +got):\n%s", d)
	}
	if plain, _ := log(t, Options{}, 0, step{0, failed}); strings.Contains(plain, "\x1b") {
		t.Errorf("colours without being asked for: %q", plain)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails where a goroutine is left
		var out buffer
		r := New(&out, Options{})
		r.Emit(rollout("a", progress.Running, ""))
		for range 2 {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		before := out.String()
		r.Emit(rollout("b", progress.Running, ""))
		time.Sleep(time.Hour)
		if d := cmp.Diff(before, out.String()); d != "" {
			t.Errorf("written after Close:\n%s", d)
		}
		if n := strings.Count(before, "0 of 1 done"); n != 1 {
			t.Errorf("summed up %d times:\n%s", n, before)
		}
	})
}

type broken struct{ calls int }

var errPipe = errors.New("broken pipe")

func (b *broken) Write([]byte) (int, error) {
	b.calls++
	return 0, errPipe
}

func TestTheFirstErrorOfTheWriterIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &broken{}
		r := New(w, Options{})
		r.Emit(rollout("a", progress.Running, ""))
		r.Emit(rollout("b", progress.Running, ""))
		time.Sleep(time.Minute)
		err := r.Close()
		if !errors.Is(err, errPipe) || err.Error() != "write progress: broken pipe" {
			t.Errorf("Close: %v", err)
		}
		if w.calls != 1 {
			t.Errorf("%d writes, want none after the failed one", w.calls)
		}
	})
}

// Whatever comes from however many goroutines, each line is whole.
func TestConcurrentEmit(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	form := regexp.MustCompile(`^\[ *\d+s\] (running|done) +o \d( in \S+)?: \d+$|^\[ *\d+s\] \d of 8 done`)
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		r := New(&out, Options{Verbose: true})
		var group sync.WaitGroup
		for i := range 8 {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			group.Go(func() {
				for n := range 40 {
					state := progress.Running
					if rng.IntN(2) == 0 {
						state = progress.Done
					}
					time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
					progress.Func(r.Emit).Emit(rollout(fmt.Sprint(i), state, fmt.Sprint(n)))
				}
			})
		}
		group.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 8*40+1 {
			t.Errorf("%d lines, want %d", len(lines), 8*40+1)
		}
		for _, line := range lines {
			if !form.MatchString(line) {
				t.Errorf("torn or misshapen line %q", line)
			}
		}
	})
}
