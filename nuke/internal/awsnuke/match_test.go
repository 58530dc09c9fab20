package awsnuke

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		filter  filter
		matches []string
		not     []string
	}{
		"an empty type is exact":                    {filter{value: "a"}, []string{"a"}, []string{"A", "ab", ""}},
		"exact":                                     {filter{kind: "exact", value: ""}, []string{""}, []string{"a"}},
		"contains":                                  {filter{kind: "contains", value: "b"}, []string{"abc"}, []string{"B"}},
		"contains nothing matches everything":       {filter{kind: "contains"}, []string{"", "abc"}, nil},
		"prefix":                                    {filter{kind: "prefix", value: "a/"}, []string{"a/b"}, []string{"ba/"}},
		"suffix":                                    {filter{kind: "suffix", value: "/b"}, []string{"a/b"}, []string{"/ba"}},
		"In does not look at the value":             {filter{kind: "In", value: "c", values: []string{"a", "b"}}, []string{"a", "b"}, []string{"c", ""}},
		"NotIn is its opposite":                     {filter{kind: "NotIn", values: []string{"a", "b"}}, []string{"c", ""}, []string{"a"}},
		"a regex is not anchored":                   {filter{kind: "regex", value: "b+"}, []string{"abbc"}, []string{"ac"}},
		"a dollar is the end, not a line's":         {filter{kind: "regex", value: "^a$"}, []string{"a"}, []string{"a\n"}},
		"words of a regex are quoted":               {filter{kind: "regex", value: `^(?:a\.b|c)$`}, []string{"a.b", "c"}, []string{"axb", "c|", ""}},
		"a glob's star stops at a slash":            {filter{kind: "glob", value: "a*"}, []string{"a", "ab"}, []string{"a/b", "ba"}},
		"two stars cross it":                        {filter{kind: "glob", value: "a**"}, []string{"a", "a/b/c"}, []string{"b/a"}},
		"two stars in front":                        {filter{kind: "glob", value: "**/c"}, []string{"a/b/c", "/c"}, []string{"c", "a/cb"}},
		"two stars on either side":                  {filter{kind: "glob", value: "**b**"}, []string{"a/b/c", "b"}, []string{"a/c"}},
		"a glob's class and question mark":          {filter{kind: "glob", value: "[a-c]?"}, []string{"ax", "c1"}, []string{"dx", "a/", "a"}},
		"dateOlderThan keeps what is young":         {filter{kind: "dateOlderThan", value: "48h"}, []string{"2026-01-09", "2026-01-09T00:00:00Z", "1768003200"}, []string{"2026-01-07", ""}},
		"dateOlderThanNow keeps what is before now": {filter{kind: "dateOlderThanNow", value: "-48h"}, []string{"2026-01-07", "2026/01/07"}, []string{"2026-01-09", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			match, err := tt.filter.compile(3, now)
			if err != nil {
				t.Fatal(err)
			}
			for want, texts := range map[bool][]string{true: tt.matches, false: tt.not} {
				for _, s := range texts {
					if got, err := match(s); got != want || err != nil {
						t.Errorf("%q: %v, %v; want %v", s, got, err, want)
					}
				}
			}
		})
	}
}

func TestMatchFails(t *testing.T) {
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		major  int
		filter filter
		want   string
	}{
		"an unknown type":                {3, filter{kind: "notin"}, `unknown type notin of a filter; did you mean "NotIn"?`},
		"a type that v2 does not have":   {2, filter{kind: "NotIn"}, "aws-nuke v2 does not have it"},
		"a regex that does not compile":  {3, filter{kind: "regex", value: "("}, "bad regular expression"},
		"a glob that is malformed":       {3, filter{kind: "glob", value: "a["}, "bad glob"},
		"a duration that is none":        {3, filter{kind: "dateOlderThan", value: "2 days"}, "bad duration"},
		"a date that is none":            {3, filter{kind: "dateOlderThan", value: "1h"}, "no date that aws-nuke reads"},
		"stars that cannot be told":      {3, filter{kind: "glob", value: "**a*b"}, "write it as a regex"},
		"one star beside two of the end": {3, filter{kind: "glob", value: "*a**"}, "write it as a regex"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			match, err := tt.filter.compile(tt.major, now)
			if err == nil {
				_, err = match("yesterday")
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	match, err := filter{kind: "dateOlderThan", value: "1h"}.compile(3, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := match("2026-01-01"); !isUnjudged(err) {
		t.Errorf("without a now a date is judged: %v", err)
	}
}

// FuzzWords holds the short cut for lists of words to the regular expression.
func FuzzWords(f *testing.F) {
	for _, seed := range [][2]string{{`a\.b|c`, "a.b"}, {`a|`, ""}, {`(a)`, "a"}, {`a\d`, "a1"}, {`\\|x`, `\`}, {"a-b é", "a-b é"}, {"", ""}, {`a\`, "a"}, {")|(?:", "x"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, inner, s string) {
		pattern := "^(?:" + inner + ")$"
		re, err := regexp.Compile(pattern)
		set := words(pattern)
		if err != nil || set == nil {
			return
		}
		for _, s := range append(strings.Split(inner, "|"), s, inner) {
			if re.MatchString(s) != set[s] {
				t.Errorf("%q and %q: the regex says %v", pattern, s, re.MatchString(s))
			}
		}
		for word := range set {
			if !re.MatchString(word) {
				t.Errorf("%q does not match its word %q", pattern, word)
			}
		}
	})
}
