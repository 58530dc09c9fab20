package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/papertrail"
)

// maxBody bounds an answer. A list of 50,000 systems has some 20 MB.
const maxBody = 64 << 20

type request struct {
	method, path string
	body         any         // nil for none
	answer       any         // what the body of a success is read into; nil drops it
	whole        func() bool // whether what was read is all there; nil for yes
	// repeatable marks a POST that changes nothing the second time.
	repeatable bool
}

// safe reports whether the request may be made again when it is not known whether
// it has had its effect.
func (r request) safe() bool { return r.method != http.MethodPost || r.repeatable }

// do makes the request until it is answered for good.
func (c *Client) do(ctx context.Context, r request) error {
	var unknown bool // an earlier attempt may have had its effect
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, r)
		if unknown && r.method == http.MethodDelete && errors.Is(err, papertrail.ErrNotFound) {
			return nil // it is gone by an earlier attempt
		}
		if err == nil || final(err) {
			return r.lost(err)
		}
		done := maybeDone(err)
		e, _ := errors.AsType[*Error](err)
		switch {
		case done && (ctx.Err() != nil || !r.safe()):
			e.hold(ctx) // also who looks what has become of it comes after that
			return r.lost(err)
		case ctx.Err() != nil:
			return err
		case attempt >= c.attempts:
			return fmt.Errorf("%w (%d attempts)", err, attempt)
		}
		unknown = unknown || done
		if err := wait.For(ctx, pause(attempt, e)); err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
}

// final reports whether another attempt would have the same answer.
func final(err error) bool {
	e, answered := errors.AsType[*Error](err)
	return answered && !e.temporary()
}

// maybeDone reports whether the request may have had its effect: what is answered
// with 429, or was never sent, had none, and any other failure may have.
func maybeDone(err error) bool {
	e, answered := errors.AsType[*Error](err)
	refused := answered && e.Status == http.StatusTooManyRequests
	return !refused && sent(err)
}

// lost is the error of a request that was made for the last time. A creation whose
// effect is not known says so: unless it was refused, it may have been done.
func (r request) lost(err error) error {
	if e, ok := errors.AsType[*Error](err); err == nil || r.safe() || ok && 300 <= e.Status && e.Status < 500 {
		return err
	}
	return fmt.Errorf("%w: %w", papertrail.ErrUncertain, err)
}

// sent reports whether the request may have reached the service.
func sent(err error) bool {
	if _, ok := errors.AsType[*notSentError](err); ok {
		return false
	}
	op, ok := errors.AsType[*net.OpError](err)
	return !ok || op.Op != "dial"
}

// once makes one request.
func (c *Client) once(ctx context.Context, r request) error {
	if err := c.window.wait(ctx); err != nil {
		return &notSentError{fmt.Errorf("%s %s: %w", r.method, r.path, err)}
	}
	var body io.Reader
	if r.body != nil {
		data, err := json.Marshal(r.body)
		if err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	req.Header.Set("X-Papertrail-Token", string(*c.token))
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask Papertrail: %w", err) // it names method and URL, and no header
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return fmt.Errorf("ask Papertrail: %s %s: read the answer: %w", r.method, r.path, err)
	case len(data) > maxBody:
		return &Error{Method: r.method, Path: r.path, Status: resp.StatusCode, Message: "the answer has more than 64 MiB"}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return failure(r, resp, c.hide(data))
	}
	return c.read(r, resp, data)
}

// hide takes the token out of what an answer repeats of the request.
func (c *Client) hide(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte(*c.token), []byte(c.token.String()))
}

// read takes the answer of a success.
func (c *Client) read(r request, resp *http.Response, data []byte) error {
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "text/html" {
		return &Error{
			Method: r.method, Path: r.path, Status: resp.StatusCode,
			Message: "a web page in place of JSON: " + excerpt(c.hide(data)) + "; is the base URL that of the API?",
		}
	}
	if r.answer == nil {
		return nil
	}
	err := json.Unmarshal(data, r.answer)
	if err == nil && r.whole != nil && !r.whole() {
		err = errors.New("it has no ids")
	}
	if err != nil {
		return &Error{Method: r.method, Path: r.path, Status: resp.StatusCode, Message: "the answer is not what is documented: " + err.Error()}
	}
	return nil
}

// pause is how long to wait before the next attempt: as long as the answer asks for,
// or one second, two, four and so on up to 30, plus or minus a half, so that several
// who were refused at once do not come again at once.
func pause(attempt int, e *Error) time.Duration {
	const longest = 30 * time.Second
	if e != nil && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	d := min(longest, time.Second<<(attempt-1))
	return d/2 + rand.N(d)
}

// hold waits as long as the answer asks for, if there is one.
func (e *Error) hold(ctx context.Context) {
	if e != nil {
		_ = wait.For(ctx, e.RetryAfter)
	}
}

// retryAfter reads the header of that name: seconds, or a time. Zero is none. It is
// bounded, since nobody waits for an hour in a pipeline.
func retryAfter(header http.Header, now time.Time) time.Duration {
	const longest = 5 * time.Minute
	text := header.Get("Retry-After")
	var d time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		d = time.Duration(min(seconds, int(longest/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(longest, max(0, d))
}
