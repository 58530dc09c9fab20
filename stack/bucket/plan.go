package bucket

import (
	"cmp"
	"fmt"
	"strings"
)

// Action says what applying does to a bucket.
type Action string

// The actions of a plan.
const (
	Create Action = "create"
	Update Action = "update"
	Keep   Action = "keep"
)

// Plan is what [Home.Apply] would do.
type Plan struct {
	Bucket string   `json:"bucket"`
	Action Action   `json:"action"`
	Detail []string `json:"detail,omitempty"` // readable, one for each setting

	steps []step // in the order in which they are taken
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool { return len(p.steps) == 0 }

// String is the plan as people read it: a line for the bucket, and one for each setting.
func (p Plan) String() string {
	if p.Empty() {
		return fmt.Sprintf("bucket %s: as it should be\n", p.Bucket)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s bucket %s\n", p.Action, p.Bucket)
	for _, line := range p.Detail {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// step is one call that writes.
type step string

const (
	create step = "create it"
	block  step = "block public access"
	expire step = "let its templates expire"
)

// diff is what the bucket lacks.
func (h Home) diff(found state) Plan {
	p := Plan{Bucket: h.Bucket, Action: Update}
	if !found.there {
		p.Action, p.steps = Create, []step{create}
		p.Detail = []string{"in " + h.Region + ", its objects owned by the account"}
	} else if !h.made(found) {
		found.blocked, found.expires = true, true // others have made it as they wanted it
	}
	if !found.blocked {
		p.steps, p.Detail = append(p.steps, block), append(p.Detail, "public access blocked")
	}
	if !found.expires {
		p.steps = append(p.steps, expire)
		p.Detail = append(p.Detail, fmt.Sprintf("what is below %s/ expires after %d days", prefixOf(h.Prefix), h.days()))
	}
	if p.Empty() {
		p.Action = Keep
	}
	return p
}

func (h Home) days() int { return cmp.Or(h.Days, 30) }
