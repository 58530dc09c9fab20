package term

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	safe "github.com/mettel-automation/delivery/progress/internal/text"
)

func TestCutAndPad(t *testing.T) {
	tests := map[string]struct {
		in       string
		n        int
		cut, pad string
	}{
		"what fits is kept":                     {"abc", 5, "abc", "abc  "},
		"what fits exactly is kept":             {"abc", 3, "abc", "abc"},
		"what is longer ends in an ellipsis":    {"abcdef", 4, "abc…", "abc…"},
		"a wide character is never halved":      {"通知サービス", 6, "通知…", "通知… "},
		"an emoji sequence is never halved":     {"a👩‍🚀b", 3, "a…", "a… "},
		"a combining mark goes with its letter": {"e\u0301e\u0301e\u0301", 2, "e\u0301…", "e\u0301…"},
		"no room at all":                        {"abc", 0, "", ""},
		"less than no room":                     {"abc", -1, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := cut(tt.in, tt.n); got != tt.cut {
				t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.cut)
			}
			if got := pad(tt.in, max(0, tt.n)); got != tt.pad {
				t.Errorf("pad(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.pad)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	tests := map[string]struct {
		in   string
		n    int
		want []string
	}{
		"nothing is one empty line":      {"", 10, []string{""}},
		"what fits is one line":          {"a b c", 5, []string{"a b c"}},
		"lines break between words":      {"many words here", 9, []string{"many", "words", "here"}},
		"words fill the line":            {"a bb ccc dd", 6, []string{"a bb", "ccc dd"}},
		"a long word is broken":          {"see arn:aws:ecs:us-east-1", 10, []string{"see", "arn:aws:ec", "s:us-east-", "1"}},
		"wide characters stay whole":     {"通知サービス", 5, []string{"通知", "サー", "ビス"}},
		"the indentation is kept":        {"    panic: x", 10, []string{"    panic:", "x"}},
		"a line narrower than any text":  {"通a", 1, []string{"通", "a"}},
		"an indentation beyond the line": {"      ab", 4, []string{"    ", "  ab"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, wrap(tt.in, tt.n)); d != "" {
				t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.in, tt.n, d)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	loud := strings.ToUpper
	tests := map[string]struct {
		n     int
		parts []part
		want  line
	}{
		"all fit":                               {9, []part{{"ab", nil}, {"cd", loud}}, line{"abCD", 4}},
		"all fit exactly":                       {4, []part{{"ab", nil}, {"cd", loud}}, line{"abCD", 4}},
		"the last one is cut":                   {4, []part{{"ab", nil}, {"cdef", loud}}, line{"abC…", 4}},
		"one that fits is cut for what follows": {4, []part{{"abcd", nil}, {"e", nil}}, line{"abc…", 4}},
		"an empty one at the end needs no room": {4, []part{{"abcd", nil}, {"", loud}}, line{"abcd", 4}},
		"a wide one leaves a cell free":         {4, []part{{"a", nil}, {"通知", nil}}, line{"a通…", 4}},
		"no room":                               {0, []part{{"a", nil}}, line{"", 0}},
		"nothing":                               {4, nil, line{"", 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := join(tt.n, tt.parts...); got != tt.want {
				t.Errorf("join = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	sep := part{separator, nil}
	parts := []part{{"1/2 done", nil}, sep, {"1 failed", nil}, sep, {"7s", nil}}
	tests := map[int][]line{
		80: {{"1/2 done · 1 failed · 7s", 24}},
		24: {{"1/2 done · 1 failed · 7s", 24}},
		23: {{"1/2 done · 1 failed", 19}, {"7s", 2}},
		18: {{"1/2 done", 8}, {"1 failed · 7s", 13}},
		8:  {{"1/2 done", 8}, {"1 failed", 8}, {"7s", 2}},
	}
	for n, want := range tests {
		if d := cmp.Diff(want, spread(n, parts), cmp.AllowUnexported(line{})); d != "" {
			t.Errorf("in %d cells (-want +got):\n%s", n, d)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("many words", 4)
	f.Add("  通知サービス 👩‍🚀\u0301", 3)
	f.Add("\u200d\u200d a \u0300", 1)
	f.Add("00🂹\u200d🚁", 2)
	f.Add(strings.Repeat("🇩🇪", 9), 5)
	f.Fuzz(func(t *testing.T, s string, n int) {
		s, n = safe.Safe(s), max(2, min(n, 300))
		var kept strings.Builder
		for _, l := range wrap(s, n) {
			single := cells().Truncate(l, n, "") == "" // one character of many code points
			if w := width(l); w > n && !single {
				t.Errorf("wrap(%q, %d) has a line of %d cells: %q", s, n, w, l)
			}
			kept.WriteString(strings.ReplaceAll(l, " ", ""))
		}
		if got, want := kept.String(), strings.Join(strings.Fields(s), ""); strings.ReplaceAll(want, " ", "") != got {
			t.Errorf("wrap(%q, %d) keeps %q, want %q", s, n, got, want)
		}
	})
}
