// Package nuke writes the configuration of aws-nuke that deletes one ephemeral
// environment and nothing else: the last resort where an ordinary destroy has
// failed.
//
// [Options.Generate] makes it from an [Inventory] of the whole account, which
// package nuke/inventory reads:
//
//	config, err := nuke.Options{Blocklist: []string{"999999999999"}}.Generate(inventory)
//	if err != nil { ... }
//	_, err = config.WriteTo(file)
//
// Each filter lists exact ids and is narrowed by the tag where aws-nuke can read
// it. What comes out has been read back and put to the test of [Verify], which
// follows aws-nuke's own semantics, faults included, and also judges
// configurations that people wrote ([Parse]).
//
// It calls neither AWS nor aws-nuke. It cannot know what appears in the account
// after the inventory was read, which a dry run of aws-nuke shows, nor what the
// stacks hold that are deleted, which CloudFormation alone tells. Production is
// refused in every form ([Options.Check]).
package nuke

import (
	"fmt"
	"io"
	"time"

	"github.com/mettel-automation/delivery/nuke/internal/awsnuke"
)

// Options say what is allowed, and for which aws-nuke. Blocklist has no default.
type Options struct {
	// Blocklist are the accounts that must never be touched, 12 digits each. It
	// must name the production account.
	Blocklist []string
	// Major is the major version of aws-nuke: 3, the default, or 2.
	Major int
	// Pattern is a regular expression that a name must match as a whole to be that
	// of an ephemeral environment; default [DefaultPattern].
	Pattern string
	// BlockedTerms must not be in the alias of the account, in whatever case;
	// "prod" always is one. aws-nuke v2 itself knows that one only.
	BlockedTerms []string
	// Production are further words that make a name one of production. The words
	// production, prod, master and main always do; in names of resources, production
	// and prod.
	Production []string
	// Time is when the inventory was read. It is told in the header; zero is not.
	Time time.Time
}

// Config is a configuration of aws-nuke, of which [Options.Generate] and [Parse]
// make one.
type Config struct {
	text   []byte
	file   string
	parsed *awsnuke.Config
}

// generatedFile is what findings call a configuration that is not in a file yet.
const generatedFile = "generated configuration"

// Generate returns the configuration that deletes inv.Mine and nothing else. The
// same input makes the same bytes.
//
// It fails with the errors of [Options.Check]; with [ErrNothing] where inv.Mine
// is empty; with [ErrInexpressible] where no filter tells a resource from others;
// and with a [*VerifyError] where the result, read back, would not delete exactly
// inv.Mine, with and without aws-nuke's filter groups.
func (o Options) Generate(inv Inventory) (Config, error) {
	if err := o.Check(inv); err != nil {
		return Config{}, fmt.Errorf("refuse %s: %w", orUnnamed(inv.Environment), err)
	}
	doc, err := o.document(inv)
	if err != nil {
		return Config{}, fmt.Errorf("generate for %s: %w", inv.Environment, err)
	}
	config, err := Parse(generatedFile, []byte(doc.render()), o.major())
	if err != nil {
		return Config{}, err
	}
	for _, groups := range []bool{false, true} {
		if _, err := Verify(config, inv, Run{FilterGroups: groups}); err != nil {
			return Config{}, err
		}
	}
	return config, nil
}

func orUnnamed(name string) string {
	if name == "" {
		return "an environment without a name"
	}
	return fmt.Sprintf("environment %q", name)
}

// Parse reads a configuration as aws-nuke of the major version would. File is
// what findings call it. What that version would not read is an error with its
// line, and so are words in base64, which it would read and people cannot.
func Parse(file string, yaml []byte, major int) (Config, error) {
	parsed, err := awsnuke.Parse(file, yaml, major)
	if err != nil {
		return Config{}, err
	}
	return Config{text: append([]byte(nil), yaml...), file: file, parsed: parsed}, nil
}

// String returns the configuration as YAML.
func (c Config) String() string { return string(c.text) }

// WriteTo writes the configuration as YAML.
func (c Config) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(c.text)
	if err != nil {
		return int64(n), fmt.Errorf("write configuration: %w", err)
	}
	return int64(n), nil
}
