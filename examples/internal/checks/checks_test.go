package checks_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/checks"
	"github.com/mettel-automation/delivery/examples/internal/config"
)

func TestEveryCheckOfDeliveryYAMLIsKnown(t *testing.T) {
	for _, name := range config.CheckNames() {
		short, _, _ := strings.Cut(name, "=")
		for _, name := range []string{name, short} {
			if check, err := checks.Named(name); err != nil || !strings.HasPrefix(check.Name(), strings.TrimSuffix(short, "=")) {
				t.Errorf("%s: %v, %v", name, check, err)
			}
		}
	}
}

func TestAnotherNameIsRefused(t *testing.T) {
	for _, name := range []string{"", "pep9", "pep8=", "npm=", "eslint=x", "terraform=x", "terraform-fmt="} {
		if check, err := checks.Named(name); err == nil || !strings.Contains(err.Error(), "want terraform, ") {
			t.Errorf("%q: %v, %v", name, check, err)
		}
	}
}
