package inventory_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
	"github.com/mettel-automation/delivery/progress"
)

// TestNothingIsReadInPart denies each action that reading takes, one after the other.
func TestNothingIsReadInPart(t *testing.T) {
	a := threeEnvironments()
	actions := make(map[string]string) // and where
	var mu sync.Mutex
	a.Before = func(region, action string) error {
		mu.Lock()
		defer mu.Unlock()
		actions[action] = region
		return nil
	}
	read(t, a, options())
	if len(actions) < 40 {
		t.Fatalf("%d actions only: %v", len(actions), actions)
	}
	for denied, where := range actions {
		t.Run(denied, func(t *testing.T) {
			a := threeEnvironments()
			a.Before = func(_, action string) error {
				if action == denied {
					return inventorytest.Denied(action)
				}
				return nil
			}
			inv, err := inventory.New(a.API(), options()).Read(t.Context())
			failed, ok := errors.AsType[*inventory.ReadError](err)
			if !ok || failed.Action != denied || failed.Region != where || len(inv.Mine)+len(inv.Others) > 0 {
				t.Fatalf("error %v, and %d resources", err, len(inv.Mine)+len(inv.Others))
			}
			if want := "read " + where + ": " + denied + ": AccessDeniedException: "; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "; allow "+denied+" to ") {
				t.Errorf("error %q, want it to begin with %q and to say what to allow", err, want)
			}
		})
	}
}

func TestAllFailuresAreTold(t *testing.T) {
	a := threeEnvironments()
	a.Before = func(region, action string) error {
		if region != nuke.Global {
			return inventorytest.Denied(action)
		}
		return nil
	}
	_, err := inventory.New(a.API(), options()).Read(t.Context())
	for _, action := range []string{"tag:GetResources", "ecs:ListClusters", "ecs:ListTaskDefinitions", "s3:ListAllMyBuckets", "logs:DescribeLogGroups"} {
		if err == nil || !strings.Contains(err.Error(), action) {
			t.Errorf("error %v does not have %s", err, action)
		}
	}
}

func TestAnotherAccountIsRefusedAtOnce(t *testing.T) {
	a := threeEnvironments()
	opts := options()
	opts.Account = "210987654321"
	_, err := inventory.New(a.API(), opts).Read(t.Context())
	if !errors.Is(err, inventory.ErrAccount) || !strings.Contains(err.Error(), accountID) {
		t.Errorf("error %v", err)
	}
	if n := a.Calls("iam:ListAccountAliases") + a.Calls("ecs:ListClusters"); n != 0 {
		t.Errorf("%d calls after the refusal", n)
	}
}

func TestIdentifyIsEnoughToRefuse(t *testing.T) {
	a := threeEnvironments()
	a.Alias = ""
	inv, err := inventory.New(a.API(), options()).Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := (nuke.Options{Blocklist: []string{live}}).Check(inv); !errors.Is(err, nuke.ErrAlias) {
		t.Errorf("error %v, want one about the alias", err)
	}
	if n := a.Calls("ecs:ListClusters"); n != 0 {
		t.Error("identifying read the account")
	}
}

func TestOptionsThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		spoil func(*inventory.Options)
		want  string
	}{
		"no environment":        {func(o *inventory.Options) { o.Environment = "" }, "the environment has no name"},
		"no account":            {func(o *inventory.Options) { o.Account = "" }, "the account is not given"},
		"no region":             {func(o *inventory.Options) { o.Regions = nil }, "no region is given"},
		"a region without name": {func(o *inventory.Options) { o.Regions = []string{""} }, "a region has no name"},
		"all regions":           {func(o *inventory.Options) { o.Regions = []string{"us-east-1", "all"} }, `"all" is no region: name those that the environment is in`},
		"global as a region":    {func(o *inventory.Options) { o.Regions = []string{"global"} }, `"global" is no region`},
		"aws-nuke 4":            {func(o *inventory.Options) { o.Major = 4 }, "aws-nuke 4 is unknown"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := threeEnvironments()
			opts := options()
			tt.spoil(&opts)
			_, err := inventory.New(a.API(), opts).Read(t.Context())
			if !errors.Is(err, inventory.ErrOptions) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if a.Calls("sts:GetCallerIdentity") != 0 {
				t.Error("AWS was asked")
			}
		})
	}
}

func TestParallelLimitsTheCalls(t *testing.T) {
	a := threeEnvironments()
	var mu sync.Mutex
	now, most := 0, 0
	a.Before = func(string, string) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(50 * time.Microsecond) // so that others can come
		mu.Lock()
		now--
		mu.Unlock()
		return nil
	}
	opts := options()
	opts.Parallel = 3
	read(t, a, opts)
	if most > 3 {
		t.Errorf("%d calls at once, at most 3 are allowed", most)
	}
}

func TestACancelledReadEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := threeEnvironments()
	a.Before = func(_, action string) error {
		if action == "ecs:DescribeServices" {
			cancel()
		}
		return ctx.Err()
	}
	_, err := inventory.New(a.API(), options()).Read(ctx)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}

func TestProgressTellsEachService(t *testing.T) {
	var events progress.Recorder
	opts := options()
	opts.Progress = events.Record
	a := threeEnvironments()
	a.Before = func(_, action string) error {
		if action == "sns:ListTopics" {
			return inventorytest.Denied(action)
		}
		return nil
	}
	if _, err := inventory.New(a.API(), opts).Read(t.Context()); err == nil {
		t.Fatal("no error")
	}
	last := make(map[string]progress.Event)
	for _, e := range events.Events() {
		if e.Op != "nuke.inventory" {
			t.Errorf("operation %q", e.Op)
		}
		last[e.Subject] = e
	}
	if e := last["us-east-1 security groups"]; e.State != progress.Done || e.Message != "3 found" {
		t.Errorf("security groups: %+v", e)
	}
	if e := last["us-east-1 tags"]; e.State != progress.Done || e.Message != "60 found" {
		t.Errorf("tags: %+v", e)
	}
	if e := last["us-east-1 SNS"]; e.State != progress.Failed || e.Err == nil {
		t.Errorf("SNS: %+v", e)
	}
	if len(last) != 15 {
		t.Errorf("%d subjects", len(last))
	}
}
