// Package taskdef reads, checks, pins and compares ECS task definitions.
//
// [Load] reads the JSON that people have, with variables for what differs from
// one deployment to the next; [Check] finds what ECS would refuse; [Pin] replaces
// tags by digests; [Diff] says what differs from what runs:
//
//	td, err := taskdef.Load("notifier.json", taskdef.Map(map[string]string{"IMAGE": image}))
//	err = taskdef.Check(td)
//	td, missing, err := taskdef.Pin(td, digests)
//	changes := taskdef.Diff(td, running)
//
// What is registered comes back from ECS with defaults filled in and lists in
// another order. Diff sees through that, so that a service is deployed again
// only if something has really changed. It shows the values of images, sizes,
// ports and roles only: the value of an environment variable, of a log option or
// of a command may be a secret.
//
// The package calls neither ECS nor a registry, and never reads the environment
// of the process.
package taskdef

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
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
	old, wanted := normalize(running), normalize(desired)
	sameRole(wanted, old)
	var lines []string
	compare(nil, old, wanted, &lines)
	slices.Sort(lines)
	return lines
}

// compare walks two normalised values of one place.
func compare(place []string, old, wanted any, lines *[]string) {
	o, oldTree := old.(map[string]any)
	w, wantedTree := wanted.(map[string]any)
	if oldTree && wantedTree {
		keys := maps.Clone(o)
		maps.Copy(keys, w)
		for key := range keys {
			compare(append(slices.Clip(place), key), o[key], w[key], lines)
		}
		return
	}
	if reflect.DeepEqual(old, wanted) {
		return
	}
	*lines = append(*lines, describe(place, old, wanted))
}

// containers is where a tree has the containers, by their names.
const containers = "containerDefinitions"

// shown reports whether a place has a value that is never a secret.
func shown(place []string) bool {
	key := place[len(place)-1]
	switch {
	case len(place) == 1:
		return slices.Contains([]string{"networkMode", "cpu", "memory", "taskRoleArn", "executionRoleArn"}, key)
	case len(place) == 2:
		return place[0] == "runtimePlatform" || place[0] == "ephemeralStorage"
	case len(place) == 3 && place[0] == containers:
		return slices.Contains([]string{"image", "cpu", "memory", "memoryReservation", "essential"}, key)
	case len(place) == 5 && place[0] == containers && place[2] == "portMappings":
		return key == "hostPort" || key == "containerPort"
	}
	return false
}

func describe(place []string, old, wanted any) string {
	name := strings.Join(place, ".")
	if place[0] == containers && len(place) > 1 {
		name = strings.Join(place[1:], ".") // containers go by their names alone
	}
	switch {
	case old == nil && shown(place):
		return fmt.Sprintf("%s: %s added", name, text(wanted))
	case old == nil:
		return name + " added"
	case wanted == nil:
		return name + " removed"
	case shown(place):
		return fmt.Sprintf("%s: %s -> %s", name, text(old), text(wanted))
	default:
		return name + " changed"
	}
}

// text is a value on one line, for sorting and for showing.
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
