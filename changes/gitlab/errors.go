package gitlab

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// What is wrong with what comes out, for errors.Is.
var (
	// ErrName is the error of a name that GitLab refuses for a job or a variable,
	// or that two of them would have.
	ErrName = errors.New("bad name")
	// ErrTooLarge is the error of a dotenv report that GitLab would refuse.
	ErrTooLarge = errors.New("too large for a dotenv report")
)

// TemplateError is a fault of a [Template].
type TemplateError struct {
	File   string // name of the file; "" where there is none
	Line   int    // counted from 1; 0 where it is not known
	Column int    // counted from 1; 0 where it is not known
	Err    error
}

func (e *TemplateError) Error() string {
	file := cmp.Or(e.File, "job template")
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %v", file, e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("%s: %v", file, e.Err)
}

// Unwrap returns what is wrong.
func (e *TemplateError) Unwrap() error { return e.Err }

// NeedsError is a job that needs more others than GitLab allows.
type NeedsError struct {
	Job        string
	Count, Max int
}

func (e *NeedsError) Error() string {
	return fmt.Sprintf("job %q needs %d jobs, and GitLab allows %d; let its module depend on fewer, or raise ci_needs_size_limit on an instance of your own, and Options.MaxNeeds", e.Job, e.Count, e.Max)
}

// joined is the errors in the order of their texts, each once.
func joined(errs []error) error {
	slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	errs = slices.CompactFunc(errs, func(a, b error) bool { return a.Error() == b.Error() })
	return errors.Join(errs...)
}
