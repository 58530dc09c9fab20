// Package stackreport says what package stack has planned and done in the terms of a
// report.
package stackreport

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/report"
	"github.com/mettel-automation/delivery/stack"
)

// Planned is a stack as a plan leaves it.
func Planned(p stack.Plan) report.Stack {
	s := report.Stack{Name: p.Stack, Action: string(p.Action), Status: p.Status}
	for _, c := range p.Changes {
		details := make([]string, len(c.Properties))
		for i, property := range c.Properties {
			details[i] = property.String()
		}
		s.Changes = append(s.Changes, report.Change{Action: string(c.Action), Name: c.LogicalID, Type: c.Type, Detail: strings.Join(details, "; ")})
	}
	return s
}

// Applied is the same stack once the plan is applied; err is what Apply has returned.
func Applied(s report.Stack, result stack.Result, err error) report.Stack {
	s.Status, s.Outputs = cmp.Or(result.Status, s.Status), result.Outputs
	s.Started, s.Ended = result.Started, result.Ended
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

// Doomed is a stack as a plan to delete it leaves it.
func Doomed(p stack.Deletion) report.Stack {
	s := report.Stack{Name: p.Stack, Action: "delete", Status: p.Status}
	if p.Empty() {
		s.Action = "none"
	}
	for _, r := range p.Resources {
		action, detail := "delete", r.PhysicalID
		if r.Fate != stack.FateDeleted {
			action, detail = string(r.Fate), strings.TrimPrefix(detail+": "+r.Reason, ": ")
		}
		s.Changes = append(s.Changes, report.Change{Action: action, Name: r.LogicalID, Type: r.Type, Detail: strings.TrimSuffix(detail, ": ")})
	}
	return s
}

// Deleted is the same stack once it is deleted, or could not be.
func Deleted(s report.Stack, result stack.Deleted, err error) report.Stack {
	s.Started, s.Ended = result.Started, result.Ended
	if err != nil {
		s.Error = err.Error()
		return s
	}
	if s.Action == "delete" {
		s.Status = "DELETE_COMPLETE"
	}
	return s
}

// Summary is a plan in a few words.
func Summary(p stack.Plan) string {
	if p.Action == stack.Keep {
		return "unchanged"
	}
	changes := "1 change"
	if n := len(p.Changes); n != 1 {
		changes = fmt.Sprintf("%d changes", n)
	}
	return map[stack.Action]string{stack.Create: "created", stack.Update: "updated", stack.Recreate: "created anew"}[p.Action] + ", " + changes
}

// Failures are the causes of an error of package stack, a failure each; the error
// itself where it names none.
func Failures(name string, err error) (failures []report.Failure) {
	failed, is := errors.AsType[*stack.OperationError](err)
	if !is || len(failed.Causes)+len(failed.Rollback) == 0 {
		return []report.Failure{{Subject: name, Cause: err.Error()}}
	}
	for _, c := range failed.Causes {
		failures = append(failures, report.Failure{Subject: name + "/" + c.LogicalID, Cause: c.String()})
	}
	for _, c := range failed.Rollback {
		failures = append(failures, report.Failure{Subject: name + "/" + c.LogicalID, Cause: "rolling back failed: " + c.String()})
	}
	return failures
}
