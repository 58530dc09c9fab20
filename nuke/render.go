package nuke

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Format is the version of the form in which configurations are written. The
// header names it.
const Format = 1

// render returns the document as YAML.
func (d document) render() string {
	var b strings.Builder
	d.header(&b)
	v3 := d.options.major() == 3
	blocklist, includes := "account-blocklist", "targets"
	if v3 {
		blocklist, includes = "blocklist", "includes"
	}
	list(&b, "", blocklist, unique(d.options.Blocklist), true)
	if terms := d.options.terms(); v3 && len(terms) > 1 {
		list(&b, "", "blocklist-terms", terms, true)
	}
	list(&b, "", "regions", d.regions, true)
	b.WriteString("resource-types:\n")
	var names []string
	for _, s := range d.types {
		names = append(names, s.typ)
	}
	list(&b, "  ", includes, names, false)
	list(&b, "  ", "excludes", d.excludes, false)
	fmt.Fprintf(&b, "accounts:\n  %s:\n    filters:\n", quote(d.inv.Account))
	for _, s := range d.types {
		fmt.Fprintf(&b, "      %s:\n", s.typ)
		for _, f := range s.filters {
			f.render(&b)
		}
	}
	return b.String()
}

// header tells people what the configuration does. Nothing in it counts.
func (d document) header(b *strings.Builder) {
	major := d.options.major()
	fmt.Fprintf(b, "# aws-nuke v%d: deletes the environment %s and nothing else.\n", major, clean.Text(d.inv.Environment))
	fmt.Fprintf(b, "# Account %s (%s)", d.inv.Account, clean.Text(d.inv.Alias))
	if t := d.options.Time; !t.IsZero() {
		fmt.Fprintf(b, ", read at %s", t.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(b, ".\n# Format %d of github.com/mettel-automation/delivery/nuke. Filters say what stays: inverted ones, what goes.\n#\n", Format)
	var mine int
	for _, s := range d.types {
		mine += s.mine
	}
	fmt.Fprintf(b, "# Goes: %d of %s that were read, of these types:\n", mine, resources(len(d.inv.Mine)+len(d.inv.Others)))
	for _, s := range d.types {
		fmt.Fprintf(b, "#   %-28s %d of %d\n", s.typ, s.mine, s.read)
	}
	if len(d.beyond) > 0 {
		b.WriteString("#\n# Belongs to the environment, and is not for aws-nuke: it goes with what it is part of, or stays:\n")
		for _, r := range d.beyond {
			fmt.Fprintf(b, "#   %s\n", clean.Text(r.String()))
		}
	}
	command := "aws-nuke run -c"
	if major == 2 {
		command = "aws-nuke -c"
	}
	fmt.Fprintf(b, "#\n# Dry run: %s FILE; with --no-dry-run it deletes.\n", command)
}

// list writes a list of words under a key.
func list(b *strings.Builder, indent, key string, words []string, quoted bool) {
	fmt.Fprintf(b, "%s%s:\n", indent, key)
	for _, word := range words {
		if quoted {
			word = quote(word)
		}
		fmt.Fprintf(b, "%s  - %s\n", indent, word)
	}
}

// render writes f as an entry of the list of its type: one value is compared as
// it is, several by a regular expression with one value a line.
func (f filter) render(b *strings.Builder) {
	const item, next = "        - ", "          "
	lead := item
	if f.property != "" {
		fmt.Fprintf(b, "%sproperty: %s\n", lead, quote(f.property))
		lead = next
	}
	if len(f.values) == 1 {
		fmt.Fprintf(b, "%svalue: %s\n", lead, quote(f.values[0]))
	} else {
		fmt.Fprintf(b, "%stype: regex\n%svalue: \"^(?:\\\n", lead, next)
		for i, value := range f.values {
			end := "|"
			if i == len(f.values)-1 {
				end = ""
			}
			fmt.Fprintf(b, "%s  %s%s\\\n", next, continued(regexp.QuoteMeta(value)), end)
		}
		fmt.Fprintf(b, "%s  )$\"\n", next)
	}
	fmt.Fprintf(b, "%sinvert: true\n", next)
}

// quote writes s as a double-quoted scalar of YAML.
func quote(s string) string { return `"` + escape(s) + `"` }

// escape writes what stands between double quotes in YAML.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// continued is escape for a line within a scalar, where YAML drops the white
// space in front.
func continued(s string) string {
	if rest, ok := strings.CutPrefix(s, " "); ok {
		return `\x20` + escape(rest)
	}
	return escape(s)
}

func unique(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// resources says how many there are.
func resources(n int) string {
	if n == 1 {
		return "1 resource"
	}
	return strconv.Itoa(n) + " resources"
}
