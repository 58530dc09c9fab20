package stack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
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
	// ErrStale: the stack has changed since the plan was made, or the change set of the
	// plan is gone.
	ErrStale = errors.New("the stack has changed since: plan again")
	// ErrOvertaken: what was planned is applied, and the stack has changed again since.
	// The Result holds the outputs as they were read.
	ErrOvertaken = errors.New("the plan is applied, and somebody else has begun to change the stack since")
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
// returning from it, and CloudFormation takes nothing but [Manager.ApplyRecover].
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

// errGone is a plan whose change set is gone, while the stack may be as it was.
var errGone = staleError("the change set of the plan is gone, deleted by somebody, or since another one was executed: plan again")

// staleError is an ErrStale that says by itself what has changed.
type staleError string

func (e staleError) Error() string        { return string(e) }
func (e staleError) Is(target error) bool { return target == ErrStale }

// ChangeSetError is a change set that CloudFormation could not make.
type ChangeSetError struct {
	Stack  string
	Reason string // in the words of AWS
	// Causes are what CloudFormation has found wrong with single resources before
	// anything was changed, such as a name that is taken; often there are none.
	Causes []Cause
	// ChangeSet is the ARN of the change set where it was left, since what is wrong
	// could not be read from it; empty where it is deleted. Planning again replaces it.
	ChangeSet string
}

func (e *ChangeSetError) Error() string {
	text := clean.Text(e.Reason)
	if len(e.Causes) > 0 {
		texts := make([]string, len(e.Causes))
		for i, c := range e.Causes {
			texts[i] = c.String()
		}
		text = strings.Join(texts, "; also ")
	}
	if e.ChangeSet != "" {
		text = strings.TrimRight(text, ". ") + "; cloudformation:DescribeEvents, if it is allowed, tells more of " + clean.Text(e.ChangeSet)
	}
	return fmt.Sprintf("plan stack %s: no change set could be made: %s", e.Stack, text)
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
