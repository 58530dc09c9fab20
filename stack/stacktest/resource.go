package stacktest

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// resource is one logical id of a stack and what stands behind it.
type resource struct {
	stack    *stack
	id       string // logical
	kind     *catalog.Type
	physical string
	serial   int // of the thing in AWS: a replacement has another
	version  int // of the thing in AWS: counts its creation and changes
	claimed  *claim
	child    *stack // of a nested stack

	definition template.Resource
	properties map[string]any    // as evaluated
	display    map[string]any    // the same, without what NoEcho hides
	tags       map[string]string // of the stack, where they reach it
	body       string            // of a nested stack: its template

	status  types.ResourceStatus
	reason  string
	changed time.Time

	drifted map[string]any // by JSON pointer: the value outside; nil is removed
	lost    bool           // deleted outside
	checked types.StackResourceDriftStatus
	driftAt time.Time
}

// claim is a name in AWS, which only one resource can have.
type claim struct{ kind, name string }

func newResource(s *stack, definition template.Resource) *resource {
	return &resource{stack: s, id: definition.Name, kind: catalog.Lookup(definition.Type), definition: definition}
}

// path is where r stands: "stack/LogicalID", "stack/Nested/LogicalID".
func (r *resource) path() string { return r.stack.path() + "/" + r.id }

// copy is r as it is now: the thing that stays behind when r changes.
func (r *resource) copy() *resource {
	out := *r
	return &out
}

func (r *resource) instance() catalog.Instance {
	return catalog.Instance{
		Partition: partition, Region: Region, Account: Account, Stack: r.stack.name, LogicalID: r.id,
		Serial: r.serial, Version: r.version, Properties: r.properties, Physical: r.physical,
	}
}

// attribute is what Fn::GetAtt gives of r.
func (r *resource) attribute(name string) (any, error) {
	if output, ok := strings.CutPrefix(name, "Outputs."); ok && r.child != nil {
		for _, o := range r.child.outputs {
			if *o.OutputKey == output {
				return *o.OutputValue, nil
			}
		}
		return nil, fmt.Errorf("Output '%s' not found in stack '%s'", output, r.child.id) //nolint:staticcheck,revive // as AWS writes it
	}
	if !r.kind.Supports(name) {
		return nil, unsupported(r.definition, name)
	}
	return r.kind.Attribute(name, r.instance()), nil
}

func unsupported(r template.Resource, attribute string) *Error {
	return invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", r.Name, attribute)
}

// desired is what a resource shall be, as far as that can be told.
type desired struct {
	properties, display map[string]any
	tags                map[string]string
	body                string
}

// desire evaluates what the definition of a resource asks for.
func (c *Cloud) desire(s *stack, d deployment, definition template.Resource) (desired, error) {
	var out desired
	scope := c.scope(s, d)
	properties, err := evaluateMap(d.template, definition.Properties, scope)
	if err != nil {
		return out, err
	}
	out.properties, out.display = properties, d.display(definition, properties, scope)
	if kind := catalog.Lookup(definition.Type); !kind.Untagged {
		out.tags = d.tags
	}
	if definition.Type == catalog.Nested {
		url, _ := properties["TemplateURL"].(string)
		body, ok := c.template(url)
		if !ok {
			return out, fmt.Errorf("S3 error: The specified key does not exist.: %s", url) //nolint:staticcheck,revive // as AWS writes it
		}
		out.body = string(body)
	}
	return out, nil
}

// display are the properties of a resource without what NoEcho hides. One is masked
// as a whole where the mask is no value for a function of it.
func (d deployment) display(definition template.Resource, properties map[string]any, scope template.Scope) map[string]any {
	hidden := d.hidden()
	if hidden == nil {
		return properties
	}
	scope.Parameters = hidden
	out := make(map[string]any, len(properties))
	for name := range properties {
		one, err := evaluateMap(d.template, map[string]any{name: definition.Properties[name]}, scope)
		if err != nil {
			one = map[string]any{name: masked}
		}
		maps.Copy(out, one)
	}
	return out
}

// cause is what AWS would say of an error of evaluating.
func cause(err error) string {
	if e, ok := errors.AsType[*template.EvaluationError](err); ok {
		return cause(e.Err)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return err.Error()
}

func evaluateMap(t *template.Template, properties map[string]any, scope template.Scope) (map[string]any, error) {
	if len(properties) == 0 {
		return map[string]any{}, nil
	}
	v, err := t.Evaluate(properties, scope)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}, nil
	}
	return m, nil
}

// same reports whether r already is as desired.
func (r *resource) same(d desired) bool {
	return reflect.DeepEqual(r.properties, d.properties) && maps.Equal(r.tags, d.tags) && r.body == d.body
}

// become records that r is as desired.
func (r *resource) become(d desired, definition template.Resource) {
	r.definition, r.properties, r.display, r.tags, r.body = definition, d.properties, d.display, d.tags, d.body
}

// desired is what r is, as something to be wanted.
func (r *resource) desired() desired {
	return desired{properties: r.properties, display: r.display, tags: r.tags, body: r.body}
}

// recreation is the strongest consequence of making r as desired.
func (r *resource) recreation(d desired) catalog.Recreation {
	worst := catalog.Never
	for _, property := range changedKeys(r.properties, d.properties) {
		switch r.kind.Recreation(property) {
		case catalog.Always:
			return catalog.Always
		case catalog.Conditionally:
			worst = catalog.Conditionally
		}
	}
	return worst
}

// scope is where the template of s is evaluated, with the resources as they are.
func (c *Cloud) scope(s *stack, d deployment) template.Scope {
	return template.Scope{
		Parameters: d.parameters,
		Pseudo:     pseudo(s),
		Zones:      []string{Region + "a", Region + "b", Region + "c"},
		Ref: func(id string) (any, error) {
			r, err := s.existing(id)
			if err != nil {
				return nil, err
			}
			return r.physical, nil
		},
		GetAtt: func(id, attribute string) (any, error) {
			r, err := s.existing(id)
			if err != nil {
				return nil, err
			}
			return r.attribute(attribute)
		},
		ImportValue: func(name string) (string, error) { return c.importValue(s, name) },
	}
}

func (s *stack) existing(id string) (*resource, error) {
	r := s.resources[id]
	if r == nil || r.physical == "" {
		return nil, fmt.Errorf("Unresolved resource dependencies [%s] in the Resources block of the template", id) //nolint:staticcheck,revive // as AWS writes it
	}
	return r, nil
}

func pseudo(s *stack) map[string]string {
	return map[string]string{
		"AWS::Region": Region, "AWS::AccountId": Account, "AWS::Partition": partition, "AWS::URLSuffix": "amazonaws.com",
		"AWS::StackName": s.name, "AWS::StackId": s.id, "AWS::NotificationARNs": "",
	}
}

// hidden are the parameters with those masked that NoEcho hides; none if none is.
func (d deployment) hidden() map[string]string {
	var out map[string]string
	for _, p := range d.template.Parameters {
		if !p.NoEcho {
			continue
		}
		if out == nil {
			out = maps.Clone(d.parameters)
		}
		out[p.Name] = masked
	}
	return out
}

// needs returns the logical ids that one needs.
func (d deployment) needs(id string) []string {
	if d.template == nil {
		return nil
	}
	return d.template.Needs(id)
}

// active returns the resources of d whose conditions hold, in the order of the
// template, and their needs among themselves.
func (d deployment) active(s *stack, c *Cloud) (all []template.Resource, needs map[string][]string, err error) {
	scope := c.scope(s, d)
	needs = make(map[string][]string)
	for _, r := range d.template.Resources {
		if r.Condition != "" {
			holds, err := d.template.Condition(r.Condition, scope)
			if err != nil {
				return nil, nil, err
			}
			if !holds {
				continue
			}
		}
		all = append(all, r)
		needs[r.Name] = nil
	}
	for _, r := range all {
		for _, need := range d.template.Needs(r.Name) {
			if _, ok := needs[need]; ok && need != r.Name {
				needs[r.Name] = append(needs[r.Name], need)
			}
		}
	}
	return all, needs, nil
}
