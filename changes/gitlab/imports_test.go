package gitlab_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/bmatcuk/doublestar/v4",
		"github.com/cyphar/filepath-securejoin",
		"github.com/go-git/gcfg",
		"github.com/go-git/go-billy/v5",
		"github.com/go-git/go-git/v5",
		"github.com/jbenet/go-context",
		"github.com/pjbgf/sha1cd",
		"go.yaml.in/yaml/v4",
		"golang.org/x/net",
		"golang.org/x/sys",
		"gopkg.in/warnings.v0",
	)
}
