package exemplar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// dashboard repeats elements of the lists in the body of a dashboard: the text
// of a !Sub, or the first of its two arguments.
func (r *repeater) dashboard(body *yaml.Node) {
	if body != nil && body.Kind == yaml.SequenceNode && len(body.Content) > 0 {
		body = body.Content[0]
	}
	var board map[string]any
	if err := json.Unmarshal([]byte(text(body)), &board); err != nil {
		r.fault("the body of the dashboard is no JSON: %w", err)
		return
	}
	widgets, _ := board["widgets"].([]any)
	delete(board, "widgets")
	var kept []string
	for _, w := range r.arrange(widgets) {
		kept = append(kept, compact(w))
	}
	var b strings.Builder
	b.WriteString("{\n")
	for _, key := range slices.Sorted(maps.Keys(board)) {
		fmt.Fprintf(&b, "%s: %s,\n", compact(key), compact(board[key]))
	}
	fmt.Fprintf(&b, "\"widgets\": [\n%s\n]}\n", strings.Join(kept, ",\n"))
	body.Value, body.Style = b.String(), yaml.LiteralStyle
}

// maxAlarms is the most alarms of one widget. Source: CloudWatch User Guide,
// "Dashboard body structure and syntax", alarm widget.
const maxAlarms = 100

// arrange returns the widgets with what repeats filled in. One with more alarms
// than a widget takes becomes several, one below the other, and what stands below
// them moves down. Widgets stand in the order of their rows.
func (r *repeater) arrange(widgets []any) []map[string]any {
	var out []map[string]any
	row, moved, grown := -1.0, 0.0, 0.0
	for _, w := range widgets {
		widget, _ := w.(map[string]any)
		if !r.widget(widget) {
			continue
		}
		y, _ := widget["y"].(float64)
		height, _ := widget["height"].(float64)
		if y != row {
			row, moved, grown = y, moved+grown, 0
		}
		parts := split(widget)
		for i, part := range parts {
			if _, placed := widget["y"]; placed {
				part["y"] = y + moved + float64(i)*height
			}
			out = append(out, part)
		}
		grown = max(grown, float64(len(parts)-1)*height)
	}
	return out
}

// split returns the widget, or several that share its alarms.
func split(widget map[string]any) []map[string]any {
	properties, _ := widget["properties"].(map[string]any)
	alarms, _ := properties["alarms"].([]any)
	if len(alarms) <= maxAlarms {
		return []map[string]any{widget}
	}
	var parts []map[string]any
	for some := range slices.Chunk(alarms, maxAlarms) {
		part, its := maps.Clone(widget), maps.Clone(properties)
		its["alarms"], part["properties"] = some, its
		parts = append(parts, part)
	}
	return parts
}

// widget repeats elements of the lists of one widget, and reports whether any
// is left, or it never had such a list.
func (r *repeater) widget(widget map[string]any) bool {
	properties, _ := widget["properties"].(map[string]any)
	for _, name := range []string{"metrics", "alarms"} {
		list, ok := properties[name].([]any)
		if !ok {
			continue
		}
		var out []any
		for _, element := range list {
			out = append(out, r.elements(element)...)
		}
		if len(out) == 0 {
			return false
		}
		properties[name] = out
	}
	return true
}

// elements returns element, or a copy of it for each of its exemplar's.
func (r *repeater) elements(element any) []any {
	kind := ""
	mapText(element, func(text string) string {
		for _, found := range reference.FindAllStringSubmatch(text, -1) {
			if k := r.kind(found[1]); len(k) > len(kind) {
				kind = k
			}
		}
		return text
	})
	if kind == "" {
		return []any{element}
	}
	var out []any
	for _, c := range r.copies[kind] {
		out = append(out, mapText(element, func(text string) string { return c.sub(r, text) }))
	}
	return out
}

// mapText returns a copy of a JSON value with f applied to all its texts but keys.
func mapText(v any, f func(string) string) any {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = mapText(v[i], f)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			out[key] = mapText(v[key], f)
		}
		return out
	}
	return v
}

// compact returns v as JSON on one line, with <, > and & as they are.
func compact(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil { // what came from JSON goes there
		return "null"
	}
	return strings.TrimSpace(b.String())
}
