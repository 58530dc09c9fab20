package kresystem

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/eks"
	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/keys"
	"github.com/mettel-automation/delivery/infra"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/runtime"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/stack"
)

// Destroy says what goes of an environment.
type Destroy struct {
	RuntimesOnly    bool
	Runtime         string // this one alone
	EmptyBucket     bool   // with every version of every object in it
	DeleteForeign   bool   // what others have made, too: records in the zones of runtimes, keys of the user that sends mail
	AllowProduction string // the name of the environment again
	Apply           bool
}

// Destruction is what goes, as it is planned and as it went, in its order. What is not
// concerned is nil.
type Destruction struct {
	Runtimes    *runtime.Deletion `json:"runtimes,omitempty"`
	Destroyed   *runtime.Deleted  `json:"destroyed,omitempty"`
	Charts      *kre.Plan         `json:"charts,omitempty"`
	Uninstalled *kre.Result       `json:"uninstalled,omitempty"`
	Access      *access.Plan      `json:"access,omitempty"`
	Revoked     *access.Result    `json:"revoked,omitempty"`
	Keys        *keys.Plan        `json:"keys,omitempty"`
	KeysDeleted *keys.Result      `json:"keysDeleted,omitempty"`
	Stack       *stack.Deletion   `json:"stack,omitempty"`
	Deleted     *stack.Deleted    `json:"deleted,omitempty"`
	// NotBegun are the steps that were not come to.
	NotBegun []string `json:"notBegun,omitempty"`
}

// deed is one step of a destruction: it plans at once, and goes when it is called.
type deed struct {
	name string
	do   func(context.Context) error
}

// Destroy plans to take an environment away, every part of it, before anything goes;
// with d.Apply it then goes, the runtimes first and the stack last.
func (s *System) Destroy(ctx context.Context, d Destroy) (*Destruction, error) {
	r := &Destruction{}
	if err := s.allowed(d); err != nil {
		return r, err
	}
	out, err := s.Outputs(ctx)
	if errors.Is(err, stack.ErrNotFound) {
		s.Console.Say(fmt.Sprintf("environment %s: there is no such stack: nothing to destroy", s.Environment.Name), "")
		return r, nil
	}
	if err != nil {
		return r, err
	}
	deeds, err := s.destruction(ctx, d, out, r)
	if err != nil || !d.Apply {
		return r, err
	}
	for i, deed := range deeds {
		if err := deed.do(ctx); err != nil {
			for _, rest := range deeds[i+1:] {
				r.NotBegun = append(r.NotBegun, rest.name)
			}
			s.leave(r.NotBegun, err)
			return r, err
		}
	}
	return r, nil
}

// allowed refuses production, unless its name is repeated.
func (s *System) allowed(d Destroy) error {
	e := s.Environment
	switch {
	case d.AllowProduction != "" && d.AllowProduction != e.Name:
		return &InputError{fmt.Errorf("-allow-production %s: the environment is %s", d.AllowProduction, e.Name)}
	case e.production() && d.AllowProduction == "":
		return fmt.Errorf("destroy %s: it is the environment of production: repeat its name with -allow-production %s; nothing is destroyed", e.Name, e.Name)
	}
	return nil
}

// destruction plans every deed, and shows it.
func (s *System) destruction(ctx context.Context, d Destroy, out infra.KREClusterOutputs, r *Destruction) ([]deed, error) {
	var deeds []deed
	plan := func(makers ...func() (deed, error)) error {
		for _, maker := range makers {
			next, err := maker()
			if err != nil {
				return err
			}
			deeds = append(deeds, next)
		}
		return nil
	}
	c, err := s.Connect(ctx)
	gone := err != nil && s.absent(ctx, err)
	switch {
	case gone:
		s.Console.Say("the cluster is gone, and all that was in it with it", "")
		err = nil
	case err == nil && (len(s.Environment.Runtimes) > 0 || d.Runtime != ""):
		if err = plan(func() (deed, error) { return s.endRuntimes(ctx, d, r, c) }); err == nil {
			err = foreign(r.Runtimes)
		}
	}
	if err != nil || d.RuntimesOnly || d.Runtime != "" {
		return deeds, err
	}
	if !gone {
		err = plan(func() (deed, error) { return s.uninstall(ctx, r, c, out) }, func() (deed, error) { return s.revoke(ctx, r, c) })
	}
	if err == nil {
		err = plan(func() (deed, error) { return s.endKeys(ctx, d, r, out) }, func() (deed, error) { return s.endStack(ctx, d, r) })
	}
	if err == nil {
		err = s.ready(ctx, d, r, gone)
	}
	return deeds, err
}

// absent reports whether the cluster, which could not be connected to because of err, is
// gone, is going, or never came to be.
func (s *System) absent(ctx context.Context, err error) bool {
	if !errors.Is(err, eks.ErrNotReady) {
		return errors.Is(err, eks.ErrNotFound)
	}
	out, err := s.cloud.clusters.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &s.Environment.Name})
	if err != nil || out.Cluster == nil {
		return false
	}
	return out.Cluster.Status == types.ClusterStatusDeleting || out.Cluster.Status == types.ClusterStatusFailed
}

// prepared makes a deed of a step whose plan is shown now.
func prepared[P planned, R any](ctx context.Context, s *System, st step[P, R], done func(R)) (deed, error) {
	plan, err := st.propose(ctx, s.Console)
	if err != nil {
		return deed{}, err
	}
	return deed{name: st.name, do: func(ctx context.Context) error {
		result, err := st.carryOut(ctx, s.Console, plan)
		done(result)
		return err
	}}, nil
}

func (s *System) endRuntimes(ctx context.Context, d Destroy, r *Destruction, c *Cluster) (deed, error) {
	wanted, err := s.Environment.runtimes(d.Runtime)
	if err != nil {
		return deed{}, err
	}
	var list []runtime.Runtime
	var allowed []string
	for _, w := range wanted {
		list = append(list, s.Environment.runtime(w))
		if d.AllowProduction != "" {
			allowed = append(allowed, w.Name)
		}
	}
	manager := s.runtimes(c, wanted, zone.Options{DeleteForeign: d.DeleteForeign}, allowed)
	return prepared(ctx, s, step[destruction, runtime.Deleted]{
		name: "destroy runtimes",
		plan: func(ctx context.Context) (destruction, error) {
			plan, err := manager.PlanDelete(ctx, list)
			return destruction{plan}, err
		},
		begun: func(p destruction) { r.Runtimes = &p.Deletion },
		apply: func(ctx context.Context, p destruction) (runtime.Deleted, error) {
			return manager.ApplyDelete(ctx, p.Deletion)
		},
		says: func(_ destruction, r runtime.Deleted) string { return r.String() },
	}, func(done runtime.Deleted) { r.Destroyed = &done })
}

// foreign refuses to take down runtimes with records that are not those of the
// environment's external-dns: it would stop at the zone, with the release gone.
func foreign(plan *runtime.Deletion) error {
	if plan == nil {
		return nil
	}
	var errs []error
	for _, r := range plan.Runtimes {
		if err := r.Zone.Blocked(); err != nil {
			errs = append(errs, fmt.Errorf("runtime %s: %w", r.Runtime, err))
		}
	}
	if errs != nil {
		errs = append(errs, errors.New("here that is -delete-foreign; nothing is destroyed"))
	}
	return errors.Join(errs...)
}

// destruction is one of runtimes, which always has something to look after.
type destruction struct{ runtime.Deletion }

// Empty implements planned.
func (d destruction) Empty() bool { return len(d.Runtimes) == 0 }

func (s *System) uninstall(ctx context.Context, r *Destruction, c *Cluster, out infra.KREClusterOutputs) (deed, error) {
	releases, err := s.releases(out)
	if err != nil {
		return deed{}, err
	}
	return prepared(ctx, s, step[kre.Plan, kre.Result]{
		name:  "destroy charts",
		plan:  func(ctx context.Context) (kre.Plan, error) { return c.engine.PlanUninstall(ctx, releases) },
		begun: func(p kre.Plan) { r.Charts = &p },
		apply: c.engine.ApplyUninstall,
		says:  func(_ kre.Plan, r kre.Result) string { return r.String() },
	}, func(done kre.Result) { r.Uninstalled = &done })
}

// revoke takes all access that is ours, that of administrators too: the cluster goes.
func (s *System) revoke(ctx context.Context, r *Destruction, c *Cluster) (deed, error) {
	manager := s.access(c, access.Options{AllowLockout: true})
	return prepared(ctx, s, step[access.Plan, access.Result]{
		name:  "destroy access",
		plan:  func(ctx context.Context) (access.Plan, error) { return manager.Plan(ctx, nil) },
		begun: func(p access.Plan) { r.Access = &p },
		apply: manager.Apply,
		says:  func(_ access.Plan, r access.Result) string { return r.String() },
	}, func(done access.Result) { r.Revoked = &done })
}

// endKeys deletes the access keys of the user that sends mail, without which
// CloudFormation does not delete the user.
func (s *System) endKeys(ctx context.Context, d Destroy, r *Destruction, out infra.KREClusterOutputs) (deed, error) {
	if out.SMTPUser == "" {
		return deed{name: "destroy keys", do: func(context.Context) error { return nil }}, nil
	}
	deliverer, spec := s.keys(out)
	spec.RemoveOrphans = d.DeleteForeign
	return prepared(ctx, s, step[keys.Plan, keys.Result]{
		name:  "destroy keys",
		plan:  func(ctx context.Context) (keys.Plan, error) { return deliverer.PlanDelete(ctx, spec) },
		begun: func(p keys.Plan) { r.Keys = &p },
		apply: deliverer.Apply,
		says:  func(_ keys.Plan, r keys.Result) string { return keys.Plan{Changes: r.Done}.String() },
	}, func(done keys.Result) { r.KeysDeleted = &done })
}

func (s *System) endStack(ctx context.Context, d Destroy, r *Destruction) (deed, error) {
	manager := s.stacks()
	return prepared(ctx, s, step[stack.Deletion, stack.Deleted]{
		name: "destroy stack",
		plan: func(ctx context.Context) (stack.Deletion, error) {
			return s.planStack(ctx, manager, d)
		},
		begun: func(p stack.Deletion) { r.Stack = &p },
		apply: manager.ApplyDelete,
		says: func(_ stack.Deletion, r stack.Deleted) string {
			var b strings.Builder
			fmt.Fprintf(&b, "%s: %d resources deleted\n", r.Stack, len(r.Deleted))
			for _, id := range slices.Sorted(maps.Keys(r.Emptied)) {
				fmt.Fprintf(&b, "%d versions of objects deleted in %s\n", r.Emptied[id], id)
			}
			for _, left := range r.Retained {
				fmt.Fprintf(&b, "left behind: %s (%s) %s\n", left.LogicalID, left.Type, left.PhysicalID)
			}
			return b.String()
		},
	}, func(done stack.Deleted) { r.Deleted = &done })
}

// planStack plans the deletion of the stack, with its buckets emptied where that is
// asked for.
func (s *System) planStack(ctx context.Context, manager *stack.Manager, d Destroy) (stack.Deletion, error) {
	name, err := s.Environment.KRECluster().StackName()
	if err != nil {
		return stack.Deletion{}, err
	}
	in := stack.DeleteRequest{Name: name, Tags: s.Environment.tags(), Role: s.Environment.Role, LiftProtection: d.AllowProduction != ""}
	if d.AllowProduction != "" {
		in.AllowProduction = name
	}
	plan, err := manager.PlanDelete(ctx, in)
	if err != nil || !d.EmptyBucket {
		return plan, err
	}
	if in.EmptyBuckets = buckets(plan); len(in.EmptyBuckets) == 0 {
		return plan, nil
	}
	return manager.PlanDelete(ctx, in)
}

// buckets are the logical ids of the buckets that go with a stack.
func buckets(plan stack.Deletion) (ids []string) {
	for _, res := range plan.Resources {
		if res.Type == "AWS::S3::Bucket" && res.Fate == stack.FateDeleted {
			ids = append(ids, res.LogicalID)
		}
	}
	return ids
}

// ready refuses what would stop half way: a bucket that nobody empties, a cluster that
// refuses to go.
func (s *System) ready(ctx context.Context, d Destroy, r *Destruction, gone bool) error {
	if ids := buckets(*r.Stack); len(ids) > 0 && !d.EmptyBucket {
		if d.Apply {
			return fmt.Errorf("destroy %s: its bucket holds the keys, and goes only where -empty-bucket says so; nothing is destroyed", s.Environment.Name)
		}
		s.Console.Say("the bucket is to be emptied: apply needs -empty-bucket", "")
	}
	if err := s.orphans(r.Keys); err != nil || gone {
		return err
	}
	protected, err := s.protected(ctx)
	if err == nil && protected {
		err = fmt.Errorf("destroy %s: its cluster is protected from deletion; write cluster.unprotected: true into the file and apply it with basic-infra-kre first; nothing is destroyed", s.Environment.Name)
	}
	return err
}

// orphans refuses access keys that are not those of the bucket: CloudFormation would stop
// at their user, with all else gone.
func (s *System) orphans(plan *keys.Plan) error {
	if plan == nil {
		return nil
	}
	for _, c := range plan.Changes {
		if c.Action == keys.Orphan {
			return fmt.Errorf("destroy %s: %s of the user that sends mail was made by others; it goes where -delete-foreign says so; nothing is destroyed", s.Environment.Name, c.Subject)
		}
	}
	return nil
}
