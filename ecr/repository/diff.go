package repository

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

// state is a repository as it is.
type state struct {
	arn        string
	mutability Mutability
	exclusions []string // sorted
	scanning   Scanning
	encryption Encryption
	tags       map[string]string
	policy     string // "" is none
	lifecycle  string // "" is none
	images     []lifecycle.Image
}

// step is one kind of write.
type step string

// The steps, in the order in which they are written: a policy that could let
// somebody else in comes after the settings that it relies on.
const (
	stepCreate     step = "create"
	stepMutability step = "tag mutability"
	stepScanning   step = "scanning"
	stepTags       step = "tags"
	stepPolicy     step = "policy"
	stepLifecycle  step = "lifecycle policy"
)

// diff is the whole decision: what is desired against what there is; a nil
// found is nothing.
func diff(desired Repository, found *state) Change {
	c := Change{Repository: desired.Name, Action: Keep, desired: desired}
	if found == nil {
		desired = desired.defaulted() // what the plan promises, even if somebody else makes it
		c.desired = desired
		c.Action = Create
		c.add(stepCreate, "%s", mutability(desired.Mutability, desired.Exclusions))
		c.Detail = append(c.Detail, "scanning: "+string(desired.Scanning), "encryption: "+encryption(desired.Encryption))
		found = &state{tags: desired.Tags}
	} else {
		c.compare(desired, *found)
	}
	c.arn = found.arn
	if p := desired.Policy; p != nil && !samePolicy(found.policy, *p) {
		c.add(stepPolicy, "policy: %s -> %s", policy(found.policy), policy(*p))
	}
	if p := desired.Lifecycle; p != nil && !sameLifecycle(found.lifecycle, *p) {
		c.add(stepLifecycle, "lifecycle policy: %s -> %s", rules(found.lifecycle), rules(p.Text()))
	}
	return c
}

// compare adds the settings that desired speaks of and that differ from those of
// an existing repository.
func (c *Change) compare(desired Repository, found state) {
	if was, is := mutability(found.mutability, found.exclusions), mutability(desired.Mutability, desired.Exclusions); desired.Mutability != "" && was != is {
		c.add(stepMutability, "%s -> %s", was, strings.TrimPrefix(is, "tags: "))
	}
	if desired.Scanning != "" && found.scanning != desired.Scanning {
		c.add(stepScanning, "scanning: %s -> %s", found.scanning, desired.Scanning)
	}
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(desired.Tags)) {
		if was, ok := found.tags[key]; !ok || was != desired.Tags[key] {
			tags = append(tags, fmt.Sprintf("tag %s: %q -> %q", key, was, desired.Tags[key]))
		}
	}
	if len(tags) > 0 {
		c.add(stepTags, "%s", strings.Join(tags, ", "))
	}
	// A key of AWS's own choice stands for "the default one".
	if was, is := found.encryption, desired.Encryption; is.Type != "" && (was.Type != is.Type || is.Key != "" && !sameKey(was.Key, is.Key)) {
		c.Warnings = append(c.Warnings, fmt.Sprintf("encryption is %s and not %s: ECR cannot change it; a new repository would have it", encryption(was), encryption(is)))
	}
}

func (c *Change) add(s step, format string, args ...any) {
	if c.Action == Keep {
		c.Action = Update
	}
	c.steps = append(c.steps, s)
	c.Detail = append(c.Detail, fmt.Sprintf(format, args...))
}

func mutability(m Mutability, exclusions []string) string {
	but := ""
	if len(exclusions) > 0 {
		but = " but " + strings.Join(exclusions, ", ")
	}
	switch m {
	case Immutable, ImmutableWithExclusion:
		return "tags: immutable" + but
	}
	return "tags: mutable" + but
}

func encryption(e Encryption) string {
	if e.Key == "" {
		return e.Type
	}
	return e.Type + " with key " + e.Key
}

// sameKey reports whether two names of KMS keys are one: ECR answers with an ARN
// where it was given an id.
func sameKey(arn, name string) bool {
	return arn == name || strings.HasSuffix(arn, "/"+name)
}

// policy says whether there is a policy. Its text is long, and may name accounts
// that are nobody's business.
func policy(text string) string {
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%d statements", statements(text))
}

func rules(text string) string {
	if text == "" {
		return "none"
	}
	p, err := lifecycle.Parse([]byte(text))
	if err != nil {
		return "one that cannot be read"
	}
	var words []string
	for _, r := range slices.SortedFunc(slices.Values(p.Rules), func(a, b lifecycle.Rule) int { return cmp.Compare(a.Priority, b.Priority) }) {
		limit := fmt.Sprintf("beyond %d", r.Selection.CountNumber)
		if r.Selection.CountUnit != "" {
			limit = fmt.Sprintf("after %d days", r.Selection.CountNumber)
		}
		words = append(words, fmt.Sprintf("%s %s %s", r.Action.Type, r.Selection, limit))
	}
	return strings.Join(words, "; ")
}

// sameLifecycle compares policies, and not their texts: ECR keeps the blanks and
// the order of what it was sent.
func sameLifecycle(text string, desired lifecycle.Policy) bool {
	if text == "" || len(desired.Rules) == 0 {
		return text == desired.Text()
	}
	found, err := lifecycle.Parse([]byte(text))
	return err == nil && inOrder(found).Text() == inOrder(desired).Text()
}

func inOrder(p lifecycle.Policy) lifecycle.Policy {
	p.Rules = slices.SortedFunc(slices.Values(p.Rules), func(a, b lifecycle.Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	return p
}
