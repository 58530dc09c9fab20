package inventory_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/nuke/inventory"
	"github.com/mettel-automation/delivery/nuke/inventory/inventorytest"
)

// The index is asked for what everybody's tags are, and only the environment's are
// asked for one by one.
func TestTagsOfNeighboursCostNoCalls(t *testing.T) {
	calls := func(neighbours ...string) int {
		a := inventorytest.New(accountID, "mettel-dev")
		for _, env := range append([]string{target}, neighbours...) {
			a.AddEnvironment(region, env)
		}
		read(t, a, options())
		n := 0
		for _, service := range []string{"cloudwatch", "logs", "sns", "elasticache"} {
			n += a.Calls(service + ":ListTagsForResource")
		}
		return n + a.Calls("s3:GetBucketTagging")
	}
	alone := calls()
	if crowded := calls(sibling, prodName, "automation-0000000a", "automation-0000000b"); crowded != alone || alone == 0 {
		t.Errorf("%d calls with neighbours, %d without", crowded, alone)
	}
}

// What the index says is old: the service itself is right.
func TestTheIndexMayBeBehind(t *testing.T) {
	t.Run("a tag that it does not know yet", func(t *testing.T) {
		a := threeEnvironments()
		r := a.In(region)
		logGroup(target+"-new", "production")(r)
		r.Unindexed[r.ARN("logs", "log-group:"+target+"-new")] = true
		if where, _ := found(read(t, a, options()), "-new"); where != conflict {
			t.Errorf("it is in %s", where)
		}
	})
	t.Run("a resource that is deleted meanwhile", func(t *testing.T) {
		a := threeEnvironments()
		logGroup("odd", target)(a.In(region))
		a.Before = func(_, action string) error {
			if action == "logs:ListTagsForResource" {
				return &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "no such group"}
			}
			return nil
		}
		if where, _ := found(read(t, a, options()), "odd"); where != others {
			t.Errorf("it is in %s", where)
		}
	})
}

// What is confirmed can make suspects of other things, which are confirmed in turn.
func TestConfirmingGoesOnUntilNothingIsNew(t *testing.T) {
	a := threeEnvironments()
	r := a.In(region)
	for i := range r.CacheClusters {
		r.CacheClusters[i].CacheClusterId = new("odd-" + string(rune('a'+i))) // known by its group only
		r.Unindexed[*r.CacheClusters[i].ARN] = true
		delete(r.Tags, *r.CacheClusters[i].ARN)
	}
	r.Tags[*r.CacheClusters[0].ARN] = map[string]string{"Environment": "production"}
	where, detail := found(read(t, a, options()), "odd-a")
	if where != conflict || !strings.Contains(detail, `its replication group is of "automation-1a2b3c4d", and its tag Environment says "production"`) {
		t.Errorf("it is in %s: %s", where, detail)
	}
}

func TestWhatHasJustBeenDeletedIsNoFailure(t *testing.T) {
	for _, action := range []string{"ecs:ListServices", "ecs:DescribeTasks", "ecs:ListContainerInstances", "elasticloadbalancing:DescribeListeners", "servicediscovery:ListInstances", "iam:ListPolicyTags", "iam:GetInstanceProfile", "route53:ListResourceRecordSets"} {
		t.Run(action, func(t *testing.T) {
			a := threeEnvironments()
			a.Before = once(action, &smithy.GenericAPIError{Code: "NoSuchEntity", Message: "it is gone"})
			read(t, a, options())
		})
	}
}

// ElastiCache tells tags of what is available only, and of the rest that it cannot be found.
func TestCachesInOtherStates(t *testing.T) {
	tests := map[string]struct{ status, where, fails string }{
		"one that is there, and then not":   {"available", others, ""},
		"one that is being deleted already": {"deleting", others, ""},
		"one that is being made":            {"creating", "", "read us-east-1: elasticache:ListTagsForResource: " + target + `-slow tells no tags while it is "creating": wait, or delete it by hand`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := threeEnvironments()
			r := a.In(region)
			r.CacheClusters = append(r.CacheClusters, cachetypes.CacheCluster{CacheClusterId: new(target + "-slow"), ARN: new("arn:slow"), CacheClusterStatus: &tt.status})
			a.Before = func(_, action string) error {
				if action == "elasticache:ListTagsForResource" {
					return &smithy.GenericAPIError{Code: "CacheClusterNotFound", Message: "either not present or not available"}
				}
				return nil
			}
			for i := range r.CacheClusters[:len(r.CacheClusters)-1] {
				r.CacheClusters[i].CacheClusterStatus = new("available")
			}
			for i := range r.ReplicationGroups {
				r.ReplicationGroups[i].Status = new("available")
			}
			inv, err := inventory.New(a.API(), options()).Read(t.Context())
			if tt.fails != "" {
				if _, ok := errors.AsType[*inventory.ReadError](err); !ok || err.Error() != tt.fails {
					t.Errorf("error %v, want %s", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if where, _ := found(inv, target+"-slow"); where != tt.where {
				t.Errorf("it is in %s", where)
			}
		})
	}
}

// A cache that is being deleted tells no tags either, and nobody has to know them.
func TestNobodyAsksACacheThatIsBeingDeleted(t *testing.T) {
	a := threeEnvironments()
	r := a.In(region)
	r.CacheClusters = append(r.CacheClusters, cachetypes.CacheCluster{CacheClusterId: new(target + "-old"), ARN: new("arn:old"), CacheClusterStatus: new("deleting")})
	before := a.Calls("elasticache:ListTagsForResource")
	read(t, a, options())
	asked := a.Calls("elasticache:ListTagsForResource") - before
	r.CacheClusters = r.CacheClusters[:len(r.CacheClusters)-1]
	read(t, a, options())
	if again := a.Calls("elasticache:ListTagsForResource") - before - asked; asked != again {
		t.Errorf("%d are asked with it, and %d without", asked, again)
	}
}

// once fails the first call of an action.
func once(action string, err error) func(string, string) error {
	var mu sync.Mutex
	done := false
	return func(_, called string) error {
		mu.Lock()
		defer mu.Unlock()
		if called != action || done {
			return nil
		}
		done = true
		return err
	}
}

func TestARegionWithoutServerlessCaches(t *testing.T) {
	a := threeEnvironments()
	a.Before = func(_, action string) error {
		if action == "elasticache:DescribeServerlessCaches" {
			return &smithy.GenericAPIError{Code: "InvalidAction", Message: "Could not find operation DescribeServerlessCaches"}
		}
		return nil
	}
	if where, _ := found(read(t, a, options()), "-sessions"); where != "nowhere" {
		t.Errorf("it is in %s", where)
	}
}

func TestReadErrorsSayWhatToDo(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"an action that is not allowed": {
			inventorytest.Denied("sns:ListTopics"),
			"read us-east-1: sns:ListTopics: AccessDeniedException: not authorized to perform sns:ListTopics; allow sns:ListTopics to whose credentials these are",
		},
		"one of EC2's": {
			&smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "no"},
			"read us-east-1: sns:ListTopics: UnauthorizedOperation: no; allow sns:ListTopics to whose credentials these are",
		},
		"a region that is not enabled": {
			&smithy.GenericAPIError{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."},
			"read us-east-1: sns:ListTopics: UnrecognizedClientException: The security token included in the request is invalid.; are the credentials right, and is the region enabled for the account?",
		},
		"a throttled call": {
			&smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"},
			"read us-east-1: sns:ListTopics: Throttling: Rate exceeded",
		},
		"no answer": {errors.New("connection refused"), "read us-east-1: sns:ListTopics: connection refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := error(&inventory.ReadError{Region: region, Action: "sns:ListTopics", Err: tt.err})
			if err.Error() != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}
