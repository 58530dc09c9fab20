package stack

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"golang.org/x/time/rate"
)

// The pace of a Manager towards AWS, in calls a second: usual, and least of all
// after throttling. CloudFormation publishes no rates, and throttles an account
// as a whole; the usual pace leaves room for others in it.
const (
	usualRate, usualBurst = 10, 20
	leastRate             = 1
)

// The pauses of one call between its attempts, and how long it is repeated for
// trouble that passes, such as a lost connection. Throttling is sat out for as
// long as the operation may take.
// The longest pause is Options.MaxPollInterval.
const (
	firstPause   = time.Second
	transientFor = 2 * time.Minute
)

// pacer keeps the calls of all operations of a Manager within one pace, which
// falls when AWS throttles any of them and recovers slowly.
type pacer struct {
	limiter *rate.Limiter
	pause   time.Duration // the longest between two attempts

	mu     sync.Mutex
	slowed time.Time // when the pace was last reduced
}

func newPacer(opts Options) *pacer {
	return &pacer{limiter: rate.NewLimiter(usualRate, usualBurst), pause: max(opts.MaxPollInterval, firstPause)}
}

// do makes one call in its turn, and repeats it while AWS throttles, and for two
// minutes after trouble that passes by itself. The call must be one that may be
// repeated: a read, or a write with a ClientRequestToken.
func (p *pacer) do(ctx context.Context, call func(context.Context) error) error {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, p.pause) {
		if err := p.turn(ctx); err != nil {
			return err
		}
		err := call(ctx)
		switch {
		case err == nil:
			p.quicken()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case throttled(err):
			p.slow()
		case !transient(err) || time.Since(began) >= transientFor:
			return err
		}
		if err := sleep(ctx, jitter(pause)); err != nil {
			return err
		}
	}
}

// turn waits for a place in the common pace.
func (p *pacer) turn(ctx context.Context) error {
	place := p.limiter.Reserve()
	if err := sleep(ctx, place.Delay()); err != nil {
		place.Cancel()
		return err
	}
	return nil
}

// slow halves the pace, once for all calls that were throttled together.
func (p *pacer) slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.slowed) < firstPause {
		return
	}
	p.slowed = time.Now()
	p.limiter.SetLimit(max(p.limiter.Limit()/2, leastRate))
	p.limiter.SetBurst(1)
}

// quicken lets the pace recover, by a hundredth of the usual one a call.
func (p *pacer) quicken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := min(p.limiter.Limit()*1.01, usualRate)
	p.limiter.SetLimit(now)
	if now == usualRate {
		p.limiter.SetBurst(usualBurst)
	}
}

// slowedSince reports whether AWS has throttled any call since then.
func (p *pacer) slowedSince(then time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slowed.After(then)
}

// exceeded is the code by which CloudFormation says that a quota is used up,
// such as that of stacks. To the SDK it is one of throttling; waiting does not help.
const exceeded = "LimitExceededException"

func throttled(err error) bool {
	code, _ := refused(err)
	return code != exceeded && retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

func transient(err error) bool {
	code, _ := refused(err)
	return code != exceeded && retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// refused is the code and the text of an answer by which AWS refuses a call;
// empty for any other error.
func refused(err error) (code, text string) {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode(), api.ErrorMessage()
	}
	return "", ""
}

// missing reports whether err says that there is no such stack, for which
// CloudFormation has no code of its own.
func missing(err error) bool {
	code, text := refused(err)
	return code == "ValidationError" && strings.Contains(text, "does not exist")
}

// jitter takes up to a fifth off d, so that operations that began together do not stay together.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/5+1) }

func sleep(ctx context.Context, d time.Duration) error {
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
