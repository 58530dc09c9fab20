package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

const opRecover = "stack.recover"

// Recovery says which stack to bring out of UPDATE_ROLLBACK_FAILED, and how.
type Recovery struct {
	Name string
	// Skip are the resources that the rollback leaves as they are, among those at
	// which it has failed: logical ids, "Nested/LogicalID" within a nested stack.
	// Default none: the cause was removed, and the rollback is tried again.
	Skip []string
	// Role is the ARN of the role by which CloudFormation rolls back; default the
	// one that the stack has, or else the caller's own permissions.
	Role string
}

// RecoverPlan is what recovering a stack does. It can be kept as JSON and be
// applied by another process.
type RecoverPlan struct {
	Stack  string `json:"stack"`
	ID     string `json:"id"` // ARN
	Status string `json:"status"`
	// Failed are the resources at which the rollback has failed, the first one first.
	Failed []Cause  `json:"failed,omitempty"`
	Skip   []string `json:"skip,omitempty"` // sorted
	Role   string   `json:"role,omitempty"`
}

// Empty reports whether the rollback has ended already.
func (p RecoverPlan) Empty() bool { return p.Status == string(types.StackStatusUpdateRollbackComplete) }

// String says what is done, and names every resource that has failed.
func (p RecoverPlan) String() string {
	var b strings.Builder
	switch {
	case p.Empty():
		fmt.Fprintf(&b, "stack %s: its rollback has ended (%s), nothing to recover\n", p.Stack, p.Status)
	case inProgress(types.StackStatus(p.Status)):
		fmt.Fprintf(&b, "stack %s: is being rolled back (%s), wait for it\n", p.Stack, p.Status)
	default:
		fmt.Fprintf(&b, "stack %s (%s): continue the rollback of its last update\n", p.Stack, p.Status)
	}
	for _, c := range p.Failed {
		fmt.Fprintf(&b, "  ! it failed at %s\n", c)
	}
	for _, id := range p.Skip {
		fmt.Fprintf(&b, "  ! skip %s: it stays as it is and does not match the template any more; bring them in line before the next update\n", clean.Text(id))
	}
	return b.String()
}

// RecoverResult is what Recover did.
type RecoverResult struct {
	Stack string `json:"stack"`
	ID    string `json:"id"`
	// Unchanged: the rollback had ended before.
	Unchanged bool `json:"unchanged,omitempty"`
	// Skipped are the resources that were left as they are. CloudFormation shows
	// them as updated, and drift does not show: until they match the template
	// again, an update may fail at them for good.
	Skipped []string  `json:"skipped,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
}

// PlanRecover reads what holds up the rollback of a stack. It only reads.
//
// It fails with [ErrNotFound] where there is no such stack, with [ErrState] where
// it is not in UPDATE_ROLLBACK_FAILED, on the way from there or already back, and
// with [ErrInvalid] where Skip names a resource at which the rollback has not failed.
func (m *Manager) PlanRecover(ctx context.Context, r Recovery) (RecoverPlan, error) {
	plan, err := m.planRecover(ctx, r)
	if err != nil {
		return RecoverPlan{}, fmt.Errorf("plan to recover stack %s: %w", named(r.Name), err)
	}
	return plan, nil
}

func (m *Manager) planRecover(ctx context.Context, r Recovery) (RecoverPlan, error) {
	found, err := m.exactly(ctx, r.Name)
	switch {
	case err != nil:
		return RecoverPlan{}, err
	case found == nil:
		return RecoverPlan{}, ErrNotFound
	case value(found.ParentId) != "":
		return RecoverPlan{}, fmt.Errorf("%w: it is nested in %s, and is recovered with that", ErrInvalid, value(found.ParentId))
	}
	plan := RecoverPlan{Stack: r.Name, ID: value(found.StackId), Status: string(found.StackStatus), Skip: slices.Sorted(slices.Values(r.Skip)), Role: r.Role}
	plan.Skip = slices.Compact(plan.Skip)
	switch found.StackStatus {
	case types.StackStatusUpdateRollbackFailed:
	case types.StackStatusUpdateRollbackComplete, types.StackStatusUpdateRollbackInProgress, types.StackStatusUpdateRollbackCompleteCleanupInProgress:
		plan.Skip = nil
		return plan, nil
	default:
		return RecoverPlan{}, fmt.Errorf("%w: it is %s, and only UPDATE_ROLLBACK_FAILED can be recovered from", ErrState, found.StackStatus)
	}
	failed, err := m.stuck(ctx, plan.ID, r.Name)
	if err != nil {
		return RecoverPlan{}, err
	}
	plan.Failed = failed.causes
	for _, id := range plan.Skip {
		if failed.skip(plan.Stack, id) == "" {
			return RecoverPlan{}, fmt.Errorf("%w: Skip: the rollback has not failed at %q but at %s", ErrInvalid, id, list(failed.ids(plan.Stack)))
		}
	}
	return plan, nil
}

// stuck is where a rollback has failed.
type stuck struct {
	causes []Cause
	names  map[string]string // by path: the name of the stack there
}

// ids are the resources by the path that people give.
func (s stuck) ids(stack string) (ids []string) {
	for _, c := range s.causes {
		ids = append(ids, strings.TrimPrefix(c.Stack+"/"+c.LogicalID, stack+"/"))
	}
	return ids
}

// skip is what ContinueUpdateRollback calls the resource: its logical id, and
// within a nested stack "NestedStackName.LogicalID", with the name of that stack
// rather than its logical id. It is empty for one at which nothing has failed.
// Source: CloudFormation User Guide, "Continue rolling back from failed nested
// stack updates".
func (s stuck) skip(stack, id string) string {
	i := slices.Index(s.ids(stack), id)
	switch {
	case i < 0:
		return ""
	case s.causes[i].Stack == stack:
		return id
	}
	return s.names[s.causes[i].Stack] + "." + s.causes[i].LogicalID
}

// stuck reads at which resources the rollback of a stack has failed.
func (m *Manager) stuck(ctx context.Context, id, name string) (stuck, error) {
	s := stuck{names: make(map[string]string)}
	if err := m.exploreStuck(ctx, &s, id, name); err != nil {
		return s, err
	}
	slices.SortStableFunc(s.causes, func(a, b Cause) int { return a.Time.Compare(b.Time) })
	s.causes = roots(s.causes)
	return s, nil
}

func (m *Manager) exploreStuck(ctx context.Context, s *stuck, id, path string) error {
	all, err := m.resources(ctx, id)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.names[path] = nameIn(id)
	for _, r := range all {
		if !strings.HasSuffix(string(r.ResourceStatus), "_FAILED") || cancelledReason(value(r.ResourceStatusReason)) {
			continue
		}
		c := causeOf(path, r)
		s.causes = append(s.causes, c)
		if c.Type == stackType && strings.HasPrefix(c.PhysicalID, "arn:") && strings.Count(path, "/") < maxNesting {
			if err := m.exploreStuck(ctx, s, c.PhysicalID, path+"/"+c.LogicalID); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameIn is the name of the stack in its ARN: arn:aws:cloudformation:region:account:stack/name/id.
func nameIn(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return arn
}

// Recover lets CloudFormation continue the rollback of the stack, and waits for
// its end: UPDATE_ROLLBACK_COMPLETE, from which the stack can be updated again. A
// rollback that is under way already is waited for first.
//
// Where it fails again, the error is an [*OperationError] that matches
// [ErrRollbackFailed]; where the stack is in another state than planned for, or a
// resource to be skipped has not failed any more, it is [ErrStale].
func (m *Manager) Recover(ctx context.Context, plan RecoverPlan) (RecoverResult, error) {
	result := RecoverResult{Stack: plan.Stack, ID: plan.ID, Started: time.Now()}
	ctx, cancel := m.within(ctx)
	defer cancel()
	err := m.recover(ctx, plan, &result)
	result.Ended = time.Now()
	switch {
	case err != nil:
		if !isA[*UnfinishedError](err) && !isA[*OperationError](err) {
			err = fmt.Errorf("recover stack %s: %w", named(plan.Stack), err)
		}
		m.emit(opRecover, plan.Stack, progress.Failed, "", err)
	case result.Unchanged:
		m.emit(opRecover, plan.Stack, progress.Unchanged, "its rollback has ended", nil)
	default:
		m.emit(opRecover, plan.Stack, progress.RolledBack, "", nil)
	}
	return result, err
}

func (m *Manager) recover(ctx context.Context, plan RecoverPlan, result *RecoverResult) error {
	if plan.Stack == "" || plan.ID == "" {
		return ErrNotPlanned
	}
	for joined := false; ; {
		found, err := m.find(ctx, plan.ID)
		if err != nil {
			return err
		}
		status := gone
		if found != nil {
			status = found.StackStatus
		}
		switch status {
		case types.StackStatusUpdateRollbackComplete:
			result.Unchanged = !joined
			return nil
		case types.StackStatusUpdateRollbackInProgress, types.StackStatusUpdateRollbackCompleteCleanupInProgress:
			op := operation{verb: opRecover, name: plan.Stack, id: plan.ID, joined: true}
			if _, err := m.watch(ctx, op); err != nil {
				return err
			}
			joined = true
		case types.StackStatusUpdateRollbackFailed:
			return m.resume(ctx, plan, result)
		default:
			return fmt.Errorf("%w: it is %s now", ErrStale, status)
		}
	}
}

// resume is one attempt to continue the rollback.
func (m *Manager) resume(ctx context.Context, plan RecoverPlan, result *RecoverResult) error {
	now, err := m.stuck(ctx, plan.ID, plan.Stack)
	if err != nil {
		return err
	}
	in := &cloudformation.ContinueUpdateRollbackInput{StackName: &plan.ID}
	if plan.Role != "" {
		in.RoleARN = &plan.Role
	}
	for _, id := range plan.Skip {
		name := now.skip(plan.Stack, id)
		if name == "" {
			return fmt.Errorf("%w: the rollback does not fail at %s any more", ErrStale, id)
		}
		in.ResourcesToSkip = append(in.ResourcesToSkip, name)
	}
	op := operation{verb: opRecover, name: plan.Stack, id: plan.ID}
	if op.after, err = m.lastEvent(ctx, plan.ID); err != nil {
		return err
	}
	op.token = token("recover", plan.ID, op.after)
	in.ClientRequestToken = &op.token
	err = m.pace.do(ctx, func(ctx context.Context) error {
		_, err := m.api.ContinueUpdateRollback(ctx, in)
		return err
	})
	if err != nil {
		return unsure(ctx, op, err)
	}
	result.Skipped = plan.Skip
	out, err := m.watch(ctx, op)
	if err != nil {
		return err
	}
	return failure(op, out)
}

// unsure is err, unless the context has ended: then the request may have reached AWS.
func unsure(ctx context.Context, op operation, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &UnfinishedError{Op: strings.TrimPrefix(op.verb, "stack."), Stack: op.name, Err: err}
}
