package timeline

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	tests := map[time.Duration]string{
		0:                              "0",
		1500 * time.Microsecond:        "0 200µs 400µs 600µs 800µs 1ms 1.2ms 1.4ms",
		10 * time.Millisecond:          "0 1ms 2ms 3ms 4ms 5ms 6ms 7ms 8ms 9ms 10ms",
		1200 * time.Millisecond:        "0 200ms 400ms 600ms 800ms 1s 1.2s",
		5 * time.Second:                "0 500ms 1s 1.5s 2s 2.5s 3s 3.5s 4s 4.5s 5s",
		23 * time.Second:               "0 5s 10s 15s 20s",
		91 * time.Second:               "0 10s 20s 30s 40s 50s 1m 1m10s 1m20s 1m30s",
		4*time.Minute + 59*time.Second: "0 30s 1m 1m30s 2m 2m30s 3m 3m30s 4m 4m30s",
		50 * time.Minute:               "0 5m 10m 15m 20m 25m 30m 35m 40m 45m 50m",
		138 * time.Minute:              "0 15m 30m 45m 1h 1h15m 1h30m 1h45m 2h 2h15m",
		20 * time.Hour:                 "0 2h 4h 6h 8h 10h 12h 14h 16h 18h 20h",
		30 * time.Hour:                 "0 3h 6h 9h 12h 15h 18h 21h 1d 27h 30h",
		5 * 24 * time.Hour:             "0 12h 1d 36h 2d 60h 3d 84h 4d 108h 5d",
		25 * 24 * time.Hour:            "0 3d 6d 9d 12d 15d 18d 21d 24d",
	}
	for total, want := range tests {
		var labels []string
		for _, tick := range ticks(total) {
			labels = append(labels, label(tick))
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("axis of %v: %s\nwant %s", total, got, want)
		}
	}
}

func TestTicksOfAnyRun(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		total := time.Duration(rng.Int64N(int64(time.Microsecond) << rng.IntN(43)))
		at := ticks(total)
		if len(at) == 0 || len(at) > mostTicks {
			t.Fatalf("%d ticks for %v", len(at), total)
		}
		seen := map[string]bool{}
		for _, tick := range at {
			if seen[label(tick)] {
				t.Fatalf("two ticks of %v are called %s", total, label(tick))
			}
			seen[label(tick)] = true
		}
	}
}
