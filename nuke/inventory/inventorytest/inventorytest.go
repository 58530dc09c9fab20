// Package inventorytest holds an account of AWS in memory, for tests of what reads one
// with package nuke/inventory.
//
//	account := inventorytest.New("123456789012", "mettel-dev")
//	account.AddEnvironment("us-east-1", "automation-1a2b3c4d")
//	reader := inventory.New(account.API(), inventory.Options{...})
//
// What it holds is written down with the SDK's own types, and tags by ARN, in the way
// AWS tells them: some with the resource, some one by one, and nearly all in the index
// of tags. Lists come in pages of a few. It knows no writes, and speaks no wire protocol.
package inventorytest

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	cachetypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	stacktypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	maptypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/smithy-go"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory"
)

// Account is an account in memory. Fill it before it is read.
type Account struct {
	ID, Alias string

	Roles    []iamtypes.RoleDetail
	Policies []iamtypes.ManagedPolicyDetail
	Profiles []iamtypes.InstanceProfile
	Zones    []dnstypes.HostedZone
	Records  map[string][]dnstypes.ResourceRecordSet // by the id of their zone
	Regions  map[string]*Region
	// Tags are those of everything that has no region, by ARN; of zones, by id.
	Tags map[string]map[string]string
	// PageSize is the most that one answer holds; 0 is 2, so that tests have pages.
	PageSize int
	// Before, where it is set, is asked before each call, and its error is the answer.
	// It must be safe for several goroutines at once.
	Before func(region, action string) error

	mu     sync.Mutex
	calls  map[string]int
	serial int
}

// Region is what is in one region of an account.
type Region struct {
	Name string

	Clusters        []ecstypes.Cluster
	Services        []ecstypes.Service
	Tasks           []ecstypes.Task
	Instances       map[string][]string // ARNs, by the ARN of their cluster
	TaskDefinitions map[ecstypes.TaskDefinitionStatus][]string

	LoadBalancers []elbtypes.LoadBalancer
	Listeners     []elbtypes.Listener
	Rules         map[string][]elbtypes.Rule // by the ARN of their listener
	TargetGroups  []elbtypes.TargetGroup

	CacheClusters     []cachetypes.CacheCluster
	ServerlessCaches  []cachetypes.ServerlessCache
	ReplicationGroups []cachetypes.ReplicationGroup
	SubnetGroups      []cachetypes.CacheSubnetGroup

	Namespaces   []maptypes.NamespaceSummary
	MapServices  map[string][]maptypes.ServiceSummary // by the id of their namespace
	MapInstances map[string][]string                  // by the id of their service

	Alarms          []watchtypes.MetricAlarm
	CompositeAlarms []watchtypes.CompositeAlarm
	Dashboards      []string
	LogGroups       []logtypes.LogGroup
	MetricFilters   []logtypes.MetricFilter
	Stacks          []stacktypes.Stack
	Topics          []string // ARNs
	Buckets         []s3types.Bucket
	SecurityGroups  []ec2types.SecurityGroup

	// Tags are those of everything in the region, by ARN.
	Tags map[string]map[string]string
	// Unindexed are the ARNs that the index of tags does not know.
	Unindexed map[string]bool

	account *Account
}

// New returns an account with nothing in it.
func New(id, alias string) *Account {
	return &Account{
		ID: id, Alias: alias, Regions: make(map[string]*Region), calls: make(map[string]int),
		Records: make(map[string][]dnstypes.ResourceRecordSet), Tags: make(map[string]map[string]string),
	}
}

// In returns the region of a name, which it makes where the account did not have it.
func (a *Account) In(name string) *Region {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Regions[name] == nil {
		a.Regions[name] = &Region{
			Name: name, account: a, Instances: make(map[string][]string), TaskDefinitions: make(map[ecstypes.TaskDefinitionStatus][]string),
			Rules: make(map[string][]elbtypes.Rule), MapServices: make(map[string][]maptypes.ServiceSummary), MapInstances: make(map[string][]string),
			Tags: make(map[string]map[string]string), Unindexed: make(map[string]bool),
		}
	}
	return a.Regions[name]
}

// API returns what reads the account.
func (a *Account) API() inventory.API {
	whole := global{a}
	return inventory.API{Identity: whole, Aliases: whole, IAM: whole, DNS: whole, Region: func(name string) inventory.Region {
		r := a.In(name)
		return inventory.Region{
			Tags: index{r}, Clusters: containers{r}, Services: containers{r}, LoadBalancers: balancers{r}, Caches: caches{r},
			CloudMap: cloudMap{r}, CloudWatch: watch{r}, Logs: logs{r}, Stacks: stacks{r}, Topics: topics{r}, Buckets: buckets{r}, Network: network{r},
		}
	}}
}

// Calls returns how often an action was called: "ecs:ListClusters".
func (a *Account) Calls(action string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls[action]
}

// Denied is the answer of AWS to who may not do something, for [Account.Before].
func Denied(action string) error {
	return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform " + action}
}

// ARN is the name of something in the region: ARN("sns", "alarms").
func (r *Region) ARN(service, rest string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, r.Name, r.account.ID, rest)
}

// called counts a call, and says what goes wrong with it.
func (a *Account) called(region, action string) error {
	a.mu.Lock()
	a.calls[action]++
	a.mu.Unlock()
	if a.Before == nil {
		return nil
	}
	return a.Before(region, action)
}

func (r *Region) called(action string) error { return r.account.called(r.Name, action) }

// page cuts one page out of items: the one that token means.
func page[T any](a *Account, items []T, token *string) (part []T, next *string, err error) {
	size := a.PageSize
	if size <= 0 {
		size = 2
	}
	part, after, ok := double.Page(items, ptr.Value(token), size)
	if !ok {
		return nil, nil, &smithy.GenericAPIError{Code: "ValidationException", Message: "bad token " + *token}
	}
	if after != "" {
		next = &after
	}
	return part, next, nil
}

// pairs are tags in a service's own type, sorted by their keys.
func pairs[T any](tags map[string]string, tag func(key, value *string) T) []T {
	var list []T
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag(&key, new(tags[key])))
	}
	return list
}

// missing is the answer to a question for what is not there.
func missing(what string) error {
	return &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: what + " was not found"}
}
