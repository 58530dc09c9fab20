package stacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// The quotas of a template. Source: CloudFormation User Guide, "Understand
// CloudFormation quotas".
const (
	maxBody       = 51200   // bytes, in a request
	maxStored     = 1000000 // bytes, in S3
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
	maxTags       = 50

	maxDescription = 1024 // bytes
)

// request is what all operations say that create or change a stack.
type request struct {
	name, body, url *string
	previous        *bool // the template that the stack has
	parameters      []types.Parameter
	tags            []types.Tag
	capabilities    []types.Capability
	role            *string
}

// stackName is what a stack may be called. Source: CloudFormation API reference, CreateStack.
var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

func (in request) checkName() *Error {
	name := ptr.Value(in.name)
	if !stackName.MatchString(name) {
		return invalid("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*", name)
	}
	return nil
}

// deployment returns what in asks for; s is the stack as it is, or nil.
func (c *Cloud) deployment(in request, s *stack) (deployment, *Error) {
	body, fault := c.body(in, s)
	if fault != nil {
		return deployment{}, fault
	}
	values := make(map[string]string)
	for _, p := range in.parameters {
		key := ptr.Value(p.ParameterKey)
		if !ptr.Value(p.UsePreviousValue) {
			values[key] = ptr.Value(p.ParameterValue)
			continue
		}
		old, ok := "", false
		if s != nil {
			old, ok = s.deployed.parameters[key]
		}
		if !ok {
			return deployment{}, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", key)
		}
		values[key] = old
	}
	tags, fault := checkTags(in.tags)
	if fault != nil {
		return deployment{}, fault
	}
	if in.tags == nil && s != nil {
		tags = s.deployed.tags // as AWS does: no tags are the present tags
	}
	role := ptr.Value(in.role)
	if role == "" && s != nil {
		role = s.deployed.role
	}
	d, fault := newDeployment(body, values, tags, in.capabilities, role)
	if fault != nil || s == nil {
		return d, fault
	}
	return d, d.checkTypes(s)
}

func (c *Cloud) body(in request, s *stack) (string, *Error) {
	switch {
	case ptr.Value(in.previous) && s != nil && s.deployed.template != nil:
		return s.deployed.body, nil
	case in.body != nil && in.url != nil || in.body == nil && in.url == nil:
		return "", invalid("Either Template URL or Template Body must be specified.")
	case in.url != nil:
		body, ok := c.template(*in.url)
		if !ok {
			return "", invalid("S3 error: The specified key does not exist.")
		}
		if len(body) > maxStored {
			return "", invalid("Template may not exceed %d bytes in size.", maxStored)
		}
		return string(body), nil
	case len(*in.body) > maxBody:
		return "", invalid("1 validation error detected: Value '%.100s...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", *in.body, maxBody)
	}
	return *in.body, nil
}

func checkTags(list []types.Tag) (map[string]string, *Error) {
	tags, seen := make(map[string]string, len(list)), make(map[string]bool, len(list))
	for _, tag := range list {
		key := ptr.Value(tag.Key)
		if strings.HasPrefix(key, "aws:") {
			return nil, invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		if seen[strings.ToLower(key)] {
			return nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags[key], seen[strings.ToLower(key)] = ptr.Value(tag.Value), true
	}
	if len(tags) > maxTags {
		return nil, invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	return tags, nil
}

// newDeployment reads and checks a template and its parameters as CloudFormation
// does before it makes anything.
func newDeployment(body string, values, tags map[string]string, capabilities []types.Capability, role string) (deployment, *Error) {
	t, err := template.Parse([]byte(body))
	if err != nil {
		if errors.Is(err, template.ErrNoResources) {
			return deployment{}, invalid("Template format error: At least one Resources member must be defined.")
		}
		return deployment{}, invalid("Template format error: %v", err)
	}
	if fault := checkTemplate(t); fault != nil {
		return deployment{}, fault
	}
	parameters, fault := checkParameters(t, values)
	if fault != nil {
		return deployment{}, fault
	}
	if fault := checkCapabilities(t, capabilities); fault != nil {
		return deployment{}, fault
	}
	return deployment{body: body, template: t, parameters: parameters, tags: tags, capabilities: capabilities, role: role}, nil
}

// checkParameters returns the value of each parameter, its default where none is given.
func checkParameters(t *template.Template, given map[string]string) (map[string]string, *Error) {
	var unknown, lacking []string
	for key := range given {
		if _, ok := t.Parameter(key); !ok {
			unknown = append(unknown, key)
		}
	}
	values := make(map[string]string, len(t.Parameters))
	for _, p := range t.Parameters {
		value, ok := given[p.Name]
		switch {
		case ok:
			values[p.Name] = value
		case p.Default != nil:
			values[p.Name] = *p.Default
		default:
			lacking = append(lacking, p.Name)
		}
	}
	slices.Sort(unknown)
	if len(lacking) > 0 {
		return nil, invalid("Parameters: [%s] must have values", strings.Join(lacking, ", "))
	}
	if len(unknown) > 0 {
		return nil, invalid("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	for _, p := range t.Parameters {
		if err := p.Check(values[p.Name]); err != nil {
			return nil, invalid("%s", parameterMessage(p, err))
		}
	}
	return values, nil
}

// parameterMessage words a bad value as CloudFormation does.
func parameterMessage(p template.Parameter, err error) string {
	cause := errors.Unwrap(err)
	if cause == nil {
		cause = err
	}
	switch {
	case p.ConstraintDescription != "":
		return fmt.Sprintf("Parameter %s failed to satisfy constraint: %s", p.Name, p.ConstraintDescription)
	case len(p.AllowedValues) > 0:
		return fmt.Sprintf("Parameter '%s' must be one of AllowedValues", p.Name)
	case p.Type == "Number":
		return fmt.Sprintf("Parameter '%s' must be a number", p.Name)
	case p.AllowedPattern != "":
		return fmt.Sprintf("Parameter '%s' must match pattern %s", p.Name, p.AllowedPattern)
	}
	return fmt.Sprintf("Parameter '%s': %v", p.Name, cause)
}

// checkCapabilities wants what the template needs to be acknowledged.
func checkCapabilities(t *template.Template, given []types.Capability) *Error {
	var lacking []string
	for _, need := range t.Capabilities() {
		has := slices.Contains(given, types.Capability(need)) ||
			need == string(types.CapabilityCapabilityIam) && slices.Contains(given, types.CapabilityCapabilityNamedIam)
		if !has {
			lacking = append(lacking, need)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return &Error{Code: "InsufficientCapabilitiesException", Message: "Requires capabilities : [" + strings.Join(lacking, ", ") + "]"}
}

// checkTypes refuses an update that gives a logical id another type.
func (d deployment) checkTypes(s *stack) *Error {
	var changed []string
	for _, r := range d.template.Resources {
		if old := s.resources[r.Name]; old != nil && old.kind.Name != r.Type && old.status != types.ResourceStatusDeleteComplete {
			changed = append(changed, r.Name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", strings.Join(changed, ", "))
}

// repeated reports whether a call with the token took effect before: the same
// request is answered as then, and has no further effect; another one is refused.
func (s *stack) repeated(token *string, what string) (bool, *Error) {
	before, known := s.tokens[ptr.Value(token)]
	if token == nil || !known {
		return false, nil
	}
	if before != what {
		return false, &Error{Code: "TokenAlreadyExistsException", Message: "Token " + *token + " already exists"}
	}
	return true, nil
}

// remember is told of a call that took effect.
func (s *stack) remember(token *string, what string) {
	if token != nil {
		s.tokens[*token] = what
	}
}

// fingerprint tells requests apart.
func fingerprint(op string, in any) string {
	b, err := json.Marshal(in)
	if err != nil {
		return op
	}
	return op + " " + digest(string(b))
}
