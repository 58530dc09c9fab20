package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// deleteChangeSet deletes a change set, which may be gone already.
func (m *Manager) deleteChangeSet(ctx context.Context, id string) error {
	_, err := call(ctx, m, m.api.DeleteChangeSet, &cloudformation.DeleteChangeSetInput{ChangeSetName: &id})
	if err == nil || isA[*types.ChangeSetNotFoundException](err) || missing(err) {
		return nil
	}
	return fmt.Errorf("delete change set: %w", err)
}

// abandon deletes a change set and, where planning made that, the stack in review
// that was made for it. A stack that has other change sets stays.
func (m *Manager) abandon(ctx context.Context, name, stackID, set string) error {
	if err := m.deleteChangeSet(ctx, set); err != nil {
		return err
	}
	found, err := m.find(ctx, stackID)
	if err != nil || found == nil || found.StackStatus != types.StackStatusReviewInProgress {
		return err
	}
	all, err := m.changeSets(ctx, stackID)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(all, func(s types.ChangeSetSummary) bool { return ptr.Value(s.ChangeSetId) != set }):
		return nil
	}
	return m.deleteStack(ctx, stackID, name, token("discard", stackID))
}

func (m *Manager) changeSets(ctx context.Context, stack string) ([]types.ChangeSetSummary, error) {
	var all []types.ChangeSetSummary
	for token := (*string)(nil); ; {
		out, err := call(ctx, m, m.api.ListChangeSets, &cloudformation.ListChangeSetsInput{StackName: &stack, NextToken: token})
		if err != nil {
			return nil, fmt.Errorf("list change sets: %w", err)
		}
		all = append(all, out.Summaries...)
		if token = out.NextToken; ptr.Value(token) == "" {
			return all, nil
		}
	}
}

// How old a change set of this package is when a later plan sweeps it away: one that
// cannot be executed, and one that may still be looked at by somebody.
const (
	uselessAfter   = time.Hour
	forgottenAfter = 7 * 24 * time.Hour
)

// sweep deletes what earlier volatile requests have left behind of a stack: runs that
// were killed, and plans that were neither applied nor discarded. What it may not
// sweep stays: that is no reason to plan nothing.
func (m *Manager) sweep(ctx context.Context, stackID string) {
	all, err := m.changeSets(ctx, stackID)
	if err != nil {
		return
	}
	for _, s := range all {
		if forgotten(s, time.Now()) && m.deleteChangeSet(ctx, ptr.Value(s.ChangeSetId)) != nil {
			return
		}
	}
}

func forgotten(s types.ChangeSetSummary, now time.Time) bool {
	own := strings.HasPrefix(ptr.Value(s.ChangeSetName), ownPrefix) && ptr.Value(s.Description) == madeHere
	if !own || s.CreationTime == nil {
		return false
	}
	age := now.Sub(*s.CreationTime)
	switch s.ExecutionStatus {
	case types.ExecutionStatusAvailable:
		return age > forgottenAfter
	case types.ExecutionStatusUnavailable, types.ExecutionStatusObsolete, types.ExecutionStatusExecuteFailed:
		return age > uselessAfter
	}
	return false
}
