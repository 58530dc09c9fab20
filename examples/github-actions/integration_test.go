//go:build integration

package githubactions

import (
	"os/exec"
	"testing"
)

// actionlint is the linter of GitHub's workflows, which knows its expressions, contexts
// and inputs.
const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"

func TestActionlintFindsNothing(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", actionlint, "-no-color", "delivery.yml").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
