package stacktest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// earlyValidation is the reason of a change set that wants names which are taken.
// Source: aws/aws-cdk-cli#1000.
const earlyValidation = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. " +
	"To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."

// validate refuses cs if something new wants a name that is taken, by whatever it
// is; DescribeEvents tells by which. Source: CloudFormation User Guide, "Validate
// stack deployments".
func (c *Cloud) validate(cs *changeSet, f forecast, now time.Time) error {
	if c.opts.NoEarlyValidation || cs.unchecked {
		return nil
	}
	refused := false
	for _, id := range slices.Sorted(maps.Keys(f.made)) {
		r := newResource(cs.stack, f.made[id].definition)
		r.properties = f.made[id].properties
		name, given := r.kind.GivenName(r.properties)
		key := claim{r.kind.Name, name}
		if _, taken := c.claims[key]; !given || !taken {
			continue
		}
		if old := cs.stack.resources[id]; old != nil && old.claimed != nil && *old.claimed == key {
			continue // it is its own: only executing tells that it cannot be replaced
		}
		refused = true
		cs.record(types.OperationEvent{
			EventType: types.EventTypeValidationError, LogicalResourceId: &r.id, ResourceType: &r.kind.Name,
			ValidationName: new("NAME_CONFLICT_VALIDATION"), ValidationStatus: types.ValidationStatusFailed,
			ValidationFailureMode: types.HookFailureModeFail, ValidationPath: new("/Resources/" + id),
			ValidationStatusReason: new(fmt.Sprintf("Resource of type '%s' with identifier '%s' already exists.", r.kind.Name, name)),
		}, c.uuid(), now)
	}
	if refused {
		return fmt.Errorf("%s", earlyValidation)
	}
	return nil
}

// record is an event of making cs.
func (cs *changeSet) record(e types.OperationEvent, id string, now time.Time) {
	e.EventId, e.OperationId, e.OperationType = &id, &cs.operation, types.OperationTypeCreateChangeset
	e.StackId, e.Timestamp, e.ClientRequestToken = &cs.stack.id, &now, some(cs.token)
	cs.events = append(cs.events, e)
}

// reached records how far making cs is.
func (c *Cloud) reached(cs *changeSet, status types.BeaconStackOperationStatus, now time.Time) {
	e := types.OperationEvent{EventType: types.EventTypeStackEvent, OperationStatus: status}
	if cs.reason == earlyValidation {
		e.DetailedStatus = types.DetailedStatusValidationFailed
	}
	cs.record(e, c.uuid(), now)
}
