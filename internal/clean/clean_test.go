package clean_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/internal/clean"
)

func TestText(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"plain text stays":                    {`C:\a "b" 'c' é 字`, `C:\a "b" 'c' é 字`},
		"so does nothing":                     {"", ""},
		"a control character":                 {"a\x1b[31mb", `a\x1b[31mb`},
		"line ends and tabs are on one line":  {"a\nb\r\tc", `a\nb\r\tc`},
		"only what does not print is changed": {"\"\\\x00'", `"\\x00'`},
		"a byte that is no UTF-8":             {"a\x9b31mb", `a\x9b31mb`},
		"a control character of Latin 1":      {"a\u009bb", `a\u009bb`},
		"what turns the direction":            {"a\u202eb", `a\u202eb`},
		"a replacement character is a sign":   {"a\ufffdb", "a\ufffdb"},
		"joiners belong to words":             {"a\u200db\u200cc", "a\u200db\u200cc"},
		"a space that is none of ours":        {"a\u2028b", `a\u2028b`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := clean.Text(tt.text); got != tt.want {
				t.Errorf("text is %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b\x9b\u202e\n")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean.Text(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", s, got)
		}
		if again := clean.Text(got); again != got {
			t.Errorf("%q became %q, and that %q", s, got, again)
		}
	})
}
