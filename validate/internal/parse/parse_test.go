package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []Message
	}{
		"a rule before the text":          {"a.py:1:2: E501 line too long", []Message{{Path: "a.py", Line: 1, Column: 2, Rule: "E501", Level: Warning, Text: "line too long"}}},
		"a rule with a colon":             {"a.sh:1:2: SC2086: quote this", []Message{{Path: "a.sh", Line: 1, Column: 2, Rule: "SC2086", Level: Warning, Text: "quote this"}}},
		"no column":                       {"a.go:12: undefined: x", []Message{{Path: "a.go", Line: 12, Level: Warning, Text: "undefined: x"}}},
		"a level":                         {"a.c:1:2: fatal error: no such header", []Message{{Path: "a.c", Line: 1, Column: 2, Level: Error, Text: "no such header"}}},
		"a note":                          {"a.c:1:2: note: see here", []Message{{Path: "a.c", Line: 1, Column: 2, Level: Note, Text: "see here"}}},
		"a drive":                         {`C:\x\a.py:1:2: E501 long`, []Message{{Path: `C:\x\a.py`, Line: 1, Column: 2, Rule: "E501", Level: Warning, Text: "long"}}},
		"a path with spaces and a colon":  {"my dir/a: b.py:1:2: x", []Message{{Path: "my dir/a: b.py", Line: 1, Column: 2, Level: Warning, Text: "x"}}},
		"CRLF":                            {"a:1:2: x\r\nb:3:4: y\r\n", []Message{{Path: "a", Line: 1, Column: 2, Level: Warning, Text: "x"}, {Path: "b", Line: 3, Column: 4, Level: Warning, Text: "y"}}},
		"line 0 is no line":               {"a:0:0: x", []Message{{Path: "a", Level: Warning, Text: "x"}}},
		"lines for people":                {"Checking 3 files\n  1:1 error no-undef\n12:30:01: done\nFound 2 problems.\n\n", nil},
		"times and URLs":                  {"2026-11-22 16:09:05: started\n2026-11-22T16:09:05: x\n[2026/11/22 16:09:05] x: y\n[16:09:05: x\nhttp://localhost:8080: ok\n", nil},
		"a number that no file has lines": {"a:99999999999:1: x", []Message{{Path: "a", Column: 1, Level: Warning, Text: "x"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Lines([]byte(tt.in))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestESLint(t *testing.T) {
	got, err := ESLint([]byte(`[{"filePath":"/r/a.js","messages":[
		{"ruleId":"no-undef","severity":2,"message":"x","line":3,"column":4,"endLine":3,"endColumn":9},
		{"ruleId":null,"severity":2,"fatal":true,"message":"Parsing error","line":1.5,"column":null},
		{"severity":1,"message":"File ignored because of a matching ignore pattern."}]},{"filePath":"/r/b.js","messages":[]}]`))
	want := []Message{
		{Path: "/r/a.js", Line: 3, Column: 4, EndLine: 3, EndColumn: 9, Rule: "no-undef", Level: Error, Text: "x"},
		{Path: "/r/a.js", Level: Error, Text: "Parsing error", Fatal: true},
		{Path: "/r/a.js", Level: Warning, Text: "File ignored because of a matching ignore pattern.", Ignored: true},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for in, want := range map[string]string{
		"": "empty", "  \n": "empty", "null": "no array of files", "{}": "cannot unmarshal object", "[{}]": "file 1 has no filePath",
		`[{"filePath":"a"`: "unexpected end", "[] []": "after top-level value",
	} {
		if _, err := ESLint([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", in, err, want)
		}
	}
}

func TestCheckstyle(t *testing.T) {
	got, err := Checkstyle([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><!-- by x --><checkstyle><file name="gr` + "\xfc" + `n.js"><error line="3" column="4" severity="error" message="a &lt; b" source="r"/>` +
		`<error message="whole file"/></file><file name="b"/><file name="c"><exception>ignored</exception><error line="-1" severity="warning" message="m"/><error line="1" severity="ignore" message="m"/></file></checkstyle>`))
	want := []Message{
		{Path: "grün.js", Line: 3, Column: 4, Rule: "r", Level: Error, Text: "a < b"},
		{Path: "grün.js", Level: Error, Text: "whole file"},
		{Path: "c", Level: Warning, Text: "m"},
		{Path: "c", Line: 1, Level: Note, Text: "m"},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for in, want := range map[string]string{
		"":                    "empty",
		"no xml":              "EOF",
		"<html></html>":       `its root is "html"`,
		"<checkstyle><file>":  "unexpected EOF",
		"<checkstyle></file>": "closed by",
		"<checkstyle>&bomb;":  "invalid character entity",
		`<!DOCTYPE x [<!ENTITY a "b">]><checkstyle>&a;</checkstyle>`: "invalid character entity",
		`<?xml version="1.0" encoding="utf-16"?><checkstyle/>`:       "not supported",
		`<checkstyle/><checkstyle>`:                                  "unexpected EOF",
	} {
		if _, err := Checkstyle([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", in, err, want)
		}
	}
}

const sarifAll = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[
 {"id":"A","defaultConfiguration":{"level":"error"},"messageStrings":{"m":{"text":"{0} is not {1}, {{x} {7}"}}},{"id":"B"}]},"extensions":[{"rules":[{"id":"C","defaultConfiguration":{"level":"note"}}]}]},
 "originalUriBaseIds":{"SRC":{"uri":"sub/","uriBaseId":"TOP"},"TOP":{"uri":"file:///r/"},"LOOP":{"uri":"x/","uriBaseId":"LOOP"}},
 "results":[
  {"ruleIndex":0,"message":{"id":"m","arguments":["a","b"]},"locations":[
    {"physicalLocation":{"artifactLocation":{"uri":"a%20b.c","uriBaseId":"SRC"},"region":{"startLine":3,"startColumn":4,"endLine":5,"endColumn":6}}},
    {"physicalLocation":{"artifactLocation":{"uri":"file:///x/y.c"}}}]},
  {"ruleId":"C","message":{"text":"t"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"p.c","uriBaseId":"NONE"}}}]},
  {"rule":{"id":"B"},"level":"warning","message":{"text":"no place"}},
  {"ruleId":"B","message":{"text":"suppressed"},"suppressions":[{"kind":"inSource"}]},
  {"ruleId":"B","message":{"text":"under review"},"suppressions":[{"kind":"external","status":"underReview"}]},
  {"ruleId":"B","kind":"pass","message":{"text":"passed"}},
  {"ruleId":"B","baselineState":"absent","message":{"text":"gone"}},
  {"ruleIndex":99,"message":{},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"l.c","uriBaseId":"LOOP"}}}]}
 ]}]}`

func TestSARIF(t *testing.T) {
	got, err := SARIF([]byte("\xef\xbb\xbf" + sarifAll))
	want := []Message{
		{Path: "/r/sub/a b.c", Line: 3, Column: 4, EndLine: 5, EndColumn: 6, Rule: "A", Level: Error, Text: "a is not b, {{x} {7}"},
		{Path: "/x/y.c", Rule: "A", Level: Error, Text: "a is not b, {{x} {7}"},
		{Path: "p.c", Rule: "C", Level: Note, Text: "t"},
		{Rule: "B", Level: Warning, Text: "no place"},
		{Rule: "B", Level: Warning, Text: "under review"},
		{Path: strings.Repeat("x/", 8) + "l.c", Level: Warning, Text: "no message"},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for in, want := range map[string]string{
		"":                              "empty",
		"[]":                            "cannot unmarshal",
		"{}":                            `version is ""`,
		`{"version":"2.0.0"}`:           `version is "2.0.0"`,
		`{"version":"2.1.0","runs":[]}`: "no runs",
		`{"version":"2.1.0","runs":[{}`: "unexpected end",
		`{"version":"2.1.0","runs":[{"results":[]},{}]}`:                                                            "the tool did not scan",
		`{"version":"2.1.0","runs":[{"results":null}]}`:                                                             "the tool did not scan",
		`{"version":"2.1.0","runs":[{"invocations":[{"executionSuccessful":true},{"executionSuccessful":false}]}]}`: "not successful",
	} {
		if _, err := SARIF([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", in, err, want)
		}
	}
}

// Arguments that name arguments must not multiply.
func TestSARIFArgumentsAreBounded(t *testing.T) {
	many := strings.Repeat("{0}", 10000)
	ms, err := SARIF([]byte(`{"version":"2.1.0","runs":[{"results":[{"message":{"text":"` + many + `","arguments":["` + many + `"]}}]}]}`))
	if err != nil || len(ms) != 1 || len(ms[0].Text) > maxText+len(many) {
		t.Errorf("got %d bytes, %v", len(ms[0].Text), err)
	}
}

// fuzz holds what every parser promises for any input.
func fuzz(f *testing.F, parse func([]byte) ([]Message, error), seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ms, err := parse(data)
		for _, m := range ms {
			if m.Line < 0 || m.Column < 0 || m.EndLine < 0 || m.EndColumn < 0 || m.Level < Note || m.Level > Error {
				t.Errorf("message is %+v", m)
			}
		}
		if again, errAgain := parse(data); !cmp.Equal(ms, again) || (err == nil) != (errAgain == nil) {
			t.Error("a second time gives something else")
		}
	})
}

func FuzzLines(f *testing.F) {
	fuzz(f, func(data []byte) ([]Message, error) { return Lines(data), nil }, "a.py:1:2: E501 long", `C:\a:1: error: x`, "::", "a:1:2:3:4: x\n\n")
}

func FuzzESLint(f *testing.F) {
	fuzz(f, ESLint, `[{"filePath":"a","messages":[{"ruleId":"r","severity":2,"message":"m","line":1}]}]`, "[]", "null")
}

func FuzzCheckstyle(f *testing.F) {
	fuzz(f, Checkstyle, `<checkstyle><file name="a"><error line="1" column="2" severity="info" message="m" source="s"/></file></checkstyle>`, "<checkstyle/>", `<?xml version="1.0" encoding="latin1"?><a/>`)
}

func FuzzSARIF(f *testing.F) {
	fuzz(f, SARIF, sarifAll, `{"version":"2.1.0","runs":[{}]}`)
}
