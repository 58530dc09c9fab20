package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Scope is what evaluating needs to know besides the template.
type Scope struct {
	// Parameters are the values by name. A parameter that is missing has its default.
	Parameters map[string]string
	// Pseudo are the pseudo parameters, such as AWS::Region; AWS::NoValue is known.
	// AWS::NotificationARNs is a list with commas.
	Pseudo map[string]string
	// Ref and GetAtt answer for resources; a nil one knows none.
	Ref    func(logicalID string) (any, error)
	GetAtt func(logicalID, attribute string) (any, error)
	// Zones are what Fn::GetAZs returns for the region of the stack.
	Zones []string
	// ImportValue answers Fn::ImportValue; a nil one knows no export.
	ImportValue func(name string) (string, error)
}

// EvaluationError is an intrinsic function that could not be resolved.
type EvaluationError struct {
	Function string // such as "Fn::Select"
	Err      error
}

func (e *EvaluationError) Error() string { return fmt.Sprintf("evaluate %s: %v", e.Function, e.Err) }

// Unwrap returns why.
func (e *EvaluationError) Unwrap() error { return e.Err }

// noValue is what a Ref to AWS::NoValue resolves to; it never leaves this package.
type noValue struct{}

// maxText bounds, in bytes, all text that one evaluation makes.
const maxText = 16 << 20

// evaluator resolves one value.
type evaluator struct {
	template   *Template
	scope      Scope
	conditions map[string]bool // those that are evaluated
	visiting   []string        // those that are being evaluated
	text       int             // bytes made so far
	depth      int
}

func (t *Template) evaluator(s Scope) *evaluator {
	return &evaluator{template: t, scope: s, conditions: make(map[string]bool)}
}

// enter bounds how deep values and conditions may be nested; leave ends it.
func (e *evaluator) enter() error {
	e.depth++
	if e.depth > 4*maxDepth {
		return errTooDeep
	}
	return nil
}

func (e *evaluator) leave() { e.depth-- }

// Evaluate returns v with all its intrinsic functions resolved, and without the
// properties and elements that are AWS::NoValue; nil where v itself is that.
// A function that fails is an [*EvaluationError].
func (t *Template) Evaluate(v any, s Scope) (any, error) {
	out, err := t.evaluator(s).value(v)
	if err != nil {
		return nil, err
	}
	if _, none := out.(noValue); none {
		return nil, nil
	}
	return out, nil
}

// Condition evaluates the condition called name.
func (t *Template) Condition(name string, s Scope) (bool, error) {
	return t.evaluator(s).named(name)
}

// spend counts text that is made, so that no template makes too much of it.
func (e *evaluator) spend(n int) error {
	e.text += n
	if e.text > maxText {
		return fmt.Errorf("it makes more than %d MiB of text", maxText>>20)
	}
	return nil
}

func (e *evaluator) value(v any) (any, error) {
	defer e.leave()
	if err := e.enter(); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case []any:
		return e.list(v)
	case map[string]any:
		if len(v) == 1 {
			for name, arg := range v {
				if isFunction(name) && name != "Condition" {
					return e.call(name, arg)
				}
			}
		}
		return e.mapping(v)
	}
	return v, nil
}

func (e *evaluator) list(v []any) ([]any, error) {
	out := make([]any, 0, len(v))
	for _, element := range v {
		x, err := e.value(element)
		if err != nil {
			return nil, err
		}
		if _, none := x.(noValue); !none {
			out = append(out, x)
		}
	}
	return out, nil
}

func (e *evaluator) mapping(v map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) { // sorted, so that the first error is always the same
		x, err := e.value(v[key])
		if err != nil {
			return nil, err
		}
		if _, none := x.(noValue); !none {
			out[key] = x
		}
	}
	return out, nil
}

// call resolves one function.
func (e *evaluator) call(name string, arg any) (any, error) {
	out, err := e.function(name, arg)
	if err == nil {
		return out, nil
	}
	if _, inner := errors.AsType[*EvaluationError](err); inner {
		return nil, err // the innermost one says it best
	}
	return nil, &EvaluationError{Function: name, Err: err}
}

func (e *evaluator) function(name string, arg any) (any, error) {
	switch name {
	case "Ref":
		text, _ := arg.(string)
		return e.ref(text)
	case "Fn::Sub":
		return e.sub(arg)
	case "Fn::If":
		return e.choose(arg)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		return e.truth(map[string]any{name: arg})
	}
	resolve := builtin(name)
	if resolve == nil {
		return nil, errors.New("it cannot be evaluated without CloudFormation")
	}
	resolved, err := e.value(arg)
	if err != nil {
		return nil, err
	}
	return resolve(e, resolved)
}

// builtin returns a function whose argument is resolved before it is.
func builtin(name string) func(*evaluator, any) (any, error) {
	switch name {
	case "Fn::GetAtt":
		return getAttribute
	case "Fn::Join":
		return join
	case "Fn::Split":
		return split
	case "Fn::Select":
		return pick
	case "Fn::FindInMap":
		return find
	case "Fn::GetAZs":
		return zones
	case "Fn::Base64":
		return encode
	case "Fn::Cidr":
		return cidr
	case "Fn::ImportValue":
		return importValue
	}
	return nil
}

// ref resolves a Ref, and a variable of Fn::Sub without a dot.
func (e *evaluator) ref(name string) (any, error) {
	if name == "AWS::NoValue" {
		return noValue{}, nil
	}
	if isPseudo(name) {
		v, ok := e.scope.Pseudo[name]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s is not known here", name)
		case name == "AWS::NotificationARNs":
			return texts(Parameter{Type: "CommaDelimitedList"}.Elements(v)), nil
		}
		return v, nil
	}
	if p, ok := e.template.Parameter(name); ok {
		return e.parameter(p)
	}
	if _, ok := e.template.Resource(name); !ok {
		return nil, fmt.Errorf("%q is neither a parameter nor a resource", name)
	}
	if e.scope.Ref == nil {
		return nil, fmt.Errorf("resource %s is not known here", name)
	}
	return e.scope.Ref(name)
}

func (e *evaluator) parameter(p Parameter) (any, error) {
	v, given := e.scope.Parameters[p.Name]
	switch {
	case !given && p.Default == nil:
		return nil, fmt.Errorf("parameter %s has no value", p.Name)
	case !given:
		v = *p.Default
	}
	if err := e.spend(len(v)); err != nil {
		return nil, err
	}
	if p.List() {
		return texts(p.Elements(v)), nil
	}
	return v, nil
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// attribute resolves Fn::GetAtt, and a variable of Fn::Sub with a dot.
func (e *evaluator) attribute(id, attribute string) (any, error) {
	if _, ok := e.template.Resource(id); !ok {
		return nil, fmt.Errorf("%q is no resource", id)
	}
	if e.scope.GetAtt == nil {
		return nil, fmt.Errorf("resource %s is not known here", id)
	}
	return e.scope.GetAtt(id, attribute)
}

// choose resolves Fn::If, and only the branch that is taken.
func (e *evaluator) choose(arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 3 {
		return nil, errors.New("it wants a condition, and what it is then and else")
	}
	name, ok := list[0].(string)
	if !ok {
		return nil, errors.New("its condition is a name")
	}
	yes, err := e.named(name)
	switch {
	case err != nil:
		return nil, err
	case yes:
		return e.value(list[1])
	}
	return e.value(list[2])
}

// describe says what a value is where it is not what was wanted.
func describe(v any) string {
	switch v := v.(type) {
	case noValue:
		return "AWS::NoValue"
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "a mapping with " + strings.Join(slices.Sorted(maps.Keys(v)), ", ")
	case string:
		return fmt.Sprintf("the text %.40q", v)
	case nil:
		return "nothing"
	}
	return fmt.Sprint(v)
}
