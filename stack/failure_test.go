package stack

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/internal/ptr"
)

const (
	envName   = "automation-8527fec8"
	envARN    = "arn:aws:cloudformation:us-east-1:111122223333:stack/automation-8527fec8/11111111-1111-1111-1111-111111111111"
	nestedARN = "arn:aws:cloudformation:us-east-1:111122223333:stack/automation-8527fec8-Caches-1X2Y/22222222-2222-2222-2222-222222222222"
	innerARN  = "arn:aws:cloudformation:us-east-1:111122223333:stack/automation-8527fec8-Caches-1X2Y-Deep-3Z/33333333-3333-3333-3333-333333333333"
)

var dawn = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// history makes events of one stack after another, a second apart.
type history struct {
	events []types.StackEvent
	token  string
}

func (h *history) add(e types.StackEvent) *history {
	n := len(h.events)
	e.EventId = new(strings.Join([]string{ptr.Value(e.LogicalResourceId), string(e.ResourceStatus), time.Duration(n).String()}, "-"))
	at := dawn.Add(time.Duration(n) * time.Second)
	e.Timestamp = &at
	if h.token != "" {
		e.ClientRequestToken = new(h.token)
	}
	h.events = append(h.events, e)
	return h
}

// stack adds what a stack itself enters; within tells whose: envARN, nestedARN, innerARN.
func (h *history) stack(within string, status types.StackStatus, reason string) *history {
	return h.add(types.StackEvent{
		StackId: &within, StackName: new(nameIn(within)), LogicalResourceId: new(nameIn(within)), PhysicalResourceId: &within,
		ResourceType: new(stackType), ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: &reason,
	})
}

func (h *history) resource(within, id, kind, physical, status, reason string) *history {
	return h.add(types.StackEvent{
		StackId: &within, StackName: new(nameIn(within)), LogicalResourceId: &id, PhysicalResourceId: &physical,
		ResourceType: &kind, ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: &reason,
	})
}

const (
	noNodes = `Resource handler returned message: "No cache.t4g.micro nodes: insufficient capacity (Service: ElastiCache, Status Code: 400, Request ID: 1)" (RequestToken: 4a, HandlerErrorCode: ServiceLimitExceeded)`
	busy    = `Replication group must be in available state to modify. (InvalidReplicationGroupState)`
)

func TestFailure(t *testing.T) {
	const group, topic = "AWS::ElastiCache::ReplicationGroup", "AWS::SNS::Topic"
	apply := operation{verb: opApply, name: envName, id: envARN}
	tests := map[string]struct {
		op      operation
		status  types.StackStatus
		reason  string
		events  *history
		causes  []string // "stack/LogicalID STATUS"
		back    []string
		because string
		text    string
		stuck   bool
	}{
		"the oldest failure is the first, and what was cancelled for it is noise": {
			op: apply, status: "ROLLBACK_COMPLETE",
			events: new(history).stack(envARN, "CREATE_IN_PROGRESS", "User Initiated").
				resource(envARN, "Cache", group, "", "CREATE_IN_PROGRESS", "").
				resource(envARN, "Cache", group, "", "CREATE_FAILED", noNodes).
				resource(envARN, "Alarms", topic, "", "CREATE_FAILED", "Resource creation cancelled").
				resource(envARN, "Topic", topic, "", "CREATE_FAILED", "Invalid parameter: DisplayName").
				stack(envARN, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Cache, Alarms, Topic]. Rollback requested by user.").
				resource(envARN, "Cache", group, "", "DELETE_COMPLETE", "").
				stack(envARN, "ROLLBACK_COMPLETE", ""),
			causes:  []string{envName + "/Cache CREATE_FAILED", envName + "/Topic CREATE_FAILED"},
			because: "The following resource(s) failed to create: [Cache, Alarms, Topic]. Rollback requested by user.",
			text: "apply stack automation-8527fec8: Cache (AWS::ElastiCache::ReplicationGroup): No cache.t4g.micro nodes: insufficient capacity; " +
				"AWS has no such nodes there now: take another node type or zone; also Topic (AWS::SNS::Topic): Invalid parameter: DisplayName; " +
				"what had been made is deleted again (ROLLBACK_COMPLETE), and the stack must be deleted before it can be created",
		},
		"an update that went back leaves everything as it was": {
			op: apply, status: "UPDATE_ROLLBACK_COMPLETE",
			events: new(history).stack(envARN, "UPDATE_IN_PROGRESS", "").
				resource(envARN, "Topic", topic, "arn:t", "UPDATE_FAILED", "Internal Failure").
				stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Topic].").
				stack(envARN, "UPDATE_ROLLBACK_COMPLETE", ""),
			causes:  []string{envName + "/Topic UPDATE_FAILED"},
			because: "The following resource(s) failed to update: [Topic].",
			text: "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): Internal Failure; AWS failed: run again, and look at its health dashboard if that repeats; " +
				"everything is as it was before (UPDATE_ROLLBACK_COMPLETE)",
		},
		"the failures of the rollback stand apart": {
			op: apply, status: "UPDATE_ROLLBACK_FAILED", stuck: true,
			events: new(history).stack(envARN, "UPDATE_IN_PROGRESS", "").
				resource(envARN, "Topic", topic, "arn:t", "UPDATE_FAILED", "Invalid parameter: DisplayName").
				stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Topic].").
				resource(envARN, "Cache", group, "c", "UPDATE_FAILED", busy).
				stack(envARN, "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Cache]."),
			causes: []string{envName + "/Topic UPDATE_FAILED"}, back: []string{envName + "/Cache UPDATE_FAILED"},
			because: "The following resource(s) failed to update: [Topic].",
			text: "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): Invalid parameter: DisplayName; the rollback is stuck (UPDATE_ROLLBACK_FAILED): " +
				"remove its cause and let Recover end it; the rollback failed at Cache (AWS::ElastiCache::ReplicationGroup): " +
				"Replication group must be in available state to modify. (InvalidReplicationGroupState); it is busy with something else: run again when it is available",
		},
		"a creation whose rollback fails": {
			op: apply, status: "ROLLBACK_FAILED", stuck: true,
			events: new(history).stack(envARN, "CREATE_IN_PROGRESS", "").
				resource(envARN, "Topic", topic, "", "CREATE_FAILED", "Invalid parameter: DisplayName").
				stack(envARN, "ROLLBACK_IN_PROGRESS", "failed").
				resource(envARN, "Logs", "AWS::S3::Bucket", "logs", "DELETE_FAILED", "The bucket you tried to delete is not empty").
				stack(envARN, "ROLLBACK_FAILED", "The following resource(s) failed to delete: [Logs]."),
			causes: []string{envName + "/Topic CREATE_FAILED"}, back: []string{envName + "/Logs DELETE_FAILED"},
			because: "failed",
			text: "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): Invalid parameter: DisplayName; what had been made could not all be deleted again (ROLLBACK_FAILED): " +
				"delete the stack; the rollback failed at Logs (AWS::S3::Bucket): The bucket you tried to delete is not empty; " +
				"list it in EmptyBuckets to have it emptied first, or in Retain to keep it",
		},
		"a nested stack gives way to what failed in it, however deep, and its rollback is its own": {
			op: apply, status: "UPDATE_ROLLBACK_COMPLETE",
			events: new(history).stack(envARN, "UPDATE_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, "", "CREATE_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, nestedARN, "CREATE_IN_PROGRESS", "Resource creation Initiated").
				stack(nestedARN, "CREATE_IN_PROGRESS", "").
				resource(nestedARN, "Deep", stackType, innerARN, "CREATE_IN_PROGRESS", "").
				stack(innerARN, "CREATE_IN_PROGRESS", "").
				resource(innerARN, "Cache", group, "", "CREATE_FAILED", "AlreadyExists: automation-8527fec8").
				stack(innerARN, "ROLLBACK_IN_PROGRESS", "").
				resource(innerARN, "Logs", "AWS::S3::Bucket", "logs", "DELETE_FAILED", "not empty").
				resource(nestedARN, "Deep", stackType, innerARN, "CREATE_FAILED", "Embedded stack "+innerARN+" was not successfully created: ...").
				stack(nestedARN, "ROLLBACK_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, nestedARN, "CREATE_FAILED", "Embedded stack "+nestedARN+" was not successfully created: ...").
				stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Caches].").
				stack(envARN, "UPDATE_ROLLBACK_COMPLETE", ""),
			causes:  []string{envName + "/Caches/Deep/Cache CREATE_FAILED"},
			back:    []string{envName + "/Caches/Deep/Logs DELETE_FAILED"},
			because: "The following resource(s) failed to create: [Caches].",
			text: "apply stack automation-8527fec8: Caches/Deep/Cache (AWS::ElastiCache::ReplicationGroup): AlreadyExists: automation-8527fec8; " +
				"something of that name exists outside of the stack: delete it, import it, or give another name; " +
				"everything is as it was before (UPDATE_ROLLBACK_COMPLETE), but for what is left behind; the rollback failed at Caches/Deep/Logs (AWS::S3::Bucket): not empty; " +
				"list it in EmptyBuckets to have it emptied first, or in Retain to keep it",
		},
		"a nested stack of which nothing was seen stands for itself": {
			op: apply, status: "ROLLBACK_COMPLETE",
			events: new(history).stack(envARN, "CREATE_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, nestedARN, "CREATE_FAILED", "Embedded stack was not successfully created").
				stack(envARN, "ROLLBACK_IN_PROGRESS", "").stack(envARN, "ROLLBACK_COMPLETE", ""),
			causes: []string{envName + "/Caches CREATE_FAILED"},
			text: "apply stack automation-8527fec8: Caches (AWS::CloudFormation::Stack): Embedded stack was not successfully created; " +
				"what had been made is deleted again (ROLLBACK_COMPLETE), and the stack must be deleted before it can be created",
		},
		"a nested stack that is deleted while its parent goes back fails in the rollback": {
			op: apply, status: "ROLLBACK_FAILED", stuck: true,
			events: new(history).stack(envARN, "CREATE_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, nestedARN, "CREATE_COMPLETE", "").
				stack(nestedARN, "CREATE_COMPLETE", "").
				resource(envARN, "Topic", topic, "", "CREATE_FAILED", "no").
				stack(envARN, "ROLLBACK_IN_PROGRESS", "").
				resource(envARN, "Caches", stackType, nestedARN, "DELETE_IN_PROGRESS", "").
				stack(nestedARN, "DELETE_IN_PROGRESS", "").
				resource(nestedARN, "Cache", group, "c", "DELETE_FAILED", "busy").
				stack(nestedARN, "DELETE_FAILED", "").
				resource(envARN, "Caches", stackType, nestedARN, "DELETE_FAILED", "Embedded stack was not deleted").
				stack(envARN, "ROLLBACK_FAILED", ""),
			causes: []string{envName + "/Topic CREATE_FAILED"}, back: []string{envName + "/Caches/Cache DELETE_FAILED"},
			text: "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): no; what had been made could not all be deleted again (ROLLBACK_FAILED): delete the stack; " +
				"the rollback failed at Caches/Cache (AWS::ElastiCache::ReplicationGroup): busy",
		},
		"a resource that was tried three times fails once": {
			op: operation{verb: opDelete, name: envName, id: envARN}, status: "DELETE_FAILED", reason: "The following resource(s) failed to delete: [Group]. ",
			events: new(history).stack(envARN, "DELETE_IN_PROGRESS", "").
				resource(envARN, "Group", "AWS::EC2::SecurityGroup", "sg-1", "DELETE_FAILED", "resource sg-1 has a dependent object").
				resource(envARN, "Group", "AWS::EC2::SecurityGroup", "sg-1", "DELETE_FAILED", "resource sg-1 has a dependent object").
				stack(envARN, "DELETE_FAILED", "The following resource(s) failed to delete: [Group]. "),
			causes:  []string{envName + "/Group DELETE_FAILED"},
			because: "The following resource(s) failed to delete: [Group]. ",
			text: "delete stack automation-8527fec8: Group (AWS::EC2::SecurityGroup): resource sg-1 has a dependent object; " +
				"something outside of the stack still uses it, such as a network interface: remove that first; " +
				"the stack is DELETE_FAILED: remove the cause, or name in Retain what may be left behind, and delete it again",
		},
		"an update that somebody cancelled has no causes but a reason": {
			op: apply, status: "UPDATE_ROLLBACK_COMPLETE",
			events: new(history).stack(envARN, "UPDATE_IN_PROGRESS", "User Initiated").
				resource(envARN, "Cache", group, "c", "UPDATE_FAILED", "Resource update cancelled").
				stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated").
				stack(envARN, "UPDATE_ROLLBACK_COMPLETE", ""),
			because: "User Initiated",
			text:    "apply stack automation-8527fec8: User Initiated; everything is as it was before (UPDATE_ROLLBACK_COMPLETE)",
		},
		"what failed to be deleted after an update is not why a later step failed": {
			op: apply, status: "UPDATE_FAILED",
			events: new(history).stack(envARN, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "").
				resource(envARN, "Old", topic, "arn:t", "DELETE_FAILED", "busy").
				stack(envARN, "UPDATE_FAILED", "Template error"),
			because: "Template error",
			text:    "apply stack automation-8527fec8: Template error; what had been changed stays (UPDATE_FAILED): let Recover roll it back, then plan again",
		},
		"a hook says why": {
			op: apply, status: "CREATE_FAILED",
			events: new(history).stack(envARN, "CREATE_IN_PROGRESS", "").
				add(types.StackEvent{
					StackId: new(envARN), LogicalResourceId: new("Topic"), ResourceType: new(topic), ResourceStatus: "CREATE_IN_PROGRESS",
					HookStatus: types.HookStatusHookCompleteFailed, HookType: new("Acme::Tags::Hook"), HookStatusReason: new("no tag Owner"),
				}).
				resource(envARN, "Topic", topic, "", "CREATE_FAILED", "The following hook(s) failed: [Acme::Tags::Hook]").
				stack(envARN, "CREATE_FAILED", ""),
			causes: []string{envName + "/Topic CREATE_FAILED"},
			text:   "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): The following hook(s) failed: [Acme::Tags::Hook]; hook Acme::Tags::Hook: no tag Owner; what had been made stays (CREATE_FAILED): let Recover roll it back, or set RecreateFailed, then plan again",
		},
		"a recovery that fails again": {
			op: operation{verb: opRecover, name: envName, id: envARN}, status: "UPDATE_ROLLBACK_FAILED", stuck: true,
			events: new(history).stack(envARN, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated").
				resource(envARN, "Cache", group, "c", "UPDATE_FAILED", "busy").
				stack(envARN, "UPDATE_ROLLBACK_FAILED", ""),
			back: []string{envName + "/Cache UPDATE_FAILED"}, because: "User Initiated",
			text: "recover stack automation-8527fec8: Cache (AWS::ElastiCache::ReplicationGroup): busy; " +
				"the rollback is stuck again (UPDATE_ROLLBACK_FAILED): remove the cause, or skip the resource, and recover once more",
		},
		"a reason that would steer a terminal is shown as text": {
			op: apply, status: "CREATE_FAILED",
			events: new(history).resource(envARN, "Topic", topic, "", "CREATE_FAILED", "\x1b[31mred\nline"),
			causes: []string{envName + "/Topic CREATE_FAILED"},
			text:   `apply stack automation-8527fec8: Topic (AWS::SNS::Topic): \x1b[31mred\nline; what had been made stays (CREATE_FAILED): let Recover roll it back, or set RecreateFailed, then plan again`,
		},
		"no reason is said to be none": {
			op: apply, status: "UPDATE_FAILED", events: new(history).resource(envARN, "Topic", topic, "", "UPDATE_FAILED", ""),
			causes: []string{envName + "/Topic UPDATE_FAILED"},
			text:   "apply stack automation-8527fec8: Topic (AWS::SNS::Topic): UPDATE_FAILED without a reason; what had been changed stays (UPDATE_FAILED): let Recover roll it back, then plan again",
		},
		"nothing at all is known": {
			op: apply, status: "ROLLBACK_COMPLETE", events: new(history),
			text: "apply stack automation-8527fec8: CloudFormation gives no reason; what had been made is deleted again (ROLLBACK_COMPLETE), and the stack must be deleted before it can be created",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := failure(tt.op, outcome{Status: tt.status, Reason: tt.reason, Events: tt.events.events})
			got, ok := errors.AsType[*OperationError](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(tt.causes, shorts(got.Causes), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("causes (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.back, shorts(got.Rollback), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("rollback (-want +got):\n%s", d)
			}
			if got.Reason != tt.because {
				t.Errorf("reason %q, want %q", got.Reason, tt.because)
			}
			if d := cmp.Diff(tt.text, err.Error()); d != "" {
				t.Errorf("text (-want +got):\n%s", d)
			}
			if !errors.Is(err, ErrFailed) || errors.Is(err, ErrRollbackFailed) != tt.stuck || errors.Is(err, ErrTimeout) {
				t.Errorf("it matches %v, %v", errors.Is(err, ErrFailed), errors.Is(err, ErrRollbackFailed))
			}
			if want := strings.HasSuffix(string(tt.status), "ROLLBACK_COMPLETE"); got.RolledBack != want {
				t.Errorf("rolled back %v, want %v", got.RolledBack, want)
			}
		})
	}
}

func shorts(causes []Cause) (texts []string) {
	for _, c := range causes {
		texts = append(texts, c.Stack+"/"+c.LogicalID+" "+c.Status)
	}
	return texts
}

// TestFailureIsInTheOrderOfTime: nested stacks are read after their parent.
func TestFailureIsInTheOrderOfTime(t *testing.T) {
	h := new(history).stack(envARN, "CREATE_IN_PROGRESS", "").
		resource(envARN, "Caches", stackType, nestedARN, "CREATE_IN_PROGRESS", "").
		stack(nestedARN, "CREATE_IN_PROGRESS", "").
		resource(nestedARN, "First", topic, "", "CREATE_FAILED", "first").
		resource(envARN, "Second", topic, "", "CREATE_FAILED", "second").
		resource(nestedARN, "Third", topic, "", "CREATE_FAILED", "third").
		stack(envARN, "ROLLBACK_COMPLETE", "")
	var events []types.StackEvent
	for _, id := range []string{envARN, nestedARN} {
		for _, e := range h.events {
			if ptr.Value(e.StackId) == id {
				events = append(events, e)
			}
		}
	}
	failed, _ := errors.AsType[*OperationError](failure(operation{verb: opApply, name: envName, id: envARN}, outcome{Status: "ROLLBACK_COMPLETE", Events: events}))
	want := []string{envName + "/Caches/First CREATE_FAILED", envName + "/Second CREATE_FAILED", envName + "/Caches/Third CREATE_FAILED"}
	if d := cmp.Diff(want, shorts(failed.Causes)); d != "" {
		t.Errorf("causes (-want +got):\n%s", d)
	}
}

// TestFailureOfEveryStatus: an operation ends well with a few statuses and with no other.
func TestFailureOfEveryStatus(t *testing.T) {
	good := map[string]map[types.StackStatus]bool{
		opApply:   {"CREATE_COMPLETE": true, "UPDATE_COMPLETE": true, "IMPORT_COMPLETE": true},
		opDelete:  {"DELETE_COMPLETE": true},
		opRecover: {"UPDATE_ROLLBACK_COMPLETE": true},
	}
	for verb, ends := range good {
		for _, status := range types.StackStatus("").Values() {
			err := failure(operation{verb: verb, name: envName, id: envARN}, outcome{Status: status})
			if ends[status] != (err == nil) {
				t.Errorf("%s that ends with %s: %v", verb, status, err)
			}
			if err != nil && !strings.Contains(err.Error(), string(status)) {
				t.Errorf("%s that ends with %s says %q", verb, status, err)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	tests := map[string]struct{ reason, want string }{
		"the wrapping of a handler":   {noNodes, "No cache.t4g.micro nodes: insufficient capacity"},
		"the service alone":           {"The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded; Request ID: 1; Proxy: null)", "The maximum number of addresses has been reached."},
		"a token alone":               {"Exceeded attempts to wait (RequestToken: 4a, HandlerErrorCode: NotStabilized)", "Exceeded attempts to wait"},
		"both, without the message":   {"resource sg-1 has a dependent object (Service: Ec2, Status Code: 400, Request ID: 5f) (RequestToken: 0a, HandlerErrorCode: InvalidRequest)", "resource sg-1 has a dependent object"},
		"nothing to take off":         {"Internal Failure", "Internal Failure"},
		"brackets of its own":         {"busy (Service: x) now", "busy (Service: x) now"},
		"nothing but wrapping":        {"(Service: Ec2, Status Code: 400)", "(Service: Ec2, Status Code: 400)"},
		"a message that does not end": {`Resource handler returned message: "half`, `Resource handler returned message: "half`},
		"nothing":                     {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := plain(tt.reason); got != tt.want {
				t.Errorf("plain %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	for _, reason := range []string{noNodes, busy, "", "(Service: ", `Resource handler returned message: "" (RequestToken: `} {
		f.Add(reason)
	}
	f.Fuzz(func(t *testing.T, reason string) {
		text := plain(reason)
		if !strings.Contains(reason, text) || plain(text) != plain(plain(text)) {
			t.Errorf("plain(%q) = %q", reason, text)
		}
		if c := (Cause{Stack: "s", LogicalID: "L", Type: "T", Reason: reason}); strings.ContainsAny(c.String(), "\n\x1b") {
			t.Errorf("%q", c.String())
		}
	})
}
