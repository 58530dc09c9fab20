package hits

import (
	"errors"
	"fmt"
)

// The errors that a caller tells apart.
var (
	ErrTruncated     = errors.New("report is truncated")
	ErrUnknownFormat = errors.New("unknown report format")
	// ErrContradiction is an ErrTruncated too: in both cases something is missing.
	ErrContradiction error = contradiction{}
)

type contradiction struct{}

func (contradiction) Error() string { return "report contradicts itself" }
func (contradiction) Unwrap() error { return ErrTruncated }

// Error is a fault of a report at a line, or at an offset where its format has
// no lines; 0 where none is known.
type Error struct {
	Line   int   // from 1
	Offset int64 // in bytes
	Err    error
}

func (e *Error) Error() string {
	if e.Line == 0 && e.Offset > 0 {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the fault itself.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error at line; format may wrap with %w.
func Errorf(line int, format string, args ...any) error {
	return &Error{Line: line, Err: fmt.Errorf(format, args...)}
}
