package nuke

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/internal/production"
	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// Why nothing is generated. No option turns any of these off.
var (
	// ErrEnvironment is a name that is empty, or not one of an ephemeral environment.
	ErrEnvironment = errors.New("not an ephemeral environment")
	// ErrProduction is production, by its name or by a tag.
	ErrProduction = errors.New("production is never deleted")
	// ErrPattern is a pattern that is no regular expression, or takes in too much.
	ErrPattern = errors.New("unusable pattern of environments")
	// ErrBlocklist is a blocklist that is empty, or has the account itself in it.
	ErrBlocklist = errors.New("unusable blocklist")
	// ErrAccount is an account id that is not 12 digits.
	ErrAccount = errors.New("not an account id of 12 digits")
	// ErrAlias is an alias that is missing or has a blocked term in it.
	ErrAlias = errors.New("unusable alias of the account")
	// ErrMajor is a major version of aws-nuke other than 2 and 3.
	ErrMajor = errors.New("unknown major version of aws-nuke")
	// ErrConflict is a resource whose name, tags and belonging disagree.
	ErrConflict = errors.New("conflict in the inventory")
	// ErrInventory is an inventory that contradicts itself.
	ErrInventory = errors.New("unusable inventory")
	// ErrNothing is an environment of which nothing is left: an empty
	// configuration would mean everything.
	ErrNothing = errors.New("nothing belongs to the environment")
	// ErrInexpressible is a resource that no filter tells from others.
	ErrInexpressible = errors.New("not expressible as a filter")
)

// DefaultPattern is what names of ephemeral environments look like.
const DefaultPattern = `automation-[0-9a-f]{8}`

// Check returns why inv.Environment must not be deleted, all reasons joined, or
// nil. [Options.Generate] begins with it. Who has a hand-written configuration
// calls it before [Verify].
func (o Options) Check(inv Inventory) error {
	errs := []error{o.checkPattern(), o.checkEnvironment(inv.Environment), o.checkAccounts(inv.Account), o.checkAlias(inv.Alias)}
	if _, ok := awsnuke.Types(o.major()); !ok {
		errs = append(errs, fmt.Errorf("%w: %d; 2 and 3 are known", ErrMajor, o.Major))
	}
	for _, c := range inv.Conflicts {
		errs = append(errs, fmt.Errorf("%w: %s: %s", ErrConflict, c.Resource, c.Detail))
	}
	for _, r := range inv.Mine {
		errs = append(errs, o.checkTags(r, inv.Environment)...)
		errs = append(errs, o.checkName(r, inv.Environment))
	}
	return errors.Join(append(errs, inv.validate())...)
}

func (o Options) major() int { return cmp.Or(o.Major, 3) }

func (o Options) pattern() string { return cmp.Or(o.Pattern, DefaultPattern) }

// whole is the pattern, which must match all of a name. It must be an expression
// of its own before it is put into another.
func (o Options) whole() (*regexp.Regexp, error) {
	if _, err := regexp.Compile(o.pattern()); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + o.pattern() + `)\z`)
}

// checkPattern tries the pattern on names that it must not match.
func (o Options) checkPattern() error {
	re, err := o.whole()
	if err != nil {
		return fmt.Errorf("%w: %q: %w", ErrPattern, o.pattern(), err)
	}
	if re.MatchString("") {
		return fmt.Errorf("%w: %q matches an empty name", ErrPattern, o.pattern())
	}
	for _, word := range append([]string{"production", "prod", "master", "main"}, o.Production...) {
		for _, name := range []string{word, "automation-" + word, "automation" + word, word + "-1", "a-" + word} {
			if re.MatchString(name) || re.MatchString(strings.ToUpper(name)) {
				return fmt.Errorf("%w: %q matches %q, which is production", ErrPattern, o.pattern(), name)
			}
		}
	}
	return nil
}

func (o Options) checkEnvironment(name string) error {
	if word := o.production(name); word != "" {
		return fmt.Errorf("%w: environment %q has %q in its name", ErrProduction, name, word)
	}
	re, err := o.whole()
	switch {
	case err != nil: // told by checkPattern
		return nil
	case name == "":
		return fmt.Errorf("%w: the name is empty", ErrEnvironment)
	case !re.MatchString(name) || strings.ContainsAny(name, "\r\n"):
		return fmt.Errorf("%w: %q does not match %q", ErrEnvironment, name, o.pattern())
	}
	return nil
}

// production returns the word that makes text a name of production, or "". The
// usual words always count.
func (o Options) production(text string) string {
	if word := production.Find(text, nil); word != "" {
		return word
	}
	if len(o.Production) == 0 {
		return ""
	}
	return production.Find(text, o.Production)
}

func (o Options) checkAccounts(account string) error {
	var errs []error
	if !isAccount(account) {
		errs = append(errs, fmt.Errorf("%w: %q", ErrAccount, account))
	}
	if len(o.Blocklist) == 0 {
		errs = append(errs, fmt.Errorf("%w: it is empty; it must name the production account", ErrBlocklist))
	}
	for _, id := range o.Blocklist {
		if !isAccount(id) {
			errs = append(errs, fmt.Errorf("%w: %w: %q", ErrBlocklist, ErrAccount, id))
		}
		if id == account {
			errs = append(errs, fmt.Errorf("%w: it has account %s itself in it", ErrBlocklist, account))
		}
	}
	return errors.Join(errs...)
}

func isAccount(id string) bool {
	return len(id) == 12 && !strings.ContainsFunc(id, func(r rune) bool { return r < '0' || r > '9' })
}

func (o Options) checkAlias(alias string) error {
	if alias == "" {
		return fmt.Errorf("%w: it has none, and aws-nuke refuses such an account; give it one in IAM", ErrAlias)
	}
	for _, term := range o.terms() {
		if strings.Contains(strings.ToLower(alias), term) {
			return fmt.Errorf("%w: %q has the blocked term %q in it", ErrAlias, alias, term)
		}
	}
	return nil
}

// terms are the blocked terms, "prod" among them, in the lower case in which
// aws-nuke looks for them.
func (o Options) terms() []string {
	terms := []string{"prod"}
	for _, term := range o.BlockedTerms {
		if term = strings.ToLower(strings.TrimSpace(term)); term != "" {
			terms = append(terms, term)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// checkTags looks at the tags of a resource that is about to go.
func (o Options) checkTags(r Resource, env string) (errs []error) {
	for _, tag := range r.tags() {
		if word := o.production(tag); word != "" {
			errs = append(errs, fmt.Errorf("%w: %s: its tag %s says %q", ErrProduction, r, TagKey, tag))
		} else if tag != env {
			errs = append(errs, fmt.Errorf("%w: %s: its tag %s says %q", ErrConflict, r, TagKey, tag))
		}
	}
	return errs
}

// checkName looks for words of production in the name of a resource that is about to
// go, and in that of what it is part of. Master and main do not count there: shared
// things are called so. Nor does any word count behind the name of the environment.
func (o Options) checkName(r Resource, env string) error {
	names := strings.Split(r.ID, " -> ")
	if strings.HasPrefix(r.Type, "IAMRolePolicy") {
		names = names[:1] // what a role of the environment may do is called as it likes
	}
	for _, name := range append(names, r.Properties["Name"]) {
		word := production.Find(name, append([]string{"production", "prod"}, o.Production...))
		if word != "" && !tells(name, env) {
			return fmt.Errorf("%w: %s has %q in its name, and nothing of %s; delete it by hand, or take away what ties it to that environment", ErrProduction, r, word, env)
		}
	}
	return nil
}

// tells reports whether name has env in it, with no letter or digit beside it.
func tells(name, env string) bool {
	re, err := regexp.Compile(`(?i)(?:^|[^\pL\pN])` + regexp.QuoteMeta(env) + `(?:$|[^\pL\pN])`)
	return env != "" && err == nil && re.MatchString(name)
}
