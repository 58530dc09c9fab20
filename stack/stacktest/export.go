package stacktest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// exports returns the outputs that other stacks can import.
func (s *stack) exports() []types.Output {
	if s.status == types.StackStatusDeleteComplete {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.outputs), func(o types.Output) bool { return o.ExportName == nil })
}

// importValue resolves Fn::ImportValue for s, and remembers that s depends on it.
//
// What only looks ahead, outside an operation, makes no such tie.
func (c *Cloud) importValue(s *stack, name string) (string, error) {
	for _, other := range c.stacks {
		for _, o := range other.exports() {
			if *o.ExportName == name && other != s {
				if s.run != nil {
					s.run.imports = append(s.run.imports, name)
				}
				return *o.OutputValue, nil
			}
		}
	}
	return "", fmt.Errorf("No export named %s found.", name) //nolint:staticcheck,revive // as AWS writes it
}

// importer returns a stack that uses an export; nil if none does.
func (c *Cloud) importer(name string) *stack {
	for _, s := range c.stacks {
		used := slices.Contains(s.imports, name) || s.run != nil && slices.Contains(s.run.imports, name)
		if used && s.status != types.StackStatusDeleteComplete {
			return s
		}
	}
	return nil
}

// evaluateOutputs returns the outputs of s as d has them.
func (c *Cloud) evaluateOutputs(s *stack, d deployment) ([]types.Output, error) {
	return c.outputsIn(c.scope(s, d), d)
}

func (c *Cloud) outputsIn(scope template.Scope, d deployment) ([]types.Output, error) {
	var out []types.Output
	for _, o := range d.template.Outputs {
		if o.Condition != "" {
			if holds, err := d.template.Condition(o.Condition, scope); err != nil || !holds {
				if err != nil {
					return nil, err
				}
				continue
			}
		}
		value, err := d.template.Evaluate(o.Value, scope)
		if err != nil {
			return nil, err
		}
		one := types.Output{OutputKey: new(o.Name), OutputValue: new(text(value)), Description: some(o.Description)}
		if o.Export != nil {
			name, err := d.template.Evaluate(o.Export, scope)
			if err != nil {
				return nil, err
			}
			one.ExportName = new(text(name))
		}
		out = append(out, one)
	}
	return out, nil
}

// finish gives s the outputs of d, unless its exports collide with those of
// others or take away what others import.
func (c *Cloud) finish(s *stack, d deployment) error {
	outputs, err := c.evaluateOutputs(s, d)
	if err != nil {
		return err
	}
	kept := make(map[string]string)
	for _, o := range outputs {
		if o.ExportName == nil {
			continue
		}
		kept[*o.ExportName] = *o.OutputValue
		for _, other := range c.stacks {
			if other != s && slices.ContainsFunc(other.exports(), func(e types.Output) bool { return *e.ExportName == *o.ExportName }) {
				return fmt.Errorf("Export with name %s is already exported by stack %s.", *o.ExportName, other.name) //nolint:staticcheck,revive // as AWS writes it
			}
		}
	}
	for _, o := range s.exports() {
		value, ok := kept[*o.ExportName]
		user := c.importer(*o.ExportName)
		switch {
		case user == nil || ok && value == *o.OutputValue:
		case ok:
			return fmt.Errorf("Export %s cannot be updated as it is in use by %s", *o.ExportName, user.name) //nolint:staticcheck,revive // as AWS writes it
		default:
			return fmt.Errorf("Export %s cannot be deleted as it is in use by %s", *o.ExportName, user.name) //nolint:staticcheck,revive // as AWS writes it
		}
	}
	s.outputs = outputs
	if s.run != nil {
		s.imports = s.run.imports
	}
	return nil
}

// text is a value as an output shows it.
func text(v any) string {
	if out, ok := template.Text(v); ok {
		return out
	}
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, element := range list {
		out[i] = text(element)
	}
	return strings.Join(out, ",")
}
