package junit

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func sample() Suites {
	return Suites{Name: "gates", Suites: []Suite{
		{Name: "coverage", Cases: []Case{
			{Name: "billing", Class: "module", Time: 1500 * time.Millisecond},
			{Name: "web", File: "web/app.js", Line: 7, Failure: &Message{Type: "below", Text: "75 % < 80 %", Body: "a.js 1/2\n\tb.js 3/4"}, Output: "see\nthere"},
			{Name: "ops", Error: &Message{Type: "unreadable", Text: "cut short"}},
		}},
		{Name: "none"},
		{Name: "skips", Cases: []Case{{Name: "x", Time: time.Second, Skipped: &Message{Text: "no data"}}}},
	}}
}

func TestWrite(t *testing.T) {
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gates" tests="4" failures="1" errors="1" skipped="1" time="2.500">
  <testsuite name="coverage" tests="3" failures="1" errors="1" skipped="0" time="1.500">
    <testcase name="billing" classname="module" time="1.500"></testcase>
    <testcase name="web" classname="coverage" file="web/app.js" line="7" time="0.000">
      <failure message="75 % &lt; 80 %" type="below">a.js 1/2
&#x9;b.js 3/4</failure>
      <system-out>see
there</system-out>
    </testcase>
    <testcase name="ops" classname="coverage" time="0.000">
      <error message="cut short" type="unreadable"></error>
    </testcase>
  </testsuite>
  <testsuite name="none" tests="0" failures="0" errors="0" skipped="0" time="0.000"></testsuite>
  <testsuite name="skips" tests="1" failures="0" errors="0" skipped="1" time="1.000">
    <testcase name="x" classname="skips" time="1.000">
      <skipped message="no data"></skipped>
    </testcase>
  </testsuite>
</testsuites>
`
	var b strings.Builder
	if err := Write(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("XML (-want +got):\n%s", d)
	}
}

type failing struct{ after int }

var errFull = errors.New("disk is full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWritePassesOnErrors(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, sample()); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if err := Write(&failing{after: n}, sample()); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d of %d bytes the error is %v", n, b.Len(), err)
		}
	}
}

// FuzzWrite holds that any text gives XML that reads back as that text, but for
// what XML cannot hold.
func FuzzWrite(f *testing.F) {
	for _, s := range []string{"", "plain", "a\x00b\x1b[31mred", "\xff\xfe", "]]> <!-- &amp; \"'", "tab\tnewline\r\n", "\ufffe\U0001f600"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := &Message{Type: s, Text: s, Body: s}
		var b strings.Builder
		if err := Write(&b, Suites{Name: s, Suites: []Suite{{Name: s, Cases: []Case{{Name: s, Class: s, File: s, Failure: m, Error: m, Skipped: m, Output: s}}}}}); err != nil {
			t.Fatal(err)
		}
		var back struct {
			Name    string `xml:"name,attr"`
			Failure struct {
				Message string `xml:"message,attr"`
				Body    string `xml:",chardata"`
			} `xml:"testsuite>testcase>failure"`
			Output string `xml:"testsuite>testcase>system-out"`
		}
		if err := xml.Unmarshal([]byte(b.String()), &back); err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		want := strings.Map(valid, s)
		for _, got := range []string{back.Name, back.Failure.Message, back.Failure.Body, back.Output} {
			if got != want {
				t.Fatalf("%q comes back as %q", s, got)
			}
		}
	})
}

// valid is what XML 1.0 says in its production 2, Char.
func valid(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000 && r <= 0x10ffff:
		return r
	}
	return utf8.RuneError
}
