package envname

import (
	"fmt"
	"slices"
	"strings"
)

// suffixLength is the characters that a changed name ends in: a hyphen and a digest.
const suffixLength = 1 + digestLength

// ResourceName returns the name of a resource of type t: the environment's
// name and parts with hyphens between them; without parts, the environment's
// name.
//
// What t admits is returned as it is. Otherwise what t does not admit is
// replaced (upper case by lower case where t has none, any other character by a
// hyphen), the end is cut as needed, and "-" and the first 8 hex digits of the
// SHA-256 of the name as it was asked for follow. So two names that are changed
// stay two, the same input is always the same name, and the environment's name
// is whole at the beginning, for filters to find it:
//
//	automation-8527fec8-tnba-feedback-cache-redis  // cache cluster, 45 of 50 characters
//	automation-8527fec8-tnba-feedba-0ed06331       // replication group, 40 of 40
//
// Parts are joined, and not told apart: ("a-b", "c") and ("a", "b-c") are one
// name, as they are to its reader. Names that AWS wants to be unique in the
// world, as those of buckets, need a part that makes them so, such as the
// account's id.
//
// An empty part, a type that is not in [Limits], one with too little room for
// the environment's name and a digest, and an environment that [Rules.Resolve]
// would not have made are errors that match [ErrName].
func (e Environment) ResourceName(t ResourceType, parts ...string) (string, error) {
	limit, ok := t.Limit()
	switch room := limit.Max - suffixLength; {
	case !ok:
		return "", fmt.Errorf("name a %s: %w: unknown type of resource", t, ErrName)
	case !isLabel(e.Name):
		return "", fmt.Errorf("name a %s: %w: %q is not the name of an environment", t, ErrName, e.Name)
	case len(e.Name) > room:
		return "", fmt.Errorf("name a %s: %w: the environment's name %q has %d characters, and at most %d leave room for a digest in the %d of a %s; take a shorter project",
			t, ErrName, e.Name, len(e.Name), room, limit.Max, t)
	}
	if i := slices.Index(parts, ""); i >= 0 {
		return "", fmt.Errorf("name a %s of %s: %w: part %d of %q is empty", t, e.Name, ErrName, i+1, parts)
	}
	full := strings.Join(append([]string{e.Name}, parts...), "-")
	name := full
	if limit.fault(name) != "" {
		name = limit.clean(full)
		name = shortened(name[:min(len(name), limit.Max-suffixLength)], full)
	}
	if fault := limit.fault(name); fault != "" { // only an environment made by hand gets here
		return "", fmt.Errorf("name a %s of %s: %w: %q %s", t, e.Name, ErrName, name, fault)
	}
	return name, nil
}

// shortened ends name in the digest of full, with one hyphen between them.
func shortened(name, full string) string {
	word := strings.TrimRightFunc(name, func(r rune) bool { return !isAlnum(byte(r)) })
	return word + "-" + digest(full)[:digestLength]
}

// fault says why l does not admit name, or "".
func (l Limit) fault(name string) string {
	if len(name) < l.Min || len(name) > l.Max {
		return fmt.Sprintf("has %d characters, not %d to %d", len(name), l.Min, l.Max)
	}
	for i := range len(name) {
		if !l.admits(name[i]) {
			return fmt.Sprintf("holds %q", name[i])
		}
		if i > 0 && l.adjoin(name[i-1], name[i]) {
			return fmt.Sprintf("holds %q", name[i-1:i+1])
		}
	}
	if l.End && !isAlnum(name[len(name)-1]) {
		return fmt.Sprintf("ends in %q", name[len(name)-1])
	}
	for _, prefix := range l.Reserved {
		if strings.HasPrefix(name, prefix) {
			return fmt.Sprintf("begins with the reserved %q", prefix)
		}
	}
	for _, suffix := range l.ReservedEnds {
		if strings.HasSuffix(name, suffix) {
			return fmt.Sprintf("ends in the reserved %q", suffix)
		}
	}
	return ""
}

// clean returns name with what l does not admit replaced: a byte for a
// character, so that it can be cut anywhere.
func (l Limit) clean(name string) string {
	var b []byte
	for _, r := range name {
		c := byte('-')
		if r < 0x80 {
			c = byte(r)
		}
		if l.Lower && isUpper(c) {
			c += 'a' - 'A'
		}
		if !l.admits(c) {
			c = '-'
		}
		if len(b) == 0 || !l.adjoin(b[len(b)-1], c) {
			b = append(b, c)
		}
	}
	return string(b)
}

func (l Limit) admits(c byte) bool {
	return isLower(c) || isDigit(c) || isUpper(c) && !l.Lower || strings.IndexByte(l.Punctuation, c) >= 0
}

// adjoin reports whether a and b must not stand side by side.
func (l Limit) adjoin(a, b byte) bool {
	return strings.IndexByte(l.Single, a) >= 0 && strings.IndexByte(l.Single, b) >= 0
}

func isAlnum(c byte) bool { return isLower(c) || isUpper(c) || isDigit(c) }
