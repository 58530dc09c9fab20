package stream

import (
	"context"
	"errors"
	"net/url"
	"regexp"

	"github.com/mettel-automation/delivery/internal/clean"
)

// clientError is an error of a client of the engine without the addresses that
// it called: their queries hold the build arguments.
type clientError struct {
	text string
	err  error
}

func (e *clientError) Error() string { return e.text }
func (e *clientError) Unwrap() error { return e.err }

var query = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s",]*`)

// Cause makes err, which a client of the engine returned, one that may be shown;
// where ctx has ended, it is the cause of that.
func Cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return &clientError{text: "no answer of the engine: " + clean.Text(e.Err.Error()), err: e.Err}
	}
	text := clean.Text(query.ReplaceAllString(err.Error(), "$1"))
	if text == err.Error() {
		return err
	}
	return &clientError{text: text}
}
