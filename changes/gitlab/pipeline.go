package gitlab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/changes"
)

// pipeline is a pipeline in the making.
type pipeline struct {
	template *Template
	maxNeeds int
	names    map[string]bool // of all jobs
	jobs     []entry
	errs     []error
}

// module is one for which jobs are made.
type module struct {
	changes.Selected
	vars map[string]string
}

// job is one to be made.
type job struct {
	of     *jobTemplate
	module module
	name   string
	cycle  []string // modules with whose jobs it would wait in a circle
}

// group is the jobs of one template, by the names of their modules, and which of
// them wait for which, without cycles.
type group struct {
	jobs  []job
	waits graph
}

// made is the names of jobs by module and template.
type made map[string]map[*jobTemplate]string

// stamp makes the jobs of modules, which exist or are deleted; config has the
// graph of either.
func (p *pipeline) stamp(modules []changes.Selected, config changes.Config, deleted bool) {
	all := make([]module, 0, len(modules))
	for _, m := range modules {
		vars, err := variables(m)
		if err != nil {
			p.errs = append(p.errs, err)
		}
		all = append(all, module{m, vars})
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Name, b.Name) })
	edges := edges(config, deleted)
	var groups []group
	has := make(made, len(all))
	for _, t := range p.template.jobs {
		if t.deleted != deleted {
			continue
		}
		var jobs []job
		for _, m := range all {
			if !t.applies(m.Selected) {
				continue
			}
			name := p.name(t, m)
			jobs = append(jobs, job{of: t, module: m, name: name})
			if has[m.Name] == nil {
				has[m.Name] = map[*jobTemplate]string{}
			}
			has[m.Name][t] = name
		}
		groups = append(groups, order(jobs, edges))
	}
	for _, g := range groups {
		for i := range g.jobs {
			p.add(g, i, has)
		}
	}
}

// reserved are names that GitLab refuses for a job, besides its global keys, or
// reads in a way of its own: it publishes what a job pages leaves.
// Sources: GitLab, "CI/CD Jobs", "Job names", and "CI/CD YAML syntax reference", "pages".
var reserved = []string{"true", "false", "nil", "types", "spec", "pages", "pages:deploy"}

// name is that of the job of a module, which must be one that GitLab takes.
// Source: GitLab, "CI/CD Jobs", "Job names".
func (p *pipeline) name(t *jobTemplate, m module) string {
	name := expand(t.name, m.vars, false)
	var fault string
	switch {
	case strings.HasPrefix(name, "."):
		fault = `it begins with ".", which hides a job`
	case slices.Contains(globalKeys, name) || slices.Contains(reserved, name):
		fault = "it means something else to GitLab"
	case utf8.RuneCountInString(name) > maxName:
		fault = fmt.Sprintf("it is longer than %d characters", maxName)
	case !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0:
		fault = "it holds what does not print"
	case strings.TrimSpace(name) != name || name == "":
		fault = "it is empty, or has space around it"
	case p.names[name]:
		fault = "another job has it"
	}
	if fault != "" {
		p.errs = append(p.errs, fmt.Errorf("%w: job %q of module %q: %s", ErrName, name, m.Name, fault))
	}
	p.names[name] = true
	return name
}

// add makes the body of a job.
func (p *pipeline) add(g group, at int, has made) {
	j := g.jobs[at]
	body := &yaml.Node{Kind: yaml.MappingNode}
	vars := mapping()
	for _, name := range slices.Sorted(maps.Keys(j.module.vars)) {
		vars.Content = append(vars.Content, text(name), text(dollars(j.module.vars[name])))
	}
	own, _ := p.template.inherited(j.of.body, "needs", 0) // the needs of the template
	put := func(key, value *yaml.Node) { body.Content = append(body.Content, key, value) }
	for i := 0; i+1 < len(j.of.body.Content); i += 2 {
		key, value := j.of.body.Content[i], j.of.body.Content[i+1]
		switch {
		case key.Value == "needs" || key.Value == "dependencies": // put below: they may be inherited
		case expressions[key.Value] != "":
			put(key, expandedBut(value, expressions[key.Value], j.module.vars))
		case key.Value == "variables" && value.Kind == yaml.MappingNode:
			for k := 0; k+1 < len(value.Content); k += 2 {
				if name := value.Content[k].Value; hasKey(j.module.vars, name) {
					p.errs = append(p.errs, fmt.Errorf("%w: job %q has a variable %s already", ErrName, j.of.name, name))
				}
			}
			vars.Content = append(vars.Content, expanded(value, j.module.vars, true).Content...)
		case slices.Contains(shellKeys, key.Value):
			put(key, value)
		default:
			put(key, expanded(value, j.module.vars, true))
		}
	}
	put(text("variables"), vars)
	if list, _ := p.template.inherited(j.of.body, "dependencies", 0); list != nil {
		put(text("dependencies"), p.dependencies(list, j.module, has))
	}
	if needs := p.needs(g, at, own, has); needs != nil {
		put(text("needs"), needs)
	}
	key := text(j.name)
	if len(j.cycle) > 0 {
		key.HeadComment = "No job waits for another where modules depend on one another in a cycle, as this one and these do: " + printed(strings.Join(j.cycle, ", "))
	}
	p.jobs = append(p.jobs, entry{key, body})
}

// printed replaces what would end a comment, or not print: a name may hold it.
func printed(comment string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, comment)
}

func hasKey(vars map[string]string, name string) bool {
	_, ok := vars[name]
	return ok
}
