package stacktest

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// unmodelled are the fields of requests that the Cloud would have to ignore. It
// refuses them instead, so that a test does not pass by accident.
func unmodelled(field string) bool {
	return slices.Contains([]string{
		"DeploymentMode", "ForceRollback", "ImportExistingResources", "NotificationARNs", "OnStackFailure", "ResourceTypes", "ResourcesToImport",
		"RollbackConfiguration", "StackPolicyBody", "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL", "StackPolicyURL", "TimeoutInMinutes",
	}, field)
}

// limit is what a field of a request may be.
type limit struct {
	min, max int
	pattern  string
}

// limitOf returns the limit of a field. Source: CloudFormation API reference, the
// request parameters of each operation and the data type Tag.
func limitOf(field string) (limit, bool) {
	switch field {
	case "ClientRequestToken":
		return limit{1, 128, `[a-zA-Z0-9][-a-zA-Z0-9]*`}, true
	case "ClientToken":
		return limit{1, 128, ``}, true
	case "Description", "NextToken":
		return limit{1, 1024, ``}, true
	case "RoleARN":
		return limit{20, 2048, ``}, true
	case "TemplateURL":
		return limit{1, 5120, ``}, true
	case "tags.key":
		return limit{1, 128, ``}, true
	case "tags.value":
		return limit{1, 256, ``}, true
	}
	return limit{}, false
}

// check refuses text as CloudFormation does; at is the field as it writes it.
func (l limit) check(at, text string) *Error {
	n := utf8.RuneCountInString(text)
	switch {
	case n < l.min:
		return broken(at, text, "Member must have length greater than or equal to %d", l.min)
	case n > l.max:
		return broken(at, text, "Member must have length less than or equal to %d", l.max)
	case l.pattern != "" && !regexp.MustCompile(`^(?:`+l.pattern+`)$`).MatchString(text):
		return broken(at, text, "Member must satisfy regular expression pattern: %s", l.pattern)
	}
	return nil
}

func broken(at, text, constraint string, arg any) *Error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+constraint, text, at, arg)
}

// checkFields refuses a request, which in points to, for what CloudFormation
// refuses before it looks at what the request is about, and for what is not modelled.
func checkFields(in any) *Error {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, reflect.Indirect(v.Field(i))
		if !field.IsValid() || !v.Type().Field(i).IsExported() {
			continue
		}
		if unmodelled(name) && !field.IsZero() {
			return invalid("%s is not modelled by stacktest", name)
		}
		if l, ok := limitOf(name); ok {
			if fault := l.check(strings.ToLower(name[:1])+name[1:], field.String()); fault != nil {
				return fault
			}
		}
		if tags, ok := reflect.TypeAssert[[]types.Tag](field); ok {
			if fault := checkTagLengths(tags); fault != nil {
				return fault
			}
		}
		if name == "RoleARN" && !strings.HasPrefix(field.String(), "arn:") {
			return invalid("Role %s is invalid or cannot be assumed", field.String())
		}
	}
	return nil
}

func checkTagLengths(tags []types.Tag) *Error {
	key, _ := limitOf("tags.key")
	value, _ := limitOf("tags.value")
	for i, tag := range tags {
		at := "tags." + strconv.Itoa(i+1) + ".member."
		if fault := key.check(at+"key", ptr.Value(tag.Key)); fault != nil {
			return fault
		}
		if fault := value.check(at+"value", ptr.Value(tag.Value)); fault != nil {
			return fault
		}
	}
	return nil
}
