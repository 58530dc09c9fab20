package text

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

func TestDurations(t *testing.T) {
	tests := map[string]struct {
		d             time.Duration
		elapsed, span string
	}{
		"nothing":                  {0, "0s", "0s"},
		"a clock that went back":   {-time.Minute, "0s", "0s"},
		"microseconds":             {700 * time.Microsecond, "0s", "<1ms"},
		"milliseconds":             {42*time.Millisecond + 900*time.Microsecond, "0s", "42ms"},
		"a little below a second":  {999 * time.Millisecond, "0s", "999ms"},
		"a few seconds":            {3490 * time.Millisecond, "3s", "3.4s"},
		"a little below a minute":  {59999 * time.Millisecond, "59s", "59s"},
		"minutes keep two digits":  {65 * time.Second, "1m05s", "1m05s"},
		"a little below an hour":   {time.Hour - 1, "59m59s", "59m59s"},
		"hours drop their seconds": {2*time.Hour + 3*time.Minute + 59*time.Second, "2h03m", "2h03m"},
		"days are hours":           {99 * time.Hour, "99h00m", "99h00m"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Elapsed(tt.d); got != tt.elapsed {
				t.Errorf("Elapsed(%v) = %q, want %q", tt.d, got, tt.elapsed)
			}
			if got := Span(tt.d); got != tt.span {
				t.Errorf("Span(%v) = %q, want %q", tt.d, got, tt.span)
			}
			if got := Elapsed(tt.d); len(got) > 6 {
				t.Errorf("Elapsed(%v) = %q, wider than six columns", tt.d, got)
			}
		})
	}
}

func TestLine(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain text is kept":             {"2 of 3 tasks", "2 of 3 tasks"},
		"line breaks become spaces":      {" a\r\n\tb\n\nc ", "a b c"},
		"colours are shown":              {"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		"an 8-bit control is shown":      {"a\u009bb", `a\u009bb`},
		"a bell is shown":                {"\a", `\a`},
		"a delete is shown":              {"\x7f", `\x7f`},
		"right-to-left override":         {"exe\u202egpj", `exe\u202egpj`},
		"a broken byte is shown":         {"a\xffb", `a\xffb`},
		"a real replacement character":   {"\ufffd", "\ufffd"},
		"emoji sequences are kept":       {"👩‍🚀 ok", "👩‍🚀 ok"},
		"unicode line separators":        {"a\u2028b\u2029c\u0085d", "a b c d"},
		"Arabic is kept":                 {"مرحبا", "مرحبا"},
		"nothing but space":              {" \t\n", ""},
		"quotes and backslashes as they": {`'"\`, `'"\`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Line(tt.in); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []string
	}{
		"one line":                   {"a", []string{"a"}},
		"indentation is kept":        {"\na:\n\tb  \r\n  c\n\n", []string{"a:", "    b", "  c"}},
		"an empty line in between":   {"a\n\nb", []string{"a", "", "b"}},
		"a carriage return is shown": {"10%\r20%", []string{`10%\r20%`}},
		"nothing":                    {"", []string{""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Lines(tt.in)); d != "" {
				t.Errorf("Lines(%q) (-want +got):\n%s", tt.in, d)
			}
		})
	}
}

func TestList(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	for most, want := range map[int]string{3: "a, b, c and 1 more", 4: "a, b, c, d", 9: "a, b, c, d", 1: "a and 3 more"} {
		if got := List(names, most); got != want {
			t.Errorf("List(%v, %d) = %q, want %q", names, most, got, want)
		}
	}
}

func TestPaint(t *testing.T) {
	on, off := Paint{On: true}, Paint{}
	for state, want := range map[progress.State]string{
		progress.Running: "\x1b[36mx\x1b[0m", progress.Done: "\x1b[32mx\x1b[0m", progress.Failed: "\x1b[31mx\x1b[0m",
		progress.RollingBack: "\x1b[33mx\x1b[0m", progress.RolledBack: "\x1b[33mx\x1b[0m", progress.Waiting: "\x1b[2mx\x1b[0m",
		"of another kind": "\x1b[2mx\x1b[0m",
	} {
		if got := on.State(state, "x"); got != want {
			t.Errorf("State(%q) = %q, want %q", state, got, want)
		}
		if got := off.State(state, "x"); got != "x" {
			t.Errorf("State(%q) without colours = %q", state, got)
		}
	}
	if got := on.Bold(""); got != "" {
		t.Errorf("nothing in bold = %q", got)
	}
	if got := on.Bold("x") + on.Dim("y"); got != "\x1b[1mx\x1b[0m\x1b[2my\x1b[0m" {
		t.Errorf("bold and dim = %q", got)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b]0;title\a", "\xff\xfe", "通知\u200d", "\u202e", strings.Repeat("\r", 9)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lines := append(Lines(s), Line(s))
		for _, line := range lines {
			if !utf8.ValidString(line) {
				t.Errorf("%q is not UTF-8", line)
			}
			for _, r := range line {
				if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%q holds %U", line, r)
				}
			}
		}
		if once := Line(s); Line(once) != once {
			t.Errorf("Line(%q) = %q, and again %q", s, once, Line(once))
		}
	})
}
