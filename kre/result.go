package kre

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/kre/readiness"
)

// Result is what became of each release of a plan, in its order.
type Result struct {
	Releases []Outcome `json:"releases"`
}

// Outcome is what became of one release.
type Outcome struct {
	Release   string `json:"release"`
	Namespace string `json:"namespace"`
	Action    Action `json:"action"`
	// Before and After are the statuses of its newest revision, as helm names them; ""
	// is that there is none.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Revision is the newest one that there is now.
	Revision int `json:"revision,omitempty"`
	// Changed is that something was written to the cluster.
	Changed bool `json:"changed"`
	// Skipped is that it was not begun: one that it needs failed, or there was no
	// time left.
	Skipped bool `json:"skipped,omitempty"`
	// RolledBack is the revision that was returned to; 0 is none.
	RolledBack int `json:"rolledBack,omitempty"`
	// Unready are the objects that did not become ready, and why.
	Unready []readiness.Unready `json:"unready,omitempty"`
	// Warnings of the API server, such as of fields that it does not know.
	Warnings []string      `json:"warnings,omitempty"`
	Took     time.Duration `json:"took"` // in nanoseconds
	// Err is why it failed, a [*ReleaseError]; nil where it did not.
	Err error `json:"-"`
	// Error is the text of Err.
	Error string `json:"error,omitempty"`
}

// String is a line for people: "upgrade shop/web: deployed, revision 3".
func (o Outcome) String() string {
	var state string
	switch {
	case o.Skipped:
		state = "skipped"
	case o.After == "":
		state = "not installed"
	default:
		state = fmt.Sprintf("%s, revision %d", o.After, o.Revision)
	}
	if o.RolledBack > 0 {
		state += fmt.Sprintf(", which is revision %d again", o.RolledBack)
	}
	return fmt.Sprintf("%s %s/%s: %s", o.Action, o.Namespace, o.Release, state)
}

// String is a line a release.
func (r Result) String() string {
	var b strings.Builder
	for _, o := range r.Releases {
		b.WriteString(o.String() + "\n")
	}
	return b.String()
}

// err joins the failures.
func (r Result) err() error {
	var errs []error
	for _, o := range r.Releases {
		errs = append(errs, o.Err)
	}
	return errors.Join(errs...)
}

// outcome is that of c before anything is done.
func (c Change) outcome() Outcome {
	return Outcome{Release: c.Release, Namespace: c.Namespace, Action: c.Action, Before: c.Status, After: c.Status, Revision: c.Revision}
}

// fail records why o failed.
func (o *Outcome) fail(c Change, err error) {
	o.Err = &ReleaseError{Release: c.Release, Namespace: c.Namespace, Verb: string(c.Action), Err: err}
	o.Error = o.Err.Error()
	o.Unready = unready(err)
}
