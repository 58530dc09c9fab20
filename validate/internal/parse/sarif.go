package parse

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The parts of SARIF 2.1.0 that say what was found where.
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver     sarifComponent   `json:"driver"`
			Extensions []sarifComponent `json:"extensions"`
		} `json:"tool"`
		Invocations []struct {
			Successful *bool `json:"executionSuccessful"`
		} `json:"invocations"`
		Bases   map[string]sarifLocation `json:"originalUriBaseIds"`
		Results []sarifResult            `json:"results"` // nil, unlike empty, where there was no scan
	}
	sarifComponent struct {
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string                      `json:"id"`
		Default       struct{ Level string }      `json:"defaultConfiguration"`
		MessageString map[string]sarifMessageText `json:"messageStrings"`
	}
	sarifResult struct {
		RuleID    string `json:"ruleId"`
		RuleIndex *int   `json:"ruleIndex"`
		Rule      struct {
			ID    string `json:"id"`
			Index *int   `json:"index"`
		} `json:"rule"`
		Level     string `json:"level"`
		Kind      string `json:"kind"`
		Message   sarifMessageText
		Locations []struct {
			Physical struct {
				Artifact sarifLocation `json:"artifactLocation"`
				Region   struct {
					StartLine, StartColumn, EndLine, EndColumn int64
				} `json:"region"`
			} `json:"physicalLocation"`
		} `json:"locations"`
		Suppressions  []struct{ Status string } `json:"suppressions"`
		BaselineState string                    `json:"baselineState"`
	}
	sarifMessageText struct {
		ID        string   `json:"id"`
		Text      string   `json:"text"`
		Arguments []string `json:"arguments"`
	}
	sarifLocation struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
)

// ErrUnsuccessful is the error of a SARIF log whose tool says itself that it
// did not do its work.
var ErrUnsuccessful = errors.New("the tool says that its execution was not successful")

// ErrNoScan is the error of a SARIF log that has no list of results, not even an
// empty one: the tool did not look for any.
// Source: SARIF 2.1.0, section 3.14.23.
var ErrNoScan = errors.New("a run in it has no results, not even an empty list: the tool did not scan")

// SARIF reads a SARIF 2.1.0 log. It leaves out results that are suppressed, that
// a baseline has as absent, and that say that a rule passed. Beside
// ErrUnsuccessful and ErrNoScan it returns the messages.
func SARIF(data []byte) ([]Message, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	var log sarifLog
	if err := json.Unmarshal(data, &log); err != nil {
		return nil, fmt.Errorf("read SARIF: %w", err)
	}
	if log.Version != "2.1.0" {
		return nil, fmt.Errorf("read SARIF: version is %q, want 2.1.0", log.Version)
	}
	if len(log.Runs) == 0 {
		return nil, errors.New("read SARIF: there are no runs in it")
	}
	var ms []Message
	var err error
	for _, run := range log.Runs {
		if run.Results == nil && err == nil {
			err = fmt.Errorf("read SARIF: %w", ErrNoScan)
		}
		for _, res := range run.Results {
			if res.counts() {
				ms = append(ms, run.messages(res)...)
			}
		}
		for _, inv := range run.Invocations {
			if inv.Successful != nil && !*inv.Successful {
				err = fmt.Errorf("read SARIF: %w", ErrUnsuccessful)
			}
		}
	}
	return ms, err
}

func (r sarifResult) counts() bool {
	suppressed := slices.ContainsFunc(r.Suppressions, func(s struct{ Status string }) bool {
		return s.Status == "" || s.Status == "accepted"
	})
	return !suppressed && r.BaselineState != "absent" && (r.Kind == "" || r.Kind == "fail" || r.Kind == "review" || r.Kind == "open")
}

// messages returns a message for each location, and one without a place where
// there is none.
func (run sarifRun) messages(res sarifResult) []Message {
	rule := run.rule(res)
	m := Message{Rule: rule.ID, Level: sarifLevel(res.Level, rule.Default.Level), Text: res.text(rule)}
	if len(res.Locations) == 0 {
		return []Message{m}
	}
	var ms []Message
	for _, l := range res.Locations {
		region := l.Physical.Region
		m.Path = run.path(l.Physical.Artifact)
		m.Line, m.Column = position(region.StartLine), position(region.StartColumn)
		m.EndLine, m.EndColumn = position(region.EndLine), position(region.EndColumn)
		ms = append(ms, m)
	}
	return ms
}

func (run sarifRun) rule(res sarifResult) sarifRule {
	id := res.RuleID
	if id == "" {
		id = res.Rule.ID
	}
	index := res.RuleIndex
	if index == nil {
		index = res.Rule.Index
	}
	rules := run.Tool.Driver.Rules
	if index != nil && *index >= 0 && *index < len(rules) && (id == "" || rules[*index].ID == id) {
		return rules[*index]
	}
	for _, c := range append([]sarifComponent{run.Tool.Driver}, run.Tool.Extensions...) {
		for _, r := range c.Rules {
			if r.ID == id && id != "" {
				return r
			}
		}
	}
	return sarifRule{ID: id}
}

// maxText bounds a message that arguments are put into: they could multiply.
const maxText = 16 << 10

// text is the message, with arguments in the place of {0}, {1} and so on.
func (r sarifResult) text(rule sarifRule) string {
	text := r.Message.Text
	if text == "" {
		text = rule.MessageString[r.Message.ID].Text
	}
	if text == "" {
		return "no message"
	}
	if len(r.Message.Arguments) == 0 {
		return text
	}
	var b strings.Builder
	for b.Len() < maxText {
		before, rest, open := strings.Cut(text, "{")
		b.WriteString(before)
		if !open {
			return b.String()
		}
		digits, after, closed := strings.Cut(rest, "}")
		n, err := strconv.Atoi(digits)
		if closed && err == nil && n >= 0 && n < len(r.Message.Arguments) {
			b.WriteString(r.Message.Arguments[n])
			text = after
			continue
		}
		b.WriteString("{")
		text = rest
	}
	return b.String()
}

func sarifLevel(level, byRule string) Level {
	if level == "" {
		level = byRule
	}
	switch level {
	case "error":
		return Error
	case "note", "none":
		return Note
	}
	return Warning // SARIF's default
}

// path turns a location into a path: absolute for a file URI, and otherwise
// relative to what it is relative to.
func (run sarifRun) path(l sarifLocation) string {
	uri := l.URI
	for range 8 { // bases may have bases; more than a few are a cycle
		base, ok := run.Bases[l.Base]
		if strings.Contains(uri, "://") || strings.HasPrefix(uri, "file:") || l.Base == "" || !ok || base.URI == "" {
			break
		}
		uri = strings.TrimSuffix(base.URI, "/") + "/" + uri
		l = base
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "" && u.Scheme != "file" {
		return uri
	}
	return u.Path
}
