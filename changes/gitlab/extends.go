package gitlab

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// maxExtends is how deep jobs may extend one another.
// Source: GitLab, "CI/CD YAML syntax reference", "extends".
const maxExtends = 11

// inherited returns the value of a key of a job, or of a job that it extends.
// It is not known where that one is not in this file.
func (t *Template) inherited(job *yaml.Node, key string, depth int) (value *yaml.Node, known bool) {
	if _, value := find(job, key); value != nil {
		return value, true
	}
	_, extends := find(job, "extends")
	if extends == nil {
		return nil, true
	}
	names, err := scalars(extends)
	if err != nil || depth == maxExtends {
		return nil, false
	}
	known = true
	for _, name := range slices.Backward(names) { // the last wins
		at := slices.Concat(t.globals, t.plain)
		i := slices.IndexFunc(at, func(e entry) bool { return e.key.Value == name })
		if i < 0 {
			known = false
			continue
		}
		value, ok := t.inherited(at[i].value, key, depth+1)
		if value != nil {
			return value, known && ok
		}
		known = known && ok
	}
	return nil, known
}

// stage is that of a job. Source: GitLab, "CI/CD YAML syntax reference", "stage".
func (t *Template) stage(job *yaml.Node) (name string, known bool) {
	value, known := t.inherited(job, "stage", 0)
	if value == nil {
		return "test", known
	}
	return value.Value, known
}

// optional reports whether a job may be absent from the pipeline.
func (t *Template) optional(job *yaml.Node) bool {
	for _, key := range []string{"rules", "only", "except"} {
		if value, known := t.inherited(job, key, 0); value != nil || !known {
			return true
		}
	}
	return false
}
