package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

const opDelete = "stack.delete"

// emptyings is how often a bucket is emptied: something may write to it until
// the moment that it is deleted, such as the log of a load balancer.
const emptyings = 3

// Deleted is what ApplyDelete did.
type Deleted struct {
	Stack string `json:"stack"`
	ID    string `json:"id,omitempty"`
	// Unchanged: there was no such stack any more.
	Unchanged bool           `json:"unchanged,omitempty"`
	Emptied   map[string]int `json:"emptied,omitempty"`  // objects and versions deleted, by logical id of the bucket
	Deleted   []string       `json:"deleted,omitempty"`  // logical ids, sorted
	Retained  []Removal      `json:"retained,omitempty"` // what is left behind, sorted
	Started   time.Time      `json:"started"`
	Ended     time.Time      `json:"ended"`
}

// ApplyDelete deletes the stack that plan is about, and waits until it is gone. It
// first waits for whatever somebody else does to the stack; a deletion that is
// under way already is joined.
//
// Before it writes anything it reads the stack again, and fails with [ErrStale]
// where there is a resource that the plan does not name, where another is to be
// deleted or kept by now, and where a bucket to be emptied has left the stack; with
// [ErrProtected] where termination protection is on and is not to be lifted, with
// [ErrProduction] or [ErrNotOwned] where a tag says so now, and with
// [ErrNotPlanned] where the ARN is not that of the stack. Then it lifts the
// protection, empties the buckets of the plan, and deletes the stack by its ARN. A resource that cannot be
// deleted makes an [*OperationError] with its reason; what was done is returned
// beside the error. Cancelled, it leaves CloudFormation at work, and a later run
// goes on from there.
func (m *Manager) ApplyDelete(ctx context.Context, plan Deletion) (Deleted, error) {
	result := Deleted{Stack: plan.Stack, ID: plan.ID, Started: time.Now()}
	ctx, cancel := m.within(ctx)
	defer cancel()
	err := m.delete(ctx, plan, &result)
	result.Ended = time.Now()
	if err != nil {
		if _, unfinished := errors.AsType[*UnfinishedError](err); !unfinished && !isA[*OperationError](err) {
			err = fmt.Errorf("delete stack %s: %w", named(plan.Stack), err)
		}
		m.emit(opDelete, plan.Stack, progress.Failed, "", err)
		return result, err
	}
	if result.Unchanged {
		m.emit(opDelete, plan.Stack, progress.Unchanged, "does not exist", nil)
	} else {
		m.emit(opDelete, plan.Stack, progress.Done, "deleted", nil)
	}
	return result, nil
}

func (m *Manager) delete(ctx context.Context, plan Deletion, result *Deleted) error {
	if plan.Stack == "" {
		return ErrNotPlanned
	}
	if plan.Empty() {
		result.Unchanged = true
		return nil
	}
	if err := ofStackNamed(plan.Stack, plan.ID); err != nil {
		return err
	}
	found, joined, err := m.atRest(ctx, plan)
	if joined.Status != "" || len(joined.Events) > 0 {
		result.note(plan, joined, false)
	} else {
		result.Unchanged = err == nil && found == nil
	}
	if err != nil || found == nil {
		return err
	}
	if plan, err = m.verify(ctx, plan, *found); err != nil {
		return err
	}
	if ptr.Value(found.EnableTerminationProtection) {
		if err := m.unprotect(ctx, plan.ID); err != nil {
			return err
		}
	}
	return m.destroy(ctx, plan, result)
}

// destroy empties the buckets and deletes the stack, again where a bucket was
// filled in between.
func (m *Manager) destroy(ctx context.Context, plan Deletion, result *Deleted) error {
	op := operation{verb: opDelete, name: plan.Stack, id: plan.ID}
	for attempt := 1; ; attempt++ {
		if err := m.emptyBuckets(ctx, plan, result); err != nil {
			return err
		}
		out, err := m.strike(ctx, op, plan.request())
		result.note(plan, out, true)
		if err == nil {
			err = failure(op, out)
		}
		if err == nil || attempt == emptyings || !plan.refilled(err) {
			return err
		}
	}
}

// atRest returns the stack once nobody is at work on it; nil where it is gone.
// Joined is what a deletion of somebody else has done.
func (m *Manager) atRest(ctx context.Context, plan Deletion) (found *types.Stack, joined outcome, err error) {
	for {
		found, err := m.find(ctx, plan.ID)
		switch {
		case err != nil:
			return nil, joined, err
		case found == nil || found.StackStatus == types.StackStatusDeleteComplete:
			return nil, joined, nil
		case !inProgress(found.StackStatus):
			return found, joined, nil
		}
		op := operation{verb: opDelete, name: plan.Stack, id: plan.ID, joined: found.StackStatus == types.StackStatusDeleteInProgress}
		out, err := m.watch(ctx, op)
		if op.joined {
			joined = out
		}
		if err != nil {
			return nil, joined, err
		}
	}
}

// verify refuses what the plan did not foresee, and returns the plan for what there is.
func (m *Manager) verify(ctx context.Context, plan Deletion, found types.Stack) (Deletion, error) {
	if ptr.Value(found.StackId) != plan.ID {
		return plan, fmt.Errorf("%w: %q is no ARN", ErrNotPlanned, plan.ID)
	}
	if ptr.Value(found.EnableTerminationProtection) && !plan.LiftProtection {
		return plan, ErrProtected
	}
	if err := production(plan.Stack, &found, plan.Production, plan.AllowProduction); err != nil {
		return plan, err
	}
	if err := owned(found, plan.Tags); err != nil {
		return plan, err
	}
	now, err := m.survey(ctx, plan.ID, plan.Stack)
	if err != nil {
		return plan, err
	}
	return plan.renew(found.StackStatus, now)
}

func (m *Manager) unprotect(ctx context.Context, id string) error {
	_, err := call(ctx, m, m.api.UpdateTerminationProtection, &cloudformation.UpdateTerminationProtectionInput{StackName: &id, EnableTerminationProtection: new(false)})
	if err != nil {
		return fmt.Errorf("lift termination protection: %w", err)
	}
	return nil
}

// emptyBuckets empties every bucket that the plan says; a failure does not stop
// the others.
func (m *Manager) emptyBuckets(ctx context.Context, plan Deletion, result *Deleted) error {
	var errs []error
	for _, r := range plan.Resources {
		if !r.Empty || slices.Contains(result.Deleted, r.LogicalID) {
			continue
		}
		if m.opts.Buckets == nil {
			return fmt.Errorf("%w: the plan empties buckets, which needs Options.Buckets", ErrInvalid)
		}
		subject := plan.Stack + "/" + r.LogicalID
		m.emit(opDelete, subject, progress.Running, "emptying "+r.PhysicalID, nil)
		n, err := m.opts.Buckets.Empty(ctx, r.PhysicalID, accountIn(plan.ID))
		if result.Emptied == nil {
			result.Emptied = make(map[string]int)
		}
		result.Emptied[r.LogicalID] += n
		if err != nil {
			err = fmt.Errorf("empty bucket %s (%s): %w", r.LogicalID, r.PhysicalID, err)
			m.emit(opDelete, subject, progress.Failed, "", err)
			errs = append(errs, err)
			continue
		}
		m.emit(opDelete, subject, progress.Running, fmt.Sprintf("emptied, %s deleted", english.Count(n, "object")), nil)
	}
	return errors.Join(errs...)
}

// refilled reports whether a deletion has failed at nothing but buckets that are
// to be emptied, and are not empty again.
func (p *Deletion) refilled(err error) bool {
	failed, ok := errors.AsType[*OperationError](err)
	return ok && len(failed.Causes) > 0 && !slices.ContainsFunc(failed.Causes, func(c Cause) bool {
		i := p.index(strings.TrimPrefix(c.Stack+"/"+c.LogicalID, p.Stack+"/"))
		return i < 0 || !p.Resources[i].Empty || !strings.Contains(strings.ToLower(c.Reason), "not empty")
	})
}

// strike asks CloudFormation to delete the stack that op names, and waits. A token
// that op does not have is new with each event of the stack, and the same for a
// request whose answer was lost.
func (m *Manager) strike(ctx context.Context, op operation, in *cloudformation.DeleteStackInput) (outcome, error) {
	after, err := m.lastEvent(ctx, op.id)
	if err != nil {
		return outcome{}, err
	}
	if op.after = after; op.token == "" {
		op.token = token("delete", op.id, after)
	}
	in.StackName, in.ClientRequestToken = &op.id, &op.token
	if _, err := call(ctx, m, m.api.DeleteStack, in); err != nil {
		return outcome{}, unsure(ctx, op, err)
	}
	return m.watch(ctx, op)
}

// deleteStack deletes the stack with that ARN on the way to something else, waits,
// and fails unless it is gone.
func (m *Manager) deleteStack(ctx context.Context, id, name, token string) error {
	op := operation{verb: opDelete, name: name, id: id, token: token}
	out, err := m.strike(ctx, op, &cloudformation.DeleteStackInput{})
	if err == nil {
		err = failure(op, out)
	}
	if err != nil {
		m.emit(opDelete, name, progress.Failed, "", err)
		return err
	}
	m.emit(opDelete, name, progress.Done, "deleted", nil)
	return nil
}

// note takes what an operation has done into the result. Where the plan names
// exactly what the stack had, and the stack is gone, everything is deleted that is
// not known to be retained; else only what the events say.
func (r *Deleted) note(plan Deletion, out outcome, exact bool) {
	away := out.Status == types.StackStatusDeleteComplete
	done, kept := plan.seen(out.Events)
	for _, id := range r.Deleted {
		done[id] = true
	}
	r.Deleted = r.Deleted[:0]
	for _, d := range plan.Resources {
		switch {
		case kept[d.LogicalID] || away && d.Fate == FateRetained && !done[d.LogicalID]:
			if !slices.Contains(r.Retained, d) {
				r.Retained = append(r.Retained, d)
			}
		case done[d.LogicalID] || away && exact:
			r.Deleted = append(r.Deleted, d.LogicalID)
		}
	}
}

// seen are the logical ids of what was deleted and of what was left behind.
func (p *Deletion) seen(events []types.StackEvent) (done, kept map[string]bool) {
	at := newPlaces(operation{id: p.ID, name: p.Stack}, events)
	done, kept = make(map[string]bool), make(map[string]bool)
	for _, e := range events {
		path, known := at.paths[ptr.Value(e.StackId)]
		if ofStack(e) || !known {
			continue
		}
		id := strings.TrimPrefix(path+"/"+ptr.Value(e.LogicalResourceId), p.Stack+"/")
		switch e.ResourceStatus {
		case types.ResourceStatusDeleteComplete:
			done[id] = true
		case types.ResourceStatusDeleteSkipped:
			kept[id] = true
		}
	}
	return done, kept
}
