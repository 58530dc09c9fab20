package report

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", -time.Second: "", time.Microsecond: "under 1 ms", 42 * time.Millisecond: "42 ms",
		time.Second: "1 s", 1049 * time.Millisecond: "1 s", 3490 * time.Millisecond: "3.4 s", 59999 * time.Millisecond: "59 s",
		time.Minute: "1 min", 372 * time.Second: "6 min 12 s", time.Hour: "1 h", 63 * time.Minute: "1 h 3 min",
		47*time.Hour + 59*time.Minute: "47 h 59 min", 52 * time.Hour: "2 d 4 h", 48*time.Hour + time.Minute: "2 d",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 100000: "100,000"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
	if one, many := plural(1, "service", "services"), plural(2000, "service", "services"); one != "1 service" || many != "2,000 services" {
		t.Errorf("plural gives %q and %q", one, many)
	}
}

func TestList(t *testing.T) {
	names := []string{"a", "b", "c"}
	for most, want := range map[int]string{9: "a, b, c", 3: "a, b, c", 2: "a, b and 1 more"} {
		if got := list(names, most); got != want {
			t.Errorf("list of %d = %q, want %q", most, got, want)
		}
	}
}

func TestSafe(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain text is kept":                 {"2 of 3 tasks", "2 of 3 tasks"},
		"indentation is kept":                {"  a\tb", "  a    b"},
		"colours are left out":               {"\x1b[1;31mred\x1b[0m", "red"},
		"other sequences are shown":          {"\x1b[2J", `\x1b[2J`},
		"line breaks and strange spaces":     {"a\r\nb\nc\u00a0d\u3000e\u2028f", "a b c d e f"},
		"what turns the direction is shown":  {"a\u202eb", `a\u202eb`},
		"a byte that is no UTF-8 is shown":   {"a\xff\nb", `a\xff b`},
		"other scripts and emoji are kept":   {"通知 مرحبا 👩‍🚀", "通知 مرحبا 👩‍🚀"},
		"a long text ends in what is hidden": {strings.Repeat("é", 1001), strings.Repeat("é", 1000) + " … (1 character more)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := safe(tt.in); got != tt.want {
				t.Errorf("safe(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[0m", "\xff\xfe\n", "\u202e", "\x1b]0;title\a", strings.Repeat("é", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := safe(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q holds %U", got, r)
			}
		}
	})
}

func TestLines(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []string
	}{
		"nothing":                  {" \n ", nil},
		"one line":                 {"a", []string{"a"}},
		"empty lines in between":   {"\n\na\n\nb\n", []string{"a", "", "b"}},
		"more than there is room":  {"a\nb\nc\nd\ne", []string{"a", "b", "c", "… (2 lines more)"}},
		"as many as there is room": {"a\nb\nc", []string{"a", "b", "c"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lines(tt.in, 3)); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

func TestRowsOf(t *testing.T) {
	tests := map[string]struct {
		all, inSight, most int
		shown, folded      int
		fold, more         string
	}{
		"few are all in sight":            {all: 5, inSight: 10, most: 20, shown: 5},
		"a fold for three lines is none":  {all: 13, inSight: 10, most: 20, shown: 13},
		"the rest is folded":              {all: 14, inSight: 10, most: 20, shown: 10, folded: 4, fold: "4 others"},
		"too many are left out":           {all: 1025, inSight: 10, most: 20, shown: 10, folded: 10, fold: "10 others", more: "and 1,005 more"},
		"all in sight, and too many":      {all: 30, inSight: 30, most: 20, shown: 20, more: "and 10 more"},
		"none in sight":                   {all: 9, inSight: 0, most: 20, folded: 9, fold: "9 others"},
		"none at all":                     {inSight: 10, most: 20},
		"just as many as there may be":    {all: 20, inSight: 18, most: 20, shown: 20},
		"more in sight than there may be": {all: 100, inSight: 60, most: 20, shown: 20, more: "and 80 more"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := rowsOf(make([]int, tt.all), tt.inSight, tt.most, "others")
			if len(got.Shown) != tt.shown || len(got.Folded) != tt.folded || got.Fold != tt.fold || got.More != tt.more {
				t.Errorf("%d shown, %d folded as %q, and %q", len(got.Shown), len(got.Folded), got.Fold, got.More)
			}
		})
	}
}
