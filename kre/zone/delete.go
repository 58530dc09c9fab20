package zone

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

// Deleted is what ApplyDelete did.
type Deleted struct {
	Records    []string `json:"records,omitempty"`    // "A api.example.net", in the order in which they went
	Delegation bool     `json:"delegation,omitempty"` // whether this run removed it
	// Zone is whether it is gone now, whoever deleted it.
	Zone bool `json:"zone"`
}

// ApplyDelete deletes what plan names: the records of our external-dns, each with
// its note, then the delegation, and, once all name servers of the parent have
// forgotten it, the zone. A delegation to a zone that is gone could be taken over by
// whoever gets its name servers next.
//
// It reads the zone again first, with the refusals of [Manager.PlanDelete]. It fails
// with a [*ForeignError] where there are records that are not ours and
// Options.DeleteForeign is not set now or was not when planning, and with [ErrStale] where there is anything that
// the plan does not name. What it did is returned beside the error; a later run with
// a new plan goes on from there.
func (m *Manager) ApplyDelete(ctx context.Context, plan Deletion) (Deleted, error) {
	var done Deleted
	err := m.destroy(ctx, plan, &done)
	if err != nil {
		err = fmt.Errorf("delete hosted zone %s: %w", plan.Zone, err)
		m.emit(plan.Zone, progress.Failed, "", err)
	}
	return done, err
}

// rounds is how often the records are read again because somebody else, such as
// external-dns, deletes them at the same time.
const rounds = 5

func (m *Manager) destroy(ctx context.Context, plan Deletion, done *Deleted) error {
	if !plan.approved {
		return ErrNotPlanned
	}
	now, err := m.check(ctx, plan)
	if err != nil {
		return err
	}
	if now.Gone {
		done.Zone = true
		m.emit(plan.Zone, progress.Unchanged, "does not exist", nil)
		return nil
	}
	m.emit(plan.Zone, progress.Running, fmt.Sprintf("delete, with %s", numbered(len(now.Records)+len(now.Foreign))), nil)
	for round := 1; ; round++ {
		err := m.empty(ctx, now, done)
		if err == nil {
			err = m.remove(ctx, now, done)
		}
		if err == nil {
			break
		}
		if !raced(err) || round == rounds {
			return err
		}
		if err := wait.For(ctx, m.opts.PollInterval); err != nil {
			return err
		}
		if now, err = m.check(ctx, plan); err != nil {
			return err
		}
		if now.Gone {
			break
		}
	}
	done.Zone = true
	m.emit(plan.Zone, progress.Done, "deleted", nil)
	return nil
}

// check reads the zone again, and refuses what the plan does not cover.
func (m *Manager) check(ctx context.Context, plan Deletion) (Deletion, error) {
	now, err := m.surveyDeletion(ctx, plan.spec)
	if err != nil || now.Gone {
		return now, err
	}
	if len(now.Foreign) > 0 && (!m.opts.DeleteForeign || !plan.foreign) { // the plan says whether they go
		return now, &ForeignError{Zone: plan.Zone, Records: now.Foreign}
	}
	var more []string
	if now.ID != plan.ID {
		more = append(more, "hosted zone "+now.ID)
	}
	planned := slices.Concat(plan.Records, plan.Foreign)
	for _, r := range slices.Concat(now.Records, now.Foreign) {
		if !slices.ContainsFunc(planned, r.same) {
			more = append(more, r.short())
		}
	}
	if len(now.Delegation) > 0 && (!slices.Equal(now.Delegation, plan.Delegation) || now.ParentID != plan.ParentID) {
		more = append(more, fmt.Sprintf("a delegation from %s (%s) to %s", now.Parent, now.ParentID, strings.Join(now.Delegation, ", ")))
	}
	if len(more) > 0 {
		return now, fmt.Errorf("%w: there is also %s", ErrStale, strings.Join(more, ", "))
	}
	return now, nil
}

// empty deletes the records. It waits for no name server: the zone goes anyway.
func (m *Manager) empty(ctx context.Context, now Deletion, done *Deleted) error {
	for _, batch := range batches(slices.Concat(now.Records, now.Foreign)) {
		changes := make([]types.Change, len(batch))
		for i, r := range batch {
			changes[i] = types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &r.set}
		}
		if _, err := m.change(ctx, now.ID, changes); err != nil {
			return fmt.Errorf("delete %s: %w", numbered(len(batch)), err)
		}
		for _, r := range batch {
			done.Records = append(done.Records, r.short())
		}
	}
	return nil
}

// remove deletes the delegation, and then the zone.
func (m *Manager) remove(ctx context.Context, now Deletion, done *Deleted) error {
	if now.ns != nil {
		info, err := m.change(ctx, now.ParentID, []types.Change{{Action: types.ChangeActionDelete, ResourceRecordSet: now.ns}})
		if err != nil {
			return fmt.Errorf("delete its delegation in %s: %w", now.Parent, err)
		}
		done.Delegation = true
		m.emit(now.Zone, progress.Running, "delegation removed: waiting for the name servers of "+now.Parent, nil)
		if err := m.insync(ctx, info, "that the delegation is gone"); err != nil {
			return err
		}
	}
	_, err := call(ctx, m, m.api.DeleteHostedZone, &route53.DeleteHostedZoneInput{Id: &now.ID})
	if _, gone := errors.AsType[*types.NoSuchHostedZone](err); gone {
		return nil
	}
	return err
}

func (m *Manager) change(ctx context.Context, id string, changes []types.Change) (*types.ChangeInfo, error) {
	out, err := call(ctx, m, m.api.ChangeResourceRecordSets, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
	if err != nil {
		return nil, err
	}
	return out.ChangeInfo, nil
}

// raced reports whether a call failed since somebody else changed the records, or
// since its first attempt took effect and nobody heard.
func raced(err error) bool {
	_, batch := errors.AsType[*types.InvalidChangeBatch](err)
	_, filled := errors.AsType[*types.HostedZoneNotEmpty](err)
	return batch || filled
}
