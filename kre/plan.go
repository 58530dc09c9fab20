package kre

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action says what is done with a release or an object.
type Action string

// The actions of a plan.
const (
	Install   Action = "install"
	Upgrade   Action = "upgrade"
	Keep      Action = "keep" // it is as desired, or not there where it is to be removed
	Uninstall Action = "uninstall"
	Rollback  Action = "rollback"

	Create Action = "create" // of objects
	Update Action = "update"
	Delete Action = "delete"
)

// Plan is what Apply, or ApplyUninstall, would do, in an order in which each release
// comes after those that it needs. It shows no secrets.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Change is what happens to one release.
type Change struct {
	Release   string   `json:"release"`
	Namespace string   `json:"namespace"`
	Action    Action   `json:"action"`
	Chart     string   `json:"chart,omitempty"`    // name and version of the desired chart
	Was       string   `json:"was,omitempty"`      // those of the chart that is there
	Revision  int      `json:"revision,omitempty"` // that is there; 0 is none
	Status    string   `json:"status,omitempty"`   // of that revision, as helm names it
	Needs     []string `json:"needs,omitempty"`
	// Objects that differ from those of the deployed revision, sorted by kind and
	// name. What others changed in the cluster is not looked at.
	Objects []ObjectChange `json:"objects,omitempty"`
	// Notes are what else there is to know, a sentence each.
	Notes []string `json:"notes,omitempty"`

	desired *desired // nil where the release is to be removed
	timeout time.Duration
	// crds are the names of custom resource definitions that go with the release.
	crds []string
}

// ObjectChange is what happens to one object.
type ObjectChange struct {
	Action     Action `json:"action"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// Hook are the moments at which it is applied, such as "pre-install"; "" for an
	// object that is there as long as the release.
	Hook string `json:"hook,omitempty"`
	// Diff are the lines that change, of the object as YAML with sorted keys; all of
	// it for one that is created, none for one that is deleted.
	Diff string `json:"diff,omitempty"`
	Note string `json:"note,omitempty"` // such as "new kind, known after cert-manager"
}

// String is a line without the difference: "~ Deployment shop/web".
func (o ObjectChange) String() string {
	mark := map[Action]string{Create: "+", Update: "~", Delete: "-"}[o.Action]
	line := mark + " " + o.Kind + " "
	if o.Namespace != "" {
		line += o.Namespace + "/"
	}
	line += o.Name
	if o.Hook != "" {
		line += " (hook " + o.Hook + ")"
	}
	if o.Note != "" {
		line += ": " + o.Note
	}
	return line
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Keep })
}

// String shows the plan as people read it: each release that changes, and below it
// its objects with the lines that differ.
func (p Plan) String() string {
	var b strings.Builder
	kept := 0
	for _, c := range p.Changes {
		if c.Action == Keep {
			kept++
			continue
		}
		b.WriteString(c.String())
	}
	switch {
	case kept == 1:
		b.WriteString("1 release unchanged\n")
	case kept > 1:
		fmt.Fprintf(&b, "%d releases unchanged\n", kept)
	}
	return b.String()
}

// String shows one change, as in the text of a plan.
func (c Change) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s/%s", c.Action, c.Namespace, c.Release)
	switch {
	case c.Chart != "" && c.Was != "" && c.Chart != c.Was:
		fmt.Fprintf(&b, ": %s -> %s", c.Was, c.Chart)
	case c.Chart != "":
		fmt.Fprintf(&b, ": %s", c.Chart)
	case c.Was != "":
		fmt.Fprintf(&b, ": %s", c.Was)
	}
	if c.Revision > 0 {
		fmt.Fprintf(&b, " (revision %d is %s)", c.Revision, c.Status)
	}
	b.WriteByte('\n')
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "  ! %s\n", note)
	}
	for _, o := range c.Objects {
		fmt.Fprintf(&b, "  %s\n", o)
		if o.Action == Update {
			for line := range strings.Lines(o.Diff) {
				b.WriteString("      " + line)
			}
		}
	}
	return b.String()
}
