package gitlab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

// Template is what the jobs of a child pipeline are made from: a GitLab CI file in
// which a job whose name holds $MODULE stands for one job a module.
//
//	stages: [test, deploy]
//	default: {image: "golang:1.26"}
//
//	test $MODULE:
//	  stage: test
//	  script: ['make -C "$MODULE_DIR" test'] # the label "dir" of the module
//	deploy $MODULE:
//	  stage: deploy
//	  rules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $MODULE_TIER != "internal"}]
//	  script: ['./deploy "$MODULE"']
//	destroy $MODULE:
//	  for: {deleted: true}
//	  stage: deploy
//	  script: ['./destroy "$MODULE"']
//
// It is read by [ReadTemplate] or [LoadTemplate].
type Template struct {
	file    string
	globals []entry // keys that are no jobs, and hidden jobs
	plain   []entry // jobs that are not for modules
	jobs    []*jobTemplate
	stages  []string // .pre first, .post last
}

// entry is a key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// jobTemplate stands for one job a module.
type jobTemplate struct {
	name     string // holds $MODULE
	body     *yaml.Node
	stage    int
	optional bool // it may be absent from the pipeline, for rules of its own
	deleted  bool // it is for deleted modules
	labels   map[string][]string
}

// globalKeys are the keys of a pipeline that are no jobs.
// Source: GitLab, "CI/CD YAML syntax reference", "Global keywords" and
// "Deprecated keywords".
var globalKeys = []string{"default", "include", "stages", "variables", "workflow", "image", "services", "before_script", "after_script", "cache"}

// LoadTemplate reads a Template from a file; see [ReadTemplate].
func LoadTemplate(path string) (*Template, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read job template: %w", err)
	}
	return parseTemplate(content, path)
}

// ReadTemplate reads a Template: a GitLab CI file in which at least one job has
// $MODULE in its name. Such a job is made once for each selected module. Global
// keys, hidden jobs and plain jobs are handed on as they are, with anchors and
// merge keys resolved.
//
// A job of modules may have the key for, which is not GitLab's:
//
//	for:
//	  labels: {kind: [python, go], docker: "*"} # of modules with these labels; "*" is any value
//	  deleted: true                             # of deleted modules, not of those that exist
//
// A template is a [*TemplateError], with its line, where it is malformed, where
// no job is for modules, and where the stage of such a job is not listed, or
// cannot be known since the job extends one that an include brings; where an
// expression has a variable of the module that GitLab would not read; and,
// without include, where a job does nothing, or needs one that no job of the
// file is, unless that need is optional.
func ReadTemplate(r io.Reader) (*Template, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read job template: %w", err)
	}
	return parseTemplate(content, "")
}

func parseTemplate(content []byte, file string) (*Template, error) {
	t := &Template{file: file}
	root, err := t.root(content)
	if err != nil {
		return nil, err
	}
	var jobs []entry
	for i := 0; i+1 < len(root.Content); i += 2 {
		e := entry{root.Content[i], root.Content[i+1]}
		switch name := e.key.Value; {
		case name == "spec":
			return nil, t.fault(e.key, "a template cannot have inputs (spec)")
		case slices.Contains(globalKeys, name) || strings.HasPrefix(name, "."):
			t.globals = append(t.globals, e)
		case e.value.Kind != yaml.MappingNode:
			return nil, t.fault(e.value, "job %q must be a mapping", name)
		case mentions(name, "MODULE"):
			jobs = append(jobs, e)
		default:
			if key, _ := find(e.value, "for"); key != nil {
				return nil, t.fault(key, "job %q has the key for, and no $MODULE in its name", name)
			}
			t.plain = append(t.plain, e)
		}
	}
	if len(jobs) == 0 {
		return nil, t.fault(nil, "no job has $MODULE in its name")
	}
	if t.stages, err = t.readStages(root); err != nil {
		return nil, err
	}
	for _, e := range jobs {
		j, err := t.job(e)
		if err != nil {
			return nil, err
		}
		t.jobs = append(t.jobs, j)
	}
	if err := t.check(jobs); err != nil {
		return nil, err
	}
	return t, nil
}

// root is the mapping of the only document, without aliases.
func (t *Template) root(content []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		return nil, t.fault(nil, "%w", err)
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err != nil {
		return nil, t.malformed(err)
	}
	if err := loader.Load(&second); err == nil {
		return nil, t.fault(&second, "a second document begins")
	} else if !errors.Is(err, io.EOF) {
		return nil, t.malformed(err)
	}
	root := &document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil, t.fault(root, "a template must be a mapping of keys and jobs")
	}
	r := resolver{budget: maxNodes}
	root = r.resolve(root, 0)
	if r.fault != "" {
		return nil, t.fault(r.at, "%s", r.fault)
	}
	return root, nil
}

func (t *Template) malformed(err error) error {
	if errors.Is(err, io.EOF) {
		return t.fault(nil, "it is empty")
	}
	at := &yaml.Node{}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Column = one.Mark.Line, one.Mark.Column
		err = errors.New(one.Message)
	}
	return t.fault(at, "malformed YAML: %w", err)
}

func (t *Template) fault(at *yaml.Node, format string, args ...any) error {
	e := &TemplateError{File: t.file, Err: fmt.Errorf(format, args...)}
	if at != nil {
		e.Line, e.Column = at.Line, at.Column
	}
	return e
}

// readStages returns the stages in their order. Source: GitLab, "CI/CD YAML
// syntax reference", "stages".
func (t *Template) readStages(root *yaml.Node) ([]string, error) {
	stages := []string{".pre"}
	_, list := find(root, "stages")
	switch {
	case list == nil:
		stages = append(stages, "build", "test", "deploy")
	case list.Kind != yaml.SequenceNode:
		return nil, t.fault(list, "stages must be a list")
	default:
		for _, s := range list.Content {
			if s.Value != ".pre" && s.Value != ".post" {
				stages = append(stages, s.Value)
			}
		}
	}
	return append(stages, ".post"), nil
}

func (t *Template) job(e entry) (*jobTemplate, error) {
	j := &jobTemplate{name: e.key.Value, body: &yaml.Node{Kind: yaml.MappingNode}}
	for i := 0; i+1 < len(e.value.Content); i += 2 {
		key, value := e.value.Content[i], e.value.Content[i+1]
		if key.Value == "for" {
			if err := t.readFor(j, value); err != nil {
				return nil, err
			}
			continue
		}
		j.body.Content = append(j.body.Content, key, value)
	}
	stage, known := t.stage(j.body)
	if !known {
		return nil, t.fault(e.key, "the stage of job %q is not known, since it extends a job that is not in this file; give it a stage", j.name)
	}
	if j.stage = slices.Index(t.stages, stage); j.stage < 0 {
		return nil, t.fault(e.key, "job %q is in stage %q, which is not among the stages %s", j.name, stage, strings.Join(t.stages, ", "))
	}
	j.optional = t.optional(j.body)
	return j, nil
}

// readFor reads which modules a job is for.
func (t *Template) readFor(j *jobTemplate, node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return t.fault(node, "for of job %q must be a mapping (labels, deleted)", j.name)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch key.Value {
		case "deleted":
			if value.Load(&j.deleted) != nil {
				return t.fault(value, "deleted must be true or false")
			}
		case "labels":
			if value.Kind != yaml.MappingNode {
				return t.fault(value, "labels must be a mapping of labels to their values")
			}
			j.labels = map[string][]string{}
			for k := 0; k+1 < len(value.Content); k += 2 {
				values, err := scalars(value.Content[k+1])
				if err != nil {
					return t.fault(value.Content[k+1], "label %s: %w", value.Content[k].Value, err)
				}
				j.labels[value.Content[k].Value] = values
			}
		default:
			return t.fault(key, "unknown key %q in for (known: labels, deleted)", key.Value)
		}
	}
	return nil
}

func scalars(node *yaml.Node) ([]string, error) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	var values []string
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("it must be a value, or a list of values")
		}
		values = append(values, item.Value)
	}
	return values, nil
}

// applies reports whether the job is for a module.
func (j *jobTemplate) applies(m changes.Selected) bool {
	for label, values := range j.labels {
		value, has := m.Labels[label]
		if !has || !slices.Contains(values, value) && !slices.Contains(values, "*") {
			return false
		}
	}
	return true
}
