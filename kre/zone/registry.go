package zone

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// Registry is how external-dns notes, in TXT records beside the records that it
// makes, whose they are. The fields are its flags of the same names; encrypted notes
// (--txt-encrypt-enabled) cannot be read, and their records count as nobody's.
//
// Source: kubernetes-sigs/external-dns, docs/registry/txt.md and registry/mapper.
type Registry struct {
	// Owner is --txt-owner-id, such as "kre-dev". Where it is empty, no record is ours.
	Owner string
	// Prefix and Suffix are --txt-prefix and --txt-suffix, of which one is given at
	// most; each may have "%{record_type}" in it. Default none.
	Prefix, Suffix string
	// WildcardReplacement is --txt-wildcard-replacement. Default none.
	WildcardReplacement string
}

// note is what a TXT record of external-dns says.
type note struct{ owner, resource string }

// parseNote reads the value of a TXT record; ok reports whether it is a note.
func parseNote(text string) (n note, ok bool) {
	fields := strings.Split(strings.Trim(text, `"`), ",")
	if fields[0] != "heritage=external-dns" {
		return n, false
	}
	for _, f := range fields[1:] {
		switch k, v, _ := strings.Cut(f, "="); k {
		case "external-dns/owner":
			n.owner = v
		case "external-dns/resource":
			n.resource = v
		}
	}
	return n, true
}

const typeTemplate = "%{record_type}"

// noteNames are the canonical names of the TXT records that may note whose a record
// is. Since external-dns 0.12, which is older than its AAAA records, a name tells the
// type of the record too; an alias, as which Route 53 has what was asked for as a
// CNAME, is noted as either.
func (g Registry) noteNames(s types.ResourceRecordSet) []string {
	first, rest, _ := strings.Cut(plain(ptr.Value(s.Name)), ".")
	if first == "*" && g.WildcardReplacement != "" {
		first = strings.ToLower(g.WildcardReplacement)
	}
	typed := func(kind string) string {
		prefix, suffix := strings.ReplaceAll(g.Prefix, typeTemplate, kind), strings.ReplaceAll(g.Suffix, typeTemplate, kind)
		if kind != "" && prefix == g.Prefix && suffix == g.Suffix {
			prefix += kind + "-"
		}
		return canonical(prefix + first + suffix + "." + rest)
	}
	names := []string{typed(strings.ToLower(string(s.Type)))}
	if s.Type == types.RRTypeA && s.AliasTarget != nil {
		names = append(names, typed("cname"))
	}
	if s.Type == types.RRTypeA || s.Type == types.RRTypeCname {
		names = append(names, typed(""))
	}
	return names
}

// place is where a note of external-dns is: it has the set identifier of its record.
type place struct{ name, identifier string }

// split tells the records of our external-dns from others. It returns them in such an
// order that a record and its notes are neighbours, records first.
func (g Registry) split(sets []types.ResourceRecordSet) (ours, foreign []Record) {
	notes := make(map[place]note)
	for _, s := range sets {
		if n, ok := noteOf(s); ok {
			notes[placeOf(s)] = n
		}
	}
	about := g.about(sets)
	for _, s := range sets {
		r := newRecord(s)
		if n, ok := noteOf(s); ok {
			r.Owner, r.Resource = n.owner, n.resource
		} else {
			r.Owner, r.Resource = g.claim(s, notes, about)
		}
		if g.Owner != "" && r.Owner == g.Owner {
			ours = append(ours, r)
		} else {
			foreign = append(foreign, r)
		}
	}
	for i, r := range ours {
		ours[i].family = canonical(r.Name)
		if name := about[placeOf(r.set)]; name != "" && r.Type == string(types.RRTypeTxt) {
			ours[i].family = name
		}
	}
	return ours, foreign
}

// about is of which name a note at a place is: of none, "", where several names could
// have it there, as "api" and "a-api" could have theirs at "a-api".
func (g Registry) about(sets []types.ResourceRecordSet) map[place]string {
	about := make(map[place]string)
	for _, s := range sets {
		if _, ok := noteOf(s); ok {
			continue
		}
		for _, note := range g.noteNames(s) {
			at, name := place{note, ptr.Value(s.SetIdentifier)}, canonical(ptr.Value(s.Name))
			if other, taken := about[at]; taken && other != name {
				name = ""
			}
			about[at] = name
		}
	}
	return about
}

// claim returns whose a record is that is no note itself: nobody's where there is no
// note that is surely its own, or where notes contradict one another.
func (g Registry) claim(s types.ResourceRecordSet, notes map[place]note, about map[place]string) (owner, resource string) {
	for i, name := range g.noteNames(s) {
		at := place{name, ptr.Value(s.SetIdentifier)}
		n, ok := notes[at]
		switch {
		case !ok || about[at] == "":
		case i > 0 && owner != "" && owner != n.owner:
			return "", ""
		default:
			owner, resource = n.owner, n.resource
		}
	}
	return owner, resource
}

func placeOf(s types.ResourceRecordSet) place {
	return place{canonical(ptr.Value(s.Name)), ptr.Value(s.SetIdentifier)}
}

// noteOf reads a record that is a note and nothing else: what somebody put beside one,
// or another owner's note, would be lost with it.
func noteOf(s types.ResourceRecordSet) (n note, ok bool) {
	if s.Type != types.RRTypeTxt {
		return n, false
	}
	for i, r := range s.ResourceRecords {
		next, isNote := parseNote(ptr.Value(r.Value))
		if !isNote || i > 0 && next.owner != n.owner {
			return note{}, false
		}
		n = next
	}
	return n, len(s.ResourceRecords) > 0
}
