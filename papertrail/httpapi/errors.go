package httpapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/papertrail"
)

// Error is an answer that is not a success.
type Error struct {
	Method, Path string
	Status       int
	// Message is what the answer says: its "message", or the beginning of its text.
	Message string
	// RetryAfter is how long the answer asks to wait; 0 where it does not.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	text := fmt.Sprintf("Papertrail: %s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		text += "; the API token is wrong, or may not do this"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		text += "; redirects are not followed, since the token would go along: has the account been moved?"
	}
	return text
}

// Is reports a 404 as [papertrail.ErrNotFound], and a 400 or 422 as
// [papertrail.ErrRefused].
func (e *Error) Is(target error) bool {
	switch e.Status {
	case http.StatusNotFound:
		return target == papertrail.ErrNotFound
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return target == papertrail.ErrRefused
	}
	return false
}

// temporary reports whether another attempt may have another answer.
func (e *Error) temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout || e.Status >= 500
}

func failure(r request, resp *http.Response, data []byte) *Error {
	return &Error{
		Method: r.method, Path: r.path, Status: resp.StatusCode, Message: message(data),
		RetryAfter: retryAfter(resp.Header, time.Now()),
	}
}

// message is what the body of an error says.
func message(data []byte) string {
	var body struct {
		Message string   `json:"message"`
		Error   string   `json:"error"`
		Errors  []string `json:"errors"`
	}
	if json.Unmarshal(data, &body) == nil {
		if text := cmp.Or(body.Message, body.Error, strings.Join(body.Errors, ", ")); text != "" {
			return clean.Text(shorten(text))
		}
	}
	return excerpt(data)
}

// excerpt is the beginning of a text without the tags of HTML.
func excerpt(data []byte) string {
	var b strings.Builder
	inTag := false
	for _, r := range string(data[:min(len(data), 4096)]) {
		switch {
		case r == '<':
			inTag = true
			b.WriteByte(' ')
		case r == '>' && inTag:
			inTag = false
		case !inTag:
			b.WriteRune(r)
		}
	}
	return clean.Text(shorten(strings.Join(strings.Fields(b.String()), " ")))
}

func shorten(text string) string {
	const most = 160
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// notSentError is the error of a request that was never made.
type notSentError struct{ err error }

func (e *notSentError) Error() string { return e.err.Error() }
func (e *notSentError) Unwrap() error { return e.err }
