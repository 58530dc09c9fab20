package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// named evaluates the condition called name, once.
func (e *evaluator) named(name string) (bool, error) {
	if yes, known := e.conditions[name]; known {
		return yes, nil
	}
	expression, ok := e.template.Conditions[name]
	if !ok {
		return false, fmt.Errorf("there is no condition %q", name)
	}
	if slices.Contains(e.visiting, name) {
		return false, fmt.Errorf("condition %s depends on itself: %s", name, strings.Join(append(e.visiting, name), " -> "))
	}
	e.visiting = append(e.visiting, name)
	defer func() { e.visiting = e.visiting[:len(e.visiting)-1] }()
	yes, err := e.truth(expression)
	if err == nil {
		e.conditions[name] = yes
	}
	return yes, err
}

// truth evaluates an expression of conditions.
func (e *evaluator) truth(v any) (bool, error) {
	defer e.leave()
	if err := e.enter(); err != nil {
		return false, err
	}
	m, _ := v.(map[string]any)
	for name, arg := range m {
		if len(m) != 1 {
			break
		}
		if name == "Condition" {
			other, _ := arg.(string)
			return e.named(other)
		}
		list, _ := arg.([]any)
		switch name {
		case "Fn::Equals":
			return e.equals(list)
		case "Fn::And":
			return e.count(name, list, func(yes, of int) bool { return yes == of })
		case "Fn::Or":
			return e.count(name, list, func(yes, _ int) bool { return yes > 0 })
		case "Fn::Not":
			if len(list) != 1 {
				return false, &EvaluationError{Function: name, Err: errors.New("it wants a list of one condition")}
			}
			yes, err := e.truth(list[0])
			return !yes, err
		}
	}
	return false, fmt.Errorf("a condition is made of Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition, and not of %s", describe(v))
}

// count evaluates all of list, as CloudFormation does, so that no fault hides.
func (e *evaluator) count(name string, list []any, judge func(yes, of int) bool) (bool, error) {
	if len(list) < 2 || len(list) > 10 {
		return false, &EvaluationError{Function: name, Err: fmt.Errorf("it wants 2 to 10 conditions, not %d", len(list))}
	}
	yes := 0
	for _, one := range list {
		holds, err := e.truth(one)
		if err != nil {
			return false, err
		}
		if holds {
			yes++
		}
	}
	return judge(yes, len(list)), nil
}

func (e *evaluator) equals(list []any) (bool, error) {
	if len(list) != 2 {
		return false, &EvaluationError{Function: "Fn::Equals", Err: errors.New("it wants two values")}
	}
	var sides [2]any
	for i, v := range list {
		side, err := e.value(v)
		if err != nil {
			return false, err
		}
		sides[i] = side
	}
	return same(sides[0], sides[1]), nil
}

// same compares values as CloudFormation does, to which scalars are text.
func same(a, b any) bool {
	x, isText := Text(a)
	y, alsoText := Text(b)
	if isText || alsoText {
		return isText && alsoText && x == y
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, v := range a {
			other, has := b[key]
			if !has || !same(v, other) {
				return false
			}
		}
		return true
	}
	return a == b
}
