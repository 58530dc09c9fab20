package term_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/clipperhouse/uax29/v2",
		"github.com/mattn/go-runewidth",
		"golang.org/x/sys",
		"golang.org/x/term",
	)
}
