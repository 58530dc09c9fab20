// Package zone makes the hosted zone of a KRE runtime in Amazon Route 53, delegates
// it from its parent zone, and deletes it with what external-dns left behind.
//
// [Manager.Plan] compares the desired zone with the one that exists and only reads;
// [Manager.Apply] writes what the plan says, and waits until the name servers know it:
//
//	zones := zone.New(route53.NewFromConfig(cfg), zone.Options{Environment: "kre-dev"})
//	plan, err := zones.Plan(ctx, zone.Spec{Name: "kre-tnba-dev.example.net", Parent: "example.net"})
//	if err != nil { ... }
//	fmt.Print(plan)
//	done, err := zones.Apply(ctx, plan)
//
// [Manager.PlanDelete] names every record that would go. [Manager.ApplyDelete]
// removes the records of our external-dns, then the delegation, then the zone. Records
// of anybody else are a reason to refuse, and so is a name of production.
//
// It makes no records but the delegation: the hosts of a runtime are external-dns's
// affair. It neither signs zones (DNSSEC) nor makes private ones, and zones of
// another environment or account stay as they are, however similar their names.
package zone

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"golang.org/x/time/rate"

	"github.com/mettel-automation/delivery/progress"
)

// Reader is what planning and waiting need of a [route53.Client].
type Reader interface {
	ListHostedZonesByName(context.Context, *route53.ListHostedZonesByNameInput, ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error)
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	ListTagsForResource(context.Context, *route53.ListTagsForResourceInput, ...func(*route53.Options)) (*route53.ListTagsForResourceOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// Writer is what applying needs of one.
type Writer interface {
	CreateHostedZone(context.Context, *route53.CreateHostedZoneInput, ...func(*route53.Options)) (*route53.CreateHostedZoneOutput, error)
	ChangeTagsForResource(context.Context, *route53.ChangeTagsForResourceInput, ...func(*route53.Options)) (*route53.ChangeTagsForResourceOutput, error)
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
}

// Destroyer is what deleting needs beside the others.
type Destroyer interface {
	DeleteHostedZone(context.Context, *route53.DeleteHostedZoneInput, ...func(*route53.Options)) (*route53.DeleteHostedZoneOutput, error)
}

// API is all that this package uses; a [*route53.Client] has it.
type API interface {
	Reader
	Writer
	Destroyer
}

// TagEnvironment is the key of the tag that says whose a zone is.
const TagEnvironment = "Environment"

// Spec is a desired zone. Names may end in a dot or not.
type Spec struct {
	// Name is the domain name of the zone: "kre-tnba-dev.example.net".
	Name string
	// Parent is the public zone of this account that delegates to it: "example.net".
	// Default none: the zone is not delegated.
	Parent string
	// ID and ParentID pick one of several public zones of the same name, such as
	// "Z0123456789ABCDEFGHIJ". Default none: there must be no doubt.
	ID, ParentID string
	// Tags are given to the zone beside TagEnvironment; others that it has stay.
	Tags map[string]string
}

// Options tune a Manager. All but Environment may be left out.
type Options struct {
	// Environment is what the tag TagEnvironment of a zone says, letter by letter,
	// where the zone is ours. It is required.
	Environment string
	// Progress hears of each zone: operation "kre.zone". A nil one is silence.
	Progress progress.Func
	// Adopt lets Plan take over a public zone of the wanted name that has no tag
	// TagEnvironment. Without it such a zone is an error.
	Adopt bool
	// TTL is how long resolvers may keep the delegation; default 5 min, whole seconds.
	TTL time.Duration
	// Registry says how to know the records of our external-dns.
	Registry Registry
	// DeleteChallenges lets records go with which a certificate authority was to be
	// convinced (TXT records called _acme-challenge), which stay behind where issuing
	// was interrupted. They are of no use to anybody afterwards.
	DeleteChallenges bool
	// DeleteForeign lets all records go that are not those of our external-dns.
	DeleteForeign bool
	// Production are the words that mark a zone of production, where its name or its
	// tag has one as a word of its own. Default, also for an empty list,
	// "production", "prod", "master" and "main".
	Production []string
	// AllowProduction is the name of the one zone of production that may be deleted.
	// Default none.
	AllowProduction string
	// Rate is how many calls are made a second, retries of the SDK not counted;
	// default 4. Route 53 takes five from an account, whoever makes them, so that all
	// zones of an account are best left to one Manager.
	// Source: Route 53 developer guide, "Quotas", maximums on API requests.
	Rate float64
	// PollInterval is the time between two looks at a change; default 5 s.
	PollInterval time.Duration
	// Timeout is how long a change may take until all name servers know it; default
	// 10 min.
	Timeout time.Duration
}

// Manager makes and deletes zones of one account. It is safe for concurrent use.
type Manager struct {
	api     API
	opts    Options
	limiter *rate.Limiter
}

// New returns a Manager that talks to Route 53 through api.
func New(api API, opts Options) *Manager {
	if opts.TTL < time.Second {
		opts.TTL = 5 * time.Minute
	}
	if opts.Rate <= 0 {
		opts.Rate = 4
	}
	if opts.PollInterval <= 0 {
		opts.PollInterval = 5 * time.Second
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 10 * time.Minute
	}
	return &Manager{api: api, opts: opts, limiter: rate.NewLimiter(rate.Limit(opts.Rate), 1)}
}

const op = "kre.zone"

func (m *Manager) emit(subject string, state progress.State, message string, err error) {
	m.opts.Progress.Emit(progress.Event{Op: op, Subject: subject, State: state, Message: message, Err: err})
}
