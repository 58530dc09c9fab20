package repository

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// samePolicy reports whether two policies say the same. The order of keys, of
// statements and of lists does not matter, nor does whether a single value
// stands in a list, nor whether an account is written as its id or as its root.
// Source: IAM user guide, "Grammar of the IAM JSON policy language".
func samePolicy(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	return normal(a) == normal(b)
}

// normal is the text of a policy in a form that is the same for equal ones.
func normal(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	out, err := json.Marshal(canonical(v, false)) // sorts the keys of objects
	if err != nil {
		return text
	}
	return string(out)
}

// listed are the members that hold a value or a list of them, wherever they
// are; below Principal and Condition all are.
var listed = []string{"Statement", "Action", "NotAction", "Resource", "NotResource"}

func canonical(v any, inside bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			within := inside || slices.Contains([]string{"Principal", "NotPrincipal", "Condition"}, key)
			c := canonical(member, within)
			if _, object := c.(map[string]any); !object || key == "Statement" {
				if inside || slices.Contains(listed, key) {
					c = sorted(c)
				}
			}
			out[key] = c
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = canonical(item, inside)
		}
		return out
	case string:
		if inside {
			return accountID(v)
		}
	}
	return v
}

// sorted returns v as a list in the order of its texts, without repetitions.
func sorted(v any) []any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	text := func(v any) string {
		b, _ := json.Marshal(v) // came out of json, and goes in again
		return string(b)
	}
	slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(text(a), text(b)) })
	return slices.CompactFunc(list, func(a, b any) bool { return text(a) == text(b) })
}

var rootARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):root$`)

func accountID(principal string) string {
	if m := rootARN.FindStringSubmatch(principal); m != nil {
		return m[1]
	}
	return principal
}

// statements counts those of a policy.
func statements(text string) int {
	var p struct{ Statement any }
	if json.Unmarshal([]byte(text), &p) != nil {
		return 0
	}
	if list, ok := p.Statement.([]any); ok {
		return len(list)
	}
	return 1
}

// checkPolicy refuses what is no policy at all; ECR checks the rest.
func checkPolicy(text string) error {
	var p map[string]any
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return fmt.Errorf("its policy is no JSON object: %w", err)
	}
	if p["Statement"] == nil {
		return errors.New("its policy has no Statement")
	}
	return nil
}
