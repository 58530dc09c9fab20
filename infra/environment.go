package infra

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/infra/internal/exemplar"
)

// Environment is one environment in a network. See environment.yaml.
//
// # SIZES
//
// Some properties cannot change at all, and some not in one update; environment.yaml
// begins with a list of them.
//
// Before the stack can be deleted, its ECS and Cloud Map services have to go, and
// the bucket has to be empty; in production it has to be Unprotected, too.
type Environment struct {
	Owner
	// Production changes defaults, so that data and answers survive a failure:
	// two nodes a cache with failover over zones and snapshots kept for 7 days and
	// not 1; logs for 90 days and not 14, objects in the bucket for 365 and not 30.
	// Alarms tell when they are over, too. The load balancer refuses to be deleted.
	// When the stack is deleted, the bucket and the log group stay, and the caches
	// leave a snapshot, where those of other environments leave nothing. Those two
	// are in the way when it is created again: import them, or remove them by hand.
	Production bool
	// Unprotected takes the deletion protection off the load balancer of production.
	// Apply the stack with it before it is deleted: CloudFormation deletes whatever
	// it comes to before it stops at a load balancer that is protected.
	Unprotected bool
	// Quiet keeps alarms from telling anybody: while there are no services before the
	// first rollout, and when they are taken away before the stack is deleted.
	Quiet bool

	// VPC, PublicSubnets (for the load balancer) and PrivateSubnets (for tasks and
	// caches) are the outputs of a [Network]. Each kind of subnet needs two zones.
	// An Internal load balancer stands in the private ones, and needs no others.
	VPC            string
	PublicSubnets  []string
	PrivateSubnets []string

	// ExistingCluster is the name of an ECS cluster to use, which needs Container
	// Insights for the alarms on running tasks. Empty makes one for Fargate.
	ExistingCluster string

	// Internal makes the load balancer reachable from the VPC alone. It cannot be
	// changed later.
	Internal bool
	// Clients are the IPv4 ranges that the load balancer answers, 30 at most;
	// default all.
	Clients []string
	// Certificate is the ARN of a certificate in ACM. With one, HTTP redirects to
	// HTTPS; without, there is HTTP alone.
	Certificate string
	// Domain is the DNS name of the environment, as "dev.example.com"; empty for
	// none. HostedZone is the id of the Route 53 zone in which a record for it is
	// made; empty where somebody else makes it.
	Domain, HostedZone string

	// Services are the ECS services to watch and to make public.
	Services []Service
	// Caches are its Redis; nil are [DefaultCaches], an empty slice is none.
	Caches []Cache
	// Redis is what all caches have in common.
	Redis Redis

	// LogDays is for how many days logs are kept, a number that CloudWatch Logs
	// knows; default 14, in production 90.
	LogDays int
	// ErrorPattern is the filter pattern of lines that count as errors, whichever
	// service they are from; default "?ERROR ?CRITICAL ?Traceback".
	ErrorPattern string
	// MaxErrorLines is how many error lines there may be within 5 minutes, of all
	// services, and of each that does not say otherwise, before there is an alarm;
	// nil is 10.
	MaxErrorLines *int
	// MaxFailures is how many answers 5xx there may be within 5 minutes, of each
	// service and of the load balancer itself, before there is an alarm; nil is 10.
	MaxFailures *int
	// Emails and Webhooks (URLs that begin with https://) hear of alarms. Each has
	// to confirm its subscription. Webhooks are treated as secrets.
	Emails, Webhooks []string

	// BucketDays is for how many days the bucket keeps objects; default 30, in
	// production 365. It must be more than Thanos keeps its blocks.
	BucketDays int
	// BucketWriter is the ARN of the role that may read and write the bucket: that
	// of the tasks of Thanos. It has to exist. Empty leaves it to the policies of roles.
	BucketWriter string
}

// Redis is what all caches of an environment have in common. None of them has a
// password: who may reach them is decided by the security group.
type Redis struct {
	// Version is 5.0.6, 6.0, 6.2, 7.0 or 7.1, the default. It can go up, and not down.
	Version string `json:"version,omitempty"`
	// PlainAtRest leaves them unencrypted on disk. It cannot be changed later.
	PlainAtRest bool `json:"plainAtRest,omitempty"`
	// PlainInTransit lets clients in that do not speak TLS. It cannot be changed
	// later: AWS knows a way in steps for version 7, which the template does not take.
	PlainInTransit bool `json:"plainInTransit,omitempty"`
	// SnapshotDays is for how many days daily snapshots are kept, 1 to 35; default
	// 1, in production 7. AWS refuses snapshots to a cache that began without.
	SnapshotDays int `json:"snapshotDays,omitempty"`
}

// The limits of a stack. Source: CloudFormation User Guide, "Understand
// CloudFormation quotas".
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
)

// StackName returns the name of the stack, which is made of that of the Owner alone.
func (e Environment) StackName() (string, error) { return e.stack() }

// withDefaults returns e with the defaults filled in.
func (e Environment) withDefaults() Environment {
	nodes, logDays, bucketDays, snapshotDays := 1, 14, 30, 1
	if e.Production {
		nodes, logDays, bucketDays, snapshotDays = 2, 90, 365, 7
	}
	if e.Caches == nil {
		e.Caches = DefaultCaches()
	}
	e.Caches = slices.Clone(e.Caches)
	for i := range e.Caches {
		e.Caches[i].Nodes = cmp.Or(e.Caches[i].Nodes, nodes)
		e.Caches[i].NodeType = cmp.Or(e.Caches[i].NodeType, "cache.t4g.micro")
	}
	if len(e.Clients) == 0 {
		e.Clients = []string{"0.0.0.0/0"}
	}
	e.Redis.Version = cmp.Or(e.Redis.Version, "7.1")
	e.Redis.SnapshotDays = cmp.Or(e.Redis.SnapshotDays, snapshotDays)
	e.LogDays = cmp.Or(e.LogDays, logDays)
	e.BucketDays = cmp.Or(e.BucketDays, bucketDays)
	e.ErrorPattern = cmp.Or(e.ErrorPattern, "?ERROR ?CRITICAL ?Traceback")
	e.MaxErrorLines, e.MaxFailures = cmp.Or(e.MaxErrorLines, new(10)), cmp.Or(e.MaxFailures, new(10))
	return e
}

// Render returns the stack of the environment. All faults of e are in the error.
func (e Environment) Render() (Rendered, error) {
	e = e.withDefaults()
	var f faults
	f.owner(e.Owner)
	e.check(&f)
	t, err := parse("environment.yaml")
	if err != nil {
		return Rendered{}, err
	}
	stack := ""
	if e.ResourceName != nil {
		stack, err = e.StackName()
		f.also(err)
	}
	if len(f) == 0 {
		f.also(e.edit(t))
		f.within("resources", t.Count("Resources"), 1, maxResources)
		f.within("parameters", t.Count("Parameters"), 1, maxParameters)
		f.within("outputs", t.Count("Outputs"), 1, maxOutputs)
	}
	if err := f.of("environment", e.Name); err != nil {
		return Rendered{}, err
	}
	return e.render(stack, t, "environment.yaml", e.parameters())
}

// edit fills in what repeats.
func (e Environment) edit(t *exemplar.Template) error {
	copies := map[string][]exemplar.Copy{"Service": nil, "Route": nil, "Redis": nil, "Cache": nil, "CacheNode": nil, "CacheCredit": nil, "Subscription": nil}
	add := func(kind string, c ...exemplar.Copy) { copies[kind] = append(copies[kind], c...) }
	for _, s := range e.Services {
		add("Service", s.copy(*e.MaxErrorLines))
		if s.Route != nil {
			add("Route", s.copy(*e.MaxErrorLines))
		}
	}
	for _, c := range e.Caches {
		add("Cache", c.copy())
		add("CacheNode", c.nodes()...)
		if c.burstable() {
			add("CacheCredit", c.nodes()...)
		}
	}
	if len(e.Caches) > 0 {
		add("Redis", exemplar.Copy{}) // what caches share stands there once, or not at all
	}
	for _, s := range e.subscriptions() {
		add("Subscription", s.copy())
	}
	if err := t.Repeat(copies); err != nil {
		return err
	}
	if len(e.Clients) > 1 {
		t.Spread("Clients", e.Clients)
	}
	if !e.Production {
		t.Discard()
	}
	if len(e.Tags) > 0 {
		if err := t.Set("Namespace", "Tags", tagList(e.Tags)); err != nil {
			return err
		}
	}
	return errors.Join(t.Names(e.Name, e.name), e.asIs("ECS cluster"), e.asIs("Cloud Map namespace"))
}

// parameters returns the values of what the template still asks for.
func (e Environment) parameters() map[string]string {
	front := e.PublicSubnets
	if e.Internal {
		front = e.PrivateSubnets
	}
	p := map[string]string{
		"Environment":         e.Name,
		"ExistingCluster":     e.ExistingCluster,
		"Vpc":                 e.VPC,
		"LoadBalancerSubnets": strings.Join(front, ","),
		"PrivateSubnets":      strings.Join(e.PrivateSubnets, ","),
		"Internal":            strconv.FormatBool(e.Internal),
		"Certificate":         e.Certificate,
		"Domain":              e.Domain,
		"HostedZone":          e.HostedZone,
		"DeletionProtection":  strconv.FormatBool(e.Production && !e.Unprotected),
		"LogDays":             strconv.Itoa(e.LogDays),
		"ErrorPattern":        e.ErrorPattern,
		"MaxErrorLines":       strconv.Itoa(*e.MaxErrorLines),
		"MaxFailures":         strconv.Itoa(*e.MaxFailures),
		"AlarmsOn":            strconv.FormatBool(!e.Quiet),
		"TellRecovery":        strconv.FormatBool(e.Production),
		"BucketDays":          strconv.Itoa(e.BucketDays),
		"BucketWriter":        e.BucketWriter,
	}
	if len(e.Clients) == 1 {
		p["Clients"] = e.Clients[0]
	}
	if len(e.Caches) > 0 {
		p["RedisVersion"] = e.Redis.Version
		p["RedisAtRest"] = strconv.FormatBool(!e.Redis.PlainAtRest)
		p["RedisInTransit"] = strconv.FormatBool(!e.Redis.PlainInTransit)
		p["RedisSnapshotDays"] = strconv.Itoa(e.Redis.SnapshotDays)
	}
	for _, s := range e.subscriptions() {
		p[s.id()+"Endpoint"] = s.endpoint
	}
	return p
}

// subscription is an address that hears of alarms.
type subscription struct{ protocol, endpoint string }

func (e Environment) subscriptions() []subscription {
	var all []subscription
	for _, email := range e.Emails {
		all = append(all, subscription{"email", email})
	}
	for _, url := range e.Webhooks {
		all = append(all, subscription{"https", url})
	}
	return all
}

// copy returns what stands for the subscription in the template. Its endpoint
// stays a parameter, so that the template holds no secret.
func (s subscription) copy() exemplar.Copy {
	return exemplar.Copy{
		IDs:        map[string]string{"Subscription": s.id()},
		Values:     map[string]any{"SubscriptionProtocol": s.protocol},
		Conditions: map[string]bool{"SubscriptionGiven": true},
	}
}

// id is made of a digest alone: the endpoint itself may be a secret.
func (s subscription) id() string {
	id := exemplar.LogicalID(fmt.Sprintf("%s:%s", s.protocol, s.endpoint))
	return "Subscription" + id[strings.LastIndexByte(id, 'X'):]
}
