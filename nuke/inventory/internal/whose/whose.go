// Package whose decides which of an account's resources are those of one environment.
//
// Three witnesses speak for a resource: its tag Environment, its name, and what it is
// part of. Where one of them names the environment and another one somebody else, no
// one decides: that is a conflict, which people have to settle.
package whose

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/nuke"
)

// StackTag is the tag by which CloudFormation says of which stack a resource is part.
const StackTag = "aws:cloudformation:stack-id"

// Thing is a resource, and what is known of whose it is.
type Thing struct {
	nuke.Resource // Properties are without its own tags

	ARN    string            // by which the index of tags knows it; "" where that has none of it
	Name   string            // what may have an environment in it; "" where it has no name
	Tags   map[string]string // its own
	Keys   []string          // by which Within means it; unique among all things
	Within []Part

	// Held is why nobody can delete it, or why aws-nuke does not.
	Held string
	// Moot is whether there is nothing to do about it, and nothing to tell: it is deleted
	// already, or goes with something else that is told.
	Moot bool
	// Foreign is whether no configuration may speak of it: it is of no type of nuke.Types.
	Foreign bool
	// Ask reads its tags, and is nil where Tags has them for certain.
	Ask func(context.Context) (map[string]string, error)
}

// Part is what a thing is part of.
type Part struct {
	Kind string // for people: "cluster"
	Key  string
}

// Split is an account, split by whether its things belong to the environment.
type Split struct {
	Mine, Others, Beyond []nuke.Resource
	Conflicts            []nuke.Conflict
}

// Judge knows all things of an account.
type Judge struct {
	env     string
	project string         // what the names of environments begin with: "automation-"
	beside  *regexp.Regexp // finds the names of other environments
	known   []string
	things  []*Thing
	byKey   map[string]*Thing
	owners  map[*Thing]string
}

// New returns the judge of things, for the environment env. In which order they are does
// not matter, even where AWS says of things that they are part of each other.
func New(env string, things []*Thing) *Judge {
	things = slices.SortedStableFunc(slices.Values(things), func(a, b *Thing) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID), cmp.Compare(a.String(), b.String()))
	})
	j := &Judge{env: env, beside: beside(env), things: things, byKey: make(map[string]*Thing), owners: make(map[*Thing]string)}
	project, _, _ := strings.Cut(env, "-")
	j.project = project + "-"
	known := map[string]bool{env: true}
	for _, t := range things {
		for _, key := range t.Keys {
			j.byKey[key] = t
		}
		for _, tag := range t.environments() {
			known[tag] = true
		}
		for _, name := range j.mentioned(t.Name) {
			known[name] = true
		}
	}
	j.known = slices.Sorted(maps.Keys(known))
	return j
}

// environments are the values of the tag that says the environment, however its key
// is spelled.
func (t *Thing) environments() []string {
	var values []string
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		if value := t.Tags[key]; value != "" && strings.EqualFold(strings.TrimSpace(key), nuke.TagKey) {
			values = append(values, value)
		}
	}
	return slices.Compact(values)
}

// witness is one that speaks for whose a thing is.
type witness struct {
	by   string // "tag", "name", "cluster"
	says string // an environment
}

func (w witness) String() string {
	what := "its " + w.by
	switch w.by {
	case byTag:
		what += " " + nuke.TagKey
	case byName:
	default:
		what += " is of " + fmt.Sprintf("%q", w.says)
		return what + w.warning()
	}
	return fmt.Sprintf("%s says %q", what, w.says) + w.warning()
}

func (w witness) warning() string {
	if production.Find(w.says, nil) != "" {
		return ", which is production"
	}
	return ""
}

// The witnesses that are not what a thing is part of.
const (
	byTag  = "tag"
	byName = "name"
)

// witnesses are those who name anybody.
func (j *Judge) witnesses(t *Thing) []witness {
	var all []witness
	for _, value := range t.environments() {
		all = append(all, witness{byTag, value})
	}
	if name := j.named(t); name != "" {
		all = append(all, witness{byName, name})
	}
	parts := t.Within
	if id := t.Tags[StackTag]; id != "" {
		parts = append(slices.Clone(parts), Part{"stack", id})
	}
	for _, part := range parts {
		if whole := j.byKey[part.Key]; whole != nil && whole != t {
			if owner := j.owner(whole); owner != "" {
				all = append(all, witness{part.Kind, owner})
			}
		}
	}
	return all
}

// named is the environment whose name t has: the longest of those that are known, so
// that of two names one of which begins with the other the right one is found. A name
// that begins with another environment is that one's, whatever comes behind it.
func (j *Judge) named(t *Thing) string {
	longest := ""
	for _, env := range j.known {
		if len(env) > len(longest) && Named(t.Type, t.Name, env) {
			longest = env
		}
	}
	if longest != "" {
		return longest
	}
	for _, env := range j.mentioned(t.Name) {
		if strings.HasPrefix(t.Name, env) {
			return env
		}
	}
	// Ids of Cloud Map tell no name, in which package nuke would see production.
	if strings.HasPrefix(t.Type, "ServiceDiscovery") && production.Find(t.Name, []string{"production", "prod"}) != "" {
		return t.Name
	}
	return ""
}

// owner is whose a thing is that others are part of; "" where nobody says, or where
// it is in dispute.
func (j *Judge) owner(t *Thing) string {
	if owner, ok := j.owners[t]; ok {
		return owner
	}
	j.owners[t] = "" // for things that are part of each other
	all := j.witnesses(t)
	for _, w := range all {
		if len(j.dissent(all, w.says)) == 0 {
			j.owners[t] = w.says
			break
		}
	}
	return j.owners[t]
}

// dissent returns those who contradict that a thing is env's. That it is part of
// something shared, such as a cluster of several environments, is no contradiction,
// unless its name alone speaks for env.
func (j *Judge) dissent(all []witness, env string) []witness {
	nameAlone := !slices.ContainsFunc(all, func(w witness) bool { return w.says == env && w.by != byName })
	return slices.DeleteFunc(slices.Clone(all), func(w witness) bool {
		part := w.by != byTag && w.by != byName
		return w.says == env || part && !nameAlone && !j.isEnvironment(w.says)
	})
}

// isEnvironment reports whether name is that of an environment, and no word such as "shared".
func (j *Judge) isEnvironment(name string) bool {
	return strings.HasPrefix(name, j.project) || production.Find(name, nil) != ""
}

// Suspects are the things that somebody says to be the environment's.
func (j *Judge) Suspects() []*Thing {
	return slices.DeleteFunc(slices.Clone(j.things), func(t *Thing) bool { return !j.claimed(j.witnesses(t)) })
}

func (j *Judge) claimed(all []witness) bool {
	return slices.ContainsFunc(all, func(w witness) bool { return w.says == j.env })
}

// Split decides. Its lists are sorted by type, region and id.
func (j *Judge) Split() Split {
	var s Split
	for _, t := range j.things {
		all := j.witnesses(t)
		r, mine := t.Resource, j.claimed(all)
		dissent := j.dissent(all, j.env)
		if mine {
			r.Why = append(reasons(all, j.env), t.Why...)
		}
		switch {
		case t.Foreign && mine:
			s.Beyond = append(s.Beyond, r)
		case t.Foreign:
		case t.Moot, !mine:
			s.Others = append(s.Others, r)
		case t.Held != "":
			s.Others = append(s.Others, r)
			r.Why = append(slices.Clone(r.Why), t.Held)
			s.Beyond = append(s.Beyond, r)
		case len(dissent) > 0:
			s.Others = append(s.Others, r)
			s.Conflicts = append(s.Conflicts, nuke.Conflict{Resource: r, Detail: j.detail(all, dissent)})
		default:
			s.Mine = append(s.Mine, r)
		}
	}
	return s
}

// reasons are the witnesses who say env.
func reasons(all []witness, env string) []string {
	var by []string
	for _, w := range all {
		if w.says == env && !slices.Contains(by, w.by) {
			by = append(by, w.by)
		}
	}
	return by
}

// detail says who says what: first one who claims the thing, then those who do not.
func (j *Judge) detail(all, dissent []witness) string {
	said := []string{}
	for _, w := range all {
		if w.says == j.env {
			said = append(said, w.String())
			break
		}
	}
	for _, w := range dissent {
		if text := w.String(); !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	return strings.Join(said, ", and ")
}
