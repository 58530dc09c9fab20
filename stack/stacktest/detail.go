package stacktest

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

// details says what changes of r, and why; none if nothing does.
func (c *Cloud) details(s *stack, d deployment, r *resource, definition template.Resource, next desired, f *forecast) []types.ResourceChangeDetail {
	var out []types.ResourceChangeDetail
	for _, property := range changedKeys(r.properties, next.properties) {
		target := types.ResourceTargetDefinition{
			Attribute: types.ResourceAttributeProperties, Name: new(property), Path: new("/Properties/" + property),
			RequiresRecreation: types.RequiresRecreation(r.kind.Recreation(property)),
			BeforeValue:        valueOf(r.display, property), AfterValue: valueOf(next.display, property),
			AttributeChangeType: changeType(r.properties, next.properties, property),
		}
		if property == "Tags" {
			target.Attribute, target.Name, target.RequiresRecreation = types.ResourceAttributeTags, nil, types.RequiresRecreationNever
		}
		detail := c.origin(s, d, r.definition.Properties[property], definition.Properties[property], f)
		detail.Target = &target
		out = append(out, detail)
	}
	out = append(out, tagDetail(r, next)...)
	if next.body != r.body {
		out = append(out, types.ResourceChangeDetail{
			ChangeSource: types.ChangeSourceAutomatic, Evaluation: types.EvaluationTypeDynamic,
			Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, RequiresRecreation: types.RequiresRecreationNever},
		})
	}
	return append(out, policyDetails(r, definition)...)
}

// tagDetail is about tags of the stack that reach the resource.
func tagDetail(r *resource, next desired) []types.ResourceChangeDetail {
	var out []types.ResourceChangeDetail
	before, after := anyMap(r.tags), anyMap(next.tags)
	for _, key := range changedKeys(before, after) {
		out = append(out, types.ResourceChangeDetail{
			ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
			Target: &types.ResourceTargetDefinition{
				Attribute: types.ResourceAttributeTags, RequiresRecreation: types.RequiresRecreationNever, Path: new("/Properties/Tags/" + key),
				BeforeValue: valueOf(before, key), AfterValue: valueOf(after, key), AttributeChangeType: changeType(before, after, key),
			},
		})
	}
	return out
}

func anyMap(tags map[string]string) map[string]any {
	out := make(map[string]any, len(tags))
	for key, value := range tags {
		out[key] = value
	}
	return out
}

// policyDetails is about what a definition has besides properties.
func policyDetails(r *resource, definition template.Resource) []types.ResourceChangeDetail {
	var out []types.ResourceChangeDetail
	add := func(attribute types.ResourceAttribute, differ bool) {
		if differ {
			out = append(out, types.ResourceChangeDetail{
				ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
				Target: &types.ResourceTargetDefinition{Attribute: attribute, RequiresRecreation: types.RequiresRecreationNever},
			})
		}
	}
	add(types.ResourceAttributeDeletionPolicy, r.definition.DeletionPolicy != definition.DeletionPolicy)
	add(types.ResourceAttributeUpdateReplacePolicy, r.definition.UpdateReplacePolicy != definition.UpdateReplacePolicy)
	add(types.ResourceAttributeMetadata, len(changedKeys(r.definition.Metadata, definition.Metadata)) > 0)
	return out
}

// origin says why a property changes: because somebody wrote something else, or
// because of a parameter or of another resource. Dynamic is what only applying
// will tell. Source: CloudFormation API reference, ResourceChangeDetail.
func (c *Cloud) origin(s *stack, d deployment, before, after any, f *forecast) types.ResourceChangeDetail {
	direct := types.ResourceChangeDetail{ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic}
	if !reflect.DeepEqual(before, after) {
		return direct
	}
	for _, ref := range references(after) {
		v := f.verdict[ref.name]
		detail := types.ResourceChangeDetail{Evaluation: types.EvaluationTypeStatic, CausingEntity: new(ref.String())}
		if v.replacement != types.ReplacementTrue {
			detail.Evaluation = types.EvaluationTypeDynamic
		}
		_, isParameter := d.template.Parameter(ref.name)
		switch {
		case v.changes && ref.attribute != "":
			detail.ChangeSource = types.ChangeSourceResourceAttribute
		case v.changes && v.replacement != types.ReplacementFalse:
			detail.ChangeSource = types.ChangeSourceResourceReference
		case isParameter && s.deployed.parameters[ref.name] != d.parameters[ref.name]:
			detail.ChangeSource, detail.Evaluation = types.ChangeSourceParameterReference, types.EvaluationTypeStatic
		default:
			continue
		}
		return detail
	}
	return direct // a condition, a mapping or a pseudo parameter
}

// replacement is what details amount to. Source: CloudFormation API reference,
// ResourceChange, "Replacement".
func replacement(details []types.ResourceChangeDetail) types.Replacement {
	out := types.ReplacementFalse
	for _, detail := range details {
		switch {
		case detail.Target.RequiresRecreation == types.RequiresRecreationAlways && detail.Evaluation == types.EvaluationTypeStatic:
			return types.ReplacementTrue
		case detail.Target.RequiresRecreation != types.RequiresRecreationNever:
			out = types.ReplacementConditional
		}
	}
	return out
}

func scopeOf(details []types.ResourceChangeDetail) []types.ResourceAttribute {
	var out []types.ResourceAttribute
	for _, detail := range details {
		if !slices.Contains(out, detail.Target.Attribute) {
			out = append(out, detail.Target.Attribute)
		}
	}
	slices.Sort(out)
	return out
}

func changeType(before, after map[string]any, key string) types.AttributeChangeType {
	if _, ok := before[key]; !ok {
		return types.AttributeChangeTypeAdd
	}
	if _, ok := after[key]; !ok {
		return types.AttributeChangeTypeRemove
	}
	return types.AttributeChangeTypeModify
}

// valueOf is a property as a change set shows it: text as it is, the rest as JSON.
func valueOf(properties map[string]any, key string) *string {
	v, ok := properties[key]
	if !ok {
		return nil
	}
	if out, ok := template.Text(v); ok {
		return &out
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return new(string(b))
}

// changedKeys returns the keys whose values differ, sorted.
func changedKeys(before, after map[string]any) []string {
	var out []string
	for key, v := range after {
		if old, ok := before[key]; !ok || !reflect.DeepEqual(old, v) {
			out = append(out, key)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
