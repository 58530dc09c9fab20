package nuke

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// Global is the region of what has none: IAM and Route 53.
const Global = "global"

// Resource is one thing in the account, as aws-nuke sees it.
type Resource struct {
	// Type is the canonical name of aws-nuke v3: "ECSCluster". See [Types].
	Type string `json:"type"`
	// Region is where it is: "us-east-1", or [Global].
	Region string `json:"region"`
	// ID is exactly what aws-nuke prints for it, and what a filter without a
	// property is compared with: [Type.ID] says its form.
	ID string `json:"id"`
	// Properties are those of aws-nuke v3, by its names: "Name",
	// "tag:Environment"; nil for a type that has none. All tags must be here:
	// one that is missing counts as absent, which aws-nuke reads as "". Any other
	// property may be left out where it is not known; a configuration that asks
	// for it cannot be proved then.
	Properties map[string]string `json:"properties,omitempty"`
	// Why says how the inventory found that it belongs to the environment:
	// "tag", "name", "cluster". It is for people and decides nothing.
	Why []string `json:"why,omitempty"`
}

// String is the resource in one line: "us-east-1 ECSCluster arn:...". A record,
// whose id is its name alone, has its type behind it.
func (r Resource) String() string {
	line := r.Region + " " + r.Type + " " + r.ID
	if kind := r.Properties["Type"]; kind != "" && r.Type == "Route53ResourceRecordSet" {
		line += " (" + kind + ")"
	}
	return line
}

// Conflict is a resource about which its name and its tags, or what it belongs
// to, disagree. Nothing is generated while there is one.
type Conflict struct {
	Resource Resource `json:"resource"`
	Detail   string   `json:"detail"` // `its tag Environment says "automation-master"`
}

// Inventory is what an account holds, split by whether it belongs to one
// environment. Package nuke/inventory reads one; a test writes one down.
type Inventory struct {
	// Account is the account's id: 12 digits.
	Account string `json:"account"`
	// Alias is the account's alias in IAM. aws-nuke refuses an account that has none.
	Alias string `json:"alias"`
	// Regions are those that were read, [Global] among them where it was.
	Regions []string `json:"regions"`
	// Environment is the name of the environment: "automation-1a2b3c4d".
	Environment string `json:"environment"`
	// Read are the types of which everything in Regions was read: all of it is in
	// Mine or in Others. A configuration that reaches any other type fails [Verify].
	Read []string `json:"read"`
	// Mine is what belongs to the environment and is to be deleted, of [Types]
	// only. What is of another type, such as a hosted zone of its own, is Beyond.
	Mine []Resource `json:"mine"`
	// Others is everything else of the types in Read: the neighbours, which are to stay.
	Others []Resource `json:"others"`
	// Conflicts are resources of which it could not be said whose they are.
	Conflicts []Conflict `json:"conflicts,omitempty"`
	// Beyond is what belongs to the environment and aws-nuke has no type for, or
	// only one that is never used here: metric filters, state objects. It is
	// listed in the header of the configuration and otherwise left alone. Its
	// Type is a name for people: "metric filter".
	Beyond []Resource `json:"beyond,omitempty"`
}

// compare orders resources by type, region and id.
func compare(a, b Resource) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
}

// sorted is a copy of rs in order.
func sorted(rs []Resource) []Resource { return slices.SortedFunc(slices.Values(rs), compare) }

// validate looks for what cannot be true of an account.
func (inv Inventory) validate() error {
	types := typesByName()
	var errs []error
	fault := func(r Resource, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: %s: %s", ErrInventory, r, fmt.Sprintf(format, args...)))
	}
	mine := make(map[string]bool, len(inv.Mine))
	for i, r := range slices.Concat(inv.Mine, inv.Others) {
		t, known := types[r.Type]
		switch {
		case r.Type == "" || r.Region == "" || r.ID == "":
			fault(r, "it lacks its type, its region or its id")
		case !slices.Contains(inv.Read, r.Type):
			fault(r, "its type is not among those that were read")
		case !slices.Contains(inv.Regions, r.Region):
			fault(r, "its region is not among those that were read")
		case r.Region == awsnuke.All:
			fault(r, "%q is no region: aws-nuke takes it for every one, and not all of them were read", awsnuke.All)
		case known && t.Global != (r.Region == Global):
			fault(r, "its region must be %q for IAM and Route 53, and for nothing else", Global)
		}
		switch key := r.key(); {
		case i < len(inv.Mine):
			mine[key] = true
		case mine[key]:
			fault(r, "it is in Mine too, or aws-nuke cannot tell it from one that is")
		}
	}
	return errors.Join(errs...)
}

// key tells resources apart as far as aws-nuke can.
func (r Resource) key() string {
	parts := []string{r.Type, r.Region, r.ID}
	for _, property := range slices.Sorted(maps.Keys(r.Properties)) {
		parts = append(parts, property, r.Properties[property])
	}
	return strings.Join(parts, "\x00")
}
