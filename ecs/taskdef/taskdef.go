// Package taskdef compares ECS task definitions.
//
// What is registered comes back from ECS with defaults filled in and lists in
// another order. [Diff] sees through that, so that a service is deployed again
// only if something has really changed:
//
//	for _, line := range taskdef.Diff(desired, running) {
//		fmt.Println(line)
//	}
//
// It shows the values of images, sizes, ports and roles only: the value of an
// environment variable, of a log option or of a command may be a secret. It
// neither reads nor registers task definitions.
package taskdef

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Diff returns how desired differs from running, a line a difference, sorted.
// None means that registering desired would change nothing. A nil running
// differs from everything.
//
// Not compared are the family, and tags, which can change without a new revision.
func Diff(desired *awsecs.RegisterTaskDefinitionInput, running *types.TaskDefinition) []string {
	if running == nil {
		return []string{"no task definition runs"}
	}
	var lines []string
	compare("", normalize(running), normalize(desired), &lines)
	return lines
}

// compare walks two normalised values of one place.
func compare(place string, old, wanted any, lines *[]string) {
	o, oldTree := old.(map[string]any)
	w, wantedTree := wanted.(map[string]any)
	if oldTree && wantedTree {
		keys := maps.Clone(o)
		maps.Copy(keys, w)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			compare(join(place, key), o[key], w[key], lines)
		}
		return
	}
	if text(old) == text(wanted) {
		return
	}
	*lines = append(*lines, describe(place, old, wanted))
}

// join names a place below another; containers go by their names alone.
func join(place, key string) string {
	if place == "" || place == "containerDefinitions" {
		return key
	}
	return place + "." + key
}

// shown are the last elements of the places whose values are no secrets.
func shown(place string) bool {
	switch place[strings.LastIndexByte(place, '.')+1:] {
	case "image", "cpu", "memory", "memoryReservation", "hostPort", "containerPort", "networkMode", "essential",
		"taskRoleArn", "executionRoleArn", "cpuArchitecture", "operatingSystemFamily", "sizeInGiB":
		return true
	}
	return false
}

func describe(place string, old, wanted any) string {
	switch {
	case old == nil && shown(place):
		return fmt.Sprintf("%s: %s added", place, text(wanted))
	case old == nil:
		return place + " added"
	case wanted == nil:
		return place + " removed"
	case shown(place):
		return fmt.Sprintf("%s: %s -> %s", place, text(old), text(wanted))
	default:
		return place + " changed"
	}
}

// text is a value on one line, for comparing and for showing.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
