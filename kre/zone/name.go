package zone

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// canonical is a name as Route 53 keeps it: small letters, a dot at the end, and an
// asterisk as its octal escape.
func canonical(name string) string {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "*", `\052`)
	return strings.TrimSuffix(name, ".") + "."
}

// plain is a name as people write it.
func plain(name string) string {
	return strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(name), `\052`, "*"), ".")
}

// below reports whether name lies in zone and is not zone itself; both are canonical.
func below(name, zone string) bool { return strings.HasSuffix(name, "."+zone) }

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// maxName is how long a domain name is at most, without the dot at its end.
// Source: RFC 1035, section 2.3.4: 255 octets on the wire.
const maxName = 253

// normalized checks s and brings its names into the form without a dot at the end.
// It returns all faults, joined.
func (s Spec) normalized() (Spec, error) {
	var errs []error
	s.Name, s.Parent = plain(strings.TrimSpace(s.Name)), plain(strings.TrimSpace(s.Parent))
	s.ID, s.ParentID = bare(s.ID), bare(s.ParentID)
	errs = append(errs, checkName("name", s.Name))
	if s.Parent != "" {
		errs = append(errs, checkName("parent", s.Parent))
		if !below(canonical(s.Name), canonical(s.Parent)) {
			errs = append(errs, fmt.Errorf("name %q does not lie below its parent %q", s.Name, s.Parent))
		}
	} else if s.ParentID != "" {
		errs = append(errs, errors.New("a parent's id is given without the parent's name"))
	}
	if _, ok := s.Tags[TagEnvironment]; ok {
		errs = append(errs, fmt.Errorf("the tag %s is set from Options.Environment alone", TagEnvironment))
	}
	// One request adds ten tags at most. Source: Route 53 API reference, ChangeTagsForResource.
	if n := len(s.Tags) + 1; n > 10 {
		errs = append(errs, fmt.Errorf("%d tags with %s, at most 10", n, TagEnvironment))
	}
	return s, errors.Join(errs...)
}

func checkName(what, name string) error {
	labels := strings.Split(name, ".")
	bad := func(l string) bool { return !label.MatchString(l) }
	switch i := slices.IndexFunc(labels, bad); {
	case name == "":
		return fmt.Errorf("the %s is missing", what)
	case len(name) > maxName:
		return fmt.Errorf("%s of %d characters, at most %d", what, len(name), maxName)
	case i >= 0:
		return fmt.Errorf("%s %q: %q is no DNS label of 1 to 63 letters, digits and hyphens", what, name, labels[i])
	case len(labels) < 2:
		return fmt.Errorf("%s %q is a top-level domain", what, name)
	}
	return nil
}

// bare is an id without the prefix that Route 53 gives it.
func bare(id string) string { return strings.TrimPrefix(id, "/hostedzone/") }
