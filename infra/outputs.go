package infra

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// MissingOutputError is an output that a stack should have, and does not.
type MissingOutputError struct {
	Stack  string // the stack that it should come from
	Output string
}

func (e *MissingOutputError) Error() string {
	return fmt.Sprintf("read the outputs of stack %s: there is no %s; apply the stack as it is rendered now", e.Stack, e.Output)
}

// reader reads the outputs of a stack.
type reader struct {
	stack   func() (string, error)
	outputs map[string]string
	missing []string
}

// text returns an output. An empty one is missing.
func (r *reader) text(name string) string {
	if r.outputs[name] == "" {
		r.missing = append(r.missing, name)
	}
	return r.outputs[name]
}

// list returns an output that has commas.
func (r *reader) list(name string) []string {
	if text := r.text(name); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

// err returns what is missing, or nil.
func (r *reader) err() error {
	if len(r.missing) == 0 {
		return nil
	}
	stack, err := r.stack()
	errs := []error{err} // nil is left out
	for _, name := range r.missing {
		errs = append(errs, &MissingOutputError{Stack: cmp.Or(stack, "without a name"), Output: name})
	}
	return errors.Join(errs...)
}
