package discovery_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		// Of this package: globs, YAML, go.mod, and the tokens of HCL.
		"github.com/bmatcuk/doublestar/v4",
		"go.yaml.in/yaml/v4",
		"golang.org/x/mod",
		"github.com/agext/levenshtein",
		"github.com/apparentlymart/go-textseg/v15",
		"github.com/apparentlymart/go-textseg/v17",
		"github.com/hashicorp/hcl/v2",
		"github.com/mitchellh/go-wordwrap",
		"github.com/zclconf/go-cty",
		"golang.org/x/text",
		// Of package changes.
		"github.com/cyphar/filepath-securejoin",
		"github.com/go-git/gcfg",
		"github.com/go-git/go-billy/v5",
		"github.com/go-git/go-git/v5",
		"github.com/jbenet/go-context",
		"github.com/pjbgf/sha1cd",
		"golang.org/x/net",
		"golang.org/x/sys",
		"gopkg.in/warnings.v0",
	)
}
