package stacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/stack/internal/template"
)

// detection is one look for drift.
type detection struct {
	id      string
	stack   *stack
	started time.Time
	done    bool
}

// driftTime is how long a look for drift takes.
const driftTime = 10 * time.Second

// Drift changes a property behind the back of CloudFormation. It is named as a
// JSON pointer, such as "/Tags/0/Value", or as "Name" of the top level; a nil
// value removes it. The resource is named as for Inject, with its stack before it.
func (c *Cloud) Drift(stackName, logicalID, property string, value any) error {
	defer c.present()()
	r, err := c.resource(stackName, logicalID)
	if err != nil {
		return fmt.Errorf("drift %s/%s: %w", stackName, logicalID, err)
	}
	if r.drifted == nil {
		r.drifted = make(map[string]any)
	}
	r.drifted["/"+strings.TrimPrefix(property, "/")] = value
	return nil
}

// Lose deletes a resource behind the back of CloudFormation.
func (c *Cloud) Lose(stackName, logicalID string) error {
	defer c.present()()
	r, err := c.resource(stackName, logicalID)
	if err != nil {
		return fmt.Errorf("lose %s/%s: %w", stackName, logicalID, err)
	}
	r.lost = true
	c.release(r, true)
	return nil
}

func (c *Cloud) resource(stackName, logicalID string) (*resource, error) {
	s := c.find(stackName)
	if s == nil {
		return nil, missing(stackName)
	}
	r := s.resources[logicalID]
	if r == nil {
		return nil, fmt.Errorf("the stack has no such resource")
	}
	return r, nil
}

// actual are the properties of r as they are outside.
func (r *resource) actual() map[string]any {
	var out any = r.display
	for _, pointer := range slices.Sorted(maps.Keys(r.drifted)) {
		out = put(out, strings.Split(pointer[1:], "/"), r.drifted[pointer])
	}
	m, _ := out.(map[string]any)
	return m
}

// put returns v with value at a path; nil takes away what is there.
func put(v any, path []string, value any) any {
	key := path[0]
	if list, ok := v.([]any); ok {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(list) {
			return v
		}
		list = slices.Clone(list)
		switch {
		case len(path) > 1:
			list[i] = put(list[i], path[1:], value)
		case value == nil:
			list = slices.Delete(list, i, i+1)
		default:
			list[i] = value
		}
		return list
	}
	m, _ := v.(map[string]any)
	if m = maps.Clone(m); m == nil {
		m = make(map[string]any)
	}
	switch {
	case len(path) > 1:
		m[key] = put(m[key], path[1:], value)
	case value == nil:
		delete(m, key)
	default:
		m[key] = value
	}
	return m
}

func (c *Cloud) detectDrift(in *cloudformation.DetectStackDriftInput, now time.Time) (*cloudformation.DetectStackDriftOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	switch s.status {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete, types.StackStatusUpdateRollbackFailed:
	default:
		return nil, invalid("Drift detection cannot be performed on stack [%s] while in %s state", s.id, s.status)
	}
	for _, d := range c.checks {
		if d.stack == s && !d.done {
			return nil, invalid("Drift detection is already in progress for stack [%s]", s.id)
		}
	}
	d := &detection{id: c.uuid(), stack: s, started: now}
	c.checks[d.id] = d
	c.agenda.Plan(now.Add(c.quickened(driftTime)), func(now time.Time) {
		d.done = true
		s.look(in.LogicalResourceIds, now)
	})
	return &cloudformation.DetectStackDriftOutput{StackDriftDetectionId: &d.id}, nil
}

// look compares the resources of s with what is outside.
func (s *stack) look(only []string, now time.Time) {
	s.drift, s.driftAt = types.StackDriftStatusInSync, now
	for _, r := range s.sorted() {
		if len(only) > 0 && !slices.Contains(only, r.id) || r.physical == "" || r.kind.Undriftable || !r.kind.Known {
			continue
		}
		r.driftAt, r.checked = now, types.StackResourceDriftStatusInSync
		switch {
		case r.lost:
			r.checked = types.StackResourceDriftStatusDeleted
		case len(r.differences()) > 0:
			r.checked = types.StackResourceDriftStatusModified
		}
		if r.checked != types.StackResourceDriftStatusInSync {
			s.drift = types.StackDriftStatusDrifted
		}
	}
}

func (r *resource) driftStatus() types.StackResourceDriftStatus {
	if r.checked == "" {
		return types.StackResourceDriftStatusNotChecked
	}
	return r.checked
}

func (c *Cloud) describeDetection(in *cloudformation.DescribeStackDriftDetectionStatusInput, _ time.Time) (*cloudformation.DescribeStackDriftDetectionStatusOutput, *Error) {
	d := c.checks[ptr.Value(in.StackDriftDetectionId)]
	if d == nil {
		return nil, invalid("Drift detection with id [%s] does not exist", ptr.Value(in.StackDriftDetectionId))
	}
	out := &cloudformation.DescribeStackDriftDetectionStatusOutput{
		StackDriftDetectionId: &d.id, StackId: &d.stack.id, Timestamp: &d.started, DetectionStatus: types.StackDriftDetectionStatusDetectionInProgress,
	}
	if d.done {
		drifted := int32(0)
		for _, r := range d.stack.resources {
			if r.checked == types.StackResourceDriftStatusModified || r.checked == types.StackResourceDriftStatusDeleted {
				drifted++
			}
		}
		out.DetectionStatus, out.StackDriftStatus, out.DriftedStackResourceCount = types.StackDriftDetectionStatusDetectionComplete, d.stack.drift, &drifted
	}
	return out, nil
}

func (c *Cloud) describeDrifts(in *cloudformation.DescribeStackResourceDriftsInput, _ time.Time) (*cloudformation.DescribeStackResourceDriftsOutput, *Error) {
	s, fault := c.mustFind(in.StackName)
	if fault != nil {
		return nil, fault
	}
	all := []types.StackResourceDrift{}
	for _, r := range s.sorted() {
		status := r.driftStatus()
		if r.checked == "" || len(in.StackResourceDriftStatusFilters) > 0 && !slices.Contains(in.StackResourceDriftStatusFilters, status) {
			continue
		}
		one := types.StackResourceDrift{
			StackId: &s.id, LogicalResourceId: &r.id, PhysicalResourceId: &r.physical, ResourceType: &r.kind.Name,
			StackResourceDriftStatus: status, Timestamp: some(r.driftAt), ExpectedProperties: asJSON(r.display),
		}
		if !r.lost {
			one.ActualProperties, one.PropertyDifferences = asJSON(r.actual()), r.differences()
		}
		all = append(all, one)
	}
	size := c.opts.PageSize
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	part, next, fault := page(all, in.NextToken, max(size, 1))
	return &cloudformation.DescribeStackResourceDriftsOutput{StackResourceDrifts: part, NextToken: next}, fault
}

func asJSON(v any) *string {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return new(string(b))
}

// differences are those between what the template says and what is outside.
func (r *resource) differences() []types.PropertyDifference {
	var out []types.PropertyDifference
	differ("", r.display, r.actual(), &out)
	return out
}

func differ(path string, expected, actual any, out *[]types.PropertyDifference) {
	before, isMap := expected.(map[string]any)
	after, alsoMap := actual.(map[string]any)
	if isMap && alsoMap {
		for _, key := range changedKeys(before, after) {
			differ(path+"/"+key, before[key], after[key], out)
		}
		return
	}
	left, isList := expected.([]any)
	right, alsoList := actual.([]any)
	if isList && alsoList && len(left) == len(right) {
		for i := range left {
			differ(path+"/"+strconv.Itoa(i), left[i], right[i], out)
		}
		return
	}
	if reflect.DeepEqual(expected, actual) {
		return
	}
	kind := types.DifferenceTypeNotEqual
	switch {
	case expected == nil:
		kind = types.DifferenceTypeAdd
	case actual == nil:
		kind = types.DifferenceTypeRemove
	}
	*out = append(*out, types.PropertyDifference{
		PropertyPath: new(path), DifferenceType: kind, ExpectedValue: new(shown(expected)), ActualValue: new(shown(actual)),
	})
}

// shown is a value as drift detection shows it.
func shown(v any) string {
	if v == nil {
		return "null"
	}
	if out, ok := template.Text(v); ok {
		return out
	}
	return ptr.Value(asJSON(v))
}
