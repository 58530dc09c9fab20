package throttle_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/mettel-automation/delivery/internal/throttle"
)

func TestBucket(t *testing.T) {
	b := throttle.New(2, 3)
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true},
		{0, true},
		{0, true},
		{0, false}, // what it holds
		{499 * time.Millisecond, false},
		{time.Millisecond, true}, // a refused call takes nothing
		{500 * time.Millisecond, true},
		{0, false},
		{time.Hour, true},
		{0, true},
		{0, true},
		{0, false}, // it holds no more than its size
	} {
		at = at.Add(step.after)
		if got := b.Take(at); got != step.want {
			t.Errorf("call %d: %t", i, got)
		}
	}
}

// Who keeps to a rate is never refused.
func TestALimiterOfTheSameRateIsNeverRefused(t *testing.T) {
	for _, perSecond := range []float64{1, 3, 7, 20, 33.3} {
		limiter, b := rate.NewLimiter(rate.Limit(perSecond), 5), throttle.New(perSecond, 5)
		at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		for i := range 10_000 {
			at = at.Add(limiter.ReserveN(at, 1).DelayFrom(at))
			if !b.Take(at) {
				t.Fatalf("call %d at %v a second was refused", i, perSecond)
			}
		}
	}
}

func TestPair(t *testing.T) {
	p := throttle.Pair{Reads: throttle.New(1, 3), Writes: throttle.New(1, 1)}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i, call := range []struct {
		op   string
		want bool
	}{
		{"CreateStack", true},
		{"DeleteStack", false},
		{"DescribeStacks", true},
		{"ListStacks", true},
		{"GetTemplate", true},
		{"DescribeStacks", false},
		{"UpdateStack", false},
	} {
		if got := p.Take(call.op, at); got != call.want {
			t.Errorf("call %d, %s: %t", i, call.op, got)
		}
	}
}
