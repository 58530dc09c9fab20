// Package awsnuke says what aws-nuke would do with a configuration. It follows
// aws-nuke's own code, faults included, so that a configuration can be judged
// before anybody runs it:
//
//	config, err := awsnuke.Parse("nuke.yaml", text, 3)
//	plan := config.Plan(awsnuke.Subject{Account: "123456789012", Alias: "dev"}, awsnuke.Run{})
//	if len(plan.Refused) == 0 && plan.Decide(item).Fate == awsnuke.Delete { ... }
//
// Sources: ekristen/aws-nuke v3.64.3 with libnuke v1.3.0, rebuy-de/aws-nuke
// v2.25.0. It knows nothing about environments, and nothing of how package nuke
// writes a configuration: it is that package's independent witness.
package awsnuke

import "time"

// Item is one resource as aws-nuke's scan finds it.
type Item struct {
	Type, Region, ID string
	Properties       map[string]string // by the names of v3, all tags among them
}

// Finding is something about a configuration that people should know.
type Finding struct {
	File   string
	Line   int // 0 where it is about the file as a whole
	Detail string
}

// Subject is the account that is looked at, and whose resources are meant to go.
type Subject struct {
	Account, Alias string
	Environment    string // only for warnings
}

// Run is how aws-nuke is called.
type Run struct {
	FilterGroups     bool
	Include, Exclude []string
	Now              time.Time
}

// Fate is what happens to an item.
type Fate int

// The fates of an item.
const (
	Keep Fate = iota
	Delete
	Unknown // it depends on what is not known of the item
)

// Decision is a fate, and why.
type Decision struct {
	Fate Fate
	Why  string
}
