// Package papertrail keeps log searches: groups of senders, and saved searches in
// them, as they are wanted and not as somebody last made them.
//
//	client, err := httpapi.New(httpapi.Options{Token: httpapi.Token(token)})
//	keeper := papertrail.New(client, papertrail.Options{Progress: emit})
//	groups, err := papertrail.Environment{ID: "automation-8527fec8", Branch: "dev/feature/new-sla", Services: services}.Groups()
//	plan, err := keeper.Plan(ctx, groups) // reads; a list that fails is an error, never an empty account
//	fmt.Print(plan)                       // + created, ~ updated, - deleted
//	result, err := keeper.Apply(ctx, plan)
//
// A search that exists is updated in place, so that its id, its links and the alerts
// that are attached to it survive. Nothing is deleted unless it is asked for, and
// then never a search that has alerts. Names are compared exactly; what is there
// twice is an error that names the ids, since no choice between them is right.
//
// It sends no logs and searches none, and keeps no alerts. What it needs of the
// service is [API]; package papertrail/httpapi is Papertrail's own HTTP API, whose
// accounts are being moved to another service of its vendor: the engine here does
// not know it.
package papertrail

import (
	"cmp"
	"context"

	"github.com/mettel-automation/delivery/progress"
)

// Group is a group of senders as it is wanted.
type Group struct {
	// Name is that which people see. It must be given.
	Name string `json:"name"`
	// Wildcard selects senders by name: "*" for all, "automation-*". Several are
	// separated by commas. Empty leaves the one that is there, and makes a group
	// without one.
	Wildcard string `json:"wildcard,omitempty"`
	// Systems are senders that are members besides. Others stay.
	Systems []System `json:"systems,omitempty"`
	// Searches are the saved searches of the group.
	Searches []Search `json:"searches,omitempty"`
}

// Search is a saved search as it is wanted.
type Search struct {
	// Name is that which people see. It must be given, and is unique in its group.
	Name string `json:"name"`
	// Query is in Papertrail's syntax: words, AND, OR, a minus, quotes. It must be given.
	Query string `json:"query"`
}

// System is a sender of logs. One with a name alone must be known to Papertrail; one
// that has a Hostname or an IPAddress is registered if it is not.
type System struct {
	Name string `json:"name"`
	// Hostname or IPAddress tells how its messages are recognised; one of them.
	Hostname  string `json:"hostname,omitempty"`
	IPAddress string `json:"ip_address,omitempty"`
	// Port is that of the log destination to which it sends, or Destination is its
	// id; one of them where the system is registered.
	Port        int   `json:"destination_port,omitempty"`
	Destination int64 `json:"destination_id,omitempty"`
}

// Options are choices of a [Keeper]. The zero value prunes nothing.
type Options struct {
	// Prune deletes searches that nobody wants, in the groups that are given to Plan
	// and in no others. A search that has alerts stays, and so does one of which the
	// API does not tell; the plan names them.
	Prune bool
	// PruneUnknown deletes those as well of which the API does not tell whether they
	// have alerts. Papertrail's own API is not documented to tell it.
	PruneUnknown bool
	// Progress receives an event of "papertrail.apply" for each change. Nil is silence.
	Progress progress.Func
}

// Keeper plans and applies.
type Keeper struct {
	api  API
	opts Options
}

// New returns a Keeper.
func New(api API, opts Options) *Keeper { return &Keeper{api: api, opts: opts} }

// Plan compares what is wanted with what is there. It only reads. An error in what
// is wanted comes before the first call; a [DuplicateError] says what is there twice.
func (k *Keeper) Plan(ctx context.Context, groups []Group) (Plan, error) {
	if err := check(groups); err != nil {
		return Plan{}, err
	}
	account, err := k.read(ctx, usesSystems(groups))
	if err != nil {
		return Plan{}, err
	}
	return compare(groups, account, k.opts)
}

// read lists the account. The systems of an account can be many, and are read only
// where they matter.
func (k *Keeper) read(ctx context.Context, systems bool) (Account, error) {
	var a Account
	var err error
	if a.Groups, err = k.api.Groups(ctx); err != nil {
		return Account{}, reading("groups", err)
	}
	if a.Searches, err = k.api.Searches(ctx); err != nil {
		return Account{}, reading("searches", err)
	}
	if !systems {
		return a, nil
	}
	if a.Systems, err = k.api.Systems(ctx); err != nil {
		return Account{}, reading("systems", err)
	}
	return a, nil
}

func usesSystems(groups []Group) bool {
	for _, g := range groups {
		if len(g.Systems) > 0 {
			return true
		}
	}
	return false
}

// byName orders by name and then by id.
func byName(name, other string, id, otherID int64) int {
	return cmp.Or(cmp.Compare(name, other), cmp.Compare(id, otherID))
}
