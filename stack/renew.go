package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// renew is the plan for what the stack has now, which is in that status. It is
// stale where anything would become of a resource that the plan does not say. An
// earlier deletion may have got part of the way.
func (p Deletion) renew(status types.StackStatus, now survey) (Deletion, error) {
	var more, faults []string
	for i := range now.resources {
		r := &now.resources[i]
		j := p.index(r.LogicalID)
		if j < 0 || p.Resources[j].PhysicalID != r.PhysicalID {
			more = append(more, r.LogicalID)
			continue
		}
		planned := p.Resources[j]
		if r.Empty = planned.Empty; planned.byRequest() {
			r.Fate, r.Reason = planned.Fate, planned.Reason
		}
		switch {
		case planned.Fate != r.Fate:
			faults = append(faults, fmt.Sprintf("%s is %s now, and was %s", r.LogicalID, r.Fate.future(), planned.Fate.future()))
		case r.Empty && !r.emptiable():
			faults = append(faults, r.LogicalID+" is no bucket that is deleted")
		}
	}
	if len(more) > 0 {
		faults = append(faults, "it has "+list(more)+" now, which the plan does not name")
	}
	left := func(r Removal) bool {
		return r.Empty && !slices.ContainsFunc(now.resources, func(n Removal) bool { return n.LogicalID == r.LogicalID })
	}
	if i := slices.IndexFunc(p.Resources, left); i >= 0 && status != types.StackStatusDeleteFailed {
		faults = append(faults, "the bucket "+p.Resources[i].LogicalID+" is not in it any more")
	}
	if p.count(func(r Removal) bool { return r.Empty }) > 0 {
		faults = append(faults, now.notes...)
	}
	if len(faults) > 0 {
		return p, fmt.Errorf("%w (%s)", ErrStale, strings.Join(faults, "; "))
	}
	p.Resources = now.resources
	return p, nil
}

// emptiable reports whether the resource is a bucket whose objects go with it.
func (r Removal) emptiable() bool { return r.Type == "AWS::S3::Bucket" && r.Fate == FateDeleted }

// byRequest reports whether the resource is left behind because DeleteRequest.Retain says so.
func (r Removal) byRequest() bool {
	return r.Fate == FateRetained && (r.Reason == asked || strings.HasPrefix(r.Reason, with))
}

func (f Fate) future() string {
	if f == FateSnapshot {
		return "to be deleted after a snapshot"
	}
	return "to be " + string(f)
}
