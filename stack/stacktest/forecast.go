package stacktest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// unknown is what a change set shows of a value that only applying it will tell.
const unknown = "{{changeSet:KNOWN_AFTER_APPLY}}"

// forecast is what a deployment would do to a stack.
type forecast struct {
	changes []types.Change
	verdict map[string]verdict // by logical id
	outputs bool               // they, or their stack's tags, differ
	made    map[string]made    // what is new, or may be replaced, by logical id
}

// made is something new, as far as that is known.
type made struct {
	definition template.Resource
	properties map[string]any
}

// verdict is how the things that refer to a resource see its change.
type verdict struct {
	changes     bool
	replacement types.Replacement // True also of what is new
}

// idle reports whether there is nothing to do for s. What a failure left as it is
// wants to be tried again.
func (f forecast) idle(s *stack) bool {
	return len(f.changes) == 0 && !f.outputs && !s.incomplete()
}

// foresee finds out what applying d to s would do, without doing it.
func (c *Cloud) foresee(s *stack, d deployment) (forecast, error) {
	f := forecast{verdict: make(map[string]verdict), made: make(map[string]made)}
	all, needs, err := d.active(s, c)
	if err != nil {
		return f, err
	}
	byID := make(map[string]types.Change)
	for _, definition := range inOrder(all, needs) {
		change, err := c.foreseeResource(s, d, definition, &f)
		if err != nil {
			return f, err
		}
		if change != nil {
			byID[definition.Name] = types.Change{Type: types.ChangeTypeResource, ResourceChange: change}
		}
	}
	for _, r := range s.sorted() {
		if _, wanted := needs[r.id]; !wanted && r.status != types.ResourceStatusDeleteComplete {
			byID[r.id] = types.Change{Type: types.ChangeTypeResource, ResourceChange: r.removed()}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		f.changes = append(f.changes, byID[id])
	}
	f.outputs, err = c.outputsDiffer(s, d, &f)
	return f, err
}

// inOrder returns definitions each after those that it needs.
func inOrder(all []template.Resource, needs map[string][]string) []template.Resource {
	byID := make(map[string]template.Resource, len(all))
	for _, r := range all {
		byID[r.Name] = r
	}
	var out []template.Resource
	seen := make(map[string]bool)
	var visit func(id string)
	visit = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, need := range needs[id] {
			visit(need)
		}
		out = append(out, byID[id])
	}
	for _, r := range all {
		visit(r.Name)
	}
	return out
}

func (c *Cloud) foreseeResource(s *stack, d deployment, definition template.Resource, f *forecast) (*types.ResourceChange, error) {
	ahead := c.ahead(s, d, f)
	r := s.resources[definition.Name]
	isNew := r == nil || r.status == types.ResourceStatusCreateFailed
	if isNew {
		f.verdict[definition.Name] = verdict{true, types.ReplacementTrue}
	}
	next, err := ahead.desired(definition)
	if err != nil {
		return nil, err
	}
	if isNew {
		f.made[definition.Name] = made{definition, next.properties}
		return &types.ResourceChange{
			Action: types.ChangeActionAdd, LogicalResourceId: new(definition.Name), ResourceType: new(definition.Type),
			Scope: []types.ResourceAttribute{}, AfterContext: contextOf(next.display, definition),
		}, nil
	}
	details := c.details(s, d, r, definition, next, f)
	if len(details) == 0 {
		return nil, nil
	}
	change := &types.ResourceChange{
		Action: types.ChangeActionModify, LogicalResourceId: &r.id, PhysicalResourceId: some(r.physical), ResourceType: &r.kind.Name,
		Replacement: replacement(details), Details: details, Scope: scopeOf(details),
		BeforeContext: contextOf(r.display, r.definition), AfterContext: contextOf(next.display, definition),
	}
	if change.Replacement != types.ReplacementFalse {
		change.PolicyAction = policyAction(definition.UpdateReplacePolicy, true)
		f.made[r.id] = made{definition, next.properties}
	}
	f.verdict[r.id] = verdict{true, change.Replacement}
	return change, nil
}

func (r *resource) removed() *types.ResourceChange {
	return &types.ResourceChange{
		Action: types.ChangeActionRemove, LogicalResourceId: &r.id, PhysicalResourceId: some(r.physical), ResourceType: &r.kind.Name,
		Scope: []types.ResourceAttribute{}, BeforeContext: contextOf(r.display, r.definition),
		PolicyAction: policyAction(r.definition.DeletionPolicy, false),
	}
}

func policyAction(policy string, replace bool) types.PolicyAction {
	switch {
	case policy == "Snapshot" && replace:
		return types.PolicyActionReplaceAndSnapshot
	case policy == "Snapshot":
		return types.PolicyActionSnapshot
	case policy == "Retain" && replace:
		return types.PolicyActionReplaceAndRetain
	case policy == "Retain", policy == "RetainExceptOnCreate":
		return types.PolicyActionRetain
	case replace:
		return types.PolicyActionReplaceAndDelete
	}
	return types.PolicyActionDelete
}

// lookahead evaluates with the resources as they will be, as far as that is known.
type lookahead struct {
	c     *Cloud
	s     *stack
	d     deployment
	scope template.Scope
}

func (c *Cloud) ahead(s *stack, d deployment, f *forecast) lookahead {
	scope := c.scope(s, d)
	ref, getAtt := scope.Ref, scope.GetAtt
	scope.Ref = func(id string) (any, error) {
		if v := f.verdict[id]; v.changes && v.replacement != types.ReplacementFalse {
			return unknown, nil
		}
		return ref(id)
	}
	scope.GetAtt = func(id, attribute string) (any, error) {
		if f.verdict[id].changes {
			return unknown, nil
		}
		return getAtt(id, attribute)
	}
	return lookahead{c: c, s: s, d: d, scope: scope}
}

func (l lookahead) desired(definition template.Resource) (desired, error) {
	properties, err := evaluateMap(l.d.template, definition.Properties, l.scope)
	if err != nil {
		return desired{}, err
	}
	out := desired{properties: properties, display: l.d.display(definition, properties, l.scope)}
	if !catalog.Lookup(definition.Type).Untagged {
		out.tags = l.d.tags
	}
	if url, ok := properties["TemplateURL"].(string); ok && definition.Type == catalog.Nested {
		body, _ := l.c.template(url)
		out.body = string(body)
	}
	return out, nil
}

// outputsDiffer reports whether a deployment without a change of resources still is one.
func (c *Cloud) outputsDiffer(s *stack, d deployment, f *forecast) (bool, error) {
	if s.status == types.StackStatusReviewInProgress {
		return true, nil
	}
	outputs, err := c.outputsIn(c.ahead(s, d, f).scope, d)
	if err != nil {
		return false, err
	}
	return !maps.Equal(d.tags, s.deployed.tags) || !reflect.DeepEqual(outputs, s.outputs), nil
}

func contextOf(properties map[string]any, definition template.Resource) *string {
	all := map[string]any{"Properties": properties}
	for name, value := range map[string]string{"DeletionPolicy": definition.DeletionPolicy, "UpdateReplacePolicy": definition.UpdateReplacePolicy} {
		if value != "" {
			all[name] = value
		}
	}
	if len(definition.Metadata) > 0 {
		all["Metadata"] = definition.Metadata
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil
	}
	return new(string(b))
}
