// Package double is what the services in memory have in common: how a refusal looks,
// how calls are counted and go wrong, and how a request of a real client reaches an
// [http.Handler] without a socket. It knows no service.
package double

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Error is an answer of a service that is not a success.
type Error struct {
	Status  int    // HTTP status; default 400
	Code    string // "InvalidParameterException"
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// HTTPStatus is e's Status, or 400.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Unencodable is the answer where an answer cannot be encoded.
func Unencodable(err error) *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: "encode answer: " + err.Error()}
}

// Hook may replace the answer to the n-th call (from 1) of operation op; nil leaves it.
type Hook = func(op string, n int) *Error

// Calls counts the calls of each operation. It is safe for concurrent use.
type Calls struct {
	Before Hook // may refuse a call before it takes effect
	After  Hook // may replace the answer to a call that has taken effect

	mu     sync.Mutex
	counts map[string]int
}

// Count counts a call of op, and returns how many there were with it.
func (c *Calls) Count(op string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[op]++
	return c.counts[op]
}

// Of returns how often op was called.
func (c *Calls) Of(op string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[op]
}

// Do counts a call of op, and answers it by do, unless a hook has another answer.
func Do[Out any](c *Calls, op string, do func(now time.Time) (Out, *Error)) (Out, *Error) {
	n := c.Count(op)
	if c.Before != nil {
		if fault := c.Before(op, n); fault != nil {
			var none Out
			return none, fault
		}
	}
	out, fault := do(time.Now())
	if fault == nil && c.After != nil {
		fault = c.After(op, n)
	}
	return out, fault
}

// Page cuts one page of at most size elements out of all: the first one, or the one that
// token means. Next is the token of what follows, "" for nothing. A token is the place of
// an element; one that Page never gave is not ok.
func Page[T any](all []T, token string, size int) (part []T, next string, ok bool) {
	const from = "from-"
	start := 0
	if token != "" {
		var err error
		if start, err = strconv.Atoi(strings.TrimPrefix(token, from)); err != nil || !strings.HasPrefix(token, from) || start < 0 || start > len(all) {
			return nil, "", false
		}
	}
	end := min(start+size, len(all))
	if end < len(all) {
		next = from + strconv.Itoa(end)
	}
	return all[start:end], next, true
}

// UUID is the n-th identifier of a course of events: always the same one.
func UUID(n int) string {
	h := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, "uuid ", n)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}
