package stack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// parameterChanges compares the values that parameters have with those that they
// will have. Of a creation, only what is given is told.
func (r request) parameterChanges(set changeSet, hide secrets) []ValueChange {
	before := make(map[string]string)
	if r.found != nil {
		before = parameterValues(r.found.Parameters, nil)
	}
	after := parameterValues(set.Parameters, before)
	if r.found == nil {
		for name := range after {
			if _, given := r.Parameters[name]; !given {
				delete(after, name)
			}
		}
	}
	changes := secretChanges(before, after, set, hide)
	for name := range hide.names {
		delete(before, name)
		delete(after, name)
	}
	for _, c := range valueChanges(before, after) {
		c.Before, c.After = hide.mask(c.Before), hide.mask(c.After)
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b ValueChange) int { return cmp.Compare(a.Name, b.Name) })
	return changes
}

// secretChanges tells which secrets change, whose values nobody shows: those that a
// change names as its cause, and those that come or go.
func secretChanges(before, after map[string]string, set changeSet, hide secrets) (changes []ValueChange) {
	causes := make(map[string]bool)
	for _, l := range set.Changes {
		for _, d := range l.Details {
			if d.ChangeSource == types.ChangeSourceParameterReference {
				causes[ptr.Value(d.CausingEntity)] = true
			}
		}
	}
	for name := range hide.names {
		_, was := before[name]
		_, is := after[name]
		switch {
		case was && is && causes[name]:
			changes = append(changes, ValueChange{Action: Modify, Name: name, Before: masked, After: masked})
		case is && !was:
			changes = append(changes, ValueChange{Action: Add, Name: name, After: masked})
		case was && !is:
			changes = append(changes, ValueChange{Action: Delete, Name: name, Before: masked})
		}
	}
	return changes
}

// parameterValues are values by name; one of Systems Manager is what it was
// resolved to.
func parameterValues(list []types.Parameter, previous map[string]string) map[string]string {
	values := make(map[string]string, len(list))
	for _, p := range list {
		name := ptr.Value(p.ParameterKey)
		switch {
		case p.ResolvedValue != nil:
			values[name] = *p.ResolvedValue
		case p.ParameterValue == nil && ptr.Value(p.UsePreviousValue):
			values[name] = previous[name]
		default:
			values[name] = ptr.Value(p.ParameterValue)
		}
	}
	return values
}

func (r request) tagChanges() []ValueChange {
	if r.Tags == nil {
		return nil
	}
	before := make(map[string]string)
	if r.found != nil {
		for _, t := range r.found.Tags {
			if key := ptr.Value(t.Key); !strings.HasPrefix(key, "aws:") {
				before[key] = ptr.Value(t.Value)
			}
		}
	}
	return valueChanges(before, r.Tags)
}

// outputChanges compares the outputs of two templates as they are written.
func outputChanges(before, after *template.Template) []ValueChange {
	if before == nil {
		return nil
	}
	texts := func(t *template.Template) map[string]string {
		m := make(map[string]string, len(t.Outputs))
		for _, o := range t.Outputs {
			m[o.Name] = fmt.Sprintf("%s %s %v %v", o.Condition, o.Description, o.Value, o.Export)
		}
		return m
	}
	changes := valueChanges(texts(before), texts(after))
	for i := range changes {
		changes[i].Before, changes[i].After = "", ""
	}
	return changes
}
