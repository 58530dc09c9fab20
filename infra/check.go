package infra

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nameLength is the most characters of an environment's name: those of a load
// balancer. Source: ELBv2 API reference, CreateLoadBalancer.
const nameLength = 32

// The limits of tags. Source: CloudFormation API reference, Tag; AWS General
// Reference, "Tag naming limits and requirements"; IAM User Guide, "Tags for AWS
// IAM resources", which does not tell the letter case of keys apart.
const (
	maxTags     = 49 // of 50: templates add Name
	maxTagKey   = 128
	maxTagValue = 256
)

// retention are the days that CloudWatch Logs can keep lines for.
// Source: CloudWatch Logs API reference, PutRetentionPolicy.
func retention() []int {
	return []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

// faults collects all that is wrong with what is asked for.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// also takes err over; nil is no fault.
func (f *faults) also(err error) {
	if err != nil {
		*f = append(*f, err)
	}
}

// of returns the faults as one error about rendering what, or nil.
func (f faults) of(what, name string) error {
	if len(f) == 0 {
		return nil
	}
	return fmt.Errorf("render %s of %q: %w", what, name, errors.Join(f...))
}

func (f *faults) owner(o Owner) {
	if !matches(`[a-z]([a-z0-9-]*[a-z0-9])?`, o.Name) || len(o.Name) > nameLength {
		f.add("name %q: want 1 to %d lower-case letters, digits and hyphens, a letter first and no hyphen last", o.Name, nameLength)
	}
	if o.ResourceName == nil {
		f.also(errNoNames)
	}
	if n := len(o.Tags); n > maxTags {
		f.add("%d tags: want at most %d", n, maxTags)
	}
	folded := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(o.Tags)) {
		f.tag(key, o.Tags[key])
		fold := strings.ToLower(key)
		if other, taken := folded[fold]; taken {
			f.add("tags %s and %s: their keys differ in letter case alone, which IAM does not tell apart", other, key)
		}
		folded[fold] = key
	}
}

func (f *faults) tag(key, value string) {
	const characters = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
	n := utf8.RuneCountInString(key)
	if n == 0 || n > maxTagKey || strings.HasPrefix(strings.ToLower(key), "aws:") || !matches(characters, key) {
		f.add("tag %q: want a key of 1 to %d letters, digits, spaces and _.:/=+-@ that does not begin with aws:", key, maxTagKey)
	}
	if utf8.RuneCountInString(value) > maxTagValue || !matches(characters, value) || !oneLine(value) {
		f.add("tag %s: %q: want a value of at most %d letters, digits, spaces and _.:/=+-@", key, value, maxTagValue)
	}
}

// subnets checks ids that are handed on in a list with commas.
func (f *faults) subnets(what string, ids []string, atLeast int) {
	if len(ids) < atLeast {
		f.add("%s: %d given: want at least %d, in as many zones", what, len(ids), atLeast)
	}
	for i, id := range ids {
		f.match(what, id, `subnet-[A-Za-z0-9]+`, "the id of a subnet")
		if slices.Contains(ids[:i], id) {
			f.add("%s: %s is given twice", what, id)
		}
	}
}

// cidr returns the IPv4 prefix that text stands for.
func (f *faults) cidr(what, text string) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !prefix.Addr().Is4():
		f.add("%s: %q is no IPv4 range: want one like 10.0.0.0/16", what, text)
	case prefix != prefix.Masked():
		f.add("%s: %s has bits beyond its prefix: want %s", what, text, prefix.Masked())
	}
	return prefix
}

// ranges checks a list of IPv4 prefixes.
func (f *faults) ranges(what string, list []string, most int) {
	if n := len(list); n > most {
		f.add("%s: %d ranges: want at most %d", what, n, most)
	}
	for i, text := range list {
		f.cidr(what, text)
		if slices.Contains(list[:i], text) {
			f.add("%s: %s is given twice", what, text)
		}
	}
}

// maxDomain is the most characters of a DNS name. Source: RFC 1035, 2.3.4.
const maxDomain = 253

// domain checks a DNS name.
func (f *faults) domain(what, name string) {
	f.within(what+": characters", len(name), 1, maxDomain)
	label := `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`
	f.match(what, name, label+`(\.`+label+`)+`, "a DNS name in lower case, without a final dot")
}

// zone checks the id of a hosted zone of Route 53.
func (f *faults) zone(what, id string) {
	f.match(what, id, `[A-Z0-9]{1,32}`, "an id like Z2FDTNDATAQYW2")
}

// within checks a number.
func (f *faults) within(what string, n, low, high int) {
	if n < low || n > high {
		f.add("%s: %d: want %d to %d", what, n, low, high)
	}
}

// pattern checks a filter pattern of CloudWatch Logs.
func (f *faults) pattern(what, text string) {
	switch {
	case len(text) > maxFilterLength:
		f.add("%s: %d characters: want at most %d", what, len(text), maxFilterLength)
	case !oneLine(text) || strings.TrimSpace(text) == "":
		f.add("%s: %q: want text on one line", what, text)
	case !whole(strings.TrimSpace(text)):
		f.add("%s: %q: want a bracket that is open at the beginning closed at the end", what, text)
	}
}

// whole reports whether a pattern for JSON, in braces, or for words, in brackets,
// ends as it begins. No other begins or ends in one.
func whole(pattern string) bool {
	for _, pair := range []string{"{}", "[]"} {
		if (pattern[0] == pair[0]) != (pattern[len(pattern)-1] == pair[1]) || pattern == pair[:1] {
			return false
		}
	}
	return true
}

func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// match checks text against a pattern that fits it as a whole.
func (f *faults) match(what, text, pattern, want string) {
	if !matches(pattern, text) {
		f.add("%s: %q: want %s", what, text, want)
	}
}

func matches(pattern, text string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(text)
}
