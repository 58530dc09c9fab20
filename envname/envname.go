// Package envname says which environment a branch is, and how that
// environment's resources are called.
//
// A production branch is the one production environment; a branch below one
// of the ephemeral prefixes is an environment of its own, under an id that
// lasts as long as the branch keeps its name; any other branch has none:
//
//	env, err := envname.Resolve("dev/feature/login")
//	if errors.Is(err, envname.ErrNoEnvironment) { ... }
//	env.Name                                               // automation-8527fec8
//	env.Tags()                                             // what its resources carry
//	env.ResourceName(envname.ReplicationGroup, "cache")    // automation-8527fec8-cache
//
// [Rules] changes the project and the branches, and [Rules.FromCI] finds the
// branch in the variables of a CI job. [Environment.CheckOwner] tells whether
// existing resources belong to the branch or to another one with the same id.
//
// It neither calls git nor AWS, keeps no list of the environments that exist,
// and proves nothing about who asks: a CI job may set any variable it likes,
// so that the rights to production must hang on more than a name.
package envname

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind is what sort of environment one is.
type Kind string

// The kinds of environment.
const (
	Production Kind = "production" // the one that lasts
	Ephemeral  Kind = "ephemeral"  // of one branch, destroyed with it
)

// The KRE environments that go with the kinds. Every ephemeral environment
// shares the one for development.
const (
	kreProduction = "production"
	kreDev        = "dev"
)

// What Rules uses where a field is not given.
const (
	defaultProject      = "automation"
	defaultProduction   = "master"
	defaultProductionID = "master"
)

// digestLength is the hex digits of a SHA-256 that an id and a shortened name
// end in: what `sha256sum | cut -c1-8` prints.
const digestLength = 8

// labelLength is the most characters of a DNS label.
// Source: RFC 1035, section 2.3.4.
const labelLength = 63

// Environment is where a branch is delivered to. Its JSON is an object of
// exactly name, id, kind, kre and branch, in this order.
type Environment struct {
	// Name is Project and ID with a hyphen between them. It begins every name
	// of a resource of the environment.
	Name string `json:"name"`
	// ID tells the environments of a project apart: the first 8 hex digits of
	// the SHA-256 of an ephemeral branch, Rules.ProductionID for production.
	ID string `json:"id"`
	// Kind is Production or Ephemeral.
	Kind Kind `json:"kind"`
	// KRE is the KRE environment that goes with it: "production", or "dev" for
	// every ephemeral one.
	KRE string `json:"kre"`
	// Branch is the branch in full.
	Branch string `json:"branch"`
	// Project is Rules.Project. It is not in the JSON, since Name holds it.
	Project string `json:"-"`
}

// Rules say which branch is which environment. The zero value is the rules of
// the original pipeline.
type Rules struct {
	// Project begins the name of every environment; default "automation". It
	// is lower-case letters, digits and single hyphens, beginning with a
	// letter. Up to 14 characters leave every type of resource room for the
	// environment's name and a digest; with more, up to 45, the tightest types
	// have none (see Environment.ResourceName).
	Project string
	// ProductionBranches are the branches that are production; nil means
	// "master" alone, an empty list means that none is. They win over
	// EphemeralPrefixes.
	ProductionBranches []string
	// ProductionID is the ID of production, whatever its branch is called, so
	// that a renamed branch does not rename production; default "master". It
	// never begins like an ephemeral id, that is with a word of 8 hex digits.
	ProductionID string
	// EphemeralPrefixes are how ephemeral branches begin; nil means
	// "dev/feature" and "dev/fix", an empty list means that none is. They are
	// plain text: "dev/fix" holds for "dev/fix/a", "dev/fixes" and "dev/fix".
	EphemeralPrefixes []string
}

// Resolve is Rules{}.Resolve: the environment of branch by the default rules.
func Resolve(branch string) (Environment, error) { return Rules{}.Resolve(branch) }

// Resolve returns the environment of branch, which is a name as git prints it
// with `git branch --show-current`, without "refs/heads/" and without blanks
// around it. It reads and calls nothing.
//
// A branch without an environment is a [*NoEnvironmentError], which matches
// [ErrNoEnvironment]; rules that cannot work match [ErrRules].
func (r Rules) Resolve(branch string) (Environment, error) {
	r = r.withDefaults()
	if err := r.check(); err != nil {
		return Environment{}, err
	}
	hint := misspelt(branch)
	switch {
	case hint != "":
	case slices.Contains(r.ProductionBranches, branch):
		return r.environment(branch, r.ProductionID, Production, kreProduction), nil
	case slices.ContainsFunc(r.EphemeralPrefixes, func(p string) bool { return strings.HasPrefix(branch, p) }):
		return r.environment(branch, digest(branch)[:digestLength], Ephemeral, kreDev), nil
	}
	return Environment{}, &NoEnvironmentError{Branch: branch, Rules: r, Hint: hint}
}

func (r Rules) environment(branch, id string, kind Kind, kre string) Environment {
	return Environment{Name: r.Project + "-" + id, ID: id, Kind: kind, KRE: kre, Branch: branch, Project: r.Project}
}

func (r Rules) withDefaults() Rules {
	if r.Project == "" {
		r.Project = defaultProject
	}
	if r.ProductionBranches == nil {
		r.ProductionBranches = []string{defaultProduction}
	}
	if r.ProductionID == "" {
		r.ProductionID = defaultProductionID
	}
	if r.EphemeralPrefixes == nil {
		r.EphemeralPrefixes = []string{"dev/feature", "dev/fix"}
	}
	return r
}

// check returns every fault of rules whose defaults are filled in.
func (r Rules) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrRules}, args...)...))
	}
	for _, b := range r.ProductionBranches {
		if hint := misspelt(b); hint != "" {
			fault("production branch %q: %s", b, hint)
		}
	}
	for _, p := range r.EphemeralPrefixes {
		switch {
		case p == "":
			fault("an ephemeral prefix is empty, and would hold for every branch")
		case misspelt(p) != "":
			fault("ephemeral prefix %q: %s", p, misspelt(p))
		}
	}
	const label = "lower-case letters, digits and single hyphens between them"
	switch {
	case !isLabel(r.Project):
		fault("project %q: want %s, beginning with a letter", r.Project, label)
	case !isLabel("p-" + r.ProductionID):
		fault("production id %q: want %s", r.ProductionID, label)
	case likeID(r.ProductionID):
		fault("production id %q begins like the id of an ephemeral environment, %d hex digits", r.ProductionID, digestLength)
	default:
		if err := checkRoom(r.Project, r.ProductionID); err != nil {
			fault("%w", err)
		}
	}
	return errors.Join(faults...)
}

// checkRoom holds the names that a project gives to its environments to what
// holds for all types: they are a DNS label even with a digest after them, and
// begin with nothing reserved. A type with less room refuses them by itself,
// see Environment.ResourceName.
func checkRoom(project, productionID string) error {
	longest := project + "-" + strings.Repeat("0", max(digestLength, len(productionID)))
	if room := labelLength - suffixLength; len(longest) > room {
		return fmt.Errorf("project %q and production id %q: an environment's name would be %d characters, and at most %d leave room for a digest in the %d of a DNS label",
			project, productionID, len(longest), room, labelLength)
	}
	for _, l := range Limits() {
		for _, prefix := range l.Reserved {
			if strings.HasPrefix(longest, prefix) {
				return fmt.Errorf("project %q: the name of a %s must not begin with %q", project, l.Type, prefix)
			}
		}
	}
	return nil
}

// misspelt says what keeps s from being the name of a branch, or "".
func misspelt(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case strings.TrimSpace(s) != s:
		return "take away the blanks around it"
	case strings.HasPrefix(s, "refs/heads/"):
		return `give the branch without "refs/heads/"`
	case strings.HasPrefix(s, "refs/"):
		return "it is a ref, and no branch"
	}
	return ""
}

// isLabel reports whether s can begin a name of any type: the strictest of
// the services want a lower-case letter first and no hyphen last or twice.
func isLabel(s string) bool {
	for _, c := range []byte(s) {
		if !isLower(c) && !isDigit(c) && c != '-' {
			return false
		}
	}
	return s != "" && isLower(s[0]) && !strings.HasSuffix(s, "-") && !strings.Contains(s, "--")
}

// likeID reports whether the first word of s could be an ephemeral id, whose
// resources would then be called as those of s.
func likeID(s string) bool {
	word, _, _ := strings.Cut(s, "-")
	return len(word) == digestLength && strings.Trim(word, "0123456789abcdef") == ""
}

// digest is the SHA-256 of s in 64 hex digits.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
