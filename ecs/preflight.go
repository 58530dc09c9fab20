package ecs

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// preflight holds what the changes of a plan demand against what the cluster
// can supply.
func (d *Deployer) preflight(ctx context.Context, changes []Change, found map[string]types.Service, running map[string]*types.TaskDefinition) (*capacity.Verdict, error) {
	if d.opts.Supply == nil {
		return nil, nil
	}
	demands := make([]capacity.Demand, len(changes))
	var errs []error
	for i, c := range changes {
		var err error
		if demands[i], err = c.demand(found[c.Service], running); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Service, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	supply, err := d.opts.Supply(ctx, d.opts.Cluster, demands)
	if err != nil {
		return nil, fmt.Errorf("read capacity: %w", err)
	}
	verdict := capacity.Check(demands, supply)
	return &verdict, nil
}

func (c Change) demand(s types.Service, running map[string]*types.TaskDefinition) (demand capacity.Demand, err error) {
	if c.Baseline != nil {
		demand, err = capacity.Updating(s, c.desired.TaskDefinition, running[ptr.Value(s.TaskDefinition)])
	} else {
		demand, err = capacity.Creating(c.Service, c.desired.TaskDefinition, c.desired.Settings)
	}
	demand.Needs, demand.Unchanged = c.Needs, c.Action == Unchanged
	return demand, err
}
