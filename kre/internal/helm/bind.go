package helm

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// recordGrace is how long one request that records what happened may take once
// the work itself was cancelled.
const recordGrace = 15 * time.Second

// The rates at which a client asks, where the configuration has none: client-go's own
// (5 a second) make a release of some hundred objects wait for minutes.
const (
	defaultQPS   = 50
	defaultBurst = 300
)

// Bind returns a copy of config whose requests all end when ctx does, whatever
// context they were made with: helm makes its own from the background.
func Bind(ctx context.Context, config *rest.Config) *rest.Config {
	return wrap(config, func(r *http.Request) (context.Context, context.CancelFunc) {
		return join(r.Context(), ctx)
	})
}

// bindRecords is Bind for what keeps the records of releases: once ctx has ended, and
// for each write, a request has a short time of its own, so that a cancelled
// operation still says so in the cluster.
func bindRecords(ctx context.Context, config *rest.Config) *rest.Config {
	return wrap(config, func(r *http.Request) (context.Context, context.CancelFunc) {
		if r.Method == http.MethodGet && ctx.Err() == nil {
			return join(r.Context(), ctx)
		}
		return context.WithTimeout(r.Context(), recordGrace)
	})
}

func wrap(config *rest.Config, bound func(*http.Request) (context.Context, context.CancelFunc)) *rest.Config {
	c := rest.CopyConfig(config)
	if c.QPS == 0 && c.RateLimiter == nil {
		c.QPS, c.Burst = defaultQPS, defaultBurst
	}
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return Transport{Next: next, Bound: bound} })
	return c
}

// join returns a context with the values of request that ends with either.
func join(request, work context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(request)
	stop := context.AfterFunc(work, func() { cancel(context.Cause(work)) })
	if work.Err() != nil {
		cancel(context.Cause(work)) // AfterFunc takes a moment
	}
	return ctx, func() { stop(); cancel(nil) }
}

// Transport gives each request the context that Bound makes of it, which ends
// when the answer has been read.
type Transport struct {
	Next  http.RoundTripper
	Bound func(*http.Request) (context.Context, context.CancelFunc)
}

// RoundTrip sends r. Its error is the cause of the context where that has ended.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := t.Bound(r)
	if ctx.Err() != nil {
		defer cancel()
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, context.Cause(ctx))
	}
	resp, err := t.Next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		defer cancel()
		if ctx.Err() != nil {
			err = fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, context.Cause(ctx))
		}
		return nil, err
	}
	resp.Body = &body{resp.Body, cancel}
	return resp, nil
}

type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the answer and ends its context.
func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
