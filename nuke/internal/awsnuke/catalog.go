package awsnuke

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

//go:embed v2.txt
var types2 string

//go:embed v3.txt
var types3 string

// Kind is a resource type of one major version of aws-nuke.
type Kind struct {
	Name         string
	HasID        bool     // it prints an id, which a filter without a property reads
	HasProps     bool     // it has properties, which a filter with one reads
	Properties   []string // those that are known, "tag:" standing for all tags; nil where they are not written down
	CloudControl string   // the Cloud Control type that may take its place
	Old          []string // names that were deprecated
}

// Catalog is all types of one major version, by name.
type Catalog map[string]Kind

// Types returns the catalog of a major version, or false for one that is unknown.
func Types(major int) (Catalog, bool) {
	var text string
	switch major {
	case 2:
		text = types2
	case 3:
		text = types3
	default:
		return nil, false
	}
	c := make(Catalog)
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] != "#" {
			c[words[0]] = kind(words)
		}
	}
	return c, true
}

func kind(words []string) Kind {
	k := Kind{Name: words[0], HasID: strings.Contains(words[1], "s"), HasProps: strings.Contains(words[1], "p")}
	for _, word := range words[2:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "cc":
			k.CloudControl = value
		case "old":
			k.Old = strings.Split(value, ",")
		case "has":
			k.Properties = strings.Split(value, ",")
		}
	}
	return k
}

// Names returns the names of all types, sorted.
func (c Catalog) Names() []string { return slices.Sorted(maps.Keys(c)) }

// Current returns what name is called today: itself, the type that replaced a
// deprecated name, or "" for a name that was never one.
func (c Catalog) Current(name string) string {
	if _, ok := c[name]; ok {
		return name
	}
	for _, k := range c {
		if slices.Contains(k.Old, name) {
			return k.Name
		}
	}
	return ""
}

// presence says what is known of a property that an item does not have.
type presence int

const (
	absent  presence = iota // no type or no item has it: aws-nuke reads ""
	unknown                 // aws-nuke may read something that the inventory does not have
)

// missing says what aws-nuke reads where an item of the type lacks property.
func (k Kind) missing(property string) presence {
	if k.Properties == nil {
		if strings.HasPrefix(property, "tag:") {
			return absent
		}
		return unknown
	}
	for _, p := range k.Properties {
		name, hidden := strings.CutPrefix(p, "?")
		switch {
		case hidden && (property == name || strings.HasSuffix(name, ":") && strings.HasPrefix(property, name)):
			return unknown
		case !hidden && property == name:
			return unknown
		}
	}
	return absent
}

// Reads reports whether the type has property, as far as it is written down.
func (k Kind) Reads(property string) bool {
	return k.HasProps && slices.ContainsFunc(k.Properties, func(p string) bool {
		return p == property || strings.HasSuffix(p, ":") && strings.HasPrefix(property, p)
	})
}
