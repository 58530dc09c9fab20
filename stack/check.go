package stack

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/nearest"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// maxBody is the longest template that a request carries.
// Source: CloudFormation API reference, CreateChangeSet, "TemplateBody".
const maxBody = 51_200

// The quotas of a template and of a stack. Source: CloudFormation User Guide,
// "Understand CloudFormation quotas", and API reference, "Tag".
const (
	maxResources, maxParameters, maxOutputs = 500, 200, 200
	maxTags, maxTagKey, maxTagValue         = 50, 128, 256
	maxDescription                          = 1024 // bytes
)

// check returns the template of s, or everything that is wrong with s as far as
// one can tell without AWS.
func (m *Manager) check(s Stack) (*template.Template, error) {
	t, faults := m.checkTemplate(s.Body)
	faults = slices.Concat(checkStack(s), checkTags(s.Tags), faults)
	if t != nil {
		faults = append(faults, checkParameters(s, t)...)
	}
	if len(faults) > 0 {
		return nil, &InvalidError{Stack: s.Name, Faults: faults}
	}
	return t, nil
}

func checkStack(s Stack) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`).MatchString(s.Name) {
		fault("name %q: want a letter, then letters, digits and hyphens, 128 at most", s.Name)
	}
	if s.Role != "" && !regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/.`).MatchString(s.Role) {
		fault("role %q: want the ARN of a role, as in arn:aws:iam::123456789012:role/name", s.Role)
	}
	if s.Production && s.Express {
		fault("Production and Express: what is in production is waited for until it can serve")
	}
	if s.Production && s.RecreateFailed {
		fault("Production and RecreateFailed: a stack of production is not deleted on the way")
	}
	for _, t := range s.Stateful {
		if strings.Count(t, "::") < 1 {
			fault("stateful type %q: want a resource type, as in AWS::S3::Bucket", t)
		}
	}
	for _, id := range s.Consent {
		if id == "" {
			fault("consent without a logical id")
		}
	}
	return faults
}

func checkTags(tags map[string]string) (faults []error) {
	if len(tags) > maxTags {
		faults = append(faults, fmt.Errorf("%d tags: at most %d", len(tags), maxTags))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		switch n := len([]rune(key)); {
		case n < 1 || n > maxTagKey:
			faults = append(faults, fmt.Errorf("tag %q: want a key of 1 to %d characters", key, maxTagKey))
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			faults = append(faults, fmt.Errorf("tag %q: keys that begin with aws: are those of AWS", key))
		}
		// CloudFormation refuses an empty value, unlike most of AWS.
		if n := len([]rune(tags[key])); n < 1 || n > maxTagValue {
			faults = append(faults, fmt.Errorf("tag %q: want a value of 1 to %d characters, not %d", key, maxTagValue, n))
		}
	}
	return faults
}

func (m *Manager) checkTemplate(body []byte) (*template.Template, []error) {
	switch {
	case len(body) > template.MaxBytes:
		return nil, []error{fmt.Errorf("%w: it has %d bytes, and CloudFormation takes at most %d: split the stack", ErrTemplateTooLarge, len(body), template.MaxBytes)}
	case len(body) > maxBody && m.opts.Templates == nil:
		return nil, []error{fmt.Errorf("%w: it has %d bytes; what has more than %d goes through a bucket, and Options.Templates is not set", ErrTemplateTooLarge, len(body), maxBody)}
	}
	t, err := template.Parse(body)
	if err != nil {
		return nil, faultsIn("template", err)
	}
	faults := faultsIn("template", t.CheckReferences())
	if n := len(t.Description); n > maxDescription {
		faults = append(faults, fmt.Errorf("template: its description has %d bytes, and CloudFormation takes at most %d", n, maxDescription))
	}
	for _, q := range []struct {
		what       string
		have, most int
	}{{"resources", len(t.Resources), maxResources}, {"parameters", len(t.Parameters), maxParameters}, {"outputs", len(t.Outputs), maxOutputs}} {
		if q.have > q.most {
			faults = append(faults, fmt.Errorf("template: %d %s, and CloudFormation takes at most %d: split the stack", q.have, q.what, q.most))
		}
	}
	return t, faults
}

// faultsIn splits errors that are joined, and says of each where it is.
func faultsIn(where string, err error) []error {
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for i, e := range list {
		list[i] = fmt.Errorf("%s: %w", where, e)
	}
	return list
}

func checkParameters(s Stack, t *template.Template) (faults []error) {
	known := make([]string, len(t.Parameters))
	for i, p := range t.Parameters {
		known[i] = p.Name
	}
	unknown := func(name string) {
		if _, ok := t.Parameter(name); ok {
			return
		}
		text := "the template has no such parameter"
		if near := nearest.Of(name, known); near != "" {
			text += ": is it " + near + "?"
		}
		faults = append(faults, fmt.Errorf("parameter %s: %s", name, text))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		unknown(name)
	}
	for _, name := range s.Previous {
		unknown(name)
		if _, given := s.Parameters[name]; given {
			faults = append(faults, fmt.Errorf("parameter %s: it has a value, and shall keep the previous one", name))
		}
	}
	for _, p := range t.Parameters {
		given, ok := s.Parameters[p.Name]
		switch {
		case ok:
			if err := p.Check(given); err != nil {
				faults = append(faults, err)
			}
		case p.Default == nil && !slices.Contains(s.Previous, p.Name):
			faults = append(faults, fmt.Errorf("parameter %s: it has no default, and no value is given", p.Name))
		}
	}
	return faults
}

// checkPrevious is an error where a parameter shall keep a value that it does not
// have: the stack is yet to be created, or its template did not have the parameter.
func checkPrevious(s Stack, found *types.Stack) error {
	var faults []error
	for _, name := range s.Previous {
		has := found != nil && slices.ContainsFunc(found.Parameters, func(p types.Parameter) bool { return ptr.Value(p.ParameterKey) == name })
		if !has {
			faults = append(faults, fmt.Errorf("parameter %s: there is no previous value that it could keep", name))
		}
	}
	if len(faults) > 0 {
		return &InvalidError{Stack: s.Name, Faults: faults}
	}
	return nil
}
