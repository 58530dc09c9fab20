package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/internal/nearest"
)

// Chart is what a chart says of its values.
type Chart struct {
	File       string            // such as "kre/values.yaml"
	Text       []byte            // of that file; nil where there is none
	Schema     []byte            // of values.schema.json; nil where there is none
	Subcharts  map[string]*Chart // by name and by alias
	Conditions []string          // keys, with dots, that switch subcharts
	Tags       []string          // that do so too
}

// Fault is a value that cannot be meant. It never holds the value.
type Fault struct {
	Path    Path
	Problem string // "the chart does not know it"
	Meant   string // the key that is nearest to an unknown one, or ""
	File    string // where the chart has what Problem speaks of, or ""
	Line    int    // from 1; 0 where there is no File
}

// Check returns what of normalized values the chart cannot have been made for:
// keys that neither its values.yaml nor its schema has, and maps, lists and bools where it
// has something else. Nothing is said against what is below an empty map or a null of the
// chart, below global, or below a path of allow. It fails where the chart's own files
// do not parse.
func Check(given map[string]any, chart *Chart, allow []string) ([]Fault, error) {
	c := &checker{allow: allow}
	s, err := shapeOf(chart)
	if err != nil {
		return nil, err
	}
	c.walk(nil, given, s)
	return c.faults, c.err
}

type checker struct {
	allow  []string
	faults []Fault
	err    error // of a subchart's files
}

func (c *checker) allowed(path Path) bool {
	return slices.ContainsFunc(c.allow, func(a string) bool { return a == "*" || a == path.String() })
}

// walk compares what was given at path with the shape that the chart has there.
func (c *checker) walk(path Path, given any, s shape) {
	if given == nil || len(path) > 0 && c.allowed(path) {
		return
	}
	if problem := s.mismatch(given); problem != "" {
		c.faults = append(c.faults, Fault{Path: path, Problem: problem, File: s.file, Line: s.line()})
		return
	}
	fields, _ := given.(map[string]any)
	open := s.open()
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		below := append(slices.Clip(path), key)
		child, known, err := s.child(key)
		if err != nil {
			c.err = errors.Join(c.err, err)
			continue
		}
		switch {
		case known:
			c.walk(below, fields[key], child)
		case !open && !c.allowed(below):
			c.faults = append(c.faults, s.unknown(below))
		}
	}
}

// shape is what a chart knows of one place in its values.
type shape struct {
	file       string
	nodes      []*yaml.Node     // defaults of this place: of the chart, and of a parent chart for it
	schemas    []map[string]any // that hold here
	definition map[string]any   // the schema that references are resolved in
	chart      *Chart           // where this place is all the values of a chart
	conditions []string         // relative keys that switch subcharts
	free       bool             // anything goes here
}

func shapeOf(chart *Chart) (shape, error) {
	s := shape{file: chart.File, chart: chart, conditions: chart.Conditions}
	var document yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(chart.Text)).Decode(&document)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return s, fmt.Errorf("%s: %w", chart.File, err)
	case len(document.Content) > 0:
		root := resolve(document.Content[0])
		if kind := kindOf(root); kind != "map" && kind != "" {
			return s, fmt.Errorf("%s: it is a %s, and was to be a map", chart.File, kind)
		}
		s.nodes = []*yaml.Node{root}
	}
	if len(chart.Schema) > 0 {
		var schema map[string]any
		if err := json.Unmarshal(chart.Schema, &schema); err != nil {
			return s, fmt.Errorf("%s: %w", strings.TrimSuffix(chart.File, "values.yaml")+"values.schema.json", err)
		}
		s.definition = schema
		s.schemas = s.expand(schema)
	}
	return s, nil
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// line is where the chart has the place, 0 where its values.yaml does not.
func (s shape) line() int {
	if len(s.nodes) == 0 {
		return 0
	}
	return s.nodes[0].Line
}

// open reports whether any key may be below this place.
func (s shape) open() bool {
	if s.free {
		return true
	}
	closed := false
	for _, n := range s.nodes {
		if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
			return true // {}, null, or a list or text that a map may replace
		}
		closed = true
	}
	for _, schema := range s.schemas {
		if properties, _ := schema["properties"].(map[string]any); len(properties) > 0 {
			closed = true
		}
		if extra, given := schema["additionalProperties"]; given && extra != false || schema["patternProperties"] != nil {
			return true
		}
	}
	return !closed
}

// child is the shape below key, and whether there is one.
func (s shape) child(key string) (child shape, known bool, err error) {
	child = shape{file: s.file, definition: s.definition}
	for _, n := range s.nodes {
		if value := lookup(n, key, 0); value != nil {
			child.nodes, known = append(child.nodes, value), true
		}
	}
	for _, schema := range s.schemas {
		properties, _ := schema["properties"].(map[string]any)
		if property, found := properties[key]; found {
			known = true
			if p, isMap := property.(map[string]any); isMap {
				child.schemas = append(child.schemas, s.expand(p)...)
			}
		}
	}
	for _, condition := range s.conditions {
		first, rest, deeper := strings.Cut(condition, ".")
		if first == key {
			known = true
			if deeper {
				child.conditions = append(child.conditions, rest)
			}
		}
	}
	if s.chart == nil {
		return child, known, nil
	}
	return s.special(key, child, known)
}

// special adds what is so only at the top of a chart's values.
func (s shape) special(key string, child shape, known bool) (shape, bool, error) {
	sub := s.chart.Subcharts[key]
	switch {
	case key == "global", key == "tags" && len(s.chart.Tags) > 0:
		child.free = true
		return child, true, nil
	case sub == nil:
		return child, known, nil
	}
	of, err := shapeOf(sub)
	if err != nil {
		return child, false, err
	}
	of.nodes = append(of.nodes, slices.DeleteFunc(child.nodes, func(n *yaml.Node) bool {
		return n.Kind != yaml.MappingNode || len(n.Content) == 0
	})...)
	of.schemas = append(of.schemas, child.schemas...)
	of.conditions = append(slices.Clip(of.conditions), child.conditions...)
	return of, true, nil
}

// maxMerges bounds how deep "<<" is followed, since it may lead to itself.
const maxMerges = 16

// lookup returns the value of key in a mapping, also where it was merged in by "<<".
func lookup(n *yaml.Node, key string, merges int) *yaml.Node {
	if n.Kind != yaml.MappingNode || merges > maxMerges {
		return nil
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case key:
			return resolve(n.Content[i+1])
		case "<<":
			if found := lookup(resolve(n.Content[i+1]), key, merges+1); found != nil {
				merged = found
			}
		}
	}
	return merged
}

func (s shape) unknown(path Path) Fault {
	key := path[len(path)-1]
	known := map[string]int{} // key: line
	for _, n := range s.nodes {
		for i := 0; i+1 < len(n.Content); i += 2 {
			known[n.Content[i].Value] = n.Content[i].Line
		}
	}
	for _, schema := range s.schemas {
		properties, _ := schema["properties"].(map[string]any)
		for name := range properties {
			if _, found := known[name]; !found {
				known[name] = 0
			}
		}
	}
	f := Fault{Path: path, Problem: "the chart does not know it", Meant: nearest.Of(key, slices.Collect(maps.Keys(known)))}
	if line := known[f.Meant]; f.Meant != "" && line > 0 {
		f.File, f.Line = s.file, line
	}
	if f.Meant != "" {
		f.Meant = append(slices.Clone(path[:len(path)-1]), f.Meant).String()
	}
	return f
}

// mismatch says what is wrong with the kind of a given value, or "".
func (s shape) mismatch(given any) string {
	for _, n := range s.nodes {
		has, got := kindOf(n), kindOfGiven(given)
		wrong := false
		switch has {
		case "map":
			wrong = got != "map" && len(n.Content) > 0
		case "list":
			wrong = got != "list" && got != "map"
		case "bool":
			wrong = got != "bool" // a text such as "false" is true to a template
		case "number", "text":
			wrong = got == "map" || got == "list"
		}
		if wrong {
			return fmt.Sprintf("the chart has a %s there, and a %s was given", has, got)
		}
	}
	return ""
}

// kindOf names what a default is; "" for null and the empty text, which stand
// for anything.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "map"
	case n.Kind == yaml.SequenceNode:
		return "list"
	case n.Tag == "!!bool":
		return "bool"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "number"
	case n.Tag == "!!null", n.Value == "":
		return ""
	}
	return "text"
}

func kindOfGiven(v any) string {
	switch v.(type) {
	case map[string]any:
		return "map"
	case []any:
		return "list"
	case bool:
		return "bool"
	case string:
		return "text"
	}
	return "number"
}

// maxSchemas bounds what one place of a schema can stand for, since references
// may be circular.
const maxSchemas = 64

// expand returns schema and those that it refers to or is combined of.
func (s shape) expand(schema map[string]any) []map[string]any {
	var out []map[string]any
	queue := []map[string]any{schema}
	for len(queue) > 0 && len(out) < maxSchemas {
		next := queue[0]
		queue = queue[1:]
		out = append(out, next)
		if ref, isText := next["$ref"].(string); isText {
			target, _ := At(s.definition, refPath(ref)).(map[string]any)
			if target == nil {
				target = map[string]any{"additionalProperties": true} // elsewhere: who knows
			}
			queue = append(queue, target)
		}
		for _, word := range []string{"allOf", "anyOf", "oneOf"} {
			parts, _ := next[word].([]any)
			for _, part := range parts {
				if p, isMap := part.(map[string]any); isMap {
					queue = append(queue, p)
				}
			}
		}
		for _, word := range []string{"if", "then", "else"} {
			if p, isMap := next[word].(map[string]any); isMap {
				queue = append(queue, p)
			}
		}
	}
	return out
}

// refPath reads a reference into the same schema: "#/$defs/image".
func refPath(ref string) Path {
	rest, local := strings.CutPrefix(ref, "#/")
	if !local {
		return Path{ref}
	}
	path := Path(strings.Split(rest, "/"))
	for i, part := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
	}
	return path
}

// Prune takes out of the defaults of a chart what values replace by another kind
// (a map by a text, a text by a map). Helm would use the values too, and print a
// warning that shows them.
func Prune(defaults, given map[string]any) {
	for key, value := range given {
		below, isMap := defaults[key].(map[string]any)
		above, both := value.(map[string]any)
		switch {
		case isMap && both:
			Prune(below, above)
		case isMap != both && value != nil && defaults[key] != nil:
			delete(defaults, key)
		}
	}
}
