package papertrail

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Action is what happens to one thing.
type Action string

// The actions, in the order in which Apply takes them.
const (
	Create   Action = "create"
	Register Action = "register" // a system
	Join     Action = "join"     // a system becomes a member of a group
	Update   Action = "update"
	Delete   Action = "delete"
)

// Change is one write.
type Change struct {
	Action Action `json:"action"`
	// Kind is "group", "search" or "system".
	Kind string `json:"kind"`
	// Group is the group of a search, or that which a system joins.
	Group string `json:"group,omitempty"`
	Name  string `json:"name"`
	// ID is that of what exists; 0 for what is created.
	ID int64 `json:"id,omitempty"`
	// From and To are the query of a search, the wildcard of a group, or how a system
	// is registered.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`

	system System // to be registered
}

// Plan is what Apply would write, in order. It is plain data.
type Plan struct {
	Changes []Change `json:"changes"`
	// Unchanged is how many groups and searches are as they are wanted.
	Unchanged int `json:"unchanged"`
	// Kept are searches in the groups that are wanted which nobody wants, and why
	// they stay.
	Kept []Kept `json:"kept,omitempty"`
	// Duplicates are names that are there twice, and that nobody asked about.
	Duplicates []string `json:"duplicates,omitempty"`

	wanted  []Group        // what it was made for
	destroy *DeleteRequest // or this
}

// Kept is a search that stays.
type Kept struct {
	Group  string `json:"group"`
	Name   string `json:"name"`
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
}

// Empty reports whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// String is the plan for people: a line for each change, and the count.
func (p Plan) String() string {
	var b strings.Builder
	count := make(map[Action]int)
	for _, c := range p.Changes {
		count[c.Action]++
		fmt.Fprintf(&b, "%s\n", c)
	}
	for _, k := range p.Kept {
		fmt.Fprintf(&b, "= search %s in %s stays: %s\n", clean.Text(k.Name), clean.Text(k.Group), k.Reason)
	}
	for _, d := range p.Duplicates {
		fmt.Fprintf(&b, "! %s\n", clean.Text(d))
	}
	fmt.Fprintf(&b, "%d to create, %d to update, %d to delete, %d unchanged\n",
		count[Create]+count[Register]+count[Join], count[Update], count[Delete], p.Unchanged)
	return b.String()
}

// String is the change as one line.
func (c Change) String() string {
	sign := map[Action]string{Create: "+", Register: "+", Join: "+", Update: "~", Delete: "-"}[c.Action]
	text := fmt.Sprintf("%s %s %s", sign, c.Kind, clean.Text(c.Name))
	switch {
	case c.Action == Join:
		return text + " joins " + clean.Text(c.Group)
	case c.Group != "":
		text += " in " + clean.Text(c.Group)
	}
	switch {
	case c.Action == Update:
		text += fmt.Sprintf(": %s -> %s", value(c.From), value(c.To))
	case c.To != "":
		text += ": " + value(c.To)
	case c.Action == Delete && c.From != "":
		text += ": " + value(c.From)
	}
	return text
}

func value(text string) string {
	if text == "" {
		return "none"
	}
	return clean.Text(text)
}

// MarshalJSON writes an empty list of changes as [].
func (p Plan) MarshalJSON() ([]byte, error) {
	type plain Plan
	if p.Changes == nil {
		p.Changes = []Change{}
	}
	return json.Marshal(plain(p))
}
