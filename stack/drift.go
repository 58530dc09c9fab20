package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/english"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/progress"
)

const opDrift = "stack.drift"

// Drift is how the resources of a stack differ from its template, because they
// were changed by other means.
type Drift struct {
	Stack string `json:"stack"`
	ID    string `json:"id"` // ARN
	// Resources are those that differ, and those of which CloudFormation could not
	// find out; sorted by logical id.
	Resources []ResourceDrift `json:"resources"`
	InSync    int             `json:"inSync"` // how many are as in the template
	// Unchecked are the logical ids of resources whose type CloudFormation cannot
	// check, sorted.
	Unchecked []string `json:"unchecked,omitempty"`
}

// ResourceDrift is how one resource differs.
type ResourceDrift struct {
	LogicalID  string          `json:"logicalID"` // "Nested/LogicalID" within a nested stack
	Type       string          `json:"type"`
	PhysicalID string          `json:"physicalID,omitempty"`
	Status     string          `json:"status"`               // MODIFIED, DELETED or UNKNOWN
	Reason     string          `json:"reason,omitempty"`     // of UNKNOWN, in the words of AWS
	Properties []PropertyDrift `json:"properties,omitempty"` // of MODIFIED, sorted by path
}

// PropertyDrift is one property that differs. CloudFormation masks the values of
// NoEcho parameters.
type PropertyDrift struct {
	Path     string `json:"path"` // "/RetentionInDays", a JSON pointer
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
	Kind     string `json:"kind"` // ADD, REMOVE or NOT_EQUAL: what was done behind the template's back
}

// Drifted reports whether any resource is known to differ.
func (d Drift) Drifted() bool { return d.differ() > 0 }

func (d Drift) differ() (n int) {
	for _, r := range d.Resources {
		if r.Status != string(types.StackResourceDriftStatusUnknown) {
			n++
		}
	}
	return n
}

// String names every resource that differs, with its properties.
func (d Drift) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s: %d of %s differ from the template", clean.Text(d.Stack), d.differ(), english.Count(len(d.Resources)+d.InSync+len(d.Unchecked), "resource"))
	if n := len(d.Resources) - d.differ(); n > 0 {
		fmt.Fprintf(&b, ", %d could not be checked", n)
	}
	if n := len(d.Unchecked); n > 0 {
		fmt.Fprintf(&b, ", %d of types that cannot be", n)
	}
	b.WriteString("\n")
	for _, r := range d.Resources {
		sign, detail := "~", ""
		switch types.StackResourceDriftStatus(r.Status) {
		case types.StackResourceDriftStatusDeleted:
			sign, detail = "-", " was deleted"
		case types.StackResourceDriftStatusUnknown:
			sign, detail = "?", " "+cmp.Or(r.Reason, "gives no reason")
		}
		fmt.Fprintf(&b, "  %s %s\n", sign, clean.Text(fmt.Sprintf("%s (%s)%s", r.LogicalID, r.Type, detail)))
		for _, p := range r.Properties {
			fmt.Fprintf(&b, "      %s\n", p)
		}
	}
	return b.String()
}

// String is the property in one line: "/RetentionInDays: 14 -> 30".
func (p PropertyDrift) String() string {
	path, expected, actual := clean.Text(p.Path), clean.Text(cut(p.Expected)), clean.Text(cut(p.Actual))
	switch types.DifferenceType(p.Kind) {
	case types.DifferenceTypeAdd:
		return fmt.Sprintf("%s: added %s", path, actual)
	case types.DifferenceTypeRemove:
		return fmt.Sprintf("%s: removed %s", path, expected)
	}
	return fmt.Sprintf("%s: %s -> %s", path, expected, actual)
}

// Drift lets CloudFormation compare every resource of the stack, and of those
// nested in it, with the template, and waits for the outcome. It changes nothing.
// Progress is told as "stack.drift".
//
// It fails with [ErrNotFound] where there is no such stack. Where CloudFormation
// could not check all that it should, what it found is returned beside the error.
func (m *Manager) Drift(ctx context.Context, name string) (Drift, error) {
	ctx, cancel := m.within(ctx)
	defer cancel()
	d := Drift{Stack: name, Resources: []ResourceDrift{}}
	found, err := m.exactly(ctx, name)
	if err == nil && found == nil {
		err = ErrNotFound
	}
	if err == nil {
		d.ID = ptr.Value(found.StackId)
		m.emit(opDrift, name, progress.Running, "comparing with the template", nil)
		err = m.compare(ctx, &d)
	}
	slices.SortFunc(d.Resources, func(a, b ResourceDrift) int { return cmp.Compare(a.LogicalID, b.LogicalID) })
	slices.Sort(d.Unchecked)
	if err != nil {
		err = fmt.Errorf("drift of stack %s: %w", named(name), err)
		m.emit(opDrift, name, progress.Failed, "", err)
		return d, err
	}
	m.emit(opDrift, name, progress.Done, fmt.Sprintf("%d differ", d.differ()), nil)
	return d, nil
}

// compare adds the drift of the stack, and of those nested in it. An incomplete
// detection is an error after what was found.
func (m *Manager) compare(ctx context.Context, d *Drift) error {
	var incomplete []error
	err := m.walk(ctx, d.ID, d.Stack, func(ctx context.Context, at site) (nested []types.StackResourceSummary, err error) {
		switch err := m.detect(ctx, at.id); {
		case isA[*detectionError](err) && at.within != "":
			incomplete = append(incomplete, fmt.Errorf("nested stack %s: %w", strings.TrimSuffix(at.within, "/"), err))
		case isA[*detectionError](err):
			incomplete = append(incomplete, err)
		case err != nil:
			return nil, err
		}
		drifts, err := m.drifts(ctx, at.id)
		if err != nil {
			return nil, err
		}
		for _, r := range at.resources {
			if exists(r) {
				d.add(at.within+ptr.Value(r.LogicalResourceId), r, drifts[ptr.Value(r.LogicalResourceId)])
				nested = append(nested, r)
			}
		}
		return nested, nil
	})
	return errors.Join(append(incomplete, err)...)
}

func (d *Drift) add(id string, r types.StackResourceSummary, drift *types.StackResourceDrift) {
	switch {
	case drift == nil, drift.StackResourceDriftStatus == types.StackResourceDriftStatusNotChecked:
		if ptr.Value(r.ResourceType) != stackType { // what is in it is checked by itself
			d.Unchecked = append(d.Unchecked, id)
		}
		return
	case drift.StackResourceDriftStatus == types.StackResourceDriftStatusInSync:
		d.InSync++
		return
	}
	rd := ResourceDrift{
		LogicalID: id, Type: ptr.Value(r.ResourceType), PhysicalID: ptr.Value(r.PhysicalResourceId),
		Status: string(drift.StackResourceDriftStatus), Reason: ptr.Value(drift.DriftStatusReason),
	}
	for _, p := range drift.PropertyDifferences {
		rd.Properties = append(rd.Properties, PropertyDrift{
			Path: ptr.Value(p.PropertyPath), Expected: ptr.Value(p.ExpectedValue), Actual: ptr.Value(p.ActualValue), Kind: string(p.DifferenceType),
		})
	}
	slices.SortFunc(rd.Properties, func(a, b PropertyDrift) int { return cmp.Compare(a.Path, b.Path) })
	d.Resources = append(d.Resources, rd)
}

// detectionError is a detection that did not check everything.
type detectionError struct{ reason string }

func (e *detectionError) Error() string {
	return "CloudFormation could not check everything: " + clean.Text(cmp.Or(e.reason, "it gives no reason"))
}

// detect begins a detection and waits for its end. One that somebody else has
// begun is waited for, and then followed by an own one.
func (m *Manager) detect(ctx context.Context, id string) error {
	var detection *string
	for pause := m.opts.PollInterval; detection == nil; pause = min(pause*3/2, m.opts.MaxPollInterval) {
		out, err := call(ctx, m, m.api.DetectStackDrift, &cloudformation.DetectStackDriftInput{StackName: &id})
		switch {
		case err == nil:
			detection = out.StackDriftDetectionId
		case !detecting(err):
			return fmt.Errorf("detect drift: %w", err)
		default:
			if err := wait.For(ctx, jitter(pause)); err != nil {
				return err
			}
		}
	}
	for pause := m.opts.PollInterval; ; pause = min(pause*3/2, m.opts.MaxPollInterval) {
		out, err := call(ctx, m, m.api.DescribeStackDriftDetectionStatus, &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: detection})
		switch {
		case err != nil:
			return fmt.Errorf("describe drift detection: %w", err)
		case out.DetectionStatus == types.StackDriftDetectionStatusDetectionFailed:
			return &detectionError{ptr.Value(out.DetectionStatusReason)}
		case out.DetectionStatus == types.StackDriftDetectionStatusDetectionComplete:
			return nil
		}
		if err := wait.For(ctx, jitter(pause)); err != nil {
			return err
		}
	}
}

// detecting reports whether err says that a detection is under way, for which
// CloudFormation has no code of its own.
func detecting(err error) bool {
	code, text := refused(err)
	text = strings.ToLower(text)
	return code == "ValidationError" && strings.Contains(text, "drift detection") && strings.Contains(text, "in progress")
}

// drifts are the outcomes of the last detection, by logical id.
func (m *Manager) drifts(ctx context.Context, id string) (map[string]*types.StackResourceDrift, error) {
	found := make(map[string]*types.StackResourceDrift)
	for token := (*string)(nil); ; {
		out, err := call(ctx, m, m.api.DescribeStackResourceDrifts, &cloudformation.DescribeStackResourceDriftsInput{StackName: &id, NextToken: token})
		if err != nil {
			return nil, fmt.Errorf("describe drifts: %w", err)
		}
		for _, d := range out.StackResourceDrifts {
			found[ptr.Value(d.LogicalResourceId)] = &d
		}
		if token = out.NextToken; ptr.Value(token) == "" {
			return found, nil
		}
	}
}
