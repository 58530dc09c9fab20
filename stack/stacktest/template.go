package stacktest

import (
	"errors"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/stack/internal/template"
	"github.com/mettel-automation/delivery/stack/stacktest/internal/catalog"
)

// checkTemplate refuses a template that CloudFormation refuses before it makes
// anything of it.
func checkTemplate(t *template.Template) *Error {
	for _, part := range []struct {
		what     string
		n, limit int
	}{{"resources", len(t.Resources), maxResources}, {"parameters", len(t.Parameters), maxParameters}, {"outputs", len(t.Outputs), maxOutputs}} {
		if part.n > part.limit {
			return invalid("Template format error: Number of %s, %d, is greater than maximum allowed, %d", part.what, part.n, part.limit)
		}
	}
	if len(t.Description) > maxDescription {
		return invalid("Template format error: 'Description' length is greater than %d.", maxDescription)
	}
	if fault := checkTypesOf(t); fault != nil {
		return fault
	}
	if fault := checkOutputs(t); fault != nil {
		return fault
	}
	if fault := checkReferences(t); fault != nil {
		return fault
	}
	return checkAttributes(t)
}

// checkReferences refuses what refers to nothing, or in a circle.
func checkReferences(t *template.Template) *Error {
	err := t.CheckReferences()
	if err == nil {
		return nil
	}
	if cycle, ok := errors.AsType[*dag.CycleError](err); ok {
		return invalid("Circular dependency between resources: [%s]", strings.Join(cycle.Path[1:], ", "))
	}
	for _, block := range []string{"Resources", "Outputs"} {
		if names := unresolved(t, block); len(names) > 0 {
			return invalid("Template format error: Unresolved resource dependencies [%s] in the %s block of the template", strings.Join(names, ", "), block)
		}
	}
	return invalid("Template error: %v", err)
}

// unresolved returns what a block refers to and the template does not have.
func unresolved(t *template.Template, block string) []string {
	var names []string
	look := func(v any) {
		for _, ref := range references(v) {
			_, isParameter := t.Parameter(ref.name)
			_, isResource := t.Resource(ref.name)
			if !isParameter && !isResource {
				names = append(names, ref.name)
			}
		}
	}
	if block == "Resources" {
		for _, r := range t.Resources {
			look(r.Properties)
		}
	} else {
		for _, o := range t.Outputs {
			look(o.Value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkAttributes refuses Fn::GetAtt of what a type does not have.
func checkAttributes(t *template.Template) *Error {
	check := func(v any) *Error {
		for _, ref := range references(v) {
			r, ok := t.Resource(ref.name)
			if ok && ref.attribute != "" && !catalog.Lookup(r.Type).Supports(ref.attribute) {
				return unsupported(r, ref.attribute)
			}
		}
		return nil
	}
	for _, r := range t.Resources {
		if fault := check(r.Properties); fault != nil {
			return fault
		}
	}
	for _, o := range t.Outputs {
		if fault := check(o.Value); fault != nil {
			return fault
		}
	}
	return nil
}

// checkTypesOf refuses types that are none, and policies that a type does not have.
func checkTypesOf(t *template.Template) *Error {
	var unknown []string
	for _, r := range t.Resources {
		if !strings.Contains(r.Type, "::") {
			unknown = append(unknown, r.Type)
		}
	}
	if len(unknown) > 0 {
		return invalid("Template format error: Unrecognized resource types: [%s]", strings.Join(unknown, ", "))
	}
	for _, r := range t.Resources {
		if slices.Contains([]string{r.DeletionPolicy, r.UpdateReplacePolicy}, "Snapshot") && !hasSnapshots(r.Type) {
			return invalid("Template error: resource type %s does not support deletion policy Snapshot", r.Type)
		}
	}
	return nil
}

// hasSnapshots reports whether the policy Snapshot is for a type. Source:
// CloudFormation template reference, "DeletionPolicy attribute".
func hasSnapshots(kind string) bool {
	return slices.Contains([]string{
		"AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup",
		"AWS::Neptune::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
	}, kind)
}

// checkOutputs refuses outputs that are no text.
func checkOutputs(t *template.Template) *Error {
	for _, o := range t.Outputs {
		if noText(t, o.Value) {
			return invalid("Template format error: The Value field of every Outputs member must evaluate to a String.")
		}
	}
	return nil
}

// noText reports whether a value evaluates to a list or a map, as far as one can
// tell without evaluating it.
func noText(t *template.Template, v any) bool {
	call, isMap := v.(map[string]any)
	if _, isList := v.([]any); isList || isMap && len(call) != 1 {
		return true
	}
	for name, of := range call {
		if name == "Ref" {
			p, _ := t.Parameter(text(of))
			return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
		}
		return !strings.HasPrefix(name, "Fn::") || slices.Contains([]string{"Fn::Split", "Fn::GetAZs", "Fn::Cidr"}, name)
	}
	return false
}
