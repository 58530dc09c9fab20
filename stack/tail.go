package stack

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

const stackType = "AWS::CloudFormation::Stack"

// ofStack reports whether e is about the stack itself rather than about one of
// its resources.
func ofStack(e types.StackEvent) bool {
	return ptr.Value(e.ResourceType) == stackType && ptr.Value(e.PhysicalResourceId) == ptr.Value(e.StackId)
}

// tail reads the events of one stack, each once and none of before the operation.
type tail struct {
	id, path string
	after    string    // the newest event before the operation; "" where that is not known
	token    string    // of the operation; "" where it is somebody else's, or a nested stack
	since    time.Time // when the operation began, for a nested stack
	seen     map[string]bool

	last *types.StackEvent // the newest about the stack itself
	due  bool              // it may have news
	over bool              // for a nested stack: its parent says that it has ended
}

// moving reports whether the stack's own events say that it is under way.
func (t *tail) moving() bool {
	return t.last != nil && strings.HasSuffix(string(t.last.ResourceStatus), "_IN_PROGRESS")
}

// news returns the events of t that were not seen yet, oldest first. It reads
// from the newest on, and no page beyond the first event that is known, or that
// is older than the operation.
func (m *Manager) news(ctx context.Context, t *tail) ([]types.StackEvent, error) {
	r := reading{tail: t, fresh: make(map[string]bool)}
	for token := (*string)(nil); ; {
		page, next, err := m.eventPage(ctx, t.id, token)
		if err != nil {
			return nil, err
		}
		if r.page(page); r.known || ptr.Value(next) == "" || t.beyond(page) {
			break
		}
		token = next
	}
	if t.after != "" && len(t.seen) == 0 && !r.known {
		return nil, nil // a list that lags: it does not show what it has shown before
	}
	if t.seen == nil {
		t.seen = make(map[string]bool, len(r.fresh))
	}
	maps.Copy(t.seen, r.fresh)
	slices.Reverse(r.events)
	return r.events, nil
}

// reading is one walk through the list of events, which is newest first.
type reading struct {
	*tail
	events []types.StackEvent // that were not seen before
	fresh  map[string]bool    // their ids
	known  bool               // an event was met that was seen before, or is older than the operation
}

func (r *reading) page(events []types.StackEvent) {
	for _, e := range events {
		id := ptr.Value(e.EventId)
		switch {
		case r.seen[id]:
			r.known = true // and one that came late may stand behind it
		case r.before(e):
			r.known = true
			return
		case !r.fresh[id]: // a page repeats what was pushed there by newer events
			r.fresh[id] = true
			r.events = append(r.events, e)
		}
	}
}

// foreign: an operation of which neither the token nor the beginning is known yet.
func (t *tail) foreign() bool {
	return t.token == "" && t.after == "" && t.since.IsZero()
}

// before reports whether e is older than the operation. That of somebody else
// began after the last event at which the stack was at rest; where that is the
// newest one of all, the list lags.
func (t *tail) before(e types.StackEvent) bool {
	switch {
	case t.after != "":
		return ptr.Value(e.EventId) == t.after
	case t.token != "":
		return false
	case t.foreign():
		return ofStack(e) && !inProgress(types.StackStatus(e.ResourceStatus))
	}
	return ptr.Value(e.Timestamp).Before(t.since)
}

// beyond reports whether a page holds nothing of an operation whose token is
// known, and of which nothing was seen so far: there is nothing further back either.
func (t *tail) beyond(page []types.StackEvent) bool {
	return t.token != "" && t.since.IsZero() && !slices.ContainsFunc(page, func(e types.StackEvent) bool {
		return ptr.Value(e.ClientRequestToken) == t.token
	})
}
