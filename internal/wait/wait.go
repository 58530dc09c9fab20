// Package wait pauses between two looks at a service, or before another attempt.
package wait

import (
	"context"
	"time"
)

// For returns after d, or as soon as ctx has ended: then with the cause of that. A ctx
// that has ended already wins over a d that is zero or less, so that a loop which waits
// for nothing ends as well.
func For(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
