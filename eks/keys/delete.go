package keys

import (
	"context"
	"errors"
	"fmt"
)

// PlanDelete plans to delete the access keys of Spec.SMTPUser, for [Deliverer.Apply]: as
// long as it has any, the user cannot be deleted, nor the stack that has made it. Those
// that are in no object stay, unless RemoveOrphans says so.
//
// The objects stay, too; they go with the bucket, which has to be emptied afterwards, since
// they tell whose the keys are. Where the user is gone already, there is nothing to do.
func (d *Deliverer) PlanDelete(ctx context.Context, s Spec) (Plan, error) {
	s.KeyPairID, s.Facts = "", nil // they are not looked at
	p := Plan{Bucket: s.Bucket, spec: s}
	err := d.check(s)
	if err == nil {
		err = d.observeSMTP(ctx, s, &p.observed)
	}
	if errors.Is(err, ErrNoBucket) {
		err = d.observeKeys(ctx, s, &p.observed)
	}
	if err != nil && !errors.Is(err, ErrNoUser) {
		return Plan{}, fmt.Errorf("plan to remove the access keys of user %s: %w", s.SMTPUser, err)
	}
	for _, k := range p.observed.keys {
		switch {
		case k.id == p.observed.file.Username:
			p.addKey(k, Delete, "in "+SMTPObject)
		case p.observed.replaced(k.id):
			p.addKey(k, Delete, "replaced")
		case s.RemoveOrphans:
			p.addKey(k, Delete, k.describe())
		default:
			p.addKey(k, Orphan, k.describe()+"; RemoveOrphans deletes it, and without that the user cannot be deleted")
		}
	}
	return p, nil
}
