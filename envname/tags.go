package envname

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strings"
)

// The keys of the tags of a resource.
const (
	TagEnvironment  = "Environment"  // Environment.Name
	TagProject      = "Project"      // Environment.Project
	TagBranch       = "Branch"       // the branch, escaped; see Environment.Tags
	TagBranchSHA256 = "BranchSHA256" // the SHA-256 of the branch in 64 hex digits
)

// tagLength is the most characters that the value of a tag has.
// Source: AWS Tagging Best Practices and the TagValue of most API references.
const tagLength = 256

// Tags returns the tags that every resource of the environment carries:
// Environment, Project, Branch and BranchSHA256.
//
// All services admit letters, digits and "+-=._:/@" in the value of a tag, and
// at most 256 characters (AWS General Reference, "Tag naming limits and
// requirements"). So Branch keeps ASCII letters, digits and "+-._/@"; each
// other byte is "=" and two hex digits, as in quoted-printable text: "#" is
// "=23". A branch that is still too long is cut, and ends in "==" and the first
// 8 digits of its SHA-256. [BranchFromTags] reads it back.
func (e Environment) Tags() map[string]string {
	return map[string]string{
		TagEnvironment:  e.Name,
		TagProject:      cmp.Or(e.Project, strings.TrimSuffix(e.Name, "-"+e.ID)), // one read from JSON has no Project
		TagBranch:       escapeTag(e.Branch),
		TagBranchSHA256: digest(e.Branch),
	}
}

// CheckOwner reports whether a resource with these tags belongs to the
// environment, before one changes or destroys it. It returns
//
//   - nil where they are the tags of this environment and this branch; for
//     production, where they are those of any production branch
//   - a [*CollisionError], which matches [ErrCollision], where another branch
//     owns the environment
//   - an [*OwnerError], which matches [ErrNotOwned], where a tag is missing or
//     names another environment or project
//
// Tags beside those of [Environment.Tags] are not looked at.
//
// There are 2^32 ids: with 100 branches alive at once the odds that two of
// them share one are 1 to 870,000, with 1,000 branches 1 to 8,600. But
// whoever wants a branch with a given id finds one within minutes, so that
// jobs which may be started by anyone should always check.
func (e Environment) CheckOwner(tags map[string]string) error {
	want := e.Tags()
	for _, key := range []string{TagEnvironment, TagProject, TagBranchSHA256} {
		if got := tags[key]; got == "" || got != want[key] && key != TagBranchSHA256 {
			return &OwnerError{Environment: e.Name, Tag: key, Value: got, Want: want[key]}
		}
	}
	if e.Kind == Production || tags[TagBranchSHA256] == want[TagBranchSHA256] {
		return nil
	}
	owner, ok := BranchFromTags(tags)
	if !ok {
		owner = tags[TagBranch]
	}
	return &CollisionError{Environment: e.Name, Branch: e.Branch, Owner: owner}
}

// BranchFromTags returns the branch that wrote tags, and whether they hold it:
// false where a tag is missing, where the branch was too long for its tag, and
// where Branch and BranchSHA256 contradict each other.
func BranchFromTags(tags map[string]string) (string, bool) {
	branch, ok := unescapeTag(tags[TagBranch])
	if !ok || digest(branch) != tags[TagBranchSHA256] {
		return "", false
	}
	return branch, true
}

func escapeTag(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isLower(c) || isUpper(c) || isDigit(c) || strings.IndexByte("+-._/@", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() <= tagLength {
		return b.String()
	}
	end := "==" + digest(s)[:digestLength] // "==" is in no escape, so that a cut one is known by it
	cut := b.String()[:tagLength-len(end)]
	if i := strings.LastIndexByte(cut, '='); i > len(cut)-3 { // not amid an escape
		cut = cut[:i]
	}
	return cut + end
}

// unescapeTag undoes escapeTag. It is false for what escapeTag cut or never wrote.
func unescapeTag(s string) (string, bool) {
	var b strings.Builder
	for {
		plain, rest, more := strings.Cut(s, "=")
		b.WriteString(plain)
		if !more {
			return b.String(), true
		}
		if len(rest) < 2 {
			return "", false
		}
		c, err := hex.DecodeString(rest[:2])
		if err != nil {
			return "", false
		}
		b.Write(c)
		s = rest[2:]
	}
}
