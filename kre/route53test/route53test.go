// Package route53test holds an Amazon Route 53 in memory, for tests of what makes,
// changes and deletes hosted zones and their records.
//
// A [Cloud] speaks the service's wire protocol (REST with XML) to a real SDK
// client, without a socket:
//
//	cloud := route53test.New(route53test.Options{})
//	parent := cloud.AddZone("example.net")
//	manager := zone.New(cloud.Client(), zone.Options{})
//
// Names are kept in the service's own form ("*.a.b" is `\052.a.b.`), batches of
// changes are whole or nothing and refused in the service's own words, a caller
// reference is good for one zone ever, and a change is PENDING for a while.
//
// Nothing runs in the background: at each call the Cloud looks at time.Now, so
// that in a testing/synctest bubble a minute takes no time.
//
// It answers no DNS queries. It has neither health checks, traffic policies,
// DNSSEC, reusable delegation sets nor routing by geography or CIDR blocks: a
// request for one is refused. The target of an alias may be anything.
package route53test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/mettel-automation/delivery/internal/double"
	"github.com/mettel-automation/delivery/internal/double/sdk"
	"github.com/mettel-automation/delivery/internal/throttle"
)

// Region is what clients of a Cloud sign for: Route 53 is one service for all regions.
const Region = "us-east-1"

// Options tune a Cloud. The zero value is ready to use.
type Options struct {
	// Sync is how long a change is PENDING; default 30 s, negative for none.
	// Source: Route 53 API reference, ChangeResourceRecordSets: "generally within
	// 60 seconds".
	Sync time.Duration
	// Lag is how long a new zone is missing in listings of zones; default none.
	Lag time.Duration
	// Throttle refuses calls over five a second, as Route 53 does for an account.
	// Source: Route 53 developer guide, "Quotas", maximums on API requests.
	Throttle bool
	// PageSize is the most zones or records in one answer; default, and at most, what
	// the service has: 100 zones and 300 records.
	PageSize int
	// Before may refuse the n-th call (from 1) of operation op, such as
	// "CreateHostedZone", before it takes effect; nil lets every call through.
	Before func(op string, n int) *Error
	// After may replace the answer to a call that has taken effect: a lost answer.
	After func(op string, n int) *Error
}

// Cloud is the Route 53 of one account. It is safe for concurrent use.
type Cloud struct {
	opts Options

	mu         sync.Mutex
	zones      map[string]*hostedZone // by id, without the prefix
	references map[string]bool        // of callers, those of deleted zones included
	changes    map[string]change
	bucket     *throttle.Bucket
	calls      double.Calls
	writes     int
	serial     int // numbers everything that is made, in order
}

// New returns a Cloud without zones.
func New(opts Options) *Cloud {
	if opts.Sync == 0 {
		opts.Sync = 30 * time.Second
	}
	const perSecond = 5
	return &Cloud{
		opts:       opts,
		zones:      make(map[string]*hostedZone),
		references: make(map[string]bool),
		changes:    make(map[string]change),
		bucket:     throttle.New(perSecond, perSecond),
		calls:      double.Calls{Before: opts.Before, After: opts.After},
	}
}

// Client returns a real SDK client whose requests end in c, with the SDK's
// standard retryer. OptFns change its options, the retryer among them.
func (c *Cloud) Client(optFns ...func(*route53.Options)) *route53.Client {
	return route53.NewFromConfig(c.Config(), optFns...)
}

// Config is what the NewFromConfig of an SDK client takes for its requests to
// end in c.
func (c *Cloud) Config() aws.Config {
	return sdk.Config(Region, c)
}

// Calls returns how often operation op, such as "ListResourceRecordSets", was
// called. Retries of the SDK count.
func (c *Cloud) Calls(op string) int { return c.calls.Of(op) }

// Writes returns how many calls came that change something, whether they succeeded or not.
func (c *Cloud) Writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// id is a new identifier with the given first letter, always the same for the same
// course of events.
func (c *Cloud) id(first string) string {
	c.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", first, c.serial))
	return first + strings.ToUpper(hex.EncodeToString(sum[:10]))
}

// change is a write that spreads to the name servers.
type change struct {
	id, comment   string
	submitted, at time.Time // at is when it is INSYNC
}

func (c *Cloud) submit(comment string, now time.Time) changeInfo {
	ch := change{id: c.id("C"), comment: comment, submitted: now, at: now.Add(c.opts.Sync)}
	c.changes[ch.id] = ch
	return ch.info(now)
}

func (ch change) info(now time.Time) changeInfo {
	status := "INSYNC"
	if now.Before(ch.at) {
		status = "PENDING"
	}
	return changeInfo{ID: "/change/" + ch.id, Status: status, SubmittedAt: ch.submitted.UTC().Format(timeFormat), Comment: ch.comment}
}

func (c *Cloud) getChange(id string, now time.Time) (*getChangeResponse, *Error) {
	ch, ok := c.changes[id]
	if !ok {
		return nil, &Error{Status: http.StatusNotFound, Code: "NoSuchChange", Message: "Could not find resource with ID: " + id}
	}
	return &getChangeResponse{ChangeInfo: ch.info(now)}, nil
}

// Zones returns the ids of all zones called name, oldest first, those that listings
// do not show yet included.
func (c *Cloud) Zones(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*hostedZone
	for _, z := range c.zones {
		if z.name == normal(name) {
			found = append(found, z)
		}
	}
	slices.SortFunc(found, func(a, b *hostedZone) int { return a.serial - b.serial })
	ids := make([]string, len(found))
	for i, z := range found {
		ids[i] = z.id
	}
	return ids
}
