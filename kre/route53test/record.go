package route53test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// key tells record sets of a zone apart.
type key struct{ name, kind, identifier string }

func (s recordSet) key() key { return key{s.Name, s.Type, s.SetIdentifier} }

// compare is the order in which Route 53 lists record sets.
func (k key) compare(other key) int {
	return cmp.Or(
		strings.Compare(reversed(k.name), reversed(other.name)),
		strings.Compare(k.kind, other.kind),
		strings.Compare(k.identifier, other.identifier),
	)
}

func (z *hostedZone) put(s recordSet) { z.records[s.key()] = s }

// sorted are the record sets from a key on, in order.
func (z *hostedZone) sorted(from key) []recordSet {
	var sets []recordSet
	for k, s := range z.records {
		if from == (key{}) || k.compare(from) >= 0 {
			sets = append(sets, s)
		}
	}
	slices.SortFunc(sets, func(a, b recordSet) int { return a.key().compare(b.key()) })
	return sets
}

// maxRecords is how many record sets one answer has at most.
const maxRecords = 300

func (c *Cloud) listRecords(r request, _ time.Time) (*listRecordsResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	size, fault := c.pageSize(r, maxRecords)
	if fault != nil {
		return nil, fault
	}
	var from key
	if name := r.query.Get("name"); name != "" {
		from = key{normal(name), r.query.Get("type"), r.query.Get("identifier")}
	}
	if from.name == "" && r.query.Get("type") != "" || from.kind == "" && r.query.Get("identifier") != "" {
		return nil, invalidInput("The input is not valid")
	}
	all := z.sorted(from)
	out := &listRecordsResponse{ResourceRecordSets: all[:min(size, len(all))], MaxItems: size}
	if len(all) > size {
		next := all[size].key()
		out.IsTruncated, out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = true, next.name, next.kind, next.identifier
	}
	return out, nil
}

func (c *Cloud) changeRecords(r request, in changeRecordsRequest, now time.Time) (*changeRecordsResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	if fault := z.change(in.Changes); fault != nil {
		return nil, fault
	}
	return &changeRecordsResponse{ChangeInfo: c.submit(in.Comment, now)}, nil
}

// Put creates or replaces record sets of a zone at once, as somebody else would. Its
// error is what Route 53 would answer.
func (c *Cloud) Put(zoneID string, sets ...types.ResourceRecordSet) error {
	return c.direct(zoneID, "UPSERT", sets)
}

// Remove deletes record sets of a zone at once, as somebody else would.
func (c *Cloud) Remove(zoneID string, sets ...types.ResourceRecordSet) error {
	return c.direct(zoneID, "DELETE", sets)
}

func (c *Cloud) direct(zoneID, action string, sets []types.ResourceRecordSet) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	z, fault := c.zone(zoneID)
	if fault != nil {
		return fault
	}
	for _, s := range sets { // one by one: the limits of a batch are not meant here
		if fault := z.change([]recordChange{{action, fromSDK(s)}}); fault != nil {
			return fault
		}
	}
	return nil
}

// Records returns the record sets of a zone in the order of the service, those that
// Route 53 made itself included; nil where there is no such zone.
func (c *Cloud) Records(zoneID string) []types.ResourceRecordSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	z := c.zones[zoneID]
	if z == nil {
		return nil
	}
	var sets []types.ResourceRecordSet
	for _, s := range z.sorted(key{}) {
		sets = append(sets, s.sdk())
	}
	return sets
}

func (s recordSet) sdk() types.ResourceRecordSet {
	out := types.ResourceRecordSet{
		Name: &s.Name, Type: types.RRType(s.Type), TTL: s.TTL, Weight: s.Weight, MultiValueAnswer: s.MultiValueAnswer,
		Region: types.ResourceRecordSetRegion(s.Region), Failover: types.ResourceRecordSetFailover(s.Failover),
	}
	if s.SetIdentifier != "" {
		out.SetIdentifier = &s.SetIdentifier
	}
	for _, r := range s.ResourceRecords {
		out.ResourceRecords = append(out.ResourceRecords, types.ResourceRecord{Value: &r.Value})
	}
	if a := s.AliasTarget; a != nil {
		out.AliasTarget = &types.AliasTarget{HostedZoneId: &a.HostedZoneID, DNSName: &a.DNSName, EvaluateTargetHealth: a.EvaluateTargetHealth}
	}
	return out
}

func fromSDK(in types.ResourceRecordSet) recordSet {
	s := recordSet{
		Name: aws.ToString(in.Name), Type: string(in.Type), SetIdentifier: aws.ToString(in.SetIdentifier),
		TTL: in.TTL, Weight: in.Weight, MultiValueAnswer: in.MultiValueAnswer, Region: string(in.Region), Failover: string(in.Failover),
	}
	for _, r := range in.ResourceRecords {
		s.ResourceRecords = append(s.ResourceRecords, recordValue{aws.ToString(r.Value)})
	}
	if a := in.AliasTarget; a != nil {
		s.AliasTarget = &aliasTarget{aws.ToString(a.HostedZoneId), aws.ToString(a.DNSName), a.EvaluateTargetHealth}
	}
	return s
}

// Record is a record set with plain values and a TTL of 300 seconds, for Put.
func Record(name, kind string, values ...string) types.ResourceRecordSet {
	s := types.ResourceRecordSet{Name: &name, Type: types.RRType(kind), TTL: aws.Int64(300)}
	for _, v := range values {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return s
}

// Alias is a record set that is an alias of a load balancer, for Put.
func Alias(name, kind, target string) types.ResourceRecordSet {
	const balancers = "Z35SXDOTRQ7X7K" // the zone of classic load balancers in us-east-1
	return types.ResourceRecordSet{
		Name: &name, Type: types.RRType(kind),
		AliasTarget: &types.AliasTarget{HostedZoneId: aws.String(balancers), DNSName: &target, EvaluateTargetHealth: true},
	}
}
