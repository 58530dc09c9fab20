package hits

import (
	"errors"
	"fmt"
)

// The errors that a caller tells apart.
var (
	ErrTruncated     = errors.New("report is truncated")
	ErrUnknownFormat = errors.New("unknown report format")
)

// Error is a fault of a report at a line; 0 where no line is known.
type Error struct {
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the fault itself.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error at line; format may wrap with %w.
func Errorf(line int, format string, args ...any) error {
	return &Error{Line: line, Err: fmt.Errorf(format, args...)}
}
