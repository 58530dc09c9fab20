package gitlab

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// needs is the list of what a job needs; nil where it waits for its stage.
func (p *pipeline) needs(g group, at int, own *yaml.Node, has made) *yaml.Node {
	j := g.jobs[at]
	list := p.list(g, j, g.waits[at], own, has)
	if len(list.nodes) > p.maxNeeds {
		list = p.list(g, j, g.waits.without(at), own, has)
	}
	if len(list.nodes) > p.maxNeeds {
		p.errs = append(p.errs, &NeedsError{Job: j.name, Count: len(list.nodes), Max: p.maxNeeds})
	}
	if own == nil && len(list.nodes) == 0 {
		return nil
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Content: list.nodes}
}

// list is what a job needs if it waits for these of its group.
func (p *pipeline) list(g group, j job, waits []int, own *yaml.Node, has made) needList {
	list := needList{}
	if own != nil {
		p.listed(&list, j, own, has)
	} else {
		for _, t := range p.template.jobs {
			if name := has[j.module.Name][t]; name != "" && t.deleted == j.of.deleted && t.stage < j.of.stage {
				list.add(name, t.optional)
			}
		}
	}
	for _, k := range waits {
		list.add(g.jobs[k].name, j.of.optional)
	}
	if own != nil || len(list.nodes) == 0 {
		return list
	}
	for _, e := range p.template.plain {
		stage, _ := p.template.stage(e.value)
		if i := slices.Index(p.template.stages, stage); 0 <= i && i < j.of.stage {
			list.add(e.key.Value, p.template.optional(e.value))
		}
	}
	return list
}

// listed adds the needs that a template lists. One that names a job which its
// own template does not make for this module is left out.
func (p *pipeline) listed(list *needList, j job, own *yaml.Node, has made) {
	items := own.Content
	if own.Kind != yaml.SequenceNode {
		items = []*yaml.Node{own}
	}
	for _, item := range items {
		named := item
		if item.Kind == yaml.MappingNode {
			_, named = find(item, "job")
			_, pipeline := find(item, "pipeline")
			_, project := find(item, "project")
			if named == nil || pipeline != nil || project != nil { // a job of elsewhere
				list.nodes = append(list.nodes, expanded(item, j.module.vars, false))
				continue
			}
		}
		of := p.template.named(named.Value)
		if of != nil && has[j.module.Name][of] == "" {
			continue
		}
		node := expanded(item, j.module.vars, false)
		if of != nil && of.optional && item.Kind == yaml.ScalarNode {
			node = need(expand(named.Value, j.module.vars, false), true)
		}
		list.put(expand(named.Value, j.module.vars, false), node)
	}
}

// dependencies are those that a template lists, without jobs that their own
// template does not make for this module.
func (p *pipeline) dependencies(list *yaml.Node, m module, has made) *yaml.Node {
	c := expanded(list, m.vars, false)
	if list.Kind == yaml.SequenceNode {
		c.Content = nil
		for _, item := range list.Content {
			if of := p.template.named(item.Value); of == nil || has[m.Name][of] != "" {
				c.Content = append(c.Content, expanded(item, m.vars, false))
			}
		}
	}
	return c
}

// named is the job of modules whose name is written so, or nil.
func (t *Template) named(name string) *jobTemplate {
	i := slices.IndexFunc(t.jobs, func(j *jobTemplate) bool { return canonical(j.name) == canonical(name) })
	if i < 0 {
		return nil
	}
	return t.jobs[i]
}

// needList is what a job needs, each once.
type needList struct {
	names []string
	nodes []*yaml.Node
}

func (l *needList) add(name string, optional bool) { l.put(name, need(name, optional)) }

func (l *needList) put(name string, node *yaml.Node) {
	if !slices.Contains(l.names, name) {
		l.names, l.nodes = append(l.names, name), append(l.nodes, node)
	}
}

func need(name string, optional bool) *yaml.Node {
	if !optional {
		return text(name)
	}
	n := mapping("job", text(name), "optional", boolean(true))
	n.Style = yaml.FlowStyle
	return n
}
