package kresystem

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/progress"
)

// MailKeys are the access keys of the user that sends mail. CloudFormation deletes no
// user that has any.
type MailKeys struct {
	User string   `json:"user"`
	IDs  []string `json:"ids"`
}

// Empty reports whether there are none.
func (k MailKeys) Empty() bool { return len(k.IDs) == 0 }

// String names them, a line each.
func (k MailKeys) String() string { return lines("- access key ", k.IDs) }

// planMailKeys lists the keys of a user; one that is gone, or "", has none.
func planMailKeys(ctx context.Context, api keys.AccessKeys, user string) (MailKeys, error) {
	k := MailKeys{User: user}
	if user == "" {
		return k, nil
	}
	out, err := api.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if _, gone := errors.AsType[*types.NoSuchEntityException](err); gone {
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("list access keys of %s: %w", user, err)
	}
	for _, key := range out.AccessKeyMetadata { // at most two, on one page
		k.IDs = append(k.IDs, *key.AccessKeyId)
	}
	return k, nil
}

// deleteMailKeys deletes the keys of a plan, and returns those that are gone.
func (s *System) deleteMailKeys(ctx context.Context, k MailKeys) (done []string, err error) {
	for _, id := range k.IDs {
		event := progress.Event{Op: "iam.key", Subject: id, State: progress.Done}
		_, err := s.cloud.keys.AccessKeys.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &k.User, AccessKeyId: &id})
		if _, gone := errors.AsType[*types.NoSuchEntityException](err); err != nil && !gone {
			event.State, event.Err = progress.Failed, err
			s.Console.Emit(event)
			return done, fmt.Errorf("delete access key %s of %s: %w", id, k.User, err)
		}
		s.Console.Emit(event)
		done = append(done, id)
	}
	return done, nil
}
