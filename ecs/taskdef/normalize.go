package taskdef

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// normalize turns a task definition of the SDK into a tree of maps without
// what ECS adds by itself: objects of lists under their names, nothing empty,
// defaults filled in or left out.
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
	taskDefaults(tree)
	for _, c := range list(tree["ContainerDefinitions"]) {
		containerDefaults(c, mode)
	}
	for _, v := range list(tree["Volumes"]) {
		volumeDefaults(v)
	}
	out, _ := prune(tree).(map[string]any)
	if out == nil {
		out = map[string]any{}
	}
	return out
}

// taskDefaults evens out the fields of the task.
// Source: ECS API reference, RegisterTaskDefinition: "String values are
// converted to an integer … when the task definition is registered".
func taskDefaults(tree map[string]any) {
	drop(tree, "NetworkMode", "bridge")
	for key, unit := range map[string]string{"Cpu": "vcpu", "Memory": "gb"} {
		text, _ := tree[key].(string)
		if n, ok := sizeIn(text, unit); ok {
			tree[key] = strconv.Itoa(n)
		}
	}
	platform := object(tree["RuntimePlatform"])
	drop(platform, "OperatingSystemFamily", "LINUX")
	drop(platform, "CpuArchitecture", "X86_64")
	fill(object(tree["ProxyConfiguration"]), "Type", "APPMESH")
}

// containerDefaults fills in what ECS fills in for a container.
// Source: ECS API reference, ContainerDefinition, PortMapping and HealthCheck.
func containerDefaults(c map[string]any, networkMode string) {
	fill(c, "Essential", true)
	drop(c, "VersionConsistency", "enabled")
	for _, p := range list(c["PortMappings"]) {
		fill(p, "Protocol", "tcp")
		if networkMode == "awsvpc" || networkMode == "host" {
			p["HostPort"] = p["ContainerPort"]
		}
	}
	check := object(c["HealthCheck"])
	fill(check, "Interval", float64(30))
	fill(check, "Timeout", float64(5))
	fill(check, "Retries", float64(3))
	linux := object(c["LinuxParameters"])
	for _, key := range []string{"MaxSwap", "Swappiness"} { // of which 0 says something
		if n, ok := linux[key].(float64); ok {
			linux[key] = fmt.Sprint(n)
		}
	}
}

// volumeDefaults leaves out the defaults of a volume.
// Source: ECS API reference, EFSVolumeConfiguration, EFSAuthorizationConfig
// and DockerVolumeConfiguration; docs.docker.com, "docker volume create".
func volumeDefaults(v map[string]any) {
	efs := object(v["EfsVolumeConfiguration"])
	drop(efs, "RootDirectory", "/")
	drop(efs, "TransitEncryption", "DISABLED")
	drop(object(efs["AuthorizationConfig"]), "Iam", "DISABLED")
	docker := object(v["DockerVolumeConfiguration"])
	drop(docker, "Scope", "task")
	drop(docker, "Driver", "local")
}

// sameRole gives a role that desired calls by its name alone the ARN that
// running has, where that is the ARN of such a role.
func sameRole(desired, running map[string]any) {
	for _, key := range []string{"taskRoleArn", "executionRoleArn"} {
		name, _ := desired[key].(string)
		arn, _ := running[key].(string)
		_, resource, _ := strings.Cut(arn, ":role/")
		if name != "" && (resource == name || strings.HasSuffix(resource, "/"+name)) {
			desired[key] = arn
		}
	}
}

func fill(m map[string]any, key string, value any) {
	if m != nil && (m[key] == nil || m[key] == "") {
		m[key] = value
	}
}

func drop(m map[string]any, key, value string) {
	if m[key] == value {
		delete(m, key)
	}
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
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
			if left := pruneField(key, item); left != nil {
				out[lowerFirst(key)] = left
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		return pruneList(v, false)
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

// pruneField prunes the field called key of an object of the SDK.
func pruneField(key string, v any) any {
	switch key {
	case "DockerLabels", "Options", "DriverOpts", "Labels": // string maps: the keys are the user's, and may have no value
		if m := object(v); len(m) > 0 {
			return m
		}
		return nil
	case "RequiresCompatibilities", "Add", "Drop", "IgnoredExitCodes", "Permissions", "DockerSecurityOptions", "Links": // sets
		if items, ok := v.([]any); ok {
			slices.SortFunc(items, byText)
		}
	case "EnvironmentFiles": // of which a later one counts less
		items, _ := v.([]any)
		return pruneList(items, true)
	}
	return prune(v)
}

func byText(a, b any) int { return cmp.Compare(text(a), text(b)) }

// pruneList turns a list of objects into a map. Ordered ones go by their
// positions, others by what identifies their objects.
func pruneList(items []any, ordered bool) any {
	if len(items) == 0 {
		return nil
	}
	objects := list(items)
	if len(objects) < len(items) {
		return items // plain values, whose order matters: a command, a list of servers
	}
	if !ordered && objects[0]["Name"] == nil { // equal names: the order may matter
		slices.SortFunc(objects, func(a, b map[string]any) int { return byText(a, b) })
	}
	out := make(map[string]any)
	for i, item := range objects {
		key := strconv.Itoa(i)
		if !ordered {
			key = identity(item, key)
		}
		for _, twice := out[key]; twice; _, twice = out[key] {
			key += "'"
		}
		if left := prune(item); left != nil {
			out[key] = left
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// identity is what tells the objects of a list apart, so that their order does
// not matter; otherwise where nothing does.
func identity(m map[string]any, otherwise string) string {
	if port, ok := m["ContainerPort"].(float64); ok {
		return fmt.Sprintf("%v/%v", port, m["Protocol"])
	}
	for _, key := range []string{
		"ContainerPortRange", "Name", "HostPath", "ContainerPath", "ContainerName", "SourceContainer", "Hostname", "Namespace", "DeviceName", "Type",
	} {
		if name, ok := m[key].(string); ok && name != "" {
			return name
		}
	}
	return otherwise
}

func lowerFirst(key string) string {
	for i, r := range key {
		return string(unicode.ToLower(r)) + key[i+len(string(r)):]
	}
	return key
}
