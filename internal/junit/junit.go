// Package junit writes results in the XML that JUnit made usual, as GitLab,
// Jenkins and others read it.
//
// There is no specification; elements and attributes are those that the Jenkins
// xUnit schema and GitLab's reader have in common.
package junit

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Suites is a whole report.
type Suites struct {
	Name   string
	Suites []Suite
}

// Suite is a group of cases.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is one result. It is a pass where Failure, Error and Skipped are nil.
type Case struct {
	Name    string
	Class   string // the suite's name where it is empty, since some readers want one
	File    string // that the case is about; "" is left out
	Line    int    // in File, from 1; 0 is left out
	Time    time.Duration
	Failure *Message // what was checked does not hold
	Error   *Message // it could not be checked
	Skipped *Message // it was not checked
	Output  string   // text for people, whatever the result
}

// Message says why a case is no pass.
type Message struct {
	Type string // a word to group by; "" is left out
	Text string // one line
	Body string // the details; may be empty
}

// Write writes s as XML, with its numbers of tests, failures, errors and skips.
// Characters that XML cannot hold become U+FFFD.
func Write(w io.Writer, s Suites) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	e := &encoder{xml: xml.NewEncoder(w)}
	e.xml.Indent("", "  ")
	var all sums
	for _, suite := range s.Suites {
		all.add(sum(suite.Cases))
	}
	e.element("testsuites", append(attrs("name", s.Name), all.attrs()...), func() {
		for _, suite := range s.Suites {
			e.suite(suite)
		}
	})
	if e.err == nil {
		e.err = e.xml.Close()
	}
	if e.err == nil {
		_, e.err = io.WriteString(w, "\n")
	}
	if e.err != nil {
		return fmt.Errorf("write JUnit: %w", e.err)
	}
	return nil
}

type encoder struct {
	xml *xml.Encoder
	err error // the first
}

func (e *encoder) suite(s Suite) {
	e.element("testsuite", append(attrs("name", s.Name), sum(s.Cases).attrs()...), func() {
		for _, c := range s.Cases {
			e.testCase(s, c)
		}
	})
}

func (e *encoder) testCase(s Suite, c Case) {
	a := attrs("name", c.Name, "classname", cmp.Or(c.Class, s.Name))
	if c.File != "" {
		a = append(a, attrs("file", c.File)...)
	}
	if c.Line > 0 {
		a = append(a, attrs("line", strconv.Itoa(c.Line))...)
	}
	e.element("testcase", append(a, attrs("time", seconds(c.Time))...), func() {
		e.message("failure", c.Failure)
		e.message("error", c.Error)
		e.message("skipped", c.Skipped)
		if c.Output != "" {
			e.element("system-out", nil, func() { e.token(xml.CharData(c.Output)) })
		}
	})
}

func (e *encoder) message(name string, m *Message) {
	if m == nil {
		return
	}
	a := attrs("message", m.Text)
	if m.Type != "" {
		a = append(a, attrs("type", m.Type)...)
	}
	e.element(name, a, func() {
		if m.Body != "" {
			e.token(xml.CharData(m.Body))
		}
	})
}

func (e *encoder) element(name string, a []xml.Attr, body func()) {
	start := xml.StartElement{Name: xml.Name{Local: name}, Attr: a}
	e.token(start)
	body()
	e.token(start.End())
}

func (e *encoder) token(t xml.Token) {
	if e.err == nil {
		e.err = e.xml.EncodeToken(t)
	}
}

type sums struct {
	tests, failures, errors, skipped int
	time                             time.Duration
}

func sum(cases []Case) sums {
	s := sums{tests: len(cases)}
	for _, c := range cases {
		if c.Failure != nil {
			s.failures++
		}
		if c.Error != nil {
			s.errors++
		}
		if c.Skipped != nil {
			s.skipped++
		}
		s.time += c.Time
	}
	return s
}

func (s *sums) add(o sums) {
	s.tests += o.tests
	s.failures += o.failures
	s.errors += o.errors
	s.skipped += o.skipped
	s.time += o.time
}

func (s sums) attrs() []xml.Attr {
	return attrs("tests", strconv.Itoa(s.tests), "failures", strconv.Itoa(s.failures),
		"errors", strconv.Itoa(s.errors), "skipped", strconv.Itoa(s.skipped), "time", seconds(s.time))
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// attrs takes names and values in turn.
func attrs(pairs ...string) []xml.Attr {
	var a []xml.Attr
	for i := 0; i+1 < len(pairs); i += 2 {
		a = append(a, xml.Attr{Name: xml.Name{Local: pairs[i]}, Value: pairs[i+1]})
	}
	return a
}
