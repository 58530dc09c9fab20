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
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/progress"
)

const opRecover = "stack.recover"

// RecoverRequest says which stack to bring back to where it was before its last
// operation failed, and how.
type RecoverRequest struct {
	// Name is the whole name of the stack.
	Name string
	// Skip are the resources that the rollback leaves as they are, among those at
	// which it has failed: logical ids, "Nested/LogicalID" within a nested stack.
	// Default none: the cause was removed, and the rollback is tried again. It is
	// for UPDATE_ROLLBACK_FAILED alone.
	Skip []string
	// Role is the ARN of the role by which CloudFormation rolls back; default the
	// one that the stack has, or else the caller's own permissions.
	Role string
}

// Recovery is what recovering a stack does. It can be kept as JSON and be
// applied by another process.
type Recovery struct {
	Stack  string `json:"stack"`
	ID     string `json:"id"` // ARN
	Status string `json:"status"`
	// Failed are the resources at which the operation, or its rollback, has failed,
	// the first one first.
	Failed []Cause  `json:"failed,omitempty"`
	Skip   []string `json:"skip,omitempty"` // sorted
	Role   string   `json:"role,omitempty"`
}

// Empty reports whether the rollback has ended already.
func (p Recovery) Empty() bool { return rolledBack(types.StackStatus(p.Status)) }

func rolledBack(status types.StackStatus) bool {
	return status == types.StackStatusUpdateRollbackComplete || status == types.StackStatusRollbackComplete
}

func rollingBack(status types.StackStatus) bool {
	switch status {
	case types.StackStatusUpdateRollbackInProgress, types.StackStatusUpdateRollbackCompleteCleanupInProgress, types.StackStatusRollbackInProgress:
		return true
	}
	return false
}

// String says what is done, and names every resource that has failed.
func (p Recovery) String() string {
	var b strings.Builder
	name, is := clean.Text(p.Stack), clean.Text(p.Status)
	switch status := types.StackStatus(p.Status); {
	case status == types.StackStatusRollbackComplete:
		fmt.Fprintf(&b, "stack %s: the rollback of its creation has ended (%s), only its deletion is left\n", name, is)
	case p.Empty():
		fmt.Fprintf(&b, "stack %s: its rollback has ended (%s), nothing to recover\n", name, is)
	case rollingBack(status):
		fmt.Fprintf(&b, "stack %s: is being rolled back (%s), wait for it\n", name, is)
	case status == types.StackStatusUpdateFailed:
		fmt.Fprintf(&b, "stack %s (%s): roll its last update back\n", name, is)
	case status == types.StackStatusCreateFailed:
		fmt.Fprintf(&b, "stack %s (%s): roll its creation back: what was made is deleted, and then only the deletion of the stack is left\n", name, is)
	default:
		fmt.Fprintf(&b, "stack %s (%s): continue the rollback of its last update\n", name, is)
	}
	for _, c := range p.Failed {
		fmt.Fprintf(&b, "  ! it failed at %s\n", c)
	}
	for _, id := range p.Skip {
		fmt.Fprintf(&b, "  ! skip %s: it stays as it is and does not match the template any more; bring them in line before the next update\n", clean.Text(id))
	}
	return b.String()
}

// Recovered is what ApplyRecover did.
type Recovered struct {
	Stack  string `json:"stack"`
	ID     string `json:"id"`
	Status string `json:"status,omitempty"` // of the stack, after it
	// Unchanged: the rollback had ended before.
	Unchanged bool `json:"unchanged,omitempty"`
	// Skipped are the resources that were left as they are. CloudFormation shows
	// them as updated, and drift does not show: until they match the template
	// again, an update may fail at them for good.
	Skipped []string  `json:"skipped,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
}

// PlanRecover reads what a stack has failed at. It only reads.
//
// A stack can be recovered from UPDATE_ROLLBACK_FAILED, where CloudFormation has
// given up on a rollback, and from UPDATE_FAILED and CREATE_FAILED, where it was told
// not to roll back. Of the latter it rolls none back that was last updated in
// EXPRESS mode; the error then says what helps.
//
// It fails with [ErrNotFound] where there is no such stack, with [ErrState] where
// it is in another status, but for a rollback that is under way or has ended, and with
// [ErrInvalid] where Skip names a resource at which no rollback has failed.
func (m *Manager) PlanRecover(ctx context.Context, r RecoverRequest) (Recovery, error) {
	plan, err := m.planRecover(ctx, r)
	if err != nil {
		return Recovery{}, fmt.Errorf("plan to recover stack %s: %w", named(r.Name), err)
	}
	return plan, nil
}

func (m *Manager) planRecover(ctx context.Context, r RecoverRequest) (Recovery, error) {
	found, err := m.exactly(ctx, r.Name)
	switch {
	case err != nil:
		return Recovery{}, err
	case found == nil:
		return Recovery{}, ErrNotFound
	case ptr.Value(found.ParentId) != "":
		return Recovery{}, fmt.Errorf("%w: it is nested in %s, and is recovered with that", ErrInvalid, ptr.Value(found.ParentId))
	}
	plan := Recovery{Stack: r.Name, ID: ptr.Value(found.StackId), Status: string(found.StackStatus), Skip: slices.Sorted(slices.Values(r.Skip)), Role: r.Role}
	plan.Skip = slices.Compact(plan.Skip)
	if rolledBack(found.StackStatus) || rollingBack(found.StackStatus) {
		plan.Skip = nil
		return plan, nil
	}
	if err := recoverable(*found, plan.Skip); err != nil {
		return Recovery{}, err
	}
	failed, err := m.stuck(ctx, plan.ID, r.Name)
	if err != nil {
		return Recovery{}, err
	}
	plan.Failed = failed.causes
	for _, id := range plan.Skip {
		if failed.skip(plan.Stack, id) == "" {
			return Recovery{}, fmt.Errorf("%w: Skip: the rollback has not failed at %q but at %s", ErrInvalid, id, list(failed.ids(plan.Stack)))
		}
	}
	return plan, nil
}

// recoverable refuses a stack that CloudFormation does not roll back.
//
// Source: CloudFormation API reference, RollbackStack; of EXPRESS mode
// aws/aws-cdk-cli#1973, to which the API reference says nothing.
func recoverable(found types.Stack, skip []string) error {
	switch found.StackStatus {
	case types.StackStatusUpdateRollbackFailed:
		return nil
	case types.StackStatusUpdateFailed, types.StackStatusCreateFailed:
	default:
		return fmt.Errorf("%w: it is %s, and can be recovered from UPDATE_ROLLBACK_FAILED, UPDATE_FAILED and CREATE_FAILED", ErrState, found.StackStatus)
	}
	express := found.DeploymentConfig != nil && found.DeploymentConfig.Mode == types.DeploymentConfigModeExpress
	switch {
	case express && found.StackStatus == types.StackStatusCreateFailed:
		return fmt.Errorf("%w: it is CREATE_FAILED in EXPRESS mode, of which CloudFormation rolls nothing back: delete it, or set RecreateFailed", ErrState)
	case express:
		return fmt.Errorf("%w: it is UPDATE_FAILED in EXPRESS mode, of which CloudFormation rolls nothing back: delete it, or update it to the template and parameters "+
			"that it had before (aws cloudformation update-stack --deployment-config Mode=EXPRESS,DisableRollback=true), then plan again", ErrState)
	case len(skip) > 0:
		return fmt.Errorf("%w: Skip: no rollback of it has failed, it is %s", ErrInvalid, found.StackStatus)
	}
	return nil
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

// stuck reads at which resources an update or its rollback has failed.
func (m *Manager) stuck(ctx context.Context, id, name string) (stuck, error) {
	s := stuck{names: make(map[string]string)}
	err := m.walk(ctx, id, name, func(_ context.Context, at site) (nested []types.StackResourceSummary, err error) {
		s.names[at.path] = nameIn(at.id)
		for _, r := range at.resources {
			if strings.HasSuffix(string(r.ResourceStatus), "_FAILED") && !cancelledReason(ptr.Value(r.ResourceStatusReason)) {
				s.causes = append(s.causes, causeOf(at.path, r))
				nested = append(nested, r)
			}
		}
		return nested, nil
	})
	slices.SortStableFunc(s.causes, func(a, b Cause) int { return a.Time.Compare(b.Time) })
	s.causes = roots(s.causes)
	return s, err
}

// ApplyRecover lets CloudFormation roll the stack back, or continue to, and waits for the
// end: UPDATE_ROLLBACK_COMPLETE, from which the stack can be updated again, and after
// a creation ROLLBACK_COMPLETE, from which it can be deleted. A rollback that is
// under way already is waited for first.
//
// Where it fails again, the error is an [*OperationError] that matches
// [ErrRollbackFailed]; where the stack is in another state than planned for, or a
// resource to be skipped has not failed any more, it is [ErrStale].
func (m *Manager) ApplyRecover(ctx context.Context, plan Recovery) (Recovered, error) {
	result := Recovered{Stack: plan.Stack, ID: plan.ID, Started: time.Now()}
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

func (m *Manager) recover(ctx context.Context, plan Recovery, result *Recovered) error {
	if plan.Stack == "" || plan.ID == "" {
		return ErrNotPlanned
	}
	if err := ofStackNamed(plan.Stack, plan.ID); err != nil {
		return err
	}
	for joined := false; ; {
		found, err := m.find(ctx, plan.ID)
		if err != nil {
			return err
		}
		if found == nil {
			return fmt.Errorf("%w: it is gone", ErrStale)
		}
		status := found.StackStatus
		result.Status = string(status)
		switch {
		case rolledBack(status):
			result.Unchanged = !joined
			return nil
		case rollingBack(status):
			op := operation{verb: opRecover, name: plan.Stack, id: plan.ID, joined: true}
			if _, err := m.watch(ctx, op); err != nil {
				return err
			}
			joined = true
		case status == types.StackStatusUpdateRollbackFailed, string(status) == plan.Status:
			if err := recoverable(*found, plan.Skip); err != nil {
				return err
			}
			return m.resume(ctx, plan, status, result)
		default:
			return fmt.Errorf("%w: it is %s now", ErrStale, status)
		}
	}
}

// resume is one attempt to roll back.
func (m *Manager) resume(ctx context.Context, plan Recovery, from types.StackStatus, result *Recovered) error {
	skip, err := m.skips(ctx, plan)
	if err != nil {
		return err
	}
	op := operation{verb: opRecover, name: plan.Stack, id: plan.ID}
	if op.after, err = m.lastEvent(ctx, plan.ID); err != nil {
		return err
	}
	op.token = token("recover", plan.ID, op.after)
	var role *string
	if plan.Role != "" {
		role = &plan.Role
	}
	if from == types.StackStatusUpdateRollbackFailed {
		_, err = call(ctx, m, m.api.ContinueUpdateRollback, &cloudformation.ContinueUpdateRollbackInput{
			StackName: &op.id, ClientRequestToken: &op.token, RoleARN: role, ResourcesToSkip: skip,
		})
	} else {
		_, err = call(ctx, m, m.api.RollbackStack, &cloudformation.RollbackStackInput{StackName: &op.id, ClientRequestToken: &op.token, RoleARN: role})
	}
	if err != nil {
		return unsure(ctx, op, err)
	}
	result.Skipped = plan.Skip
	out, err := m.watch(ctx, op)
	if err != nil {
		return err
	}
	result.Status = string(out.Status)
	if rolledBack(out.Status) || from == types.StackStatusCreateFailed && out.Status == types.StackStatusDeleteComplete {
		return nil
	}
	return failure(op, out)
}

// skips are the resources to be skipped, by the names that CloudFormation has for them.
func (m *Manager) skips(ctx context.Context, plan Recovery) (names []string, err error) {
	if len(plan.Skip) == 0 {
		return nil, nil
	}
	now, err := m.stuck(ctx, plan.ID, plan.Stack)
	if err != nil {
		return nil, err
	}
	for _, id := range plan.Skip {
		name := now.skip(plan.Stack, id)
		if name == "" {
			return nil, fmt.Errorf("%w: the rollback does not fail at %s any more", ErrStale, id)
		}
		names = append(names, name)
	}
	return names, nil
}

// unsure is err, unless the context has ended after the request was sent: then it
// may have reached AWS.
func unsure(ctx context.Context, op operation, err error) error {
	if ctx.Err() == nil || isA[*unsentError](err) {
		return err
	}
	return &UnfinishedError{Op: strings.TrimPrefix(op.verb, "stack."), Stack: op.name, Err: err}
}
