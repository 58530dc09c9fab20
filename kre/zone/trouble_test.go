package zone_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
	"github.com/mettel-automation/delivery/progress"
)

func TestFailuresSayWhatFailed(t *testing.T) {
	tests := map[string]struct {
		op, want string
	}{
		"listing zones is not allowed": {"ListHostedZonesByName", "plan hosted zone " + name + ": list hosted zones called " + name + ": "},
		"creating is not allowed":      {"CreateHostedZone", "apply hosted zone " + name + ": create: "},
		"tagging is not allowed":       {"ChangeTagsForResource", "apply hosted zone " + name + ": tag hosted zone Z"},
		"delegating is not allowed":    {"ChangeResourceRecordSets", "apply hosted zone " + name + ": delegate from example.net (Z"},
		"waiting is not allowed":       {"GetChange", "apply hosted zone " + name + ": wait for the name servers to know the zone: "},
		"reading is not allowed":       {"ListResourceRecordSets", "plan hosted zone " + name + ": list records of hosted zone Z"},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			bubble(t, route53test.Options{Before: func(op string, _ int) *route53test.Error {
				if op == tt.op {
					return route53test.Denied(op)
				}
				return nil
			}}, func(b *bench) {
				_, err := apply(b.Context(), b.manager(), spec())
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(err.Error(), "not authorized to perform: route53:"+tt.op) {
					b.Errorf("error %v\nwant %s", err, tt.want)
				}
				for _, e := range b.events.Events() {
					if e.State == progress.Done {
						b.Errorf("an event says %v", e)
					}
				}
			})
		})
	}
}

func TestAChangeThatNeverEnds(t *testing.T) {
	bubble(t, route53test.Options{Sync: time.Hour}, func(b *bench) {
		began := time.Now()
		r, err := apply(b.Context(), b.manager(), spec())
		if !errors.Is(err, zone.ErrTimeout) || !r.Created || r.Delegated {
			b.Errorf("%+v, %v", r, err)
		}
		if took := time.Since(began).Round(time.Minute); took != 10*time.Minute {
			b.Errorf("it took %s", took)
		}
	})
}

func TestBusyAndThrottledCallsAreRepeated(t *testing.T) {
	for title, fault := range map[string]*route53test.Error{"busy": route53test.Busy(), "throttled": route53test.Throttled(), "out of order": route53test.Unavailable()} {
		t.Run(title, func(t *testing.T) {
			armed := time.Time{}
			bubble(t, route53test.Options{Before: func(string, int) *route53test.Error {
				if time.Since(armed) < 2*time.Minute {
					return fault
				}
				return nil
			}}, func(b *bench) {
				armed = time.Now()
				b.make()
				if len(b.cloud.Zones(name)) != 1 || len(b.delegation()) != 4 {
					b.Errorf("zones %v, delegation %v", b.cloud.Zones(name), b.delegation())
				}
			})
		})
	}
}
