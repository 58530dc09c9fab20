package exemplar

import (
	"regexp"
	"strings"
	"testing"
)

func TestLogicalID(t *testing.T) {
	for name, tt := range map[string]struct{ name, want string }{
		"words have capitals":                     {"tnba-feedback", "TnbaFeedback"},
		"a name of one word is another":           {"tnbafeedback", "Tnbafeedback"},
		"digits go on":                            {"http2-proxy3", "Http2Proxy3"},
		"a word that begins with a digit is told": {"a-1", "A1X2f8fe63a"},
		"from one that ends in it":                {"a1", "A1"},
		"dots are told":                           {"xoan.mallon.developer", "XoanMallonDeveloperXabb453f5"},
		"from hyphens":                            {"xoan-mallon-developer", "XoanMallonDeveloper"},
		"capitals are told from hyphens":          {"aB", "ABX042ac5b8"},
		"two hyphens are told from one":           {"a--b", "ABX90827a2e"},
		"a hyphen at the end counts":              {"a-", "AX9baf4407"},
		"a hyphen at the beginning counts":        {"-a", "AXc2748917"},
		"underscores are told from hyphens":       {"a_b", "ABX648fa9b3"},
		"no name has an id":                       {"", "Xe3b0c442"},
		"letters of other alphabets are left out": {"é", "X4a99557e"},
		"a long name is cut":                      {strings.Repeat("a", 201), "A" + strings.Repeat("a", 190) + "Xa92efd82"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := LogicalID(tt.name); got != tt.want {
				t.Errorf("LogicalID(%q) = %q, want %q", tt.name, got, tt.want)
			}
		})
	}
}

func FuzzLogicalID(f *testing.F) {
	for _, pair := range [][2]string{{"a-b", "ab"}, {"a.b", "a-b"}, {"a-1", "a1"}, {"", "-"}, {"A", "a"}, {strings.Repeat("a", 300), strings.Repeat("a", 301)}} {
		f.Add(pair[0], pair[1])
	}
	valid := regexp.MustCompile(`^[A-Za-z0-9]{1,200}$`)
	f.Fuzz(func(t *testing.T, a, b string) {
		idA, idB := LogicalID(a), LogicalID(b)
		if !valid.MatchString(idA) {
			t.Errorf("LogicalID(%q) = %q", a, idA)
		}
		if a != b && idA == idB {
			t.Errorf("%q and %q have the same id %q", a, b, idA)
		}
	})
}
