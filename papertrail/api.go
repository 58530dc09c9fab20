package papertrail

import (
	"context"
	"errors"
	"fmt"
)

// API is what a [Keeper] needs of the service. A list must be whole, or an error.
type API interface {
	Reader
	GroupWriter
	SearchWriter
	SystemWriter
}

// Reader lists what an account has.
type Reader interface {
	Groups(ctx context.Context) ([]GroupRecord, error)
	Searches(ctx context.Context) ([]SearchRecord, error)
	Systems(ctx context.Context) ([]SystemRecord, error)
}

// GroupWriter writes groups. Where it is not known whether a group was created, the
// error is an [ErrUncertain].
type GroupWriter interface {
	CreateGroup(ctx context.Context, name, wildcard string) (GroupRecord, error)
	UpdateGroup(ctx context.Context, id int64, wildcard string) error
	DeleteGroup(ctx context.Context, id int64) error // and its searches
}

// SearchWriter writes searches. Where it is not known whether one was created, the
// error is an [ErrUncertain].
type SearchWriter interface {
	CreateSearch(ctx context.Context, group int64, s Search) (SearchRecord, error)
	UpdateSearch(ctx context.Context, id int64, query string) error
	DeleteSearch(ctx context.Context, id int64) error
}

// SystemWriter registers senders and makes them members. Where it is not known
// whether one was registered, the error is an [ErrUncertain].
type SystemWriter interface {
	RegisterSystem(ctx context.Context, s System) (SystemRecord, error)
	JoinGroup(ctx context.Context, system, group int64) error
}

// Account is what an account has.
type Account struct {
	Groups   []GroupRecord
	Searches []SearchRecord
	Systems  []SystemRecord
}

// GroupRecord is a group that exists.
type GroupRecord struct {
	ID       int64
	Name     string
	Wildcard string
	Systems  []int64 // ids of its members
}

// SearchRecord is a saved search that exists.
type SearchRecord struct {
	ID    int64
	Name  string
	Query string
	Group int64 // its group; 0 for one that is in none
	// Alerts is how many alerts are attached to it; negative where the API does not
	// tell.
	Alerts int
}

// SystemRecord is a sender that exists.
type SystemRecord struct {
	ID   int64
	Name string
}

// Errors of an [API] that a [Keeper] knows.
var (
	// ErrUncertain is the error of a creation that may have happened: the answer was
	// lost. A Keeper looks before it tries again.
	ErrUncertain = errors.New("it is not known whether it was created")
	// ErrRefused is the error of a change that the service refuses for what it is, such
	// as a query that it does not understand. Another change may be made.
	ErrRefused = errors.New("it is refused")
	// ErrNotFound is the error of a change to what does not exist any more.
	ErrNotFound = errors.New("it does not exist")
)

func reading(what string, err error) error { return fmt.Errorf("list %s of Papertrail: %w", what, err) }
