package stack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/time/rate"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
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
	emit    progress.Func

	mu     sync.Mutex
	slowed time.Time // when the pace was last reduced
	lost   bool      // no call has been answered since one was not
}

func newPacer(opts Options) *pacer {
	return &pacer{limiter: rate.NewLimiter(usualRate, usualBurst), pause: max(opts.MaxPollInterval, firstPause), emit: opts.Progress}
}

// call asks one thing of the API, as [pacer.do] does it. What is asked must be one
// that may be repeated: a read, or a write with a ClientRequestToken.
func call[In, Out any](ctx context.Context, m *Manager, ask func(context.Context, *In, ...func(*cloudformation.Options)) (*Out, error), in *In) (out *Out, err error) {
	err = m.pace.do(ctx, func(ctx context.Context) (err error) {
		out, err = ask(ctx, in)
		return err
	})
	return out, err
}

// do makes one call in its turn, and repeats it while AWS throttles, and for two
// minutes after trouble that passes by itself. The call must be one that may be
// repeated. An error before the first attempt is an [*unsentError].
func (p *pacer) do(ctx context.Context, call func(context.Context) error) error {
	began := time.Now()
	if err := p.turn(ctx); err != nil {
		return &unsentError{err}
	}
	for pause := firstPause; ; pause = min(2*pause, p.pause) {
		err := call(ctx)
		switch {
		case err == nil:
			p.quicken()
			p.found()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case throttled(err):
			p.slow()
		case !transient(err):
			return worded(err)
		case time.Since(began) >= transientFor:
			return p.gaveUp(worded(err))
		default:
			p.missed(worded(err))
		}
		if err := wait.For(ctx, jitter(pause)); err != nil {
			return err
		}
		if err := p.turn(ctx); err != nil {
			return err
		}
	}
}

// turn waits for a place in the common pace.
func (p *pacer) turn(ctx context.Context) error {
	place := p.limiter.Reserve()
	if err := wait.For(ctx, place.Delay()); err != nil {
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

// The progress of the connection itself: one outage is told once, however many
// calls it meets.
const (
	opCall  = "stack.call"
	service = "CloudFormation"
)

// missed tells that a call was not answered, and is tried again.
func (p *pacer) missed(err error) {
	if p.outage(true) {
		message := fmt.Sprintf("does not answer, trying again for %s: %s", transientFor, clean.Text(err.Error()))
		p.emit.Emit(progress.Event{Op: opCall, Subject: service, State: progress.Waiting, Message: message})
	}
}

func (p *pacer) found() {
	if p.outage(false) {
		p.emit.Emit(progress.Event{Op: opCall, Subject: service, State: progress.Done, Message: "answers again"})
	}
}

func (p *pacer) gaveUp(err error) error {
	if p.outage(false) {
		p.emit.Emit(progress.Event{Op: opCall, Subject: service, State: progress.Failed, Err: err})
	}
	return err
}

// outage notes whether there is one, and reports whether that is news.
func (p *pacer) outage(lost bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := p.lost != lost
	p.lost = lost
	return news
}

// unsentError is the end of the context before anything was sent to AWS.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// wordedError is an error of the SDK in the words of AWS, without those of the SDK
// around them.
type wordedError struct {
	text string
	err  error
}

func (e *wordedError) Error() string { return e.text }
func (e *wordedError) Unwrap() error { return e.err }

// worded is an answer that refuses a call as "code: message", and a call that was
// not answered as what the network says.
func worded(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		text := api.ErrorCode()
		if message := api.ErrorMessage(); message != "" {
			text += ": " + message
		}
		return &wordedError{text, err}
	}
	if unsent, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return &wordedError{unsent.Err.Error(), err}
	}
	return err
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
// CloudFormation has no code of its own. Roles, files and values that do not exist
// are refused with the same code.
func missing(err error) bool {
	code, text := refused(err)
	return code == "ValidationError" && regexp.MustCompile(`^Stack( with id |:| \[| ')\S+ does not exist`).MatchString(text)
}

// jitter takes up to a fifth off d, so that operations that began together do not stay together.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/5+1) }
