package stack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// What the errors of planning and applying match; those of an operation that
// failed in AWS stand beside [OperationError].
var (
	// ErrInvalid: the input is at fault, and nothing was asked of AWS about it. The
	// error is an [*InvalidError].
	ErrInvalid = errors.New("invalid input")
	// ErrTemplateTooLarge: a template over 51,200 bytes without Options.Templates, or
	// one that CloudFormation takes from nowhere.
	ErrTemplateTooLarge = errors.New("the template is too large")
	// ErrNotFound: there is no such stack.
	ErrNotFound = errors.New("there is no such stack")
	// ErrState: the stack is in a state that does not allow what was asked. The error
	// is a [*StateError], or a [*StuckError].
	ErrState = errors.New("the state of the stack does not allow it")
	// ErrStale: the stack has changed since the plan was made.
	ErrStale = errors.New("the stack has changed since: plan again")
	// ErrNotPlanned: the plan did not come from Manager.Plan, or not with all that
	// applying it needs.
	ErrNotPlanned = errors.New("this is no plan that can be applied")
	// ErrConsent: a stateful resource would be replaced or deleted. The error is a
	// [*PolicyError].
	ErrConsent = errors.New("consent is missing")
)

// SyntaxError is a place where a template is not one: Line and Column count
// from 1. An [InvalidError] holds one for each.
type SyntaxError = template.SyntaxError

// InvalidError is all that is wrong with a [Stack].
type InvalidError struct {
	Stack  string // its name, as given
	Faults []error
}

func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = strings.ReplaceAll(f.Error(), "\n", "; ")
	}
	return fmt.Sprintf("plan stack %s: %s", named(e.Stack), strings.Join(texts, "; "))
}

// Unwrap returns ErrInvalid and the faults.
func (e *InvalidError) Unwrap() []error { return append([]error{ErrInvalid}, e.Faults...) }

func named(stack string) string {
	if stack == "" {
		return "without a name"
	}
	return stack
}

// StateError is a stack that can be neither updated nor created.
type StateError struct {
	Stack  string
	Status string
	Reason string // what the status means
	Remedy string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("plan stack %s: it is %s: %s; %s", e.Stack, e.Status, e.Reason, e.Remedy)
}

// Unwrap returns ErrState.
func (e *StateError) Unwrap() error { return ErrState }

// StuckError is a stack in UPDATE_ROLLBACK_FAILED: an update failed, so did
// returning from it, and CloudFormation takes nothing but [Manager.Recover].
type StuckError struct {
	Stack  string
	Failed []Cause // what the rollback has failed at, the first one first
}

func (e *StuckError) Error() string {
	at := ""
	if len(e.Failed) > 0 {
		texts := make([]string, len(e.Failed))
		for i, c := range e.Failed {
			texts[i] = c.String()
		}
		at = " at " + strings.Join(texts, ", ")
	}
	return fmt.Sprintf("plan stack %s: it is UPDATE_ROLLBACK_FAILED: the rollback of an update is stuck%s; "+
		"remove the cause and let Recover end the rollback, then plan again", e.Stack, at)
}

// Unwrap returns ErrState.
func (e *StuckError) Unwrap() error { return ErrState }

// ChangeSetError is a change set that CloudFormation could not make.
type ChangeSetError struct {
	Stack  string
	Reason string // in the words of AWS
}

func (e *ChangeSetError) Error() string {
	return fmt.Sprintf("plan stack %s: no change set could be made: %s", e.Stack, e.Reason)
}

// PolicyError is a plan that would replace or delete stateful resources without
// consent.
type PolicyError struct {
	Stack   string
	Refused []Refusal
}

func (e *PolicyError) Error() string {
	texts := make([]string, len(e.Refused))
	for i, r := range e.Refused {
		texts[i] = r.String()
	}
	return fmt.Sprintf("apply stack %s: %s; name what is wanted in Consent and plan again", e.Stack, strings.Join(texts, "; "))
}

// Unwrap returns ErrConsent.
func (e *PolicyError) Unwrap() error { return ErrConsent }
