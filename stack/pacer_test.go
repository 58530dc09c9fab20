package stack

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mettel-automation/delivery/progress"
)

func TestPacer(t *testing.T) {
	api := func(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }
	forever := 1 << 30
	tests := map[string]struct {
		err      error
		times    int // how often it is the answer
		calls    int // that are made; 0 is not told
		fails    bool
		from, to time.Duration // how long it takes
	}{
		"a call that succeeds is made once":      {calls: 1},
		"throttling is sat out":                  {err: api("Throttling"), times: 5, calls: 6, from: 24 * time.Second, to: 40 * time.Second},
		"throttling is sat out for an hour":      {err: api("RequestLimitExceeded"), times: 300, calls: 301, from: time.Hour, to: 2 * time.Hour},
		"a lost connection is tried again":       {err: api("RequestTimeout"), times: 3, calls: 4, from: 5 * time.Second, to: 8 * time.Second},
		"a lost connection is not for ever":      {err: api("RequestTimeout"), times: forever, fails: true, from: 2 * time.Minute, to: 3 * time.Minute},
		"a refusal is final":                     {err: api("AccessDenied"), times: forever, calls: 1, fails: true},
		"a quota that is used up is no throttle": {err: api("LimitExceededException"), times: forever, calls: 1, fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(Options{MaxPollInterval: 15 * time.Second})
				began, calls := time.Now(), 0
				err := p.do(t.Context(), func(context.Context) error {
					if calls++; calls <= tt.times {
						return tt.err
					}
					return nil
				})
				if tt.fails != (err != nil) || err != nil && !errors.Is(err, tt.err) {
					t.Errorf("error %v", err)
				}
				if tt.calls != 0 && calls != tt.calls {
					t.Errorf("%d calls, want %d", calls, tt.calls)
				}
				if took := time.Since(began); took < tt.from || took > tt.to {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestPacerKeepsOnePace: many at once stay within the usual rate, and slow down
// together when one of them is throttled.
func TestPacerKeepsOnePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(Options{})
		round := func(n int) time.Duration {
			began := time.Now()
			var group sync.WaitGroup
			for range n {
				group.Go(func() {
					if err := p.do(t.Context(), func(context.Context) error { return nil }); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			return time.Since(began)
		}
		if took := round(220); took < 19*time.Second || took > 21*time.Second {
			t.Errorf("220 calls took %s, want 20 s", took)
		}
		var group sync.WaitGroup
		before := time.Now()
		for range 20 { // throttled together, once
			group.Go(func() {
				first := true
				_ = p.do(t.Context(), func(context.Context) error {
					if first {
						first = false
						return throttling()
					}
					return nil
				})
			})
		}
		group.Wait()
		if !p.slowedSince(before) || p.slowedSince(time.Now()) {
			t.Error("nobody knows that AWS throttled")
		}
		if limit := p.limiter.Limit(); limit < 2 || limit > 8 {
			t.Errorf("the pace is %v calls a second", limit)
		}
		round(400)
		if took := round(220); took < 19*time.Second || took > 23*time.Second {
			t.Errorf("220 calls took %s later on, want 20 s", took)
		}
	})
}

func TestPacerTellsOfAnOutageOnce(t *testing.T) {
	lost := &smithy.OperationError{ServiceID: "CloudFormation", OperationName: "DescribeStacks", Err: &smithyhttp.RequestSendError{Err: errors.New("dial tcp 10.0.0.1:443: connect: connection refused")}}
	for name, tt := range map[string]struct {
		lasts time.Duration
		want  []string
	}{
		"one that passes": {30 * time.Second, []string{
			"waiting does not answer, trying again for 2m0s: dial tcp 10.0.0.1:443: connect: connection refused", "done answers again",
		}},
		"one that stays": {time.Hour, []string{
			"waiting does not answer, trying again for 2m0s: dial tcp 10.0.0.1:443: connect: connection refused",
			"failed dial tcp 10.0.0.1:443: connect: connection refused",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var recorder progress.Recorder
				p := newPacer(Options{Progress: recorder.Record, MaxPollInterval: 15 * time.Second})
				began := time.Now()
				var group sync.WaitGroup
				for range 3 {
					group.Go(func() {
						err := p.do(t.Context(), func(context.Context) error {
							if time.Since(began) < tt.lasts {
								return lost
							}
							return nil
						})
						if (err != nil) != (tt.lasts > transientFor) {
							t.Errorf("error %v", err)
						}
					})
				}
				group.Wait()
				var got []string
				for _, e := range recorder.Events() {
					text := string(e.State) + " " + e.Message
					if e.Err != nil {
						text += e.Err.Error()
					}
					if e.Op != "stack.call" || e.Subject != "CloudFormation" {
						t.Errorf("event %+v", e)
					}
					got = append(got, text)
				}
				if len(got) < len(tt.want) || !slices.Equal(got[:len(tt.want)], tt.want) || tt.lasts < transientFor && len(got) > len(tt.want) {
					t.Errorf("told is %q", got)
				}
			})
		})
	}
}

func TestErrorsAreInTheWordsOfAWS(t *testing.T) {
	answer := func(err error) error {
		return &smithy.OperationError{ServiceID: "CloudFormation", OperationName: "DescribeStacks", Err: &smithyhttp.ResponseError{Response: new(smithyhttp.Response), Err: err}}
	}
	odd := errors.New("odd")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{answer(&smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}), "AccessDenied: not you"},
		{answer(&smithy.GenericAPIError{Code: "AccessDenied"}), "AccessDenied"},
		{answer(&smithyhttp.RequestSendError{Err: errors.New("no route to host")}), "no route to host"},
		{odd, "odd"},
	} {
		got := worded(tt.err)
		if got.Error() != tt.want || !errors.Is(got, tt.err) {
			t.Errorf("%q, want %q around the error of the SDK", got, tt.want)
		}
	}
	if _, ok := errors.AsType[smithy.APIError](worded(answer(&smithy.GenericAPIError{Code: "X"}))); !ok {
		t.Error("the code is lost")
	}
}

func TestMissing(t *testing.T) {
	for text, want := range map[string]bool{
		"Stack with id demo does not exist":                                true,
		"Stack [demo] does not exist":                                      true,
		"Stack [arn:aws:cloudformation:r:1:stack/demo/1] does not exist":   true,
		"Stack:arn:aws:cloudformation:r:1:stack/demo/1 does not exist":     true,
		"Stack 'demo' does not exist":                                      true,
		"S3 error: The specified key does not exist.":                      false,
		"Role arn:aws:iam::123456789012:role/x does not exist":             false,
		"Template error: Stack [demo] does not exist":                      false,
		"Parameter value x for parameter name KeyName does not exist":      false,
		"Stack with id demo has a role that somebody says does not exist.": false,
	} {
		if got := missing(&smithy.GenericAPIError{Code: "ValidationError", Message: text}); got != want {
			t.Errorf("%q: missing %t", text, got)
		}
	}
	if missing(&smithy.GenericAPIError{Code: "AccessDenied", Message: "Stack [demo] does not exist"}) {
		t.Error("any code will do")
	}
}

func TestPacerTellsWhatWasNeverSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := newPacer(Options{}).do(ctx, func(context.Context) error { return nil })
	if !isA[*unsentError](err) || !errors.Is(err, context.Canceled) || err.Error() != "context canceled" {
		t.Errorf("error %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	err = newPacer(Options{}).do(ctx, func(context.Context) error { cancel(); return context.Canceled })
	if isA[*unsentError](err) || !errors.Is(err, context.Canceled) {
		t.Errorf("an attempt that was cut off: %v", err)
	}
}

func TestPacerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, cause)
		defer cancel()
		p, began := newPacer(Options{}), time.Now()
		if err := p.do(ctx, func(context.Context) error { return throttling() }); !errors.Is(err, cause) || time.Since(began) != 10*time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
		err := p.do(ctx, func(context.Context) error {
			t.Error("a call was made after the end of the context")
			return nil
		})
		if !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
		ctx, cancelNow := context.WithCancelCause(t.Context())
		err = p.do(ctx, func(ctx context.Context) error { // a call that is cut off says why
			cancelNow(cause)
			return &smithy.CanceledError{Err: ctx.Err()}
		})
		if !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
	})
}
