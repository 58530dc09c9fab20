package nearest_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/nearest"
)

func TestOf(t *testing.T) {
	known := []string{"Environment", "CacheNodes", "A", "type", "tape", strings.Repeat("x", 65)}
	tests := map[string]struct{ word, want string }{
		"a letter that is missing":     {"Environmen", "Environment"},
		"letter case alone":            {"environment", "Environment"},
		"a letter too many":            {"CacheNodess", "CacheNodes"},
		"two letters that are swapped": {"CacheNodse", "CacheNodes"},
		"half of a word":               {"Nodes", ""},
		"a short word that is another": {"B", ""},
		"nothing":                      {"", ""},
		"the first of two":             {"tpe", "tape"},
		"a word too long":              {strings.Repeat("x", 66), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := nearest.Of(tt.word, known); got != tt.want {
				t.Errorf("%q is like %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}
