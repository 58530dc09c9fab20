package stack

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// TestReadingOfPagesThatOverlap: while pages are read, new events push old ones
// onto the next page, where they are met again.
func TestReadingOfPagesThatOverlap(t *testing.T) {
	h := update(past(new(history)))
	newest := func(from, to int) (page []types.StackEvent) { // from the newest on
		for i := from; i < to; i++ {
			page = append(page, h.events[len(h.events)-1-i])
		}
		return page
	}
	r := reading{tail: &tail{id: envARN, token: "mine", after: ptr.Value(h.events[3].EventId)}, fresh: make(map[string]bool)}
	r.page(newest(0, 5))
	if r.known {
		t.Error("nothing of before the operation was met yet")
	}
	r.page(newest(3, 8)) // two of them again
	r.page(newest(6, 14))
	if !r.known {
		t.Error("the event before the operation was met")
	}
	var ids, want []string
	for _, e := range r.events {
		ids = append(ids, ptr.Value(e.EventId))
	}
	for _, e := range newest(0, 10) {
		want = append(want, ptr.Value(e.EventId))
	}
	if d := cmp.Diff(want, ids); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}
