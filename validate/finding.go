package validate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Severity is how bad a finding is. The zero value is none of them.
type Severity int

// The severities, mildest first.
const (
	Note    Severity = iota + 1 // worth knowing
	Warning                     // bad style, or probably a mistake
	Error                       // does not work, or breaks a rule
)

// String returns "note", "warning" or "error", the words of SARIF.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("severity %d", int(s))
}

// MarshalText returns what String does, so that JSON shows words.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Scope is what a finding is about.
type Scope string

// The scopes.
const (
	OfLine   Scope = ""       // the lines that it stands on
	OfFile   Scope = "file"   // the whole file: it cannot be parsed, say
	OfModule Scope = "module" // the whole module: a name is not declared in any of its files, say
)

// Finding is one thing that a check has to say about one place.
type Finding struct {
	Check  string `json:"check"`  // name of the check
	Module string `json:"module"` // name of the module
	// Path is the file, slash-separated and relative to the root. What lies
	// outside the root keeps the path that the tool gave.
	Path string `json:"path"`
	// Line and Column count from 1; 0 is unknown. Columns are as the tool
	// counts them.
	Line      int      `json:"line,omitempty"`
	Column    int      `json:"column,omitempty"`
	EndLine   int      `json:"endLine,omitempty"` // 0 is unknown
	EndColumn int      `json:"endColumn,omitempty"`
	Rule      string   `json:"rule,omitempty"` // "E501", "no-undef", "undeclared"
	Severity  Severity `json:"severity"`
	// Message is one line. Control characters, which could steer a terminal,
	// are shown as escapes.
	Message string `json:"message"`
	// Scope is what must have changed for the finding to count where only
	// changed lines do.
	Scope Scope `json:"scope,omitempty"`
	// Blanket says that the finding stands for any number of others that cannot
	// be told apart, as where an exit code is all there is. No baseline takes it:
	// it would hide every finding to come.
	Blanket bool `json:"blanket,omitempty"`
	// Source is what stands at the place of the finding; default the text of the
	// line. A finding about more than a line has its text here, so that a baseline
	// knows no more than that.
	Source string `json:"-"`
	// Fingerprint tells findings of a run apart, and stays the same when lines
	// move: it is made of path, check, rule, message and Source.
	Fingerprint string `json:"fingerprint"`

	content string // hash without the ordinal among equal findings
}

// String returns "path:line:column: severity: message (check/rule)", the form
// that editors and people know. It is safe to print.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(clean.Text(f.Path))
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
		if f.Column > 0 {
			fmt.Fprintf(&b, ":%d", f.Column)
		}
	}
	fmt.Fprintf(&b, ": %s: %s (%s", f.Severity, f.Message, clean.Text(f.Check))
	if f.Rule != "" {
		b.WriteString("/" + f.Rule)
	}
	b.WriteString(")")
	return b.String()
}

// compareFindings orders by place, then by what is said.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		strings.Compare(a.Path, b.Path),
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndColumn, b.EndColumn),
		strings.Compare(a.Rule, b.Rule), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.Message, b.Message))
}

// contentHash identifies what f says, wherever its line has moved to. Numbers in
// the message count as equal, since many are line numbers; so does white space
// in the source, which normal has made one.
func (f Finding) contentHash(source string) string {
	h := sha256.New()
	for _, part := range []string{f.Path, f.Check, f.Rule, withoutNumbers(f.Message), source} {
		h.Write(fmt.Appendf(nil, "%d:%s", len(part), part))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fingerprint tells the nth of equal findings from the others.
func fingerprint(content string, n int) string {
	if n == 0 {
		return content
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", content, n))
	return hex.EncodeToString(sum[:16])
}

// maxNormal is the longest source that is kept as it is; a longer one is as good
// by its hash, and costs no time for each of its findings.
const maxNormal = 4 << 10

// normal returns source with its white space made one.
func normal(source string) string {
	source = strings.Join(strings.Fields(source), " ")
	if len(source) <= maxNormal {
		return source
	}
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}

func withoutNumbers(s string) string {
	var b strings.Builder
	digits := false
	for _, r := range s {
		isDigit := '0' <= r && r <= '9'
		switch {
		case !isDigit:
			b.WriteRune(r)
		case !digits:
			b.WriteByte('#')
		}
		digits = isDigit
	}
	return b.String()
}
