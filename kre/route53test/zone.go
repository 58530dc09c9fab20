package route53test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hostedZone is one zone with its records.
type hostedZone struct {
	id, name  string // the name in its normal form
	reference string
	config    zoneConfig
	vpcs      []zoneVPC
	servers   []string
	records   map[key]recordSet
	tags      map[string]string
	born      time.Time
	serial    int
}

func (z *hostedZone) xml() zoneXML {
	return zoneXML{ID: "/hostedzone/" + z.id, Name: z.name, CallerReference: z.reference, Config: z.config, ResourceRecordSetCount: len(z.records)}
}

// delegation is what GetHostedZone says of a public zone's name servers.
func (z *hostedZone) delegation() *delegationSet {
	if z.config.PrivateZone {
		return nil
	}
	return &delegationSet{z.servers}
}

// AddZone makes a public zone as CreateHostedZone would, at once and in sync, and
// returns its id, such as "Z0123456789ABCDEF0123".
func (c *Cloud) AddZone(name string) (id string) { return c.addZone(name, false) }

// AddPrivateZone makes a private zone likewise.
func (c *Cloud) AddPrivateZone(name string) (id string) { return c.addZone(name, true) }

func (c *Cloud) addZone(name string, private bool) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newZone(name, fmt.Sprint("added ", c.serial), zoneConfig{PrivateZone: private}).id
}

func (c *Cloud) newZone(name, reference string, config zoneConfig) *hostedZone {
	z := &hostedZone{
		id: c.id("Z"), name: normal(name), reference: reference, config: config,
		records: make(map[key]recordSet), tags: make(map[string]string), serial: c.serial,
	}
	n := c.serial * 7
	for i, tld := range []string{"org", "com", "net", "co.uk"} {
		z.servers = append(z.servers, fmt.Sprintf("ns-%d.awsdns-%02d.%s", (n*31+i*512)%2048, n%64, tld))
	}
	ns := recordSet{Name: z.name, Type: "NS", TTL: new(int64(172800))}
	for _, server := range z.servers {
		ns.ResourceRecords = append(ns.ResourceRecords, recordValue{server + "."})
	}
	z.put(ns)
	z.put(recordSet{Name: z.name, Type: "SOA", TTL: new(int64(900)), ResourceRecords: []recordValue{{
		z.servers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
	}}})
	c.zones[z.id], c.references[reference] = z, true
	return z
}

// maxReference is how long a caller reference may be.
// Source: Route 53 API reference, CreateHostedZone.
const maxReference = 128

func (c *Cloud) createZone(_ request, in createZoneRequest, now time.Time) (*createZoneResponse, *Error) {
	switch problem := badName(normal(in.Name)); {
	case in.Name == "" || in.CallerReference == "" || len(in.CallerReference) > maxReference:
		return nil, invalidInput("Invalid XML ; a name and a caller reference of 1 to 128 characters are required")
	case problem != "":
		return nil, &Error{Code: "InvalidDomainName", Message: problem}
	case in.DelegationSetID != "":
		return nil, invalidInput("route53test has no reusable delegation sets")
	case c.references[in.CallerReference]:
		return nil, &Error{
			Status: http.StatusConflict, Code: "HostedZoneAlreadyExists",
			Message: "A hosted zone has already been created with the specified caller reference.",
		}
	}
	in.HostedZoneConfig.PrivateZone = in.VPC != nil // whatever the request says
	z := c.newZone(in.Name, in.CallerReference, in.HostedZoneConfig)
	z.born = now
	if in.VPC != nil {
		z.vpcs = []zoneVPC{*in.VPC}
	}
	return &createZoneResponse{HostedZone: z.xml(), ChangeInfo: c.submit("", now), DelegationSet: z.delegation(), VPC: in.VPC}, nil
}

func (c *Cloud) zone(id string) (*hostedZone, *Error) {
	if z := c.zones[id]; z != nil {
		return z, nil
	}
	return nil, noSuchZone(id)
}

func (c *Cloud) getZone(r request, _ time.Time) (*getZoneResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	return &getZoneResponse{HostedZone: z.xml(), DelegationSet: z.delegation(), VPCs: z.vpcs}, nil
}

func (c *Cloud) updateComment(r request, in updateCommentRequest, _ time.Time) (*updateCommentResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	z.config.Comment = in.Comment
	return &updateCommentResponse{HostedZone: z.xml()}, nil
}

func (c *Cloud) deleteZone(r request, now time.Time) (*deleteZoneResponse, *Error) {
	z, fault := c.zone(r.id)
	if fault != nil {
		return nil, fault
	}
	for k := range z.records {
		if k.name != z.name || k.kind != "NS" && k.kind != "SOA" {
			return nil, &Error{
				Code:    "HostedZoneNotEmpty",
				Message: "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
			}
		}
	}
	delete(c.zones, z.id)
	return &deleteZoneResponse{ChangeInfo: c.submit("", now)}, nil
}

func (c *Cloud) countZones(request, time.Time) (*countZonesResponse, *Error) {
	return &countZonesResponse{HostedZoneCount: len(c.zones)}, nil
}

// listed are the zones that a listing shows, in the order of less.
func (c *Cloud) listed(now time.Time, less func(a, b *hostedZone) int) []*hostedZone {
	var zones []*hostedZone
	for _, z := range c.zones {
		if !now.Before(z.born.Add(c.opts.Lag)) {
			zones = append(zones, z)
		}
	}
	slices.SortFunc(zones, less)
	return zones
}

// maxZones is how many zones one answer has at most.
const maxZones = 100

func (c *Cloud) listZones(r request, now time.Time) (*listZonesResponse, *Error) {
	size, fault := c.pageSize(r, maxZones)
	if fault != nil {
		return nil, fault
	}
	out := &listZonesResponse{Marker: r.query.Get("marker"), MaxItems: size}
	all := c.listed(now, func(a, b *hostedZone) int { return strings.Compare(a.id, b.id) })
	all = slices.DeleteFunc(all, func(z *hostedZone) bool { return z.id < out.Marker })
	if len(all) > size {
		out.IsTruncated, out.NextMarker = true, all[size].id
	}
	for _, z := range all[:min(size, len(all))] {
		out.HostedZones = append(out.HostedZones, z.xml())
	}
	return out, nil
}

func (c *Cloud) listByName(r request, now time.Time) (*listByNameResponse, *Error) {
	size, fault := c.pageSize(r, maxZones)
	if fault != nil {
		return nil, fault
	}
	out := &listByNameResponse{DNSName: r.query.Get("dnsname"), HostedZoneID: r.query.Get("hostedzoneid"), MaxItems: size}
	if out.HostedZoneID != "" && out.DNSName == "" {
		return nil, invalidInput("The input is not valid")
	}
	place := func(z *hostedZone, name, id string) int {
		return cmp.Or(strings.Compare(reversed(z.name), name), strings.Compare(z.id, id))
	}
	all := c.listed(now, func(a, b *hostedZone) int { return place(a, reversed(b.name), b.id) })
	if out.DNSName != "" {
		from := reversed(normal(out.DNSName))
		all = slices.DeleteFunc(all, func(z *hostedZone) bool { return place(z, from, out.HostedZoneID) < 0 })
	}
	if len(all) > size {
		out.IsTruncated, out.NextDNSName, out.NextHostedZoneID = true, all[size].name, all[size].id
	}
	for _, z := range all[:min(size, len(all))] {
		out.HostedZones = append(out.HostedZones, z.xml())
	}
	return out, nil
}

// pageSize is how much one answer has, of at most limit.
func (c *Cloud) pageSize(r request, limit int) (int, *Error) {
	if c.opts.PageSize > 0 {
		limit = min(limit, c.opts.PageSize)
	}
	asked := r.query.Get("maxitems")
	if asked == "" {
		return limit, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		return 0, invalidInput("Value '" + asked + "' of maxitems is not a positive number")
	}
	return min(n, limit), nil
}
