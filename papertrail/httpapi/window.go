package httpapi

import (
	"context"
	"sync"
	"time"

	"github.com/mettel-automation/delivery/internal/wait"
)

// The rate that Papertrail allows an account.
const (
	windowSize = 25
	windowTime = 5 * time.Second
)

// window lets windowSize requests begin in any span. A bucket of that size that
// refills all the time would let nearly twice as many begin in its first seconds.
type window struct {
	span  time.Duration // within which windowSize requests may begin
	mu    sync.Mutex
	times [windowSize]time.Time // when the last ones began, as a ring
	next  int
}

// wait returns when one more may begin.
func (w *window) wait(ctx context.Context) error {
	w.mu.Lock()
	now := time.Now()
	at := now
	if oldest := w.times[w.next]; !oldest.IsZero() && oldest.Add(w.span).After(now) {
		at = oldest.Add(w.span)
	}
	w.times[w.next] = at // taken, even if the wait is cancelled
	w.next = (w.next + 1) % windowSize
	w.mu.Unlock()
	if err := wait.For(ctx, at.Sub(now)); err != nil {
		return err
	}
	return ctx.Err()
}
