// Package catalog knows the resource types of an environment: what they are
// called in AWS, what Ref and Fn::GetAtt give, which properties force a
// replacement, how long they take.
//
//	kind := catalog.Lookup("AWS::S3::Bucket")
//	kind.Recreation("BucketName") // Always
//	kind.ID(catalog.Instance{Stack: "demo", LogicalID: "Bucket", Serial: 1})
//
// Source of names, attributes and replacements is the section of each type in
// the "AWS resource and property types reference" of CloudFormation ("Return
// values", "Update requires"). Times are those of experience, and no promise of AWS.
package catalog

import (
	"slices"
	"strings"
	"time"
)

// Type is what is known of one resource type.
type Type struct {
	// Name is "AWS::S3::Bucket". Known tells the types of the table from others.
	Name  string
	Known bool
	// NameProperty is the property that names the resource in AWS; "" where
	// users cannot name it. NameMax is how long a name may be; 0 is no limit.
	NameProperty string
	NameMax      int
	Lower        bool // names are lower case
	// Ref is what Ref gives, and Attributes what Fn::GetAtt does, as patterns.
	Ref        string
	Attributes map[string]string
	// Replaces are the properties whose "Update requires" is Replacement; "*" is
	// all of them. Conditional may replace, depending on their value.
	Replaces, Conditional []string
	// Create, Update and Delete are how long these take.
	Create, Update, Delete time.Duration
	Untagged               bool // stack tags do not reach it
	Undriftable            bool // drift detection does not look at it
}

// Recreation says whether a change of a property makes a new resource.
type Recreation string

// The values of Recreation, as CloudFormation writes them.
const (
	Never         Recreation = "Never"
	Conditionally Recreation = "Conditionally"
	Always        Recreation = "Always"
)

// Recreation says what a change of the top-level property does.
func (t *Type) Recreation(property string) Recreation {
	switch {
	case slices.Contains(t.Replaces, property), slices.Contains(t.Replaces, "*") && property != "Tags":
		return Always
	case slices.Contains(t.Conditional, property):
		return Conditionally
	}
	return Never
}

// Supports reports whether Fn::GetAtt can ask for the attribute. Those of types
// outside the table are not known, so that any will do.
func (t *Type) Supports(attribute string) bool {
	if !t.Known || t.Name == Nested && strings.HasPrefix(attribute, "Outputs.") {
		return true
	}
	_, ok := t.Attributes[attribute]
	return ok
}

// Nested is the type of a nested stack.
const Nested = "AWS::CloudFormation::Stack"

// Lookup returns what is known of a type. One outside the table is given what
// most have: updates without interruption, a name that CloudFormation generates.
func Lookup(name string) *Type {
	for _, group := range [][]Type{compute, network, balancing, data, access, observation, other} {
		for _, t := range group {
			if t.Name == name {
				t.Known = true
				return t.withDefaults()
			}
		}
	}
	t := Type{Name: name}
	return t.withDefaults()
}

func (t *Type) withDefaults() *Type {
	if t.NameProperty != "" && !slices.Contains(t.Replaces, "*") {
		t.Replaces = append(slices.Clip(t.Replaces), t.NameProperty)
	}
	if t.Ref == "" {
		t.Ref = "{name}"
	}
	if t.Create == 0 {
		t.Create = 10 * time.Second
	}
	if t.Update == 0 {
		t.Update = max(t.Create/2, time.Second)
	}
	if t.Delete == 0 {
		t.Delete = max(t.Create/2, time.Second)
	}
	return t
}
