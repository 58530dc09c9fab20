package zone

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Record is a record set of a zone that is to be deleted.
type Record struct {
	Name string `json:"name"` // as people write it: "*.a.example.net"
	Type string `json:"type"` // "A"
	// Identifier tells record sets of one name and type apart, where routing has several.
	Identifier string `json:"identifier,omitempty"`
	// Owner is the owner id under which external-dns noted it, Resource what it was
	// made for: "ingress/kre-tnba/api". Both are empty where there is no note.
	Owner    string `json:"owner,omitempty"`
	Resource string `json:"resource,omitempty"`

	set    types.ResourceRecordSet
	family string // records of one family are deleted at once where that is possible
}

func newRecord(s types.ResourceRecordSet) Record {
	return Record{Name: plain(ptr.Value(s.Name)), Type: string(s.Type), Identifier: ptr.Value(s.SetIdentifier), set: s}
}

func (r Record) short() string {
	if r.Identifier != "" {
		return fmt.Sprintf("%s %s [%s]", r.Type, r.Name, r.Identifier)
	}
	return r.Type + " " + r.Name
}

// challenge reports whether r proves to a certificate authority whose a name is.
// Source: RFC 8555, section 8.4.
func (r Record) challenge() bool {
	first, _, _ := strings.Cut(r.Name, ".")
	return r.Type == string(types.RRTypeTxt) && first == "_acme-challenge" && r.Owner == ""
}

func (r Record) whose() string {
	switch {
	case r.challenge():
		return "a challenge of ACME"
	case r.Owner == "":
		return "not of external-dns"
	case r.Resource == "":
		return "external-dns " + r.Owner
	}
	return "external-dns " + r.Owner + ": " + r.Resource
}

func (r Record) same(other Record) bool {
	return r.Name == other.Name && r.Type == other.Type && r.Identifier == other.Identifier
}

// byName is the order in which records are shown.
func byName(a, b Record) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type), strings.Compare(a.Identifier, b.Identifier))
}

// The most that one batch may have. Source: Route 53 developer guide, "Quotas",
// maximums on ChangeResourceRecordSets requests.
const (
	batchRecords    = 1000
	batchCharacters = 32000
)

// batches groups records into batches that Route 53 takes. Families stay together
// unless one alone is too large, and in it the notes come last: a record is never
// left behind without the note that says whose it is.
func batches(records []Record) (all [][]Record) {
	records = slices.Clone(records)
	last := func(r Record) int {
		if r.Type == string(types.RRTypeTxt) {
			return 1
		}
		return 0
	}
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(strings.Compare(a.family, b.family), cmp.Compare(last(a), last(b)), byName(a, b))
	})
	var batch []Record
	var size weight
	flush := func() {
		if len(batch) > 0 {
			all, batch, size = append(all, batch), nil, weight{}
		}
	}
	for len(records) > 0 {
		n := slices.IndexFunc(records, func(r Record) bool { return r.family != records[0].family })
		if n < 0 {
			n = len(records)
		}
		if !size.plus(records[:n]...).fits() {
			flush()
		}
		for _, r := range records[:n] { // one by one, should the family be too large
			if !size.plus(r).fits() {
				flush()
			}
			batch, size = append(batch, r), size.plus(r)
		}
		records = records[n:]
	}
	flush()
	return all
}

// weight is what a batch of deletions has of what is limited.
type weight struct{ records, characters int }

func (w weight) plus(records ...Record) weight {
	for _, r := range records {
		w.records += max(1, len(r.set.ResourceRecords)) // an alias has none
		for _, v := range r.set.ResourceRecords {
			w.characters += len(ptr.Value(v.Value))
		}
	}
	return w
}

func (w weight) fits() bool { return w.records <= batchRecords && w.characters <= batchCharacters }
