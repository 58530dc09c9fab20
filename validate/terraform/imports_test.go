package terraform_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(
		t, ".",
		"github.com/hashicorp/hcl/v2", "github.com/zclconf/go-cty", "golang.org/x/sync",
		// Of those two.
		"github.com/agext/levenshtein", "github.com/apparentlymart/go-textseg/v15", "github.com/google/go-cmp",
		"github.com/mitchellh/go-wordwrap", "golang.org/x/text",
	)
}
