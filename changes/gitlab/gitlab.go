// Package gitlab turns the modules that package changes selects into jobs of
// GitLab CI: a child pipeline made from a template, or a dotenv report.
//
// A [Template] is a GitLab CI file in which a job whose name holds $MODULE
// stands for one job a module; [Template.Pipeline] makes the child pipeline:
//
//	template, err := gitlab.LoadTemplate("jobs.yml")
//	child, err := template.Pipeline(config, selection, gitlab.Options{})
//
// The parent pipeline starts it:
//
//	modules:
//	  script: [changes -ci -modules modules.yaml -job-template jobs.yml -child-pipeline child.yml]
//	  artifacts: {paths: [child.yml]}
//	run:
//	  needs: [modules]
//	  trigger: {include: [{artifact: child.yml, job: modules}], strategy: depend}
//
// It talks to no GitLab, and knows neither what includes bring nor whether
// scripts do what they should.
package gitlab

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

// defaultMaxNeeds is how many jobs one may need where nothing else is set.
// Source: GitLab, "Application limits", "Number of jobs in needs" (ci_needs_size_limit).
const defaultMaxNeeds = 50

// maxName is the most characters of the name of a job.
// Source: GitLab, "CI/CD Jobs", "Job names".
const maxName = 255

// Options tune a pipeline. The zero value is ready to use.
type Options struct {
	// Before are the modules as they were, for the order in which deleted ones
	// are destroyed: a module after those that depended on it. With nil, no
	// job of a deleted module waits for another.
	Before *changes.Config
	// MaxNeeds is how many jobs one may need; default 50, as GitLab's is.
	MaxNeeds int
}

// Pipeline makes a child pipeline of the jobs of the selected modules: YAML for
// GitLab, which says in comments what was selected, and why. Equal input gives
// equal bytes.
//
// A job needs
//
//   - what its template lists in needs; without such a list, the jobs of its own
//     module, and the plain jobs, that are in earlier stages;
//   - the job of the same template of each module that its module depends on. If
//     that module is not selected, or the template is not for it, those that it
//     depends on take its place.
//
// So it begins as soon as its own module and what that depends on are done. A
// job that needs none has no needs, and waits for the stages before its own.
// Between modules that depend on one another in a cycle no job needs another,
// and a comment says so. What is needed may be absent (optional) where a
// template has rules, only, except, or extends what an include brings.
//
// Where a job needs more than Options.MaxNeeds others, those that it reaches
// through others are left out, which loses their artifacts; if that does not
// help, the error is a [*NeedsError].
//
// The job has the variables MODULE, MODULE_STATUS and, for each label of the
// module, MODULE_ and the name of the label in capitals, in which "_" stands for
// what is no letter or digit. In the template, $MODULE and the others are
// replaced by these wherever they stand but in scripts, where the shell has them,
// and in expressions (rules:if, only:variables, except:variables), where GitLab
// has them: so no value is read as code. GitLab reads no variables in the quotes
// and regular expressions of these, and none in braces. A variable of a label
// that a module lacks is null there. A "$" of a value is doubled where GitLab
// would expand it, so that an expression sees it twice. Variables of the project,
// and those that a parent pipeline hands on, come before those of a job: keep
// these names free.
//
// If no job comes of it, the pipeline has one job that does nothing, and no plain
// jobs, since GitLab refuses a pipeline without jobs. It has the stages,
// variables, image, runners (default: tags) and workflow of the template, but not
// what an include decides about these, for that may bring jobs.
//
// Config is what selection was selected from. The error joins what is wrong with
// names: one that GitLab refuses, two jobs of one name, or labels that are one
// variable.
func (t *Template) Pipeline(config changes.Config, selection changes.Selection, opts Options) ([]byte, error) {
	if opts.MaxNeeds == 0 {
		opts.MaxNeeds = defaultMaxNeeds
	}
	p := &pipeline{template: t, maxNeeds: opts.MaxNeeds, names: map[string]bool{}}
	for _, e := range t.plain {
		p.names[e.key.Value] = true
	}
	p.stamp(selection.Modules, config, false)
	if opts.Before == nil {
		opts.Before = &changes.Config{}
	}
	p.stamp(selection.Deleted, *opts.Before, true)
	if len(p.errs) > 0 {
		return nil, fmt.Errorf("make child pipeline: %w", joined(p.errs))
	}
	document := p.document()
	document.HeadComment = comment(selection)
	var out bytes.Buffer
	dumper, err := yaml.NewDumper(&out, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err == nil {
		err = dumper.Dump(document)
	}
	if err == nil {
		err = dumper.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write child pipeline: %w", err)
	}
	return out.Bytes(), nil
}

// document is the whole: what is global, plain jobs, and those of modules.
func (p *pipeline) document() *yaml.Node {
	document := &yaml.Node{Kind: yaml.MappingNode}
	add := func(entries ...entry) {
		for _, e := range entries {
			document.Content = append(document.Content, e.key, e.value)
		}
	}
	if len(p.jobs) > 0 {
		add(p.template.globals...)
		add(p.template.plain...)
		add(p.jobs...)
		return document
	}
	for _, e := range p.template.globals {
		if slices.Contains(keptByNothing, e.key.Value) {
			add(e)
		}
	}
	add(p.nothing())
	return document
}

// keptByNothing are the global keys of a pipeline without jobs: what decides
// whether and where its one job runs, and the variables that this takes.
var keptByNothing = []string{"stages", "variables", "default", "image", "workflow"}

// nothing is the job of a pipeline without others.
func (p *pipeline) nothing() entry {
	job := mapping(
		"inherit", mapping("default", sequence(text("image"), text("tags"))),
		"variables", mapping("GIT_STRATEGY", text("none")),
		"script", sequence(text("echo 'No selected module has a job.'")),
	)
	for _, stage := range p.template.stages {
		if stage != ".pre" && stage != ".post" {
			job.Content = append([]*yaml.Node{text("stage"), text(stage)}, job.Content...)
			break
		}
	}
	return entry{text("nothing to do"), job}
}

func comment(selection changes.Selection) string {
	return "Made from the modules that were selected:\n" + printed(selection.String())
}
