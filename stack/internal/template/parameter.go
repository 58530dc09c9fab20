package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Parameter is one parameter. What is not given has its zero value.
type Parameter struct {
	Name, Type, Description string
	Default                 *string // as text, whatever it was written as
	AllowedValues           []string
	AllowedPattern          string // a regular expression of Java, for the whole value
	ConstraintDescription   string // told instead of the constraint that a value fails
	MinLength, MaxLength    *int   // in characters
	MinValue, MaxValue      *float64
	NoEcho                  bool // its value is a secret
	Line                    int
}

// maxParameterBytes is the longest value of a parameter. Source: CloudFormation
// User Guide, quotas, "Parameter values".
const maxParameterBytes = 4096

// ParameterError is a value that a parameter does not take. It shows the value, but
// that of a parameter with NoEcho.
type ParameterError struct {
	Name  string
	Value string // empty where the parameter has NoEcho
	Err   error  // what is wrong with it
}

func (e *ParameterError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("parameter %s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("parameter %s: %q %v", e.Name, e.Value, e.Err)
}

// Unwrap returns what is wrong with the value.
func (e *ParameterError) Unwrap() error { return e.Err }

// List reports whether a Ref to p is a list of texts.
func (p Parameter) List() bool {
	kind := p.Type
	if inner, ok := strings.CutPrefix(kind, "AWS::SSM::Parameter::Value<"); ok {
		kind = strings.TrimSuffix(inner, ">")
	}
	return kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")
}

// Check reports, as a [*ParameterError], why CloudFormation would not take value.
// A pattern that uses what Go's regular expressions lack, such as looking ahead,
// is not checked, nor whether what an AWS-specific type such as AWS::EC2::VPC::Id
// names is there. The value of a type AWS::SSM::Parameter is the name of a
// parameter of Systems Manager, to which no constraint applies before it is read.
func (p Parameter) Check(value string) error {
	err := p.check(value)
	if err == nil {
		return nil
	}
	if p.NoEcho {
		value = ""
	}
	if r := []rune(value); len(r) > 100 {
		value = string(r[:100]) + "..."
	}
	return &ParameterError{Name: p.Name, Value: value, Err: err}
}

func (p Parameter) check(value string) error {
	if len(value) > maxParameterBytes {
		return fmt.Errorf("has %d bytes, and a value has at most %d", len(value), maxParameterBytes)
	}
	switch {
	case strings.HasPrefix(p.Type, "AWS::SSM::"):
		if value == "" {
			return errors.New("is empty, and names no parameter of Systems Manager")
		}
		return nil
	case (strings.HasPrefix(p.Type, "AWS::") || strings.HasPrefix(p.Type, "List<AWS::")) && strings.Trim(value, ", ") == "":
		return fmt.Errorf("is empty, and a value of type %s cannot be", p.Type)
	}
	for _, element := range p.Elements(value) {
		if err := p.checkElement(element); err != nil {
			return err
		}
	}
	if n := utf8.RuneCountInString(value); p.Type == "String" {
		switch {
		case p.MinLength != nil && n < *p.MinLength:
			return p.says("has %d characters, and at least %d are wanted", n, *p.MinLength)
		case p.MaxLength != nil && n > *p.MaxLength:
			return p.says("has %d characters, and at most %d are taken", n, *p.MaxLength)
		}
	}
	return nil
}

// Elements is value as the list that it is where p is one, and else value alone.
func (p Parameter) Elements(value string) []string {
	if !p.List() {
		return []string{value}
	}
	if value == "" {
		return nil
	}
	list := strings.Split(value, ",")
	for i, e := range list {
		list[i] = strings.TrimSpace(e)
	}
	return list
}

func (p Parameter) checkElement(e string) error {
	if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, e) {
		return p.says("is not among the allowed values: %s", strings.Join(p.AllowedValues, ", "))
	}
	if p.AllowedPattern != "" {
		pattern, err := regexp.Compile(`\A(?:` + p.AllowedPattern + `)\z`)
		if err == nil && !pattern.MatchString(e) {
			return p.says("does not match the pattern %s", p.AllowedPattern)
		}
	}
	if p.Type != "Number" && p.Type != "List<Number>" {
		return nil
	}
	f, err := strconv.ParseFloat(e, 64)
	switch {
	case err != nil || strings.ContainsAny(e, "xXnN_"):
		return fmt.Errorf("is not a number")
	case p.MinValue != nil && f < *p.MinValue:
		return p.says("is less than %v", *p.MinValue)
	case p.MaxValue != nil && f > *p.MaxValue:
		return p.says("is more than %v", *p.MaxValue)
	}
	return nil
}

// says is the constraint that fails, in the words of the template where it has some.
func (p Parameter) says(format string, args ...any) error {
	if p.ConstraintDescription != "" {
		return fmt.Errorf("is not allowed: %s", p.ConstraintDescription)
	}
	return fmt.Errorf(format, args...)
}

func (r *reader) parameters(n *yaml.Node) {
	for _, e := range r.entries(n, "parameter") {
		if e.value.Kind != yaml.MappingNode {
			r.faults.at(e.value, "parameter %s: it is a mapping with a Type", e.name)
			continue
		}
		before := r.faults.count()
		p := Parameter{Name: e.name, Line: e.key.Line}
		for _, a := range r.pairs(e.value) {
			r.attribute(&p, a)
		}
		if r.faults.count() == before {
			r.judge(e, p)
		}
		r.template.Parameters = append(r.template.Parameters, p)
	}
}

func (r *reader) attribute(p *Parameter, a pair) {
	what := "parameter " + p.Name + ": " + a.name
	switch a.name {
	case "Type":
		p.Type = r.text(a.value, what)
	case "Description":
		p.Description = r.text(a.value, what)
	case "Default":
		text := r.text(a.value, what)
		p.Default = &text
	case "NoEcho":
		text := r.text(a.value, what)
		p.NoEcho = strings.EqualFold(text, "true")
		if !p.NoEcho && !strings.EqualFold(text, "false") && text != "" {
			r.faults.at(a.value, "%s is true or false, not %q", what, text)
		}
	default:
		r.constraint(p, a, what)
	}
}

func (r *reader) constraint(p *Parameter, a pair, what string) {
	switch a.name {
	case "AllowedValues":
		if a.value.Kind != yaml.SequenceNode {
			r.faults.at(a.value, "%s is a list", what)
		}
		for _, v := range a.value.Content {
			p.AllowedValues = append(p.AllowedValues, r.text(v, what))
		}
	case "AllowedPattern":
		p.AllowedPattern = r.text(a.value, what)
	case "ConstraintDescription":
		p.ConstraintDescription = r.text(a.value, what)
	case "MinLength":
		p.MinLength = r.length(a.value, what)
	case "MaxLength":
		p.MaxLength = r.length(a.value, what)
	case "MinValue":
		p.MinValue = r.float(a.value, what)
	case "MaxValue":
		p.MaxValue = r.float(a.value, what)
	default:
		r.faults.at(a.key, "parameter %s: unknown attribute %q", p.Name, a.name)
	}
}

// judge looks at a parameter as a whole.
func (r *reader) judge(at pair, p Parameter) {
	switch {
	case p.Type == "":
		r.faults.at(at.key, "parameter %s: it has no Type", p.Name)
		return
	case !knownType(p.Type):
		r.faults.at(at.value, "parameter %s: unknown type %q", p.Name, p.Type)
		return
	}
	if p.Default == nil {
		return
	}
	if err := p.Check(*p.Default); err != nil {
		r.faults.at(at.key, "the default of %w", err)
	}
}

// knownType reports whether a parameter may have the type. Source: CloudFormation
// User Guide, "Parameters": the plain types, and those of AWS, which grow in number.
func knownType(t string) bool {
	switch t {
	case "String", "Number", "List<Number>", "List<String>", "CommaDelimitedList":
		return true
	}
	if inner, ok := strings.CutPrefix(t, "List<"); ok {
		t, ok = strings.CutSuffix(inner, ">")
		return ok && strings.HasPrefix(t, "AWS::") && !strings.ContainsAny(t, "<>")
	}
	return strings.HasPrefix(t, "AWS::")
}

func (r *reader) length(n *yaml.Node, what string) *int {
	text := r.text(n, what)
	if i, err := strconv.Atoi(text); err == nil && i >= 0 {
		return &i
	}
	r.faults.at(n, "%s is a whole number, not %q", what, text)
	return nil
}

func (r *reader) float(n *yaml.Node, what string) *float64 {
	text := r.text(n, what)
	f, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return &f
	}
	r.faults.at(n, "%s is a number, not %q", what, text)
	return nil
}
