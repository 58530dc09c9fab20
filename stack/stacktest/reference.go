package stacktest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// reference is a Ref or, with an attribute, a Fn::GetAtt within a value.
type reference struct{ name, attribute string }

func (r reference) String() string {
	if r.attribute == "" {
		return r.name
	}
	return r.name + "." + r.attribute
}

// variable is ${Name} or ${Name.Attribute}, but not ${!Literal}, in a Fn::Sub.
var variable = regexp.MustCompile(`\$\{([^!{}][^{}]*)\}`)

// references returns what a value refers to, each once, in a fixed order.
func references(v any) []reference {
	var all []reference
	collect(v, &all)
	slices.SortFunc(all, func(a, b reference) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

func collect(v any, all *[]reference) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			collect(element, all)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			collectCall(key, v[key], all)
		}
	}
}

func collectCall(key string, v any, all *[]reference) {
	list, _ := v.([]any)
	text, _ := v.(string)
	switch key {
	case "Ref":
		if text != "" && !strings.HasPrefix(text, "AWS::") {
			*all = append(*all, reference{name: text})
		}
	case "Fn::GetAtt":
		if len(list) == 2 {
			name, _ := list[0].(string)
			attribute, _ := list[1].(string)
			*all = append(*all, reference{name, attribute})
		}
	case "Fn::Sub":
		local := map[string]any{}
		if len(list) == 2 {
			text, _ = list[0].(string)
			local, _ = list[1].(map[string]any)
		}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			name, attribute, _ := strings.Cut(strings.TrimSpace(m[1]), ".")
			if _, given := local[name]; !given && !strings.HasPrefix(name, "AWS::") {
				*all = append(*all, reference{name, attribute})
			}
		}
		collect(local, all)
	default:
		collect(v, all)
	}
}
