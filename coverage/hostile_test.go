package coverage

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// repeated yields text over and over until size bytes of it are read.
type repeated struct {
	text       string
	size, read int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.read >= r.size {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		n += copy(p[n:], r.text[(r.read+int64(n))%int64(len(r.text)):])
	}
	r.read += int64(n)
	return n, nil
}

// TestHostileReports gives three gigabytes of something, of which only as much may be
// read as a fault needs to be seen, in little memory.
func TestHostileReports(t *testing.T) {
	const size, mostRead, mostMemory = 3 << 30, 8 << 20, 16 << 20
	tests := map[string]struct{ head, repeat, want string }{
		"a profile of one line":        {"mode: set\n", "x", "at line 2 (go): line is longer than 1048576 bytes"},
		"LCOV of one line":             {"SF:", "x", "at line 1 (lcov): line is longer than 1048576 bytes"},
		"an attribute":                 {`<coverage a="`, "x", "at line 1: an element, a text or a comment is longer than 1048576 bytes"},
		"attributes":                   {`<coverage><class `, `a="1" `, "at line 1 (cobertura): an element, a text or a comment is longer than"},
		"a comment":                    {"<coverage><!--", "x", "at line 1 (cobertura): an element, a text or a comment is longer than"},
		"CDATA":                        {"<coverage><![CDATA[", "x", "at line 1 (cobertura): an element, a text or a comment is longer than"},
		"declarations":                 {"<!DOCTYPE coverage [", "<!ENTITY a 'b'>", "at line 1: an element, a text or a comment is longer than"},
		"white space":                  {"<coverage>", " ", "at line 1 (cobertura): an element, a text or a comment is longer than"},
		"an encoding of its own":       {"<?xml version='1.0' encoding='latin1'?><coverage>", "\xe9", "at line 1 (cobertura): an element, a text or a comment is longer than"},
		"elements in elements":         {"<coverage>", "<a>", "at line 1 (cobertura): elements nest deeper than 1000"},
		"odd elements in elements":     {"<coverage><![CDATA[]]>", "<a>", "at line 1 (cobertura): elements nest deeper than 1000"},
		"groups in groups":             {"<report>", "<group name='a'>", "at line 1 (jacoco): elements nest deeper than 1000"},
		"a JSON string":                {`{"meta": {"version": "`, "x", "at byte 21 (coverage.py json): a value is longer than 1048576 bytes"},
		"a JSON number":                {`{"RSpec": {"coverage": {"a": [1, `, "1", "at byte 33 (simplecov): a value is longer than 1048576 bytes"},
		"JSON in JSON":                 {`{"a": {"statementMap": {"0": `, `{"start": `, "(istanbul json): values nest deeper than 1000"},
		"white space before JSON":      {"", " ", `unknown report format: it begins with ""`},
		"zeros":                        {"", "\x00", "unknown report format: this is UTF-16"},
		"white space within JSON":      {`{"total": {"lines": `, " ", "(istanbul summary): a value is longer than"},
		"a line number without an end": {"SF:a\nDA:", "1", "at line 2 (lcov): line is longer than 1048576 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, start := inUse(), time.Now()
			flood := &repeated{text: tt.repeat, size: size}
			report, err := Parse(io.MultiReader(strings.NewReader(tt.head), flood))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %.300v, want ...%s...", err, tt.want)
			}
			if _, ok := errors.AsType[*ParseError](err); !ok || report.Count() != (Count{}) {
				t.Errorf("error is %T beside %+v", err, report.Count())
			}
			if flood.read > mostRead {
				t.Errorf("%d bytes were read, more than %d", flood.read, mostRead)
			}
			if after := inUse(); after > before+mostMemory {
				t.Errorf("%d bytes are in use, %d before", after, before)
			}
			if spent := time.Since(start); spent > 20*time.Second {
				t.Errorf("it took %v", spent)
			}
		})
	}
}

// TestEntitiesAreNotExpanded: neither bombs nor files.
func TestEntitiesAreNotExpanded(t *testing.T) {
	const declarations = `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY % p SYSTEM "http://192.0.2.1/p">]>` + "\n"
	for name, text := range map[string]string{
		"Cobertura": declarations + `<coverage><class filename="PLACE"><line number="1" hits="1"/></class></coverage>`,
		"Clover":    declarations + `<coverage><project><file name="PLACE"><line num="1" count="1"/></file></project></coverage>`,
		"JaCoCo":    declarations + `<report><package name="PLACE"><sourcefile name="A"><line nr="1" ci="1"/></sourcefile></package></report>`,
	} {
		for _, entity := range []string{"&b;", "&f;", "&p;", "%p;&b;"} {
			report, err := Parse(strings.NewReader(strings.Replace(text, "PLACE", entity, 1)))
			if err == nil || !strings.Contains(err.Error(), "at line 2 (") || !strings.Contains(err.Error(), "XML: invalid character entity &") {
				t.Errorf("%s with %s: %+v, error is %v", name, entity, report.Files, err)
			}
		}
		// Declared and not used they do no harm.
		if report, err := Parse(strings.NewReader(text)); err != nil || report.Count() != (Count{1, 1}) {
			t.Errorf("%s without: %+v, error is %v", name, report.Count(), err)
		}
	}
}
