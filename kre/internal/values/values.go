// Package values holds what a release makes of the values of a chart: they are
// brought into one form, merged, hashed, and compared with what the chart knows.
package values

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Normalize returns v as JSON has it: maps with string keys, lists, strings, bools,
// nil, and numbers that are int64 where they are whole, else float64. Structs and
// typed maps become such maps, so that a chart's defaults merge with them.
func Normalize(v map[string]any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	out := map[string]any{}
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	if out == nil { // a nil map is "null"
		out = map[string]any{}
	}
	return numbers(out).(map[string]any), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = numbers(value)
		}
	case []any:
		for i, value := range v {
			v[i] = numbers(value)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		fraction, _ := v.Float64()
		return fraction
	}
	return v
}

// Merge returns over laid upon base: maps are merged key by key, and anything else
// of over takes the place of what base has. A nil stays, since it takes a default of
// the chart away. Neither map is changed, though the result may share parts of both.
func Merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]any{}
	}
	for key, value := range over {
		below, isMap := out[key].(map[string]any)
		above, both := value.(map[string]any)
		if isMap && both {
			value = Merge(below, above)
		}
		out[key] = value
	}
	return out
}

// Hash is the SHA-256 of normalized values, in hexadecimal.
func Hash(v map[string]any) (string, error) {
	text, err := json.Marshal(v) // keys are sorted
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Leaf is a value that is no map and no list.
type Leaf struct {
	Path  Path
	Value any
}

// Path is where a value is: keys, and the indices of lists.
type Path []string

// String is the path as one writes it for helm: "config.auth.key". A key that has dots
// of its own is quoted.
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, key := range p {
		if key == "" || strings.ContainsAny(key, ". \"") {
			key = fmt.Sprintf("%q", key)
		}
		parts[i] = key
	}
	return strings.Join(parts, ".")
}

// Leaves returns the leaves of normalized values, sorted by path. A nil is none.
func Leaves(v any) []Leaf {
	var out []Leaf
	var walk func(v any, path Path)
	walk = func(v any, path Path) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], append(slices.Clip(path), key))
			}
		case []any:
			for i, value := range v {
				walk(value, append(slices.Clip(path), fmt.Sprint(i)))
			}
		case nil:
		default:
			out = append(out, Leaf{path, v})
		}
	}
	walk(v, nil)
	return out
}

// At returns what v has at path; nil where it has nothing.
func At(v any, path Path) any {
	for _, key := range path {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}
