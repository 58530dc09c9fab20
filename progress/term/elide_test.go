package term

import (
	"strings"
	"testing"

	safe "github.com/mettel-automation/delivery/progress/internal/text"
)

func TestElide(t *testing.T) {
	tests := map[string]struct {
		name   string
		n      int
		others []string
		want   string
	}{
		"what fits is kept":                       {"web", 3, nil, "web"},
		"both ends are kept":                      {"abcdefghijkl", 7, nil, "abc…jkl"},
		"words are kept whole near the middle":    {"service-outage-monitor-triage", 20, nil, "service-…itor-triage"},
		"siblings that differ at the end":         {"service-outage-monitor-1", 12, []string{"service-outage-monitor-2"}, "service…or-1"},
		"siblings that differ close to the end":   {"modules/velocloud-bridge/production/main", 16, []string{"modules/velocloud-bridge/staging/main", "modules/velocloud-bridge/production-2/main"}, "modules/…on/main"},
		"siblings that differ at the beginning":   {"automation-1a2b3c4d-environment", 16, []string{"automation-9f8e7d6c-environment"}, "automation-1…ent"},
		"siblings that differ in the middle":      {"automation-environment-1a2b-with-a-load-balancer", 20, []string{"automation-environment-9f8e-with-a-load-balancer"}, "autom…1a2b-wit…ancer"},
		"one that begins with another":            {"automation-network-public", 12, []string{"automation-network"}, "autom…public"},
		"the name itself is no sibling":           {"abcdefghijkl", 7, []string{"abcdefghijkl"}, "abc…jkl"},
		"a wide character is never halved":        {"通知サービス通知", 7, nil, "通…通知"},
		"an emoji sequence is never halved":       {"👩‍🚀👩‍🚀👩‍🚀👩‍🚀", 5, nil, "👩‍🚀…👩‍🚀"},
		"where there is no room, the end is left": {"abcdef", 2, nil, "a…"},
		"no room at all":                          {"abcdef", 0, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := elide(tt.name, tt.n, tt.others); got != tt.want {
				t.Errorf("elide(%q, %d) = %q, want %q", tt.name, tt.n, got, tt.want)
			}
		})
	}
}

// Names that two cells tell apart, wherever these stand, are told apart when
// they are elided.
func TestElidedNamesDiffer(t *testing.T) {
	const n = 12
	for at := range 40 {
		a, b := strings.Repeat("x", at)+"1"+strings.Repeat("x", 40-at), strings.Repeat("x", at)+"2"+strings.Repeat("x", 40-at)
		names := []string{a, b}
		if ea, eb := elide(a, n, names), elide(b, n, names); ea == eb {
			t.Errorf("%q and %q are both %q", a, b, ea)
		}
	}
}

func FuzzElide(f *testing.F) {
	f.Add("service-outage-monitor-1", "service-outage-monitor-2", 12)
	f.Add("通知サービス/👩‍🚀/a", "通知サービス/👩‍🚀/b", 5)
	f.Add("e\u0301e\u0301e\u0301e\u0301", "\u0301\u200d", 3)
	f.Add("a/x/main", "b/x/main", 4)
	f.Fuzz(func(t *testing.T, name, other string, n int) {
		name, other, n = safe.Line(name), safe.Line(other), min(n, 200)
		got := pad(elide(name, n, []string{name, other}), max(n, 0))
		if w := width(got); w != max(n, 0) {
			t.Errorf("elide(%q, %d) is %d cells wide: %q", name, n, w, got)
		}
		if width(name) <= n && strings.TrimRight(got, " ") != name {
			t.Errorf("elide(%q, %d) = %q, though it fits", name, n, got)
		}
	})
}
