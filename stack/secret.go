package stack

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// masked stands for a secret, as it does in the answers of CloudFormation.
const masked = "****"

// short is the length below which a secret stands in many texts by chance.
const short = 4

// secrets are what a plan must not show: the values of NoEcho parameters.
// CloudFormation masks them itself; that is not relied on.
type secrets struct {
	names  map[string]bool            // of NoEcho parameters
	values []string                   // those that are given, and defaults
	fed    map[string]map[string]bool // logical id -> property that a NoEcho parameter goes into
}

// secretsOf collects the secrets of a stack from its templates: the desired one
// and, where there is one, that of the stack as it is.
func secretsOf(parameters map[string]string, templates ...*template.Template) secrets {
	s := secrets{names: map[string]bool{}, fed: map[string]map[string]bool{}}
	for _, t := range templates {
		names := make(map[string]bool)
		for _, p := range t.Parameters {
			if p.NoEcho {
				names[p.Name], s.names[p.Name] = true, true
				s.hide(parameters[p.Name])
				s.hide(ptr.Value(p.Default))
			}
		}
		if len(names) == 0 {
			continue
		}
		for _, r := range t.Resources {
			for property, v := range r.Properties {
				if uses(v, names) {
					if s.fed[r.Name] == nil {
						s.fed[r.Name] = make(map[string]bool)
					}
					s.fed[r.Name][property] = true
				}
			}
		}
	}
	return s
}

func (s *secrets) hide(secret string) {
	if secret != "" {
		s.values = append(s.values, secret, escaped(secret))
	}
}

// uses reports whether a value refers to one of the parameters, by Ref or by Sub.
func uses(v any, names map[string]bool) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(v any) bool { return uses(v, names) })
	case map[string]any:
		if name, ok := v["Ref"].(string); ok && len(v) == 1 {
			return names[name]
		}
		for key, inner := range v {
			if key == "Fn::Sub" && substitutes(inner, names) || uses(inner, names) {
				return true
			}
		}
	}
	return false
}

func substitutes(arg any, names map[string]bool) bool {
	if list, ok := arg.([]any); ok && len(list) > 0 {
		arg = list[0]
	}
	text, _ := arg.(string)
	for name := range names {
		if strings.Contains(text, "${"+name+"}") {
			return true
		}
	}
	return false
}

// escaped is text as it stands in a value that is shown as JSON.
func escaped(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return text // strings always can be
	}
	return string(b[1 : len(b)-1])
}

// feeds reports whether a secret goes into the property at path. The templates of
// nested stacks are not known: there, only values and causes tell.
func (s secrets) feeds(logicalID, path string, own bool) bool {
	property, _, _ := strings.Cut(path, ".")
	return own && s.fed[logicalID][property]
}

// mask hides a text in which a secret stands. A short secret hides only itself.
func (s secrets) mask(text string) string {
	for _, v := range s.values {
		if text == v || len(v) >= short && strings.Contains(text, v) {
			return masked
		}
	}
	return text
}

// redact takes the secrets out of what AWS says.
func (s secrets) redact(text string) string {
	for _, v := range s.values {
		if len(v) >= short {
			text = strings.ReplaceAll(text, v, masked)
		}
	}
	return text
}

// redactEvent takes the secrets out of what an event says.
func (s secrets) redactEvent(e types.StackEvent) types.StackEvent {
	if len(s.values) > 0 {
		e.ResourceStatusReason = new(s.redact(ptr.Value(e.ResourceStatusReason)))
		e.HookStatusReason = new(s.redact(ptr.Value(e.HookStatusReason)))
	}
	return e
}

// redactError is err, or where its text holds a secret an error that has only the rest
// of the text.
func (s secrets) redactError(err error) error {
	if text := s.redact(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
