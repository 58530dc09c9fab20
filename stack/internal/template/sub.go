package template

import (
	"errors"
	"fmt"
	"strings"
)

// part is a piece of the text of Fn::Sub: literal text, or the name of a variable.
type part struct {
	text string
	name string // "Alb", "Alb.DNSName" or "AWS::Region"
}

// parseSub splits the text of Fn::Sub. ${!x} is the literal ${x}, and a ${ that
// nothing closes is literal too.
func parseSub(text string) ([]part, error) {
	var parts []part
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(parts, part{text: text}), nil
		}
		if before != "" {
			parts = append(parts, part{text: before})
		}
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			parts = append(parts, part{text: "${" + literal + "}"})
		} else {
			if err := checkVariable(name); err != nil {
				return nil, err
			}
			parts = append(parts, part{name: name})
		}
		text = after
	}
}

// checkVariable holds the name of a variable to what CloudFormation says in its
// own error: "variable names in Fn::Sub syntax must contain only alphanumeric
// characters, underscores, periods, and colons".
func checkVariable(name string) error {
	valid := name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return !alphanumeric(string(c)) && !strings.ContainsRune("_.:", c)
	})
	if !valid {
		return fmt.Errorf("${%s} names no variable: it has letters, digits, and the characters _ . : (to keep it as it stands, write ${!%s})", name, name)
	}
	return nil
}

// subArguments returns the text of Fn::Sub and the values that are given with it.
func subArguments(arg any) (text string, values map[string]any, err error) {
	if text, ok := arg.(string); ok {
		return text, nil, nil
	}
	list, _ := arg.([]any)
	if len(list) == 2 {
		text, isText := list[0].(string)
		values, isMap := list[1].(map[string]any)
		if isText && isMap {
			return text, values, nil
		}
	}
	return "", nil, errors.New("Fn::Sub wants a text, or a list of a text and a mapping of variables")
}

// sub resolves Fn::Sub.
func (e *evaluator) sub(arg any) (any, error) {
	text, values, err := subArguments(arg)
	if err != nil {
		return nil, err
	}
	parts, err := parseSub(text)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, p := range parts {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, err := e.variable(p.name, values)
		if err != nil {
			return nil, err
		}
		text, ok := Text(v)
		if !ok {
			return nil, fmt.Errorf("${%s} is no text but %s", p.name, describe(v))
		}
		if err := e.spend(len(text)); err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (e *evaluator) variable(name string, values map[string]any) (any, error) {
	if v, given := values[name]; given {
		return e.value(v)
	}
	if id, attribute, ok := strings.Cut(name, "."); ok {
		return e.attribute(id, attribute)
	}
	return e.ref(name)
}
