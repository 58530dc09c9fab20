package nuke

import (
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Verdict is what aws-nuke would do by a configuration. Its lists are sorted by
// type, region and id, and empty rather than nil. Where aws-nuke would refuse to
// run, they say what it would do if it did.
type Verdict struct {
	Environment string     `json:"environment"`
	Account     string     `json:"account"`
	File        string     `json:"file"`
	Deletes     []Resource `json:"deletes"`  // all that would go
	Keeps       []Resource `json:"keeps"`    // all that would stay
	Missing     []Resource `json:"missing"`  // of Mine, and would stay
	Stray       []Resource `json:"stray"`    // not of Mine, and would go
	Refused     []Finding  `json:"refused"`  // why aws-nuke would end before it deletes anything
	Unproven    []Finding  `json:"unproven"` // what could not be foretold, such as types that were not read
	Warnings    []Finding  `json:"warnings"` // what reads well and does something else; the verdict allows for it

	why []string // of Missing
}

// Finding is something about a configuration.
type Finding struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"` // 0 where it is about the file as a whole
	Detail string `json:"detail"`
}

// String is the finding in one line: "nuke.yaml:12: ...".
func (f Finding) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Detail
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Detail)
}

// VerifyError is the failure of a proof. Its text names what is first of each kind.
type VerifyError struct {
	Verdict Verdict
}

func newVerdict(config Config, inv Inventory) Verdict {
	none, nothing := []Resource{}, []Finding{}
	return Verdict{
		Environment: inv.Environment, Account: inv.Account, File: config.file,
		Deletes: none, Keeps: none, Missing: none, Stray: none,
		Refused: nothing, Unproven: nothing, Warnings: nothing,
	}
}

// OK reports whether aws-nuke would delete the environment and nothing else.
func (v Verdict) OK() bool {
	return len(v.Missing)+len(v.Stray)+len(v.Refused)+len(v.Unproven) == 0
}

func (v Verdict) err() error {
	if v.OK() {
		return nil
	}
	return &VerifyError{Verdict: v}
}

func (e *VerifyError) Error() string {
	v := e.Verdict
	var parts []string
	if n := len(v.Stray); n > 0 {
		parts = append(parts, fmt.Sprintf("%s not of %s would be deleted (%s first)", resources(n), v.Environment, v.Stray[0]))
	}
	if n := len(v.Missing); n > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s would stay (%s first: %s)", resources(n), v.Environment, v.Missing[0], v.why[0]))
	}
	if len(v.Refused) > 0 {
		parts = append(parts, "aws-nuke would refuse to run: "+details(v.Refused))
	}
	if len(v.Unproven) > 0 {
		parts = append(parts, details(v.Unproven))
	}
	return fmt.Sprintf("verify %s: %s", v.File, clean.Text(strings.Join(parts, "; ")))
}

// details is the first finding, and how many more there are.
func details(all []Finding) string {
	text := all[0].Detail
	if all[0].Line > 0 {
		text = fmt.Sprintf("line %d: %s", all[0].Line, text)
	}
	if n := len(all) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// String shows the verdict as people read it: what is wrong first, then what
// goes and what stays, a resource a line.
func (v Verdict) String() string {
	var b strings.Builder
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s (%d):\n", title, len(lines))
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", clean.Text(line))
		}
	}
	section("aws-nuke would refuse to run", lines(v.Refused))
	section("not proved", lines(v.Unproven))
	section("would be deleted, and is not of "+v.Environment, lines(v.Stray))
	missing := lines(v.Missing)
	for i := range min(len(missing), len(v.why)) {
		missing[i] += " (" + v.why[i] + ")"
	}
	section("would stay, and is of "+v.Environment, missing)
	section("warnings", lines(v.Warnings))
	section("deletes", lines(v.Deletes))
	section("keeps", lines(v.Keeps))
	if v.OK() {
		fmt.Fprintf(&b, "%s: deletes exactly %s: %s; %d stay\n", v.File, v.Environment, resources(len(v.Deletes)), len(v.Keeps))
	}
	return b.String()
}

func lines[T fmt.Stringer](all []T) []string {
	var texts []string
	for _, one := range all {
		texts = append(texts, one.String())
	}
	return texts
}
