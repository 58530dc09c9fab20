package runtime_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports allows what package kre imports, which has a list of its own, and what
// Route 53 needs.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}",
		"github.com/mettel-automation/delivery/kre").Output()
	if err != nil {
		t.Fatal(err)
	}
	depcheck.Only(t, ".", append(strings.Fields(string(out)),
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/route53",
		"github.com/aws/smithy-go",
		"golang.org/x/time",
	)...)
}
