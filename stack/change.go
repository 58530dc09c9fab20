package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// ChangeAction says what happens to a resource, a parameter, a tag or an output.
type ChangeAction string

// What happens to a resource. Parameters, tags and outputs are added, modified or
// deleted.
const (
	Add     ChangeAction = "add"
	Modify  ChangeAction = "modify" // in place
	Replace ChangeAction = "replace"
	// MayReplace: only while it is applied does CloudFormation find out whether it
	// must replace the resource.
	MayReplace ChangeAction = "may replace"
	Delete     ChangeAction = "delete"
)

// Sign is the mark of a in a printed plan: +, ~, !, !? or -.
func (a ChangeAction) Sign() string {
	switch a {
	case Add:
		return "+"
	case Modify:
		return "~"
	case Replace:
		return "!"
	case Delete:
		return "-"
	}
	return "!?"
}

// Fate is what becomes of a resource that leaves the stack, because it is deleted
// or replaced.
type Fate string

// The fates of old resources. Source: CloudFormation template reference,
// DeletionPolicy and UpdateReplacePolicy.
const (
	FateDeleted  Fate = "deleted"
	FateRetained Fate = "retained" // stays in the account, in no stack
	FateSnapshot Fate = "snapshot" // deleted after a snapshot was taken
)

// Change is what happens to one resource.
type Change struct {
	Action ChangeAction `json:"action"`
	// LogicalID is its name in the template; "Nested/LogicalID" in a nested stack.
	LogicalID  string `json:"logicalID"`
	Type       string `json:"type"`
	PhysicalID string `json:"physicalID,omitempty"` // empty where it is added
	// Old is what becomes of a resource that is deleted or replaced; empty otherwise.
	Old        Fate             `json:"old,omitempty"`
	Stateful   bool             `json:"stateful,omitempty"`
	Properties []PropertyChange `json:"properties,omitempty"` // of what is modified or replaced, by path
}

// PropertyChange is what happens to one property of a resource.
type PropertyChange struct {
	// Path is such as "RetentionInDays" or "Tags.0.Value"; other attributes of a
	// resource than its properties go by their name, such as "UpdatePolicy".
	Path   string       `json:"path"`
	Action ChangeAction `json:"action"`
	// Before and After are the values as CloudFormation shows them, lists and
	// mappings as JSON; "****" where a secret goes in, "(known after apply)" where only
	// applying tells, and both empty where CloudFormation shows none.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Recreates says whether the change replaces the resource: "never",
	// "conditionally" or "always".
	Recreates string `json:"recreates"`
	// Cause is what in the template changes it: a parameter, or "Resource.Attribute";
	// empty where its own text does.
	Cause string `json:"cause,omitempty"`
}

// ValueChange is what happens to a parameter, a tag or an output. A secret has
// "****" for its values, and outputs, which are evaluated only later, have none.
type ValueChange struct {
	Action ChangeAction `json:"action"`
	Name   string       `json:"name"`
	Before string       `json:"before,omitempty"`
	After  string       `json:"after,omitempty"`
}

// located is a change of the service, and in which nested stack it happens.
type located struct {
	within string // "" for the stack itself, "Nested/" for one in it
	types.ResourceChange
}

// resourceChanges are all, sorted by logical id.
func resourceChanges(all []located, stateful []string, hide secrets) []Change {
	changes := make([]Change, 0, len(all))
	for _, l := range all {
		c := Change{
			Action:     actionOf(l.ResourceChange),
			LogicalID:  l.within + ptr.Value(l.LogicalResourceId),
			Type:       ptr.Value(l.ResourceType),
			PhysicalID: ptr.Value(l.PhysicalResourceId),
			Stateful:   slices.Contains(stateful, ptr.Value(l.ResourceType)),
		}
		switch c.Action {
		case Replace, MayReplace, Delete:
			c.Old = fateOf(l.PolicyAction)
		}
		if c.Action != Add && c.Action != Delete {
			c.Properties = propertyChanges(l, hide)
		}
		changes = append(changes, c)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(a.LogicalID, b.LogicalID) })
	return changes
}

// actionOf takes what it does not know for a replacement that may happen: a plan
// rather asks once too often.
func actionOf(c types.ResourceChange) ChangeAction {
	switch c.Action {
	case types.ChangeActionAdd, types.ChangeActionImport:
		return Add
	case types.ChangeActionRemove:
		return Delete
	case types.ChangeActionSyncWithActual:
		return Modify
	case types.ChangeActionModify:
		switch {
		case c.Replacement == types.ReplacementTrue:
			return Replace
		case c.Replacement == types.ReplacementConditional:
			return MayReplace
		case strings.HasPrefix(string(c.PolicyAction), "ReplaceAnd"):
			return Replace
		}
		return Modify
	}
	return MayReplace
}

func fateOf(p types.PolicyAction) Fate {
	switch p {
	case types.PolicyActionRetain, types.PolicyActionReplaceAndRetain:
		return FateRetained
	case types.PolicyActionSnapshot, types.PolicyActionReplaceAndSnapshot:
		return FateSnapshot
	}
	return FateDeleted
}

// KnownAfterApply stands for a value that only applying tells.
const KnownAfterApply = "(known after apply)"

// propertyChanges are the details of a change, one a path. CloudFormation gives a
// path twice where both a static and a dynamic value go in.
func propertyChanges(l located, hide secrets) []PropertyChange {
	byPath := make(map[string]PropertyChange)
	for _, d := range l.Details {
		if d.Target == nil {
			continue
		}
		p := propertyChange(d)
		if hide.feeds(ptr.Value(l.LogicalResourceId), p.Path, l.within == "") || d.ChangeSource == types.ChangeSourceParameterReference && hide.names[ptr.Value(d.CausingEntity)] {
			p.Before, p.After = masked, masked
		}
		p.Before, p.After = hide.mask(p.Before), hide.mask(p.After)
		byPath[p.Path] = merge(byPath[p.Path], p)
	}
	all := make([]PropertyChange, 0, len(byPath))
	for _, p := range byPath {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b PropertyChange) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

func propertyChange(d types.ResourceChangeDetail) PropertyChange {
	t := d.Target
	p := PropertyChange{
		Path:      pathOf(*t),
		Action:    Modify,
		Before:    known(ptr.Value(t.BeforeValue)),
		After:     known(ptr.Value(t.AfterValue)),
		Recreates: strings.ToLower(string(cmp.Or(t.RequiresRecreation, types.RequiresRecreationNever))),
		Cause:     ptr.Value(d.CausingEntity),
	}
	switch t.AttributeChangeType {
	case types.AttributeChangeTypeAdd:
		p.Action = Add
	case types.AttributeChangeTypeRemove:
		p.Action = Delete
	}
	if d.Evaluation == types.EvaluationTypeDynamic && p.After == "" && p.Action != Delete {
		p.After = KnownAfterApply
	}
	return p
}

// pathOf reads "/Properties/Tags/0/Value" as Tags.0.Value. Without property
// values, CloudFormation names only the attribute and the property.
func pathOf(t types.ResourceTargetDefinition) string {
	if path := strings.Trim(ptr.Value(t.Path), "/"); path != "" {
		return strings.ReplaceAll(strings.TrimPrefix(path, "Properties/"), "/", ".")
	}
	if t.Attribute == types.ResourceAttributeProperties {
		return cmp.Or(ptr.Value(t.Name), "Properties")
	}
	return cmp.Or(string(t.Attribute), ptr.Value(t.Name), "Properties")
}

// known turns the place-holder of CloudFormation into ours.
func known(text string) string {
	return strings.ReplaceAll(text, "{{changeSet:KNOWN_AFTER_APPLY}}", KnownAfterApply)
}

// merge joins two details of one path: the first values and the gravest effect.
func merge(a, b PropertyChange) PropertyChange {
	if a.Path == "" {
		return b
	}
	if a.After == KnownAfterApply && b.After != "" {
		a.After = b.After
	}
	a.Before, a.After = cmp.Or(a.Before, b.Before), cmp.Or(a.After, b.After)
	if a.Before == masked || a.After == masked || b.Before == masked || b.After == masked {
		a.Before, a.After = masked, masked
	}
	order := []string{"never", "conditionally", "always"}
	if slices.Index(order, b.Recreates) > slices.Index(order, a.Recreates) {
		a.Recreates = b.Recreates
	}
	a.Cause = cmp.Or(a.Cause, b.Cause)
	return a
}

// valueChanges compares two sets of values by name.
func valueChanges(before, after map[string]string) []ValueChange {
	var changes []ValueChange
	for name, was := range before {
		is, stays := after[name]
		switch {
		case !stays:
			changes = append(changes, ValueChange{Action: Delete, Name: name, Before: was})
		case is != was:
			changes = append(changes, ValueChange{Action: Modify, Name: name, Before: was, After: is})
		}
	}
	for name, is := range after {
		if _, was := before[name]; !was {
			changes = append(changes, ValueChange{Action: Add, Name: name, After: is})
		}
	}
	slices.SortFunc(changes, func(a, b ValueChange) int { return cmp.Compare(a.Name, b.Name) })
	return changes
}
