package inventory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/ptr"
	"github.com/mettel-automation/delivery/nuke/inventory/internal/whose"
)

// zoneTagBatch is the most zones whose tags one call tells.
// Source: Route 53 API reference, ListTagsForResources.
const zoneTagBatch = 10

// readDNS reads the records of all zones. Zones themselves are never deleted.
func readDNS(ctx context.Context, p *place, api DNS) ([]*whose.Thing, error) {
	var zones []dnstypes.HostedZone
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, p, "route53:ListHostedZones", api.ListHostedZones, &route53.ListHostedZonesInput{Marker: token})
		if err != nil {
			return nil, err
		}
		zones = append(zones, out.HostedZones...)
		return out.NextMarker, nil
	})
	if err != nil {
		return nil, err
	}
	var things gathered
	err = each(ctx, slices.Collect(slices.Chunk(zones, zoneTagBatch)), func(ctx context.Context, zones []dnstypes.HostedZone) error {
		tags, err := zoneTags(ctx, p, api, zones)
		if err != nil {
			return err
		}
		return each(ctx, zones, func(ctx context.Context, z dnstypes.HostedZone) error {
			zone := p.thing(whose.HostedZone, zoneID(z)+" ("+ptr.Value(z.Name)+")", strings.TrimSuffix(ptr.Value(z.Name), "."), nil)
			zone.Tags, zone.Foreign = tags[zoneID(z)], true
			things.add(zone)
			records, err := readRecords(ctx, p, api, z, zone.Tags)
			things.add(records...)
			return gone(err)
		})
	})
	return things.list, err
}

func zoneID(z dnstypes.HostedZone) string { return strings.TrimPrefix(ptr.Value(z.Id), "/hostedzone/") }

func zoneTags(ctx context.Context, p *place, api DNS, zones []dnstypes.HostedZone) (map[string]map[string]string, error) {
	ids := make([]string, len(zones))
	for i, z := range zones {
		ids[i] = zoneID(z)
	}
	in := &route53.ListTagsForResourcesInput{ResourceType: dnstypes.TagResourceTypeHostedzone, ResourceIds: ids}
	out, err := call(ctx, p, "route53:ListTagsForResources", api.ListTagsForResources, in)
	if err != nil {
		return nil, err
	}
	all := make(map[string]map[string]string, len(zones))
	for _, set := range out.ResourceTagSets {
		all[ptr.Value(set.ResourceId)] = tags(set.Tags, func(t dnstypes.Tag) (*string, *string) { return t.Key, t.Value })
	}
	return all, nil
}

// readRecords reads the records of one zone. A record is the environment's by a label of
// its name, or where it leads to a load balancer of the environment.
func readRecords(ctx context.Context, p *place, api DNS, z dnstypes.HostedZone, zoneTags map[string]string) ([]*whose.Thing, error) {
	var things []*whose.Thing
	properties := map[string]string{"HostedZoneName": ptr.Value(z.Name)}
	show(properties, zoneTags, "zone:tag:")
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: z.Id}
	err := pages(func(*string) (*string, error) {
		out, err := call(ctx, p, "route53:ListResourceRecordSets", api.ListResourceRecordSets, in)
		if err != nil {
			return nil, err
		}
		for _, record := range out.ResourceRecordSets {
			name := ptr.Value(record.Name)
			t := p.thing("Route53ResourceRecordSet", name, strings.TrimSuffix(name, "."), maps.Clone(properties))
			t.Properties["Name"], t.Properties["Type"] = name, string(record.Type)
			t.Tags = map[string]string{} // records have none
			t.Within, t.Moot = leadsTo(record), goesWithZone(z, record)
			things = append(things, t)
		}
		if !out.IsTruncated {
			return nil, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
		return new(strings.Join([]string{ptr.Value(out.NextRecordName), string(out.NextRecordType), ptr.Value(out.NextRecordIdentifier)}, " ")), nil
	})
	return things, err
}

// leadsTo are the addresses of load balancers that a record leads to.
func leadsTo(record dnstypes.ResourceRecordSet) []whose.Part {
	var parts []whose.Part
	add := func(address string) {
		parts = append(parts, whose.Part{Kind: "load balancer", Key: addressKey(address)})
	}
	if record.AliasTarget != nil {
		add(ptr.Value(record.AliasTarget.DNSName))
	}
	if record.Type == dnstypes.RRTypeCname {
		for _, value := range record.ResourceRecords {
			add(ptr.Value(value.Value))
		}
	}
	return parts
}

// addressKey is how records mean what has the address: "dualstack." before it means the same.
func addressKey(address string) string {
	return "address " + strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(address), "."), "dualstack.")
}

// goesWithZone reports whether nobody deletes a record without its zone: each zone needs
// some, and a zone that another service of AWS keeps has no records of ours.
func goesWithZone(z dnstypes.HostedZone, record dnstypes.ResourceRecordSet) bool {
	apex := ptr.Value(z.Name) == ptr.Value(record.Name)
	return z.LinkedService != nil || record.Type == dnstypes.RRTypeSoa || record.Type == dnstypes.RRTypeNs && apex
}
