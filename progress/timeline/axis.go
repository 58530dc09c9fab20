package timeline

import (
	"fmt"
	"strings"
	"time"
)

// mostTicks is how many labels stand beside one another without touching.
const mostTicks = 11

// ticks returns where the labels of an axis from zero to total stand: multiples
// of a step that people count in.
func ticks(total time.Duration) []time.Duration {
	step := step(total)
	var at []time.Duration
	for t := time.Duration(0); t <= total; t += step {
		at = append(at, t)
	}
	return at
}

func step(total time.Duration) time.Duration {
	for _, unit := range []struct {
		of    time.Duration
		steps []time.Duration
	}{
		{time.Microsecond, []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500}},
		{time.Millisecond, []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500}},
		{time.Second, []time.Duration{1, 2, 5, 10, 15, 30}},
		{time.Minute, []time.Duration{1, 2, 5, 10, 15, 30}},
		{time.Hour, []time.Duration{1, 2, 3, 6, 12}},
	} {
		for _, n := range unit.steps {
			if total/(n*unit.of) < mostTicks {
				return n * unit.of
			}
		}
	}
	day := 24 * time.Hour
	return day * (total/(mostTicks*day) + 1)
}

// label writes a time of the axis without what is zero: "0", "250ms", "1m30s",
// "2h", "3d".
func label(t time.Duration) string {
	day := 24 * time.Hour
	switch {
	case t == 0:
		return "0"
	case t < 10*time.Second:
		return t.String() // 250ms, 1.5s
	case t%day == 0:
		return fmt.Sprintf("%dd", t/day)
	}
	s := t.Round(time.Second).String() // 1h30m0s
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
