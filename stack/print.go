package stack

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/mettel-automation/delivery/internal/clean"
)

// String shows the plan as people read it: a line for the stack, one for each
// change with its properties below, and one that counts. Long values are cut.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s: %s\n", clean.Text(p.Stack), clean.Text(p.does()))
	p.printChanges(&b)
	for _, values := range []struct {
		what string
		list []ValueChange
	}{{"parameter", p.Parameters}, {"tag", p.Tags}, {"output", p.Outputs}} {
		for _, v := range values.list {
			fmt.Fprintf(&b, "  %-2s %s %s%s\n", v.Action.Sign(), values.what, clean.Text(v.Name), transition(v.Action, v.Before, v.After))
		}
	}
	if p.ChangeSet != "" && len(p.Changes)+len(p.Parameters)+len(p.Tags)+len(p.Outputs) == 0 {
		b.WriteString("  ~  only what concerns no resource, such as a role\n")
	}
	if p.Protect {
		b.WriteString("  ~  termination protection: off -> on\n")
	}
	for _, r := range p.Refused {
		fmt.Fprintf(&b, "  refused: %s, and there is no consent to it\n", clean.Text(r.String()))
	}
	for _, id := range p.Unneeded {
		fmt.Fprintf(&b, "  consent to %s is not needed by anything\n", clean.Text(id))
	}
	if counts := p.counts(); counts != "" {
		fmt.Fprintf(&b, "%s\n", counts)
	}
	return b.String()
}

// does says what applying does to the stack as a whole.
func (p Plan) does() string {
	switch p.Action {
	case Keep:
		return "no changes"
	case Recreate:
		return fmt.Sprintf("delete it, since it is %s, and create it again", p.Status)
	}
	return string(p.Action)
}

// printChanges aligns the changes, and puts the properties of each below it.
func (p Plan) printChanges(b *strings.Builder) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, c := range p.Changes {
		fmt.Fprintf(w, "  %-2s %s\t%s\t%s\n", c.Action.Sign(), clean.Text(c.LogicalID), clean.Text(c.Type), strings.Join(c.notes(), ", "))
	}
	w.Flush() //nolint:errcheck // a strings.Builder takes everything
	lines := strings.SplitAfter(table.String(), "\n")
	for i, c := range p.Changes {
		b.WriteString(strings.TrimRight(lines[i], " \n") + "\n")
		for _, property := range c.Properties {
			fmt.Fprintf(b, "       %s\n", property)
		}
	}
}

// notes are what one should know about a change besides.
func (c Change) notes() []string {
	var notes []string
	if c.PhysicalID != "" {
		notes = append(notes, clean.Text(ending(c.PhysicalID)))
	}
	if c.Stateful && c.Old != "" {
		notes = append(notes, "stateful")
	}
	switch {
	case c.Old == FateRetained:
		notes = append(notes, "the old one stays in the account")
	case c.Old == FateSnapshot:
		notes = append(notes, "deleted after a snapshot")
	case c.Old == FateDeleted && c.Action != Delete:
		notes = append(notes, "the old one is deleted")
	}
	return notes
}

// String shows the change of one property, such as "RetentionInDays: 14 -> 30".
func (p PropertyChange) String() string {
	text := clean.Text(p.Path) + transition(p.Action, p.Before, p.After)
	switch p.Recreates {
	case "always":
		text += " (replaces)"
	case "conditionally":
		text += " (may replace)"
	}
	if p.Cause != "" {
		text += " by " + clean.Text(p.Cause)
	}
	return text
}

// transition shows how a value changes, as far as it is known.
func transition(a ChangeAction, before, after string) string {
	switch {
	case before == masked || after == masked:
		return ": secret"
	case before == "" && after == "":
		return ""
	case a == Add:
		return ": " + clean.Text(cut(after))
	case a == Delete:
		return ": was " + clean.Text(cut(before))
	case before == "":
		return ": -> " + clean.Text(cut(after))
	case after == "":
		return ": " + clean.Text(cut(before)) + " ->"
	}
	return ": " + difference(before, after)
}

// ending keeps the end of a long physical id: that of an ARN tells most.
func ending(id string) string {
	const most = 48
	if r := []rune(id); len(r) > most {
		return "..." + string(r[len(r)-most+3:])
	}
	return id
}

// cut keeps the beginning of a long value.
func cut(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return text
}

// counts is such as "1 to add, 2 to modify".
func (p Plan) counts() string {
	var parts []string
	for _, a := range []struct {
		action ChangeAction
		verb   string
	}{{Add, "to add"}, {Modify, "to modify"}, {Replace, "to replace"}, {MayReplace, "perhaps to replace"}, {Delete, "to delete"}} {
		n := 0
		for _, c := range p.Changes {
			if c.Action == a.action {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a.verb))
		}
	}
	return strings.Join(parts, ", ")
}

// summary is the plan in a few words, for a progress event.
func (p Plan) summary() string {
	text := p.does()
	if counts := p.counts(); counts != "" {
		text += ": " + counts
	}
	if n := len(p.Refused); n > 0 {
		text += fmt.Sprintf("; %d without consent", n)
	}
	return text
}
