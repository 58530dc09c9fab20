package zone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// candidate is a public zone of the wanted name.
type candidate struct {
	id, reference string
	tags          map[string]string // nil until they are read
}

// named returns the public zones called exactly name, sorted by id, and the ids of
// the private ones. A listing by name begins at name, and goes on with others.
func (m *Manager) named(ctx context.Context, name string) (public []candidate, private []string, err error) {
	want := canonical(name)
	in := &route53.ListHostedZonesByNameInput{DNSName: &want}
	for {
		out, err := call(ctx, m, m.api.ListHostedZonesByName, in)
		if err != nil {
			return nil, nil, fmt.Errorf("list hosted zones called %s: %w", name, err)
		}
		others := false
		for _, z := range out.HostedZones {
			switch id := bare(ptr.Value(z.Id)); {
			case canonical(ptr.Value(z.Name)) != want:
				others = true
			case z.Config != nil && z.Config.PrivateZone:
				private = append(private, id)
			default:
				public = append(public, candidate{id: id, reference: ptr.Value(z.CallerReference)})
			}
		}
		if others || !out.IsTruncated {
			slices.SortFunc(public, func(a, b candidate) int { return strings.Compare(a.id, b.id) })
			return public, private, nil
		}
		in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
	}
}

func (m *Manager) tags(ctx context.Context, id string) (map[string]string, error) {
	out, err := call(ctx, m, m.api.ListTagsForResource, &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: &id})
	if err != nil {
		return nil, fmt.Errorf("list tags of hosted zone %s: %w", id, err)
	}
	tags := make(map[string]string)
	if out.ResourceTagSet != nil {
		for _, t := range out.ResourceTagSet.Tags {
			tags[ptr.Value(t.Key)] = ptr.Value(t.Value)
		}
	}
	return tags, nil
}

// found is the zone that a Spec means.
type found struct {
	*candidate // nil where there is none
	notes      []string
}

// find returns the zone that spec means; none where none has its name. Adopt lets it
// be one that says nothing about whose it is.
func (m *Manager) find(ctx context.Context, spec Spec, adopt bool) (found, error) {
	public, private, err := m.named(ctx, spec.Name)
	if err != nil {
		return found{}, err
	}
	for i := range public {
		if public[i].tags, err = m.tags(ctx, public[i].id); err != nil {
			return found{}, err
		}
	}
	f, err := m.choose(spec, public, adopt)
	for _, id := range private {
		f.notes = append(f.notes, fmt.Sprintf("private hosted zone %s has the same name, and is left alone", id))
	}
	return f, err
}

// choose is the whole decision about which zone is meant.
func (m *Manager) choose(spec Spec, public []candidate, adopt bool) (found, error) {
	if spec.ID != "" {
		i := slices.IndexFunc(public, func(c candidate) bool { return c.id == spec.ID })
		if i < 0 {
			return found{}, fmt.Errorf("hosted zone %s: %w: %s", spec.Name, ErrNoZone, spec.ID)
		}
		public = public[i : i+1]
	}
	var ours []candidate
	var notes []string
	for _, c := range public {
		if m.owns(spec, c) {
			ours = append(ours, c)
		} else {
			notes = append(notes, fmt.Sprintf("public hosted zone %s has the same name and %s, and is left alone", c.id, c.whose()))
		}
	}
	switch {
	case len(ours) == 1:
		return found{candidate: &ours[0], notes: notes}, nil
	case len(ours) > 1:
		return found{}, ambiguous(spec.Name, ours)
	case len(public) == 0:
		return found{}, nil
	case adopt && len(public) == 1 && public[0].tags[TagEnvironment] == "":
		return found{candidate: &public[0]}, nil
	case adopt && len(public) > 1:
		return found{}, ambiguous(spec.Name, public)
	}
	owners := make([]string, len(public))
	for i, c := range public {
		owners[i] = c.id + " " + c.whose()
	}
	return found{}, fmt.Errorf("hosted zone %s exists, and is %w %q: %s", spec.Name, ErrNotOwned, m.opts.Environment, strings.Join(owners, "; "))
}

// owns reports whether a zone says that it is ours: by its tag, or, before it has
// one, by the reference with which it was made.
func (m *Manager) owns(spec Spec, c candidate) bool {
	tag, tagged := c.tags[TagEnvironment]
	return tag == m.opts.Environment || !tagged && strings.HasPrefix(c.reference, m.referencePrefix(spec.Name))
}

func (c candidate) whose() string {
	if tag := c.tags[TagEnvironment]; tag != "" {
		return fmt.Sprintf("the tag %s %q", TagEnvironment, tag)
	}
	return "no tag " + TagEnvironment
}

// parent returns the id of the public zone that delegates.
func (m *Manager) parent(ctx context.Context, spec Spec) (string, error) {
	public, _, err := m.named(ctx, spec.Parent)
	if err != nil {
		return "", err
	}
	switch {
	case spec.ParentID != "" && slices.ContainsFunc(public, func(c candidate) bool { return c.id == spec.ParentID }):
		return spec.ParentID, nil
	case spec.ParentID != "":
		return "", fmt.Errorf("parent zone %s: %w: %s", spec.Parent, ErrNoZone, spec.ParentID)
	case len(public) == 0:
		return "", fmt.Errorf("parent zone %s: %w", spec.Parent, ErrNoParent)
	case len(public) > 1:
		return "", fmt.Errorf("parent zone: %w", ambiguous(spec.Parent, public))
	}
	return public[0].id, nil
}

func ambiguous(name string, zones []candidate) error {
	e := &AmbiguousError{Name: name}
	for _, c := range zones {
		e.IDs = append(e.IDs, c.id)
	}
	return e
}

// referencePrefix begins the caller reference of every zone that this environment
// makes under a name.
func (m *Manager) referencePrefix(name string) string {
	sum := sha256.Sum256([]byte(m.opts.Environment + "\x00" + canonical(name)))
	return "delivery-" + hex.EncodeToString(sum[:16]) + "-"
}
