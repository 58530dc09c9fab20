package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// byText compares errors by what they say, which is all that JSON keeps.
func byText() cmp.Option {
	return cmp.Comparer(func(a, b error) bool {
		return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error())
	})
}

func TestEventJSON(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 5, 120e6, time.UTC)
	tests := map[string]struct {
		event Event
		want  string
	}{
		"what is empty is left out": {
			event: Event{Time: at, Op: "ecs.rollout", State: Running},
			want:  `{"time":"2026-11-22T10:00:05.12Z","op":"ecs.rollout","state":"running"}`,
		},
		"all fields have their key": {
			event: Event{Time: at, Op: "o", Subject: "s", State: Failed, Message: "m", Needs: []string{"a", "b"}, Err: errors.New("why")},
			want:  `{"time":"2026-11-22T10:00:05.12Z","op":"o","subject":"s","state":"failed","message":"m","needs":["a","b"],"error":"why"}`,
		},
		"line breaks stay within the line": {
			event: Event{Time: at, Op: "o", State: Done, Message: "a\nb"},
			want:  `{"time":"2026-11-22T10:00:05.12Z","op":"o","state":"done","message":"a\nb"}`,
		},
		"arrows stay readable": {
			event: Event{Time: at, Op: "o", State: Done, Message: "41 -> 42 & <ok>"},
			want:  `{"time":"2026-11-22T10:00:05.12Z","op":"o","state":"done","message":"41 -> 42 & <ok>"}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			lines := NewJSON(&out)
			lines.Emit(tt.event)
			if err := lines.Close(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want+"\n", out.String()); d != "" {
				t.Errorf("line (-want +got):\n%s", d)
			}
			var back Event
			if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.event, back, byText()); d != "" {
				t.Errorf("read back (-want +got):\n%s", d)
			}
		})
	}
}

func TestMarshalAgreesWithTheRenderer(t *testing.T) {
	e := Event{Time: time.Unix(1, 5).UTC(), Op: "o", Subject: "s", State: Failed, Err: errors.New("why")}
	var out bytes.Buffer
	NewJSON(&out).Emit(e)
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(b)+"\n", out.String()); d != "" {
		t.Errorf("Marshal and JSON differ (-Marshal +JSON):\n%s", d)
	}
}

func TestUnmarshalRefusesWhatIsNoEvent(t *testing.T) {
	for _, bad := range []string{`{"time":"yesterday"}`, `[]`, `{"needs":"a"}`} {
		var e Event
		if err := json.Unmarshal([]byte(bad), &e); err == nil {
			t.Errorf("%s was read as %+v", bad, e)
		}
	}
}

func TestJSONWritesWholeLinesConcurrently(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var out bytes.Buffer // unprotected: JSON must be what orders the writes
	lines := NewJSON(&out)
	var group sync.WaitGroup
	for i := range 8 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		group.Go(func() {
			for range 50 {
				Func(lines.Emit).Emit(Event{Op: "o", Subject: fmt.Sprint(i), State: Running, Message: strings.Repeat("x", rng.IntN(300))})
			}
		})
	}
	group.Wait()
	n := 0
	for line := range strings.Lines(out.String()) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %d: %v: %s", n+1, err, line)
		}
		n++
	}
	if n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}

// failing is a writer that is full after left bytes.
type failing struct {
	left  int
	calls int
}

var errFull = errors.New("no space left on device")

func (f *failing) Write(p []byte) (int, error) {
	f.calls++
	if len(p) > f.left {
		return f.left, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestJSONKeepsTheFirstErrorAndStops(t *testing.T) {
	w := &failing{left: 80}
	lines := NewJSON(w)
	for range 5 {
		lines.Emit(Event{Op: "o", State: Running})
	}
	if w.calls != 2 {
		t.Errorf("%d writes, want the good one and the failed one", w.calls)
	}
	for range 2 {
		err := lines.Close()
		if !errors.Is(err, errFull) {
			t.Fatalf("Close: %v, want %v", err, errFull)
		}
		if want := "write event as JSON: no space left on device"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

func TestJSONDropsWhatComesAfterClose(t *testing.T) {
	var out bytes.Buffer
	lines := NewJSON(&out)
	if err := lines.Close(); err != nil {
		t.Fatal(err)
	}
	lines.Emit(Event{Op: "o", State: Done})
	if out.Len() > 0 {
		t.Errorf("written after Close: %s", out.String())
	}
}

func FuzzEventJSON(f *testing.F) {
	f.Add("ecs.rollout", "notifier", "running", "2 of 3", "why", int64(0))
	f.Add("", "\x00", "", "\u2028\n", "", int64(1_700_000_000_123_456_789))
	f.Add("o", "通知", "failed", "a\"b", "multi\nline", int64(-1))
	f.Fuzz(func(t *testing.T, op, subject, state, message, why string, nanos int64) {
		e := Event{Time: time.Unix(0, nanos).UTC(), Op: op, Subject: subject, State: State(state), Message: message}
		if why != "" {
			e.Err = errors.New(why)
		}
		var out strings.Builder
		NewJSON(&out).Emit(e)
		if n := strings.Count(out.String(), "\n"); n != 1 {
			t.Fatalf("%d lines: %q", n, out.String())
		}
		var once, twice Event
		if err := json.Unmarshal([]byte(out.String()), &once); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(once)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &twice); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(once, twice, byText()); d != "" {
			t.Errorf("the second round trip changes something:\n%s", d)
		}
	})
}
