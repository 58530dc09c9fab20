package zone

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/wait"
)

// The pauses between two attempts of a call that Route 53 does not take yet.
const (
	firstPause = time.Second
	longPause  = 15 * time.Second
)

// call makes one call within the rate, and repeats it while Route 53 is busy,
// throttles or is out of order.
func call[In, Out any](ctx context.Context, m *Manager, do func(context.Context, *In, ...func(*route53.Options)) (*Out, error), in *In) (*Out, error) {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		if err := m.limiter.Wait(ctx); err != nil {
			return nil, fmt.Errorf("wait for a turn: %w", err)
		}
		out, err := do(ctx, in)
		if err == nil || ctx.Err() != nil || !passing(err) || time.Since(began)+pause > m.opts.Timeout {
			return out, err
		}
		if wait.For(ctx, pause) != nil {
			return nil, err
		}
	}
}

// passing reports whether a call that failed with err is worth repeating.
func passing(err error) bool {
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool() ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
}

// insync waits until all name servers know a change.
func (m *Manager) insync(ctx context.Context, info *types.ChangeInfo, what string) error {
	if info == nil {
		return nil
	}
	for began := time.Now(); info.Status != types.ChangeStatusInsync; {
		if time.Since(began) >= m.opts.Timeout {
			return fmt.Errorf("wait for the name servers to know %s: %w after %s", what, ErrTimeout, m.opts.Timeout)
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return fmt.Errorf("wait for the name servers to know %s: %w", what, err)
		}
		out, err := call(ctx, m, m.api.GetChange, &route53.GetChangeInput{Id: info.Id})
		if err != nil {
			return fmt.Errorf("wait for the name servers to know %s: %w", what, err)
		}
		info = out.ChangeInfo
	}
	return nil
}
