// Package template reads CloudFormation templates, in YAML or JSON, as far as one
// can without asking AWS.
//
// [Parse] finds what is no template at all, each fault with its line and column;
// [Template.CheckReferences] finds what refers to nothing:
//
//	t, err := template.Parse(body)
//	err = t.CheckReferences()
//	capabilities := t.Capabilities()
//
// [Template.Evaluate] resolves the intrinsic functions, with a [Scope] that stands
// for what only AWS knows. Values are plain trees of string, bool, int64, float64,
// []any and map[string]any, in which the short tags of YAML have their long form:
// !GetAtt Alb.DNSName is {"Fn::GetAtt": ["Alb", "DNSName"]}.
//
// It does not know the types of resources and their properties, and it neither
// expands transforms and macros nor checks what only they would make a template of.
package template

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// MaxBytes is the largest template that CloudFormation takes, from S3. Its quotas
// call it 1 MB; what is larger is answered by "Template may not exceed 1000000
// bytes in size."
const MaxBytes = 1_000_000

// ErrNoResources is the error of a template without resources, which
// CloudFormation refuses.
var ErrNoResources = errors.New("it has no resources, and CloudFormation wants at least one")

// Template is a template that has been read. Everything is in the order of its text.
type Template struct {
	Description string
	Transforms  []string // macros over the whole template, such as AWS::LanguageExtensions
	Parameters  []Parameter
	Mappings    map[string]any // map -> top key -> second key -> value
	Conditions  map[string]any // name -> what Condition evaluates
	Rules       map[string]any
	Resources   []Resource
	Outputs     []Output

	references []reference
	macros     bool // Fn::Transform or a module is used somewhere
}

// Resource is one resource.
type Resource struct {
	Name      string // its logical id
	Type      string // such as AWS::S3::Bucket
	Condition string // the condition under which it exists; empty is always
	DependsOn []string
	// DeletionPolicy is Delete, Retain, Snapshot or RetainExceptOnCreate, and
	// UpdateReplacePolicy Delete, Retain or Snapshot; empty where not given.
	DeletionPolicy, UpdateReplacePolicy string
	Properties, Metadata                map[string]any
	Line                                int
}

// Output is one output.
type Output struct {
	Name        string
	Condition   string // the condition under which it exists; empty is always
	Description string
	Value       any
	Export      any // what the name of its export evaluates from; nil without one
	Line        int
}

// Parse reads a template. Each fault is a [*SyntaxError]; several are joined.
func Parse(body []byte) (*Template, error) {
	if len(body) > MaxBytes {
		return nil, &SyntaxError{Line: 1, Column: 1, Err: fmt.Errorf("the template has %d bytes, and CloudFormation takes at most %d", len(body), MaxBytes)}
	}
	root, err := document(body)
	if err != nil {
		return nil, err
	}
	r := &reader{template: &Template{}}
	r.inspect(root, 0)
	if r.faults.count() == 0 {
		r.sections(root)
	}
	if err := r.faults.join(); err != nil {
		return nil, err
	}
	return r.template, nil
}

// Parameter returns the parameter called name.
func (t *Template) Parameter(name string) (Parameter, bool) {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

// Resource returns the resource whose logical id is name.
func (t *Template) Resource(name string) (Resource, bool) {
	for _, r := range t.Resources {
		if r.Name == name {
			return r, true
		}
	}
	return Resource{}, false
}

// document returns the only document of body as a mapping. What begins with a
// brace is JSON to CloudFormation.
func document(body []byte) (*yaml.Node, error) {
	if looksLikeJSON(body) {
		return parseJSON(body)
	}
	return parseYAML(body)
}
