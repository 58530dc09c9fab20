package access

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/english"
)

// Action says what applying does to something.
type Action string

// The actions of a plan.
const (
	Create    Action = "create"
	Update    Action = "update"
	Replace   Action = "replace" // delete and create anew
	Delete    Action = "delete"
	Unchanged Action = "unchanged"
)

// Kind is what a step is about.
type Kind string

// The kinds of what is written.
const (
	KindRole      Kind = "ClusterRole"
	KindBinding   Kind = "ClusterRoleBinding"
	KindEntry     Kind = "access entry"
	KindConfigMap Kind = "ConfigMap"
)

// Plan is what Apply would do.
type Plan struct {
	Cluster string `json:"cluster"`
	Mode    string `json:"mode"` // the authentication mode
	Owner   string `json:"owner"`
	// Groups and Principals are all that are desired or ours, sorted.
	Groups     []GroupChange     `json:"groups"`
	Principals []PrincipalChange `json:"principals"`
	// Lockout are the groups with all rights of which not one principal would keep all rights,
	// and AmazonEKSClusterAdminPolicy where each access entry with it would go. Such a plan is applied only with Options.AllowLockout.
	Lockout []string `json:"lockout,omitempty"`
	// Notes are what else one should know.
	Notes []string `json:"notes,omitempty"`
	// Steps are the writes, in their order: first those that only grant, then those that
	// also take something away.
	Steps []Step `json:"steps,omitempty"`

	desired desired
}

// GroupChange is what happens to a group.
type GroupChange struct {
	Group      string         `json:"group"`
	Action     Action         `json:"action"`
	Principals int            `json:"principals"`      // how many it will have
	Rules      []rules.Change `json:"rules,omitempty"` // what its members may do otherwise
	Detail     []string       `json:"detail,omitempty"`
}

// PrincipalChange is what happens to an IAM role.
type PrincipalChange struct {
	Principal string   `json:"principal"` // its ARN
	Action    Action   `json:"action"`
	Gains     []string `json:"gains,omitempty"` // groups, sorted
	Loses     []string `json:"loses,omitempty"`
	Keeps     []string `json:"keeps,omitempty"`
	Detail    []string `json:"detail,omitempty"`
}

// Step is one write.
type Step struct {
	Action Action `json:"action"`
	Kind   Kind   `json:"kind"`
	Name   string `json:"name"`

	takes bool // somebody can do less afterwards
	admin bool // it is about somebody who is to have all rights
	write func(context.Context, *Manager) error
}

// String is such as "update ClusterRole developer".
func (s Step) String() string { return fmt.Sprintf("%s %s %s", s.Action, s.Kind, clean.Text(s.Name)) }

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// String shows the plan as people read it: a line for each group and principal that
// changes, with + for what is gained, - for what is lost and ~ for both.
func (p Plan) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintln(&b, clean.Text(fmt.Sprintf(format, args...))) }
	head := fmt.Sprintf("access to cluster %s (%s, owner %s)", cmp.Or(p.Cluster, "without a name"), p.Mode, p.Owner)
	if p.Empty() {
		head += ": nothing to do"
	}
	line("%s", head)
	for _, g := range p.Groups {
		if g.Action == Unchanged {
			continue
		}
		members := ", " + english.Count(g.Principals, "principal")
		if g.Action == Delete {
			members = ""
		}
		line("%s group %s%s", mark(g.Action), g.Group, members)
		for _, r := range g.Rules {
			line("    %s", r)
		}
		for _, d := range g.Detail {
			line("    %s", d)
		}
	}
	for _, c := range p.Principals {
		if c.Action == Unchanged {
			continue
		}
		line("%s %s%s", mark(c.Action), c.Principal, c.groups())
		for _, d := range c.Detail {
			line("    %s", d)
		}
	}
	for _, n := range p.Notes {
		line("note: %s", n)
	}
	for _, g := range p.Lockout {
		line("lockout: nobody who has all rights by %s now would keep them", g)
	}
	return b.String()
}

func mark(a Action) string {
	switch a {
	case Create:
		return "+"
	case Delete:
		return "-"
	}
	return "~"
}

func (c PrincipalChange) groups() string {
	var parts []string
	for _, part := range []struct {
		sign   string
		groups []string
	}{{"+ ", c.Gains}, {"- ", c.Loses}, {"keeps ", c.Keeps}} {
		if len(part.groups) > 0 {
			parts = append(parts, part.sign+strings.Join(part.groups, " "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// same reports whether p and q say the same, word by word.
func (p Plan) same(q Plan) bool {
	a, errA := json.Marshal(p)
	b, errB := json.Marshal(q)
	return errA == nil && errB == nil && string(a) == string(b)
}

// Plan compares groups with the cluster. It only reads. Groups that are wrong in
// themselves are [ErrInvalid] before any call; rules that name what the cluster does not
// know are a [RulesError] for each group, and what stands in the way a [ClashError] or, in
// aws-auth, an awsauth.ConflictError.
func (m *Manager) Plan(ctx context.Context, groups []Group) (Plan, error) {
	p, err := m.plan(ctx, groups)
	if err != nil {
		return Plan{}, fmt.Errorf("plan access to cluster %s: %w", m.cluster.Name, err)
	}
	return p, nil
}

func (m *Manager) plan(ctx context.Context, groups []Group) (Plan, error) {
	d, err := m.understand(groups)
	if err := errors.Join(m.check(), err); err != nil {
		return Plan{}, err
	}
	if err := m.checkRules(ctx, d); err != nil {
		return Plan{}, err
	}
	o, err := m.observe(ctx, d)
	if err != nil {
		return Plan{}, err
	}
	return m.decide(d, o)
}

func (m *Manager) checkRules(ctx context.Context, d desired) error {
	if len(d.groups) == 0 {
		return nil
	}
	catalog, err := rules.Discover(ctx, m.cluster.Kubernetes.Discovery(), m.opts.LaterGroups...)
	if err != nil {
		return fmt.Errorf("discover what the cluster serves: %w", explain(err))
	}
	var errs []error
	for _, g := range d.groups {
		if problems := catalog.Check(g.Rules); len(problems) > 0 {
			errs = append(errs, &RulesError{Group: g.Name, Problems: problems})
		}
	}
	return errors.Join(errs...)
}

// change compares the groups that a principal had with those that it will have.
func change(arn string, had, has []string) PrincipalChange {
	c := PrincipalChange{Principal: arn, Action: Unchanged}
	for _, g := range sorted(slices.Concat(had, has)) {
		switch before, after := slices.Contains(had, g), slices.Contains(has, g); {
		case before && after:
			c.Keeps = append(c.Keeps, g)
		case after:
			c.Gains = append(c.Gains, g)
		default:
			c.Loses = append(c.Loses, g)
		}
	}
	switch {
	case len(c.Gains) > 0 && len(c.Keeps)+len(c.Loses) == 0:
		c.Action = Create
	case len(c.Loses) > 0 && len(c.Keeps)+len(c.Gains) == 0:
		c.Action = Delete
	case len(c.Gains)+len(c.Loses) > 0:
		c.Action = Update
	}
	return c
}

func loses(c PrincipalChange) bool { return len(c.Loses) > 0 }
