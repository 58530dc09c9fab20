package ecs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/ecs/capacity"
	"github.com/mettel-automation/delivery/ecs/ecstest"
)

func TestAPlanThatFindsNoRoomIsRefused(t *testing.T) { // T69, T77
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.New(ecstest.Options{})
		cloud.AddCluster(cluster)
		for range 2 {
			cloud.AddInstance(cluster, ecstest.Instance{CPU: 1024, Memory: 200})
		}
		reader := capacity.NewReader(cloud.Client(), capacity.Options{})
		opts := ecs.Options{Cluster: cluster, Supply: func(ctx context.Context, name string, _ []capacity.Demand) (capacity.Supply, error) {
			return reader.Supply(ctx, name)
		}}
		d := ecs.New(cloud.Client(), opts)
		fits := []ecs.Service{svc("a", "v1")}
		if _, err := (deployer{d}).apply(t, fits); err != nil {
			t.Fatal(err)
		}
		big := svc("b", "v1") // 300 MiB are free in all, and on no instance
		big.TaskDefinition.ContainerDefinitions[0].Memory = new(int32(250))
		plan, err := d.Plan(t.Context(), append(fits, big))
		if err != nil {
			t.Fatal(err)
		}
		if plan.Capacity.Outcome != capacity.DoesNotFit || !strings.Contains(plan.String(), "capacity: does not fit") || plan.Capacity.Shortages[0].Service != "b" {
			t.Errorf("plan %v", plan)
		}
		writes := cloud.Calls("CreateService")
		if _, err := d.Apply(t.Context(), plan); !errors.Is(err, ecs.ErrNoCapacity) || cloud.Calls("CreateService") != writes {
			t.Errorf("error %v after %d writes", err, cloud.Calls("CreateService")-writes)
		}
		opts.IgnoreCapacity, opts.KeepFailed = true, true
		if _, err := ecs.New(cloud.Client(), opts).Apply(t.Context(), plan); !errors.Is(err, ecs.ErrNoCapacity) || cloud.Calls("CreateService") == writes {
			t.Errorf("ignoring it: %v, want that ECS finds no room", err)
		}
		opts.Supply = func(context.Context, string, []capacity.Demand) (capacity.Supply, error) {
			return capacity.Supply{}, errors.New("out of order")
		}
		if _, err := ecs.New(cloud.Client(), opts).Plan(t.Context(), fits); err == nil || !strings.Contains(err.Error(), "read capacity: out of order") {
			t.Errorf("a reader that fails: %v", err)
		}
	})
}
