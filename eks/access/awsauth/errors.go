package awsauth

import (
	"errors"
	"fmt"
)

// What one may want to match.
var (
	// ErrNodeEntry is the error of an edit that would take away how nodes join.
	ErrNodeEntry = errors.New("the entry of a node would be gone, and its nodes with it")
	// ErrForm is the error of a text that is read well but cannot be edited without
	// touching what is not ours. The error that wraps it says why.
	ErrForm = errors.New("mapRoles is written in a form that is not edited: write it as a plain YAML or JSON list")
	// ErrEntry is the error of an Edit whose entries are wrong in themselves.
	ErrEntry = errors.New("entry cannot be written")
)

// ParseError is a mapRoles that the cluster would not read.
type ParseError struct {
	Line  int // from 1; 0 where it is not known
	Entry int // from 1; 0 where it is none in particular
	Err   error
}

func (e *ParseError) Error() string {
	where := "mapRoles"
	if e.Line > 0 {
		where += fmt.Sprintf(" line %d", e.Line)
	}
	if e.Entry > 0 {
		where += fmt.Sprintf(" (entry %d)", e.Entry)
	}
	return fmt.Sprintf("read %s: %v", where, e.Err)
}

// Unwrap returns what is wrong there.
func (e *ParseError) Unwrap() error { return e.Err }

// ConflictError is an entry that is not ours for a role that is to have one of ours.
type ConflictError struct {
	Entry Entry
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("mapRoles has an entry for %s that is not ours (username %q, groups %v): remove it or adopt it",
		e.Entry.RoleARN, e.Entry.Username, e.Entry.Groups)
}
