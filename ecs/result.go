package ecs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/progress"
)

// Result is what Apply did, in the order of the plan.
type Result struct {
	Services []Outcome `json:"services"`
	// Warnings are what went wrong besides, such as a journal that could not be
	// saved after a write.
	Warnings []string `json:"warnings,omitempty"`

	index map[string]int
}

func newResult(changes []Change) Result {
	r := Result{index: make(map[string]int, len(changes))}
	for i, c := range changes {
		r.index[c.Service] = i
		r.Services = append(r.Services, Outcome{Service: c.Service, Action: c.Action, State: progress.Waiting})
	}
	return r
}

// Outcome is how it ended for one service.
type Outcome struct {
	Service string `json:"service"`
	Action  Action `json:"action"`
	// State is Done, Unchanged, Failed, Skipped (never started), RolledBack, or
	// Running or RollingBack where that was cancelled meanwhile.
	State progress.State `json:"state"`
	// Message says why a service was skipped, or how it stands.
	Message        string    `json:"message,omitempty"`
	TaskDefinition string    `json:"taskDefinition,omitempty"` // ARN that was deployed, also where it was rolled back
	Deployment     string    `json:"deployment,omitempty"`     // id of its deployment
	Started        time.Time `json:"started,omitzero"`
	Ended          time.Time `json:"ended,omitzero"` // healthy, failed or rolled back
	// Err is the failure, a [*ServiceError]; it may stand beside RolledBack.
	Err error `json:"-"`
}

// Names returns the services that ended in state s.
func (r Result) Names(s progress.State) []string {
	var names []string
	for _, o := range r.Services {
		if o.State == s {
			names = append(names, o.Service)
		}
	}
	return names
}

// String sums the result up: a line for each failure, then for each state the
// services that ended in it.
func (r Result) String() string {
	var b strings.Builder
	for _, o := range r.Services {
		if o.Err != nil {
			fmt.Fprintf(&b, "%v\n", o.Err)
		}
	}
	for _, group := range []struct {
		state progress.State
		text  string
	}{
		{progress.Done, "healthy"},
		{progress.Unchanged, "unchanged and healthy"},
		{progress.Running, "left under way"},
		{progress.RollingBack, "left on its way back"},
		{progress.RolledBack, "rolled back"},
		{progress.Failed, "failed, and left as it is"},
		{progress.Skipped, "never started"},
	} {
		if names := r.Names(group.state); len(names) > 0 {
			fmt.Fprintf(&b, "%s (%d):\n%s", group.text, len(names), fold(names))
		}
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

// Logs returns what the containers of failed services have written last.
func (r Result) Logs() []ContainerLog {
	var logs []ContainerLog
	for _, o := range r.Services {
		if e, ok := errors.AsType[*ServiceError](o.Err); ok {
			logs = append(logs, e.Logs...)
		}
	}
	return logs
}

// fold lists names in indented lines of at most 80 columns.
func fold(names []string) string {
	var b strings.Builder
	line := " "
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if len(line)+1+len(name) > 80 && line != " " {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + name
	}
	return b.String() + line + "\n"
}

// outcome returns the entry of the named service.
func (r *Result) outcome(name string) *Outcome { return &r.Services[r.index[name]] }
