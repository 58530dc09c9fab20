// Package inventory reads what an account of AWS holds, and says what of it belongs to
// one environment: the input of package nuke.
//
//	reader := inventory.New(inventory.Connect(cfg), inventory.Options{
//		Environment: "automation-1a2b3c4d", Account: "123456789012", Regions: []string{"us-east-1"},
//	})
//	inv, err := reader.Read(ctx)
//
// It reads every resource of the types of [nuke.Types] in the given regions, other
// environments' too, since what stays must be known as well as what goes. A resource
// belongs to the environment where its tag Environment, its name or what it is part of
// say so, and none of them says otherwise; names are never matched in the middle. Where
// they disagree it is a conflict, and package nuke then generates nothing.
//
// What cannot be read is an error, never a smaller inventory. All calls only read. It
// does not look into buckets, such as for the state of Terraform, nor into regions that
// it is not given, and what changes while it reads may be missed: a dry run of aws-nuke
// shows what is there when it counts.
package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
	"github.com/mettel-automation/delivery/progress"
)

// Options say what to read. Environment, Account and Regions have no defaults.
type Options struct {
	// Environment is the name of the environment: "automation-1a2b3c4d".
	Environment string
	// Account is the id that the account must have.
	Account string
	// Regions are those of the environment: "us-east-1". IAM and Route 53, which
	// have none, are always read.
	Regions []string
	// Major is the major version of aws-nuke that is going to run: 3, the default, or
	// 2, which does not see inactive task definitions.
	Major int
	// Parallel is how many calls are under way at most; default 8.
	Parallel int
	// Progress hears of each service that is read; nil is silence.
	Progress progress.Func
}

// ErrAccount is the error of credentials for another account than Options.Account.
var ErrAccount = errors.New("the credentials are for another account")

// ErrOptions is the error of options that cannot be used.
var ErrOptions = errors.New("unusable options")

// Reader reads one account.
type Reader struct {
	api  API
	opts Options
}

// New returns a Reader that talks to AWS through api.
func New(api API, opts Options) *Reader {
	opts.Parallel = max(cmp.Or(opts.Parallel, 8), 1)
	opts.Major = cmp.Or(opts.Major, 3)
	opts.Regions = slices.Compact(slices.Sorted(slices.Values(opts.Regions)))
	return &Reader{api: api, opts: opts}
}

// Identify returns an inventory of nothing: the account, its alias and the environment,
// which are enough for [nuke.Options.Check] to refuse before the long read.
//
// It fails with [ErrOptions] before any call, with [ErrAccount], and with a [*ReadError].
func (r *Reader) Identify(ctx context.Context) (nuke.Inventory, error) {
	if err := r.opts.check(); err != nil {
		return nuke.Inventory{}, err
	}
	inv := nuke.Inventory{Account: r.opts.Account, Environment: r.opts.Environment, Regions: append(slices.Clone(r.opts.Regions), nuke.Global)}
	s := newScan(r.opts)
	if err := s.identify(ctx, r.api, &inv); err != nil {
		return nuke.Inventory{}, err
	}
	return inv, nil
}

// Read returns what the account holds, each list sorted by type, region and id. It fails as [Reader.Identify] does; services
// that cannot be read are a [*ReadError] each, joined.
func (r *Reader) Read(ctx context.Context) (nuke.Inventory, error) {
	inv, err := r.Identify(ctx)
	if err != nil {
		return nuke.Inventory{}, err
	}
	s := newScan(r.opts)
	if err := s.account(ctx, r.api); err != nil {
		return nuke.Inventory{}, err
	}
	judge, err := s.judge(ctx)
	if err != nil {
		return nuke.Inventory{}, err
	}
	s.display()
	split := judge.Split()
	inv.Mine, inv.Others, inv.Beyond, inv.Conflicts = split.Mine, split.Others, split.Beyond, split.Conflicts
	for _, t := range nuke.Types() {
		inv.Read = append(inv.Read, t.Name)
	}
	return inv, nil
}

func (o Options) check() error {
	var fault string
	switch {
	case o.Environment == "":
		fault = "the environment has no name"
	case o.Account == "":
		fault = "the account is not given"
	case len(o.Regions) == 0:
		fault = "no region is given"
	case slices.Contains(o.Regions, ""):
		fault = "a region has no name"
	case slices.Contains(o.Regions, nuke.Global):
		fault = fmt.Sprintf("%q is no region: what it stands for is always read", nuke.Global)
	case slices.Contains(o.Regions, "all"):
		fault = `"all" is no region: name those that the environment is in`
	case o.Major != 2 && o.Major != 3:
		fault = fmt.Sprintf("aws-nuke %d is unknown; 2 and 3 are known", o.Major)
	default:
		return nil
	}
	return fmt.Errorf("read inventory: %w: %s", ErrOptions, fault)
}

// judge confirms what is said of the environment's things, until nothing new turns up,
// and returns who decides.
func (s *scan) judge(ctx context.Context) (*whose.Judge, error) {
	for {
		judge := whose.New(s.opts.Environment, s.things)
		unsure := slices.DeleteFunc(judge.Suspects(), func(t *whose.Thing) bool { return t.Ask == nil })
		if len(unsure) == 0 {
			return judge, nil
		}
		err := each(ctx, unsure, func(ctx context.Context, t *whose.Thing) error {
			tags, err := t.Ask(ctx)
			t.Ask = nil
			if isGone(err) {
				t.Moot = true
				return nil
			}
			t.Tags = tags
			return err
		})
		if err != nil {
			return nil, err
		}
	}
}
