package route53test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormal(t *testing.T) {
	tests := map[string]struct{ name, want string }{
		"a dot at the end is added":           {"a.example.net", "a.example.net."},
		"and not twice":                       {"a.example.net.", "a.example.net."},
		"letters are small":                   {"A.Example.NET", "a.example.net."},
		"a wildcard is escaped":               {"*.example.net", `\052.example.net.`},
		"an escape stays":                     {`\052.example.net`, `\052.example.net.`},
		"an escaped letter is a letter":       {`\101\141.example.net`, "aa.example.net."},
		"an escaped dot stays":                {`a\056b.example.net`, `a\056b.example.net.`},
		"a backslash that escapes nothing":    {`\9.example.net`, `\1349.example.net.`},
		"a byte beyond ASCII":                 {"\xe4.example.net", `\344.example.net.`},
		"a name that is a prefix of a prefix": {"a-*.example.net", `a-\052.example.net.`},
		"nothing is the root":                 {"", "."},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := normal(tt.name); got != tt.want {
				t.Errorf("%q became %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}

func TestNamesAreSortedByReversedLabels(t *testing.T) {
	names := []string{"b.example.net.", "example.net.", "a.b.example.net.", "example-a.net.", "example.com.", `\052.example.net.`, "example.neta."}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(reversed(a), reversed(b)) })
	want := []string{"example.com.", "example-a.net.", "example.net.", `\052.example.net.`, "b.example.net.", "a.b.example.net.", "example.neta."}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

func TestBadName(t *testing.T) {
	long := strings.Repeat("a", 64)
	tests := map[string]struct{ name, want string }{
		"a name":            {"a.b.", ""},
		"an empty label":    {"a..b.", "DomainLabelEmpty"},
		"nothing":           {".", "DomainLabelEmpty"},
		"a label too long":  {long + ".b.", "DomainLabelTooLong"},
		"a name too long":   {strings.Repeat("abc.", 65), "DomainNameTooLong"},
		"a label just fits": {long[1:] + ".b.", ""},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			if got := badName(tt.name); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}

func FuzzNormal(f *testing.F) {
	for _, name := range []string{"*.A.b", `\052.a`, `\0`, "", "..", "\xff", `a\400`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := normal(name)
		if again := normal(got); again != got {
			t.Errorf("%q became %q, and that %q", name, got, again)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' || r == '*' || 'A' <= r && r <= 'Z' }) {
			t.Errorf("%q became %q", name, got)
		}
	})
}
