package taskdef

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
)

// maxFile is the most bytes that a file, or what its templates expand to, may
// have. ECS itself takes 64 KiB.
// Source: ECS developer guide, "Service quotas", "Task definition size".
const maxFile = 1 << 20

// ReadError is one fault of a file that Read was given.
type ReadError struct {
	File string
	// Line and Column count from 1; the column counts bytes. Where a template
	// was expanded before it in the same line, the column is that of the result.
	Line, Column int
	Key          string // "containerDefinitions[0].image"; empty where there is none
	Err          error
}

func (e *ReadError) Error() string {
	text := fmt.Sprintf("%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Key != "" {
		text += e.Key + ": "
	}
	return text + e.Err.Error()
}

// Unwrap returns the fault without its place.
func (e *ReadError) Unwrap() error { return e.Err }

// Load is [Read] of the file at path.
func Load(path string, vars Vars) (*awsecs.RegisterTaskDefinitionInput, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read task definition: %w", err)
	}
	defer file.Close()
	return Read(path, file, vars)
}

// Read reads a task definition in JSON, as `aws ecs register-task-definition
// --cli-input-json` takes it, as `aws ecs describe-task-definition` prints it
// (what only ECS can set is dropped, and the tags beside it are kept), or as
// ecspresso has it. Name is what errors call it.
//
// Where vars is not nil, templates are expanded first; see [Vars].
//
// Keys that ECS does not know, keys given twice, values of the wrong type and
// values that an enumeration of the SDK does not have are errors, and so are
// comments and trailing commas. Each is a [*ReadError]; all that can be found in
// one pass are joined. Whether the definition makes sense is for [Check] to say.
func Read(name string, r io.Reader, vars Vars) (*awsecs.RegisterTaskDefinitionInput, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read task definition %s: %w", name, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("read task definition %s: larger than %d bytes", name, maxFile)
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff")) // what some editors put before UTF-8
	if vars != nil {
		if b, err = expand(name, b, vars); err != nil {
			return nil, err
		}
	}
	root, err := parse(name, b)
	if err != nil {
		return nil, err
	}
	d := decoder{file: name, text: b}
	td := new(awsecs.RegisterTaskDefinitionInput)
	d.definition(root, td)
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return td, nil
}

// readOnly are the keys that ECS adds to a task definition.
// Source: ECS API reference, TaskDefinition, against RegisterTaskDefinition.
func readOnly() []string {
	return []string{
		"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
		"registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt",
	}
}

// definition decodes a definition, or one that is wrapped as describe prints it.
func (d *decoder) definition(root node, td *awsecs.RegisterTaskDefinitionInput) {
	target := reflect.ValueOf(td).Elem()
	inner, wrapped := root.member("taskDefinition")
	if !wrapped {
		d.object(root, target, "", readOnly())
		return
	}
	for _, m := range root.members {
		switch m.key {
		case "taskDefinition":
		case "tags":
			d.value(m.value, target.FieldByName("Tags"), "tags")
		default:
			d.fault(m.offset, m.key, errors.New("unknown key beside taskDefinition"))
		}
	}
	_, given := root.member("tags")
	for _, m := range inner.members {
		if given && m.key == "tags" {
			d.fault(m.offset, "taskDefinition.tags", errors.New("given twice: tags also stand beside taskDefinition"))
			inner.members = slices.DeleteFunc(slices.Clone(inner.members), func(m member) bool { return m.key == "tags" })
		}
	}
	d.object(inner, target, "taskDefinition", readOnly())
}
