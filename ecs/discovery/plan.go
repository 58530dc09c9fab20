package discovery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Action says what applying does to one service.
type Action string

// The actions of a plan.
const (
	Create   Action = "create"
	Update   Action = "update"
	Keep     Action = "keep"
	Delete   Action = "delete"
	Conflict Action = "conflict" // it cannot become what is wanted; Detail says why
)

// Change is what happens to one service.
type Change struct {
	Service string   `json:"service"`
	Action  Action   `json:"action"`
	Detail  []string `json:"detail,omitempty"`
	ARN     string   `json:"arn,omitempty"` // of what there is
	// Desired is what the service is to be; nil for one that is to go.
	Desired *Service `json:"desired,omitempty"`
}

// Plan is what Apply would do, sorted by service.
type Plan struct {
	Namespace   string   `json:"namespace"`
	NamespaceID string   `json:"namespaceID"`
	Changes     []Change `json:"changes"`
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Keep })
}

// Err returns the conflicts of the plan, each wrapping [ErrConflict], joined;
// nil if there is none. A plan with conflicts is not applied at all.
func (p Plan) Err() error {
	var errs []error
	for _, c := range p.Changes {
		if c.Action == Conflict {
			errs = append(errs, fmt.Errorf("service %s.%s: %w: %s", c.Service, p.Namespace, ErrConflict, strings.Join(c.Detail, ", ")))
		}
	}
	return errors.Join(errs...)
}

// String shows the plan as people read it, a line a service that changes.
func (p Plan) String() string {
	marks := map[Action]string{Create: "+", Update: "~", Delete: "-", Conflict: "!"}
	var b strings.Builder
	fmt.Fprintf(&b, "namespace %s: %s\n", p.Namespace, p.counts())
	for _, c := range p.Changes {
		if c.Action != Keep {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(marks[c.Action]+" "+c.Service+"  "+strings.Join(c.Detail, ", "), " "))
		}
	}
	return b.String()
}

func (p Plan) counts() string {
	n := make(map[Action]int)
	for _, c := range p.Changes {
		n[c.Action]++
	}
	text := fmt.Sprintf("%d to create, %d to update, %d to delete, %d unchanged", n[Create], n[Update], n[Delete], n[Keep])
	if n[Conflict] > 0 {
		text += fmt.Sprintf(", %d in conflict", n[Conflict])
	}
	return text
}

// Plan compares services with those of the namespace. It only reads.
//
// A service that exists must carry Options.Tags; its TTL can be updated, its
// record type and its health check cannot: either is a Conflict in the plan.
// Bad input fails before any call, all of it in one error.
func (n *Namespace) Plan(ctx context.Context, services []Service) (Plan, error) {
	if err := check(services); err != nil {
		return Plan{}, fmt.Errorf("plan service discovery: %w", err)
	}
	if len(services) == 0 {
		return Plan{Namespace: n.opts.Namespace}, nil
	}
	ns, err := n.find(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("plan service discovery: %w", err)
	}
	found, err := n.list(ctx, ns)
	if err != nil {
		return Plan{}, fmt.Errorf("plan service discovery: %w", err)
	}
	plan := Plan{Namespace: ns.name, NamespaceID: ns.id}
	for _, s := range services {
		s = s.withDefaults()
		summary, exists := found[strings.ToLower(s.Name)]
		if !exists {
			plan.Changes = append(plan.Changes, Change{Service: s.Name, Action: Create, Desired: &s, Detail: []string{s.text()}})
			continue
		}
		ours, err := n.ours(ctx, summary)
		if err != nil {
			return Plan{}, fmt.Errorf("plan service discovery in %s: %w", ns.name, err)
		}
		change := diff(s, summary)
		if !ours {
			change.Action, change.Detail = Conflict, []string{n.foreign()}
		}
		plan.Changes = append(plan.Changes, change)
	}
	plan.sort()
	return plan, nil
}

// PlanDelete plans to remove the named services, or all that carry
// Options.Tags where no name is given. It only reads. A named service that
// does not carry the tags is a Conflict; one that is gone already is no change.
//
// Remove the ECS services first: ECS does not register their tasks again.
func (n *Namespace) PlanDelete(ctx context.Context, names ...string) (Plan, error) {
	ns, err := n.find(ctx)
	if err != nil {
		return Plan{}, fmt.Errorf("plan removal: %w", err)
	}
	found, err := n.list(ctx, ns)
	if err != nil {
		return Plan{}, fmt.Errorf("plan removal: %w", err)
	}
	keys := slices.Collect(maps.Keys(found))
	if len(names) > 0 {
		keys = nil
		for _, name := range names {
			keys = append(keys, strings.ToLower(name))
		}
	}
	slices.Sort(keys)
	plan := Plan{Namespace: ns.name, NamespaceID: ns.id}
	for _, key := range slices.Compact(keys) {
		summary, exists := found[key]
		if !exists {
			continue
		}
		ours, err := n.ours(ctx, summary)
		if err != nil {
			return Plan{}, fmt.Errorf("plan removal from %s: %w", ns.name, err)
		}
		change := Change{Service: ptr.Value(summary.Name), Action: Delete, ARN: ptr.Value(summary.Arn)}
		if left := ptr.Value(summary.InstanceCount); left > 0 {
			change.Detail = []string{fmt.Sprintf("%d instances left", left)}
		}
		switch {
		case !ours && len(names) == 0:
			continue
		case !ours:
			change.Action, change.Detail = Conflict, []string{n.foreign()}
		}
		plan.Changes = append(plan.Changes, change)
	}
	plan.sort()
	return plan, nil
}

func (p *Plan) sort() {
	slices.SortFunc(p.Changes, func(a, b Change) int { return strings.Compare(a.Service, b.Service) })
}

// foreign says why a service is not touched, and what would change that.
func (n *Namespace) foreign() string {
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(n.opts.Tags)) {
		tags = append(tags, key+"="+n.opts.Tags[key])
	}
	return "belongs to somebody else; tag it " + strings.Join(tags, " and ") + " to hand it over"
}

func (s Service) text() string {
	text := fmt.Sprintf("%s record, TTL %v", s.Record, s.TTL)
	if s.HealthCheck {
		text += ", health check"
	}
	return text
}

// diff is the whole decision about a service that exists.
func diff(s Service, now types.ServiceSummary) Change {
	change := Change{Service: s.Name, Action: Keep, ARN: ptr.Value(now.Arn), Desired: &s}
	var stuck []string
	var records []types.DnsRecord
	if now.DnsConfig != nil {
		records = now.DnsConfig.DnsRecords
	}
	if len(records) != 1 || records[0].Type != s.Record {
		var names []string
		for _, r := range records {
			names = append(names, string(r.Type))
		}
		stuck = append(stuck, fmt.Sprintf("has %s records, want %s", orNo(strings.Join(names, " and ")), s.Record))
	}
	if has := now.HealthCheckCustomConfig != nil; has != s.HealthCheck {
		stuck = append(stuck, map[bool]string{true: "has a health check, want none", false: "has no health check, want one"}[has])
	}
	old := ttlOf(now.DnsConfig)
	switch {
	case stuck != nil:
		change.Action = Conflict
		change.Detail = append(stuck, "which cannot be changed: remove it and its ECS service, and create both again")
	case old != s.TTL:
		change.Action, change.Detail = Update, []string{fmt.Sprintf("TTL %v -> %v", old, s.TTL.Round(time.Second))}
	}
	return change
}

func orNo(text string) string {
	if text == "" {
		return "no"
	}
	return text
}
