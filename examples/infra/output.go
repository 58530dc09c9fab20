package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mettel-automation/delivery/envname"
	"github.com/mettel-automation/delivery/examples/internal/cli"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/stack"
)

// output is what came of a run.
type output struct {
	Environment envname.Environment          `json:"environment"`
	Stacks      []source                     `json:"stacks,omitempty"`
	Plans       []stack.Plan                 `json:"plans,omitempty"`
	Forecast    []string                     `json:"forecast,omitempty"` // stacks of which the plan was made in memory
	Results     []stack.Result               `json:"results,omitempty"`
	Outputs     map[string]map[string]string `json:"outputs,omitempty"`
	Drift       []stack.Drift                `json:"drift,omitempty"`
	Deletions   []stack.Deletion             `json:"deletions,omitempty"`
	Deleted     []stack.Deleted              `json:"deleted,omitempty"`
	Recoveries  []stack.Recovery             `json:"recoveries,omitempty"`
	Recovered   []stack.Recovered            `json:"recovered,omitempty"`
	Unrecovered []string                     `json:"unrecovered,omitempty"` // why others are left as they are
	Error       string                       `json:"error"`

	order []string // of Outputs
}

// source is a stack as it is rendered.
type source struct {
	Name       string            `json:"name"`
	Bytes      int               `json:"bytes"`
	Parameters map[string]string `json:"parameters"`
	Tags       map[string]string `json:"tags"`
	Body       string            `json:"body"`
}

func (o *output) tell(err error) {
	if err != nil {
		o.Error = err.Error()
	}
}

func (o *output) keep(name string, outputs map[string]string) {
	if o.Outputs == nil {
		o.Outputs = map[string]map[string]string{}
	}
	if outputs != nil {
		o.Outputs[name] = outputs
		o.order = append(o.order, name)
	}
}

func (o *output) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return cli.PrintJSON(w, o)
	}
	var parts []string
	for _, s := range o.Stacks {
		parts = append(parts, s.String())
	}
	for _, p := range o.Plans {
		text := p.String()
		if slices.Contains(o.Forecast, p.Stack) {
			text += "This plan was made in memory: CloudFormation can make it when the network is there.\n"
		}
		parts = append(parts, text)
	}
	if len(o.Results) > 0 {
		parts = append(parts, o.results())
	}
	for _, name := range o.order {
		parts = append(parts, "outputs of "+name+":\n"+table(o.Outputs[name]))
	}
	for _, d := range o.Drift {
		parts = append(parts, d.String())
	}
	for _, d := range o.Deletions {
		parts = append(parts, d.String())
	}
	if len(o.Deleted) > 0 {
		parts = append(parts, o.deleted())
	}
	for _, r := range o.Recoveries {
		parts = append(parts, r.String())
	}
	if len(o.Recovered) > 0 {
		parts = append(parts, o.recovered())
	}
	_, err := io.WriteString(w, strings.Join(parts, "\n"))
	return err
}

// String is the template, headed by what is given to it.
func (s source) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- # stack %s, %d bytes\n", s.Name, s.Bytes)
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		fmt.Fprintf(&b, "# parameter %s: %s\n", name, clean.Text(s.Parameters[name]))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		fmt.Fprintf(&b, "# tag %s: %s\n", key, clean.Text(s.Tags[key]))
	}
	return b.String() + s.Body
}

func (o *output) results() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "applied:")
	for _, r := range o.Results {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%v\n", r.Stack, done(r), r.Status, r.Ended.Sub(r.Started).Round(100*time.Millisecond))
	}
	_ = t.Flush() // to a Builder, which does not fail
	return b.String()
}

// done is what applying has done.
func done(r stack.Result) string {
	switch {
	case r.Action == stack.Keep:
		return "unchanged"
	case strings.HasSuffix(r.Status, "_IN_PROGRESS"):
		return "unfinished"
	case !strings.HasSuffix(r.Status, "_COMPLETE") || strings.Contains(r.Status, "ROLLBACK"):
		return "failed"
	case r.Action == stack.Create:
		return "created"
	case r.Action == stack.Update:
		return "updated"
	}
	return "created again"
}

func (o *output) deleted() string {
	var b strings.Builder
	b.WriteString("deleted:\n")
	for _, r := range o.Deleted {
		fmt.Fprintf(&b, "  %s: %d resources", r.Stack, len(r.Deleted))
		for _, id := range slices.Sorted(maps.Keys(r.Emptied)) {
			fmt.Fprintf(&b, ", %d versions in %s", r.Emptied[id], id)
		}
		if r.Unchanged {
			b.WriteString(", it was not there")
		}
		b.WriteString("\n")
		for _, left := range r.Retained {
			fmt.Fprintf(&b, "    left behind: %s (%s) %s\n", left.LogicalID, left.Type, clean.Text(left.PhysicalID))
		}
	}
	return b.String()
}

func (o *output) recovered() string {
	var b strings.Builder
	b.WriteString("recovered:\n")
	for _, r := range o.Recovered {
		fmt.Fprintf(&b, "  %s: %s", r.Stack, r.Status)
		if r.Unchanged {
			b.WriteString(", as before")
		}
		for _, id := range r.Skipped {
			fmt.Fprintf(&b, ", %s left as it is", clean.Text(id))
		}
		b.WriteString("\n")
	}
	if len(o.Unrecovered) > 0 {
		b.WriteString("left as they are:\n")
	}
	for _, why := range o.Unrecovered {
		fmt.Fprintf(&b, "  %s\n", clean.Text(why))
	}
	return b.String()
}

func table(values map[string]string) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(t, "  %s\t%s\n", name, clean.Text(values[name]))
	}
	_ = t.Flush() // to a Builder, which does not fail
	return b.String()
}
