package route53test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// The limits of a batch and of a zone. An UPSERT counts twice.
// Source: Route 53 developer guide, "Quotas", maximums on ChangeResourceRecordSets
// requests, and quotas on records.
const (
	maxBatchRecords    = 1000
	maxBatchCharacters = 32000
	maxZoneRecords     = 10000
)

// change applies all changes to the records of z, or none.
func (z *hostedZone) change(changes []recordChange) *Error {
	if len(changes) == 0 {
		return invalidInput("Invalid XML ; a change batch has at least one change")
	}
	for i := range changes {
		if fault := changes[i].normalize(); fault != nil {
			return fault
		}
	}
	if fault := checkSize(changes); fault != nil {
		return fault
	}
	draft := &hostedZone{id: z.id, name: z.name, records: maps.Clone(z.records)}
	var messages []string
	done := make(map[string]bool)
	for _, ch := range changes {
		message := draft.apply(ch)
		if again := fmt.Sprint(ch.Action, ch.ResourceRecordSet.key()); message == "" && done[again] {
			message = fmt.Sprintf("The request contains an invalid set of changes for a resource record set '%s %s'", ch.ResourceRecordSet.Type, ch.ResourceRecordSet.Name)
		} else {
			done[again] = true
		}
		if message != "" {
			messages = append(messages, message)
		}
	}
	if messages = append(messages, draft.faults(changes)...); len(messages) > 0 {
		slices.Sort(messages)
		return invalidBatch(strings.Join(slices.Compact(messages), ", "))
	}
	z.records = draft.records
	return nil
}

// normalize brings names into their normal form and refuses what is no record set.
func (ch *recordChange) normalize() *Error {
	s := &ch.ResourceRecordSet
	if len(s.Unknown) > 0 {
		return invalidInput("route53test does not have " + s.Unknown[0].XMLName.Local + " of a record set")
	}
	if !slices.Contains([]string{"CREATE", "UPSERT", "DELETE"}, ch.Action) {
		return invalidInput("Invalid XML ; cvc-enumeration-valid: Value '" + ch.Action + "' is not facet-valid with respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.")
	}
	s.Name = normal(s.Name)
	if problem := badName(s.Name); problem != "" {
		return invalidBatch(problem)
	}
	plain := s.TTL != nil && len(s.ResourceRecords) > 0
	if plain == (s.AliasTarget != nil) || s.AliasTarget != nil && s.TTL != nil {
		found := "none"
		if plain {
			found = "more than one"
		}
		id := s.SetIdentifier
		if id == "" {
			id = "null"
		}
		return invalidInput(fmt.Sprintf("Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found %s in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]",
			found, ch.Action, s.Name, s.Type, id))
	}
	if s.AliasTarget != nil {
		s.AliasTarget.DNSName = normal(s.AliasTarget.DNSName)
	}
	return nil
}

func checkSize(changes []recordChange) *Error {
	records, characters := 0, 0
	for _, ch := range changes {
		times := 1
		if ch.Action == "UPSERT" {
			times = 2
		}
		records += times * len(ch.ResourceRecordSet.ResourceRecords)
		for _, r := range ch.ResourceRecordSet.ResourceRecords {
			characters += times * len(r.Value)
		}
	}
	switch {
	case records > maxBatchRecords:
		return invalidBatch("Number of records limit of 1000 exceeded.")
	case characters > maxBatchCharacters:
		return invalidBatch("RDATA character limit of 32000 exceeded.")
	}
	return nil
}

// apply makes one change, or says why it cannot be made.
func (z *hostedZone) apply(ch recordChange) string {
	s := ch.ResourceRecordSet
	old, exists := z.records[s.key()]
	about := fmt.Sprintf("resource record set [name='%s', type='%s'", s.Name, s.Type)
	if s.SetIdentifier != "" {
		about += fmt.Sprintf(", set identifier='%s'", s.SetIdentifier)
	}
	about += "]"
	if !within(s.Name, z.name) {
		return fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", s.Name, z.name)
	}
	switch ch.Action {
	case "DELETE":
		if !exists {
			return "Tried to delete " + about + " but it was not found"
		}
		if !old.same(s) {
			return "Tried to delete " + about + " but the values provided do not match the current values"
		}
		delete(z.records, s.key())
		return ""
	case "CREATE":
		if exists {
			return "Tried to create " + about + " but it already exists"
		}
	}
	z.put(s)
	return s.badValue()
}

// same reports whether two record sets hold the same, in any order.
func (s recordSet) same(other recordSet) bool {
	values := func(s recordSet) (v []string) {
		for _, r := range s.ResourceRecords {
			v = append(v, r.Value)
		}
		slices.Sort(v)
		return v
	}
	equal := func(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	alias := (s.AliasTarget == nil) == (other.AliasTarget == nil) && (s.AliasTarget == nil || *s.AliasTarget == *other.AliasTarget)
	return alias && equal(s.TTL, other.TTL) && equal(s.Weight, other.Weight) &&
		s.Region == other.Region && s.Failover == other.Failover && slices.Equal(values(s), values(other))
}

// badValue says which value is none of its type; empty where all are, or the type
// is one whose values are not looked at.
func (s recordSet) badValue() string {
	for _, r := range s.ResourceRecords {
		address, err := netip.ParseAddr(r.Value)
		problem := ""
		switch s.Type {
		case "A":
			if err != nil || !address.Is4() {
				problem = "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
			}
		case "AAAA":
			if err != nil || !address.Is6() {
				problem = "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
			}
		case "TXT":
			if len(r.Value) < 2 || r.Value[0] != '"' || r.Value[len(r.Value)-1] != '"' {
				problem = "InvalidCharacterString (Value should be enclosed in quotation marks)"
			}
		}
		if problem != "" {
			return fmt.Sprintf("Invalid Resource Record: 'FATAL problem: %s encountered with '%s''", problem, r.Value)
		}
	}
	return ""
}

// faults are what is wrong with the zone as a whole after changes.
func (z *hostedZone) faults(changes []recordChange) (messages []string) {
	if _, ok := z.records[key{z.name, "SOA", ""}]; !ok {
		messages = append(messages, "A HostedZone must contain exactly one SOA record.")
	}
	if _, ok := z.records[key{z.name, "NS", ""}]; !ok {
		messages = append(messages, "A HostedZone must contain at least one NS record for the zone itself.")
	}
	if len(z.records) > maxZoneRecords {
		messages = append(messages, "Exceeded limit MAX_RRSETS_BY_ZONE for zone: "+z.id)
	}
	kinds := make(map[string]map[string]bool)
	for k := range z.records {
		if kinds[k.name] == nil {
			kinds[k.name] = make(map[string]bool)
		}
		kinds[k.name][k.kind] = true
	}
	for _, ch := range changes {
		name := ch.ResourceRecordSet.Name
		switch {
		case !kinds[name]["CNAME"]:
		case name == z.name:
			messages = append(messages, fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", name, z.name))
		case len(kinds[name]) > 1:
			messages = append(messages, fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", name, z.name))
		}
	}
	return messages
}
