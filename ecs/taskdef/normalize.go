package taskdef

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// normalize turns a task definition of the SDK into a tree of maps without
// what ECS adds by itself: objects of lists under their names, nothing empty,
// defaults filled in.
func normalize(definition any) map[string]any {
	b, err := json.Marshal(definition)
	if err != nil {
		return map[string]any{"unreadable": err.Error()} // the SDK's types always marshal
	}
	var tree map[string]any
	if err := json.Unmarshal(b, &tree); err != nil {
		return map[string]any{"unreadable": err.Error()}
	}
	for _, added := range []string{
		"TaskDefinitionArn", "Revision", "Status", "RegisteredAt", "DeregisteredAt", "RegisteredBy", "DeleteRequestedAt",
		"Compatibilities", "RequiresAttributes", "ResultMetadata", "Family", "Tags",
	} {
		delete(tree, added)
	}
	mode, _ := tree["NetworkMode"].(string)
	if mode == "bridge" { // the default; source: ECS API reference, TaskDefinition, "networkMode"
		delete(tree, "NetworkMode")
	}
	for _, c := range list(tree["ContainerDefinitions"]) {
		defaults(c, mode)
	}
	// Order does not matter in a set of launch types.
	if set, ok := tree["RequiresCompatibilities"].([]any); ok {
		slices.SortFunc(set, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	out, _ := prune(tree).(map[string]any)
	if out == nil {
		out = map[string]any{}
	}
	return out
}

// defaults fills in what ECS fills in for a container.
// Source: ECS API reference, ContainerDefinition, PortMapping and HealthCheck.
func defaults(c map[string]any, networkMode string) {
	fill(c, "Essential", true)
	for _, p := range list(c["PortMappings"]) {
		fill(p, "Protocol", "tcp")
		if networkMode == "awsvpc" || networkMode == "host" {
			p["HostPort"] = p["ContainerPort"]
		}
	}
	if check, ok := c["HealthCheck"].(map[string]any); ok && check != nil {
		fill(check, "Interval", float64(30))
		fill(check, "Timeout", float64(5))
		fill(check, "Retries", float64(3))
	}
}

func fill(m map[string]any, key string, value any) {
	if m[key] == nil || m[key] == "" {
		m[key] = value
	}
}

func list(v any) []map[string]any {
	items, _ := v.([]any)
	var out []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// prune returns v without what is empty or zero, with the keys that the API
// uses, and with lists of objects as maps; nil if nothing is left.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any)
		for key, item := range v {
			if left := prune(item); left != nil {
				out[lowerFirst(key)] = left
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		return pruneList(v)
	case string:
		if v == "" {
			return nil
		}
	case float64:
		if v == 0 {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

func pruneList(items []any) any {
	if len(items) == 0 {
		return nil
	}
	if len(list(items)) < len(items) {
		return items // plain values, whose order matters: a command, a list of servers
	}
	out := make(map[string]any)
	for i, item := range list(items) {
		key := identity(item, i)
		for _, twice := out[key]; twice; _, twice = out[key] {
			key += "'"
		}
		if left := prune(item); left != nil {
			out[key] = left
		}
	}
	return out
}

// identity is what tells the objects of a list apart, so that their order does
// not matter; the position where nothing does.
func identity(m map[string]any, position int) string {
	if port, ok := m["ContainerPort"].(float64); ok {
		return fmt.Sprintf("%v/%v", port, m["Protocol"])
	}
	for _, key := range []string{"Name", "ContainerPath", "ContainerName", "SourceContainer", "Hostname", "Type"} {
		if name, ok := m[key].(string); ok && name != "" {
			return name
		}
	}
	return fmt.Sprint(position)
}

func lowerFirst(key string) string {
	for i, r := range key {
		return string(unicode.ToLower(r)) + key[i+len(string(r)):]
	}
	return key
}
