package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
	"github.com/mettel-automation/delivery/progress"
)

// scan is one read of an account.
type scan struct {
	opts   Options
	slots  chan struct{}   // one for each call under way
	shows  map[string]bool // whether a type shows its own tags
	mu     sync.Mutex
	things []*whose.Thing
	errs   []error
}

func newScan(opts Options) *scan {
	s := &scan{opts: opts, slots: make(chan struct{}, opts.Parallel), shows: make(map[string]bool)}
	for _, t := range nuke.Types() {
		for _, property := range t.Properties {
			if property == "tag:" {
				s.shows[t.Name] = true
			}
		}
	}
	return s
}

// place is a region, or what has none, while it is read.
type place struct {
	*scan
	Region
	name string
}

// reader reads one service of a place.
type reader struct {
	service string // for people
	read    func(context.Context, *place) ([]*whose.Thing, error)
}

// identify asks for the account and its alias.
func (s *scan) identify(ctx context.Context, api API, inv *nuke.Inventory) error {
	p := &place{scan: s, name: nuke.Global}
	who, err := call(ctx, p, "sts:GetCallerIdentity", api.Identity.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	if id := ptr.Value(who.Account); id != s.opts.Account {
		return fmt.Errorf("read account %s: %w: %s", s.opts.Account, ErrAccount, id)
	}
	aliases, err := call(ctx, p, "iam:ListAccountAliases", api.Aliases.ListAccountAliases, &iam.ListAccountAliasesInput{})
	if err != nil {
		return err
	}
	if len(aliases.AccountAliases) > 0 { // an account has one at most
		inv.Alias = aliases.AccountAliases[0]
	}
	return nil
}

// account reads all places, all services of each at once.
func (s *scan) account(ctx context.Context, api API) error {
	var all sync.WaitGroup
	start := func(p *place, readers []reader) {
		for _, r := range readers {
			all.Go(func() { s.read(ctx, p, r) })
		}
	}
	start(&place{scan: s, name: nuke.Global}, []reader{
		{"IAM", func(ctx context.Context, p *place) ([]*whose.Thing, error) { return readIAM(ctx, p, api.IAM) }},
		{"Route 53", func(ctx context.Context, p *place) ([]*whose.Thing, error) { return readDNS(ctx, p, api.DNS) }},
	})
	for _, name := range s.opts.Regions {
		start(&place{scan: s, Region: api.Region(name), name: name}, []reader{
			{"tags", readIndex},
			{"ECS", readClusters},
			{"task definitions", readTaskDefinitions},
			{"load balancers", readLoadBalancers},
			{"ElastiCache", readCaches},
			{"Cloud Map", readCloudMap},
			{"alarms", readAlarms},
			{"dashboards", readDashboards},
			{"log groups", readLogGroups},
			{"CloudFormation", readStacks},
			{"SNS", readTopics},
			{"S3", readBuckets},
			{"security groups", readSecurityGroups},
		})
	}
	all.Wait()
	if ctx.Err() != nil { // every call has failed of it
		return fmt.Errorf("read account %s: %w", s.opts.Account, ctx.Err())
	}
	s.consult()
	slices.SortFunc(s.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(s.errs...)
}

func (s *scan) read(ctx context.Context, p *place, r reader) {
	event := progress.Event{Op: "nuke.inventory", Subject: p.name + " " + r.service, State: progress.Running}
	s.opts.Progress.Emit(event)
	things, err := r.read(ctx, p)
	event.State, event.Message, event.Err = progress.Done, fmt.Sprintf("%d found", len(things)), err
	if err != nil {
		event.State, event.Message = progress.Failed, ""
	}
	s.opts.Progress.Emit(event)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.things = append(s.things, things...)
	if err != nil {
		s.errs = append(s.errs, err)
	}
}

// call makes one call, when a slot is free.
func call[In, Out, Opt any](ctx context.Context, p *place, action string, op func(context.Context, In, ...func(Opt)) (Out, error), in In) (Out, error) {
	var none Out
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	out, err := op(ctx, in)
	if err != nil {
		return none, &ReadError{Region: p.name, Action: action, Err: err}
	}
	return out, nil
}

// pages calls fetch with the token of one page after the other, until there is none.
func pages(fetch func(token *string) (next *string, err error)) error {
	var token *string
	seen := make(map[string]bool)
	for {
		next, err := fetch(token)
		switch {
		case err != nil:
			return err
		case ptr.Value(next) == "":
			return nil
		case seen[*next]:
			return fmt.Errorf("read pages: the list has no end: its page %q came before", *next)
		}
		seen[*next] = true
		token = next
	}
}

// each does something for all items at once, and ends with the first error. How much
// of it really goes on at once is up to the slots of the calls.
func each[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, item := range items {
		group.Go(func() error { return do(ctx, item) })
	}
	return group.Wait()
}

// thing is a resource of the place, without its tags.
func (p *place) thing(typ, id, name string, properties map[string]string) *whose.Thing {
	return &whose.Thing{Resource: nuke.Resource{Type: typ, Region: p.name, ID: id, Properties: properties}, Name: name}
}

// tags are those of a service's own type of tag.
func tags[T any](list []T, pair func(T) (key, value *string)) map[string]string {
	all := make(map[string]string, len(list))
	for _, tag := range list {
		key, value := pair(tag)
		all[ptr.Value(key)] = ptr.Value(value)
	}
	return all
}

// show adds a thing's tags to the properties that aws-nuke reads, as it spells them.
func show(properties, tags map[string]string, prefix string) {
	for key, value := range tags {
		if key = strings.TrimSpace(key); key != "" {
			properties[prefix+key] = value
		}
	}
}
