package stack

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// courses is the state table as the documentation of the statuses has it: what is
// done about a stack that may not be recreated, and about one that may.
var courses = map[types.StackStatus][2]course{
	"":                                    {toCreate, toCreate},
	"REVIEW_IN_PROGRESS":                  {toCreate, toCreate},
	"DELETE_COMPLETE":                     {toCreate, toCreate},
	"CREATE_COMPLETE":                     {toUpdate, toUpdate},
	"UPDATE_COMPLETE":                     {toUpdate, toUpdate},
	"UPDATE_FAILED":                       {toRefuse, toRefuse},
	"UPDATE_ROLLBACK_COMPLETE":            {toUpdate, toUpdate},
	"IMPORT_COMPLETE":                     {toUpdate, toUpdate},
	"IMPORT_ROLLBACK_COMPLETE":            {toUpdate, toUpdate},
	"CREATE_IN_PROGRESS":                  {toWait, toWait},
	"ROLLBACK_IN_PROGRESS":                {toWait, toWait},
	"DELETE_IN_PROGRESS":                  {toWait, toWait},
	"UPDATE_IN_PROGRESS":                  {toWait, toWait},
	"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {toWait, toWait},
	"UPDATE_ROLLBACK_IN_PROGRESS":         {toWait, toWait},
	"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {toWait, toWait},
	"IMPORT_IN_PROGRESS":                           {toWait, toWait},
	"IMPORT_ROLLBACK_IN_PROGRESS":                  {toWait, toWait},
	"CREATE_FAILED":                                {toRefuse, toRecreate},
	"ROLLBACK_FAILED":                              {toRefuse, toRecreate},
	"ROLLBACK_COMPLETE":                            {toRefuse, toRecreate},
	"DELETE_FAILED":                                {toRefuse, toRecreate},
	"UPDATE_ROLLBACK_FAILED":                       {toRefuse, toRefuse},
	"IMPORT_ROLLBACK_FAILED":                       {toRefuse, toRefuse},
	"SOMETHING_NEW":                                {toRefuse, toRefuse},
	"SOMETHING_NEW_IN_PROGRESS":                    {toWait, toWait},
}

func TestDecide(t *testing.T) {
	for _, status := range types.StackStatus("").Values() {
		if _, ok := courses[status]; !ok {
			t.Errorf("no course for %s", status)
		}
	}
	for status, want := range courses {
		for i, recreate := range []bool{false, true} {
			got := decide(status, recreate, false)
			if got.course != want[i] {
				t.Errorf("%s, may be recreated %t: %s, want %s", status, recreate, got.course, want[i])
			}
			if got.course == toRefuse && (got.reason == "" || got.remedy == "") {
				t.Errorf("%s is refused without a reason or a remedy: %+v", status, got)
			}
		}
		production := decide(status, true, true)
		if production.course == toRecreate {
			t.Errorf("%s: a stack of production is recreated", status)
		}
		if want[1] == toRecreate && !strings.Contains(production.remedy, "production") {
			t.Errorf("%s: the remedy %q does not speak of production", status, production.remedy)
		}
		if want[1] != toRecreate && production.course != want[1] {
			t.Errorf("%s in production: %s, want %s", status, production.course, want[1])
		}
	}
}

func TestErrorTexts(t *testing.T) {
	tests := map[string]struct {
		err  error
		is   error
		want string
	}{
		"a stack that can only be deleted": {
			&StateError{Stack: "demo", Status: "ROLLBACK_COMPLETE", Reason: "its creation failed and was rolled back", Remedy: "set RecreateFailed"},
			ErrState, "plan stack demo: it is ROLLBACK_COMPLETE: its creation failed and was rolled back; set RecreateFailed",
		},
		"a rollback that is stuck": {
			&StuckError{Stack: "demo", Failed: []Cause{
				{Stack: "demo", LogicalID: "Cache", Type: "AWS::ElastiCache::CacheCluster", Reason: "did not stabilize"},
				{Stack: "demo/Inner", LogicalID: "Role", Type: "AWS::IAM::Role", Status: "UPDATE_FAILED"},
			}},
			ErrState,
			"plan stack demo: it is UPDATE_ROLLBACK_FAILED: the rollback of an update is stuck at Cache (AWS::ElastiCache::CacheCluster): did not stabilize, " +
				"Inner/Role (AWS::IAM::Role): UPDATE_FAILED without a reason; remove the cause and let Recover end the rollback, then plan again",
		},
		"several faults": {
			&InvalidError{Stack: "demo", Faults: []error{errors.New("a"), ErrTemplateTooLarge}},
			ErrTemplateTooLarge, "plan stack demo: a; the template is too large",
		},
		"a fault of many lines": {
			&InvalidError{Faults: []error{errors.Join(errors.New("a"), errors.New("b"))}}, ErrInvalid, "plan stack without a name: a; b",
		},
		"a change set that failed": {
			&ChangeSetError{Stack: "demo", Reason: "Template error"}, nil, "plan stack demo: no change set could be made: Template error",
		},
		"consent that is missing": {
			&PolicyError{Stack: "demo", Refused: []Refusal{{"Cache", "AWS::ElastiCache::CacheCluster", Replace}, {"Bucket", "AWS::S3::Bucket", Delete}}},
			ErrConsent,
			"apply stack demo: Cache (AWS::ElastiCache::CacheCluster) would be replaced; Bucket (AWS::S3::Bucket) would be deleted; name what is wanted in Consent and plan again",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.is != nil && !errors.Is(tt.err, tt.is) {
				t.Errorf("%v is not %v", tt.err, tt.is)
			}
		})
	}
}
