package ecstest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/ecs/internal/short"
	"github.com/mettel-automation/delivery/internal/double"
)

// taskDefinition keeps what was registered as it came, so that every field
// comes back.
type taskDefinition struct {
	family   string
	revision int
	serial   int
	status   string
	fields   object
	at       time.Time
}

func (td *taskDefinition) arn() string {
	return arn("task-definition", td.family+":"+strconv.Itoa(td.revision))
}

func (td *taskDefinition) wire() object {
	out := maps.Clone(td.fields)
	delete(out, "tags")
	out["taskDefinitionArn"] = td.arn()
	out["revision"] = td.revision
	out["status"] = td.status
	out["registeredAt"] = double.Stamp(td.at)
	return out
}

// containers returns the container definitions that were registered.
func (td *taskDefinition) containers() []object {
	list, _ := td.fields["containerDefinitions"].([]any)
	out := make([]object, 0, len(list))
	for _, item := range list {
		if def, ok := item.(object); ok {
			out = append(out, def)
		}
	}
	return out
}

// checked reports whether an essential container has a health check.
func (td *taskDefinition) checked() bool {
	for _, def := range td.containers() {
		if def["healthCheck"] != nil && essential(def) {
			return true
		}
	}
	return false
}

func essential(container object) bool {
	value, given := container["essential"].(bool)
	return !given || value
}

func (c *Cloud) registerTaskDefinition(in object, now time.Time) (object, *Error) {
	family, _ := in["family"].(string)
	if family == "" {
		return nil, &Error{Code: "ClientException", Message: "Family should not be null or empty."}
	}
	td := &taskDefinition{family: family, fields: in, status: statusActive, at: now}
	if len(td.containers()) == 0 {
		return nil, &Error{Code: "ClientException", Message: "Container list cannot be empty."}
	}
	c.serial++
	td.serial = c.serial
	td.revision = len(c.families[family]) + 1
	c.families[family] = append(c.families[family], td)
	return object{"taskDefinition": td.wire()}, nil
}

func (c *Cloud) describeTaskDefinition(in object) (object, *Error) {
	name, _ := in["taskDefinition"].(string)
	td := c.definition(name)
	if td == nil {
		return nil, &Error{Code: "ClientException", Message: "Unable to describe task definition."}
	}
	return object{"taskDefinition": td.wire()}, nil
}

func (c *Cloud) deregisterTaskDefinition(in object) (object, *Error) {
	name, _ := in["taskDefinition"].(string)
	td := c.definition(name)
	if td == nil {
		return nil, &Error{Code: "ClientException", Message: "Unable to describe task definition."}
	}
	td.status = statusInactive
	return object{"taskDefinition": td.wire()}, nil
}

// definition finds a task definition by ARN, family:revision or family, whose
// newest active revision it then is; nil if there is none.
func (c *Cloud) definition(name string) *taskDefinition {
	family, number, exact := strings.Cut(short.Name(name), ":")
	revisions := c.families[family]
	if exact {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > len(revisions) {
			return nil
		}
		return revisions[n-1]
	}
	for _, td := range slices.Backward(revisions) {
		if td.status == statusActive {
			return td
		}
	}
	return nil
}

// usable is definition for a service that is to run it.
func (c *Cloud) usable(name string) (*taskDefinition, *Error) {
	td := c.definition(name)
	switch {
	case td == nil:
		return nil, &Error{Code: "ClientException", Message: "TaskDefinition not found."}
	case td.status != statusActive:
		return nil, &Error{Code: "ClientException", Message: fmt.Sprintf("TaskDefinition is inactive: %s", td.arn())}
	}
	return td, nil
}
