package gitlab

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// check looks at what each job is and needs. An include may bring jobs, and add
// to those of this file, so that with one it is not known what is missing.
func (t *Template) check(jobs []entry) error {
	for _, e := range jobs {
		if err := t.checkExpressions(e.key.Value, e.value); err != nil {
			return err
		}
		needs, _ := t.inherited(e.value, "needs", 0)
		for _, node := range slices.Concat(one(needs), listed(needs)) {
			if node.Tag == "!reference" {
				return t.fault(node, "needs of job %q are a !reference, which cannot be followed here; use an anchor, or extends", e.key.Value)
			}
		}
	}
	if slices.ContainsFunc(t.globals, func(e entry) bool { return e.key.Value == "include" }) {
		return nil
	}
	for _, e := range slices.Concat(jobs, t.plain) {
		if !t.works(e.value) {
			return t.fault(e.key, "job %q does nothing: it has no script, trigger or run, and extends no job that has one", e.key.Value)
		}
		if err := t.checkNeeds(e); err != nil {
			return err
		}
	}
	return nil
}

// works reports whether a job has what makes it one, as far as is known.
// Source: GitLab, "CI/CD YAML syntax reference", "script"; a job that needs the
// pipeline of another project mirrors its status ("needs:pipeline").
func (t *Template) works(job *yaml.Node) bool {
	for _, key := range []string{"script", "trigger", "run"} {
		if value, known := t.inherited(job, key, 0); value != nil || !known {
			return true
		}
	}
	needs, _ := t.inherited(job, "needs", 0)
	return needs != nil && needs.Kind == yaml.MappingNode
}

// checkNeeds refuses needs and dependencies that no job of the file can be, or
// that come in a later stage.
func (t *Template) checkNeeds(e entry) error {
	stage, _ := t.stage(e.value)
	at := slices.Index(t.stages, stage)
	for _, key := range []string{"needs", "dependencies"} {
		list, _ := t.inherited(e.value, key, 0)
		for _, item := range listed(list) {
			name := neededJob(item)
			if name == nil {
				continue
			}
			other, found := t.stageOf(name.Value, mentions(e.key.Value, "MODULE"))
			switch {
			case !found:
				return t.fault(name, "%s of job %q: no job has the name %q; where it may be absent, need {job: NAME, optional: true}", key, e.key.Value, name.Value)
			case other > at && at >= 0:
				return t.fault(name, "%s of job %q: %q is in a later stage", key, e.key.Value, name.Value)
			}
		}
	}
	return nil
}

// stageOf finds a job by its name, and its stage; a plain job can need none of
// those that are made for modules.
func (t *Template) stageOf(name string, ofModules bool) (stage int, found bool) {
	if j := t.named(name); j != nil && ofModules {
		return j.stage, true
	}
	for _, e := range t.plain {
		if e.key.Value == name {
			stage, _ := t.stage(e.value)
			return slices.Index(t.stages, stage), true
		}
	}
	return 0, false
}

// neededJob is the name of the job of this pipeline that must be there for an
// item of a list of needs, or nil.
func neededJob(item *yaml.Node) *yaml.Node {
	switch item.Kind {
	case yaml.ScalarNode:
		return item
	case yaml.MappingNode:
		for _, elsewhere := range []string{"pipeline", "project"} {
			if key, _ := find(item, elsewhere); key != nil {
				return nil
			}
		}
		if _, optional := find(item, "optional"); optional != nil && optional.Value == "true" {
			return nil
		}
		_, job := find(item, "job")
		return job
	}
	return nil
}

// listed is the items of a list, or the one that stands for it.
func listed(list *yaml.Node) []*yaml.Node {
	if list != nil && list.Kind == yaml.SequenceNode {
		if list.Tag == "!reference" {
			return nil
		}
		return list.Content
	}
	return one(list)
}

func one(node *yaml.Node) []*yaml.Node {
	if node == nil {
		return nil
	}
	return []*yaml.Node{node}
}
