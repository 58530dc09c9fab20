package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// What deleting refuses.
var (
	// ErrProtected: termination protection is on.
	ErrProtected = errors.New("termination protection is on: set LiftProtection to have it lifted")
	// ErrNotOwned: the stack lacks a tag that it must carry, or has another value of it.
	ErrNotOwned = errors.New("the stack does not carry the tags that it must")
	// ErrProduction: the stack is one of production.
	ErrProduction = errors.New("the stack is one of production: give its name in AllowProduction to delete it")
)

// DeleteRequest says which stack to delete, and how. Name alone is enough for a stack
// that nothing holds.
type DeleteRequest struct {
	// Name is the whole name of the stack: no other is ever deleted.
	Name string
	// EmptyBuckets are the logical ids of buckets of this stack of which every
	// version of every object is deleted first, "Nested/LogicalID" within a nested
	// stack. CloudFormation does not delete a bucket that has objects.
	EmptyBuckets []string
	// Retain are the logical ids of resources that are left behind. CloudFormation
	// takes that only for those at which an earlier deletion has failed.
	Retain []string
	// LiftProtection lifts the termination protection of the stack, where it is on.
	LiftProtection bool
	// Tags must be on the stack, with these values letter by letter.
	Tags map[string]string
	// Production are the words that mark a stack of production, where its name or
	// its tag TagEnvironment has one as a word of its own: "prod" is in "a-prod",
	// "prod2" and "aProd", and not in "products"; letter case does not matter.
	// Without any they are "production", "prod", "master" and "main".
	Production []string
	// AllowProduction is the name of the stack again, where it is one of production.
	AllowProduction string
	// Role is the ARN of the role by which CloudFormation deletes; default the one
	// that the stack has, or else the caller's own permissions.
	Role string
	// Express lets CloudFormation end the deletion when every resource is being
	// deleted, and not wait until each is gone.
	Express bool
}

// Removal is what becomes of one resource of a stack that is deleted.
type Removal struct {
	LogicalID  string `json:"logicalID"` // "Nested/LogicalID" within a nested stack
	Type       string `json:"type"`
	PhysicalID string `json:"physicalID"`
	Fate       Fate   `json:"fate"`
	Empty      bool   `json:"empty,omitempty"`  // a bucket that is emptied first
	Reason     string `json:"reason,omitempty"` // why it is retained
}

// Deletion is what deleting a stack does. It can be kept as JSON and be applied
// by another process. Keep it where only those can write who may delete the stack:
// what was asked is believed as it is read, such as LiftProtection and
// AllowProduction. What there is is not: ApplyDelete reads the stack again, refuses one
// of another name or of production that is not allowed, and empties no bucket but
// those that this stack has now and is to delete.
type Deletion struct {
	Stack string `json:"stack"`
	// ID is the ARN of the stack; "" where there is none. Only this one is deleted,
	// not another that is made under the name later.
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"`
	// Protected: termination protection is on. It is lifted where LiftProtection
	// is set, and otherwise ApplyDelete refuses.
	Protected      bool              `json:"protected"`
	LiftProtection bool              `json:"liftProtection"`
	Resources      []Removal         `json:"resources"`        // sorted by logical id
	Failed         []Cause           `json:"failed,omitempty"` // at which an earlier deletion has failed
	Notes          []string          `json:"notes,omitempty"`  // what could not be found out
	Tags           map[string]string `json:"tags,omitempty"`   // that the stack must carry
	Role           string            `json:"role,omitempty"`
	Express        bool              `json:"express,omitempty"`
	// Production and AllowProduction are those of the DeleteRequest.
	Production      []string `json:"production,omitempty"`
	AllowProduction string   `json:"allowProduction,omitempty"`
}

// Empty reports whether there is no such stack.
func (p Deletion) Empty() bool { return p.ID == "" }

func (p Deletion) count(counts func(Removal) bool) (n int) {
	for _, r := range p.Resources {
		if counts(r) {
			n++
		}
	}
	return n
}

// String names every resource, a line each: "-" deleted, "=" retained.
func (p Deletion) String() string {
	if p.Empty() {
		return fmt.Sprintf("stack %s: does not exist, nothing to delete\n", clean.Text(p.Stack))
	}
	var b strings.Builder
	empty := p.count(func(r Removal) bool { return r.Empty })
	retain := p.count(func(r Removal) bool { return r.Fate == FateRetained })
	fmt.Fprintf(&b, "stack %s (%s): delete %s", clean.Text(p.Stack), clean.Text(p.Status), english.Count(len(p.Resources)-retain, "resource"))
	if empty > 0 {
		fmt.Fprintf(&b, ", emptying %s first", english.Count(empty, "bucket"))
	}
	if retain > 0 {
		fmt.Fprintf(&b, "; %s left behind", english.Count(retain, "other"))
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range p.Resources {
		sign, detail := "-", ""
		switch {
		case r.Empty:
			detail = " (every version of every object is deleted first)"
		case r.Fate == FateRetained:
			sign, detail = "=", " (retained: "+r.Reason+")"
		case r.Fate == FateSnapshot:
			detail = " (a snapshot stays)"
		}
		fmt.Fprintf(w, "  %s %s\t%s\t%s\n", sign, clean.Text(r.LogicalID), clean.Text(r.Type), clean.Text(cut(r.PhysicalID)+detail))
	}
	_ = w.Flush() // a Builder takes everything
	for _, c := range p.Failed {
		fmt.Fprintf(&b, "  ! the last deletion failed at %s\n", c)
	}
	switch {
	case p.Protected && p.LiftProtection:
		b.WriteString("  ! termination protection is on, and is lifted\n")
	case p.Protected:
		b.WriteString("  ! termination protection is on: nothing is deleted before it is lifted\n")
	}
	if p.Express {
		b.WriteString("  ! in EXPRESS mode: what is deleted may take until after the end to be gone\n")
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "  ! %s\n", clean.Text(note))
	}
	return b.String()
}

// PlanDelete reads what deleting the stack would do. It only reads. A stack that
// does not exist is a plan with nothing to do.
//
// It fails with [ErrProduction] for a stack of production that is not named in
// AllowProduction, with [ErrNotOwned] where a tag differs, and with [ErrInvalid]
// where EmptyBuckets or Retain name what the stack does not have, or what cannot
// be emptied or retained. Termination protection is in the plan, and refused by
// ApplyDelete.
func (m *Manager) PlanDelete(ctx context.Context, d DeleteRequest) (Deletion, error) {
	plan, err := m.planDelete(ctx, d)
	if err != nil {
		return Deletion{}, fmt.Errorf("plan to delete stack %s: %w", named(d.Name), err)
	}
	return plan, nil
}

func (m *Manager) planDelete(ctx context.Context, d DeleteRequest) (Deletion, error) {
	plan := Deletion{
		Stack: d.Name, LiftProtection: d.LiftProtection, Tags: d.Tags, Role: d.Role, Express: d.Express,
		Production: d.Production, AllowProduction: d.AllowProduction, Resources: []Removal{},
	}
	if len(d.EmptyBuckets) > 0 && m.opts.Buckets == nil {
		return plan, fmt.Errorf("%w: EmptyBuckets needs Options.Buckets", ErrInvalid)
	}
	if err := production(d.Name, nil, d.Production, d.AllowProduction); err != nil {
		return plan, err
	}
	found, err := m.exactly(ctx, d.Name)
	if err != nil || found == nil {
		return plan, err
	}
	if err := production(d.Name, found, d.Production, d.AllowProduction); err != nil {
		return plan, err
	}
	if err := owned(*found, d.Tags); err != nil {
		return plan, err
	}
	if parent := ptr.Value(found.ParentId); parent != "" {
		return plan, fmt.Errorf("%w: it is nested in %s, and is deleted with that", ErrInvalid, parent)
	}
	plan.ID, plan.Status, plan.Protected = ptr.Value(found.StackId), string(found.StackStatus), ptr.Value(found.EnableTerminationProtection)
	s, err := m.survey(ctx, plan.ID, d.Name)
	if err != nil {
		return plan, err
	}
	plan.Resources, plan.Failed, plan.Notes = s.resources, s.failed(), s.notes
	return plan, errors.Join(plan.empty(d.EmptyBuckets), plan.retain(d.Retain))
}

// exactly returns the stack of that very name; nil where there is none.
func (m *Manager) exactly(ctx context.Context, name string) (*types.Stack, error) {
	if name == "" { // of which CloudFormation describes every stack
		return nil, fmt.Errorf("%w: no name", ErrInvalid)
	}
	found, err := m.find(ctx, name)
	switch {
	case err != nil || found == nil || found.StackStatus == types.StackStatusDeleteComplete:
		return nil, err
	case ptr.Value(found.StackName) != name:
		return nil, fmt.Errorf("%w: it is called %s", ErrInvalid, ptr.Value(found.StackName))
	}
	return found, nil
}

func tagsOf(s types.Stack) map[string]string {
	tags := make(map[string]string, len(s.Tags))
	for _, t := range s.Tags {
		tags[ptr.Value(t.Key)] = ptr.Value(t.Value)
	}
	return tags
}

// owned refuses a stack that lacks one of tags.
func owned(s types.Stack, tags map[string]string) error {
	has := tagsOf(s)
	for key, want := range tags {
		switch got, ok := has[key]; {
		case !ok:
			return fmt.Errorf("%w: it has no tag %s, want %q", ErrNotOwned, key, want)
		case got != want:
			return fmt.Errorf("%w: its tag %s is %q, want %q", ErrNotOwned, key, got, want)
		}
	}
	return nil
}

// empty marks the buckets that are to be emptied.
func (p *Deletion) empty(buckets []string) error {
	var errs []error
	if len(buckets) > 0 {
		for _, note := range p.Notes {
			errs = append(errs, fmt.Errorf("%w: EmptyBuckets: %s", ErrInvalid, note))
		}
	}
	for _, id := range buckets {
		i := p.index(id)
		switch {
		case i < 0 && p.Status == string(types.StackStatusDeleteFailed), i < 0 && p.Status == string(types.StackStatusDeleteInProgress):
			// an earlier deletion has got this far
		case i < 0:
			errs = append(errs, fmt.Errorf("%w: EmptyBuckets: the stack has no resource %q", ErrInvalid, id))
		case p.Resources[i].Type != "AWS::S3::Bucket":
			errs = append(errs, fmt.Errorf("%w: EmptyBuckets: %s is no bucket but an %s", ErrInvalid, id, p.Resources[i].Type))
		case p.Resources[i].Fate == FateRetained:
			errs = append(errs, fmt.Errorf("%w: EmptyBuckets: %s is retained (%s), and so are its objects", ErrInvalid, id, p.Resources[i].Reason))
		default:
			p.Resources[i].Empty = true
		}
	}
	return errors.Join(errs...)
}

// Why a resource is retained that DeleteRequest.Retain names, and what is nested in it.
const (
	asked = "as asked"
	with  = "with "
)

// retain marks the resources that are to be left behind.
func (p *Deletion) retain(ids []string) error {
	var errs []error
	for _, id := range ids {
		i := p.index(id)
		failed := slices.ContainsFunc(p.Failed, func(c Cause) bool { return c.LogicalID == id && c.Stack == p.Stack }) ||
			slices.ContainsFunc(p.Failed, func(c Cause) bool { return strings.HasPrefix(c.Stack+"/", p.Stack+"/"+id+"/") })
		nested, _, inner := strings.Cut(id, "/")
		switch {
		case inner:
			errs = append(errs, fmt.Errorf("%w: Retain: %s is in a nested stack, which can only be left behind as a whole: name %s", ErrInvalid, id, nested))
		case i >= 0 && p.Resources[i].Empty:
			errs = append(errs, fmt.Errorf("%w: %s is both in EmptyBuckets and in Retain", ErrInvalid, id))
		case i < 0, !failed:
			errs = append(errs, fmt.Errorf("%w: Retain: no deletion has failed at %q yet, and only then it can be left behind%s", ErrInvalid, id, p.atFailed()))
		default:
			p.Resources[i].Fate, p.Resources[i].Reason = FateRetained, asked
			for j, r := range p.Resources { // what is in a nested stack stays with it
				if strings.HasPrefix(r.LogicalID, id+"/") {
					p.Resources[j].Fate, p.Resources[j].Reason = FateRetained, with+id
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (p *Deletion) atFailed() string {
	if len(p.Failed) == 0 {
		return ""
	}
	ids := make([]string, len(p.Failed))
	for i, c := range p.Failed {
		ids[i] = strings.TrimPrefix(c.Stack+"/"+c.LogicalID, p.Stack+"/")
	}
	return " (it failed at " + list(ids) + ")"
}

func (p *Deletion) index(id string) int {
	return slices.IndexFunc(p.Resources, func(r Removal) bool { return r.LogicalID == id })
}

// retained are the logical ids that DeleteStack is told to leave behind, which
// are those of the stack itself.
func (p *Deletion) retained() (ids []string) {
	for _, r := range p.Resources {
		if r.Fate == FateRetained && r.Reason == asked {
			ids = append(ids, r.LogicalID)
		}
	}
	return ids
}

// request is what CloudFormation is asked for.
func (p *Deletion) request() *cloudformation.DeleteStackInput {
	in := &cloudformation.DeleteStackInput{RetainResources: p.retained()}
	if p.Role != "" {
		in.RoleARN = &p.Role
	}
	if p.Express {
		in.DeploymentConfig = &types.DeploymentConfig{Mode: types.DeploymentConfigModeExpress}
	}
	return in
}

func byLogicalID(a, b Removal) int { return cmp.Compare(a.LogicalID, b.LogicalID) }
