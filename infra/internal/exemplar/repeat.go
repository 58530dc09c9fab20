package exemplar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Repeat puts copies in the place of the exemplars of their kind. A kind
// without copies is left out. Comments stay with the first copy.
//
// In a dashboard, those elements of the lists of metrics and of alarms are
// repeated that name something of an exemplar; a widget left without any goes.
//
// It fails where two copies have a logical id in common, where the template has
// nothing of a kind, and where a condition of an exemplar is undecided.
func (t *Template) Repeat(copies map[string][]Copy) error {
	r := &repeater{copies: copies, used: map[string]bool{}}
	// The longest first, so that CacheNodeAlarm is of CacheNode and not of Cache.
	r.kinds = slices.SortedFunc(maps.Keys(copies), func(a, b string) int { return len(b) - len(a) })
	for _, name := range []string{"Parameters", "Conditions", "Resources", "Outputs"} {
		r.section(name, t.section(name))
	}
	for _, kind := range slices.Sorted(maps.Keys(copies)) {
		if !r.used[kind] {
			r.fault("nothing in the template begins with %s", kind)
		}
	}
	for _, resource := range pairs(t.section("Resources")) {
		if text(find(resource, "Type")) == "AWS::CloudWatch::Dashboard" {
			r.dashboard(find(resource, "Properties", "DashboardBody"))
		}
	}
	return errors.Join(r.faults...)
}

type repeater struct {
	copies map[string][]Copy
	kinds  []string        // the longest first
	used   map[string]bool // kinds that the template has
	faults []error
}

func (r *repeater) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("repeat: "+format, args...))
}

// kind returns the kind of the exemplar that a logical id belongs to, or "".
func (r *repeater) kind(id string) string {
	for _, kind := range r.kinds {
		rest, ok := strings.CutPrefix(id, kind)
		if ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
			return kind
		}
	}
	return ""
}

// rename returns what a logical id of the template is called in a copy.
func (r *repeater) rename(c Copy, id string) string {
	kind := r.kind(id)
	if begin, ok := c.IDs[kind]; ok && kind != "" {
		return begin + strings.TrimPrefix(id, kind)
	}
	return id
}

// section puts copies in the place of the exemplars of one section.
func (r *repeater) section(name string, node *yaml.Node) {
	var content []*yaml.Node
	seen, done := map[string]bool{}, map[string]bool{}
	add := func(entry []*yaml.Node) {
		if len(entry) == 0 {
			return
		}
		if id := entry[0].Value; seen[id] {
			r.fault("two copies have the logical id %s", id)
		} else {
			seen[id] = true
		}
		content = append(content, entry...)
	}
	for key, value := range pairs(node) {
		kind := r.kind(key.Value)
		switch {
		case kind == "":
			add([]*yaml.Node{key, value})
		case !done[kind]:
			done[kind], r.used[kind] = true, true
			for i, c := range r.copies[kind] {
				for _, entry := range r.entries(name, kind, node, c) {
					if i > 0 {
						bare(entry[0])
						bare(entry[1])
					}
					add(entry)
				}
			}
		}
	}
	node.Content = content
}

// entries returns what a copy has in one section.
func (r *repeater) entries(section, kind string, node *yaml.Node, c Copy) (entries [][]*yaml.Node) {
	for key, value := range pairs(node) {
		if r.kind(key.Value) != kind {
			continue
		}
		if section == "Conditions" {
			if _, decided := c.Conditions[key.Value]; !decided {
				r.fault("condition %s is undecided", key.Value)
			}
			continue
		}
		if _, given := c.Values[key.Value]; given && section == "Parameters" {
			continue
		}
		if entry := c.entry(r, key, value); entry != nil {
			entries = append(entries, entry)
		}
	}
	return entries
}
