package charts_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports allows what package kre imports, which has a list of its own.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}",
		"github.com/mettel-automation/delivery/kre").Output()
	if err != nil {
		t.Fatal(err)
	}
	depcheck.Only(t, ".", strings.Fields(string(out))...)
}
