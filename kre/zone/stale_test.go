package zone_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/kre/zone"
)

func TestADelegationThatChangedSinceIsNotDeleted(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		id := b.make()
		plan, err := b.manager().PlanDelete(b.Context(), spec())
		if err != nil {
			b.Fatal(err)
		}
		first, _, _ := strings.Cut(serversOf(b, id), ", ")
		put(b, b.parent, route53test.Record(name, "NS", first+".", "ns1.elsewhere.com."))
		writes := b.cloud.Writes()
		_, err = b.manager().ApplyDelete(b.Context(), plan)
		if !errors.Is(err, zone.ErrStale) || !strings.Contains(err.Error(), "ns1.elsewhere.com") || b.cloud.Writes() != writes {
			b.Errorf("%d writes, error %v", b.cloud.Writes()-writes, err)
		}
	})
}

func TestForeignRecordsThatThePlanKeptAreNotDeleted(t *testing.T) {
	bubble(t, route53test.Options{}, func(b *bench) {
		id := b.make()
		put(b, id, route53test.Record("hand."+name, "A", "192.0.2.1"))
		plan, err := b.manager().PlanDelete(b.Context(), spec())
		if err != nil || !strings.Contains(plan.String(), "! A hand."+name) {
			b.Fatalf("%s, %v", plan, err)
		}
		writes := b.cloud.Writes()
		bold := b.manager(func(o *zone.Options) { o.DeleteForeign = true })
		_, err = bold.ApplyDelete(b.Context(), plan)
		if _, foreign := errors.AsType[*zone.ForeignError](err); !foreign || b.cloud.Writes() != writes {
			b.Errorf("%d writes, error %v", b.cloud.Writes()-writes, err)
		}
	})
}
