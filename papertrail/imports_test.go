package papertrail_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// The engine links neither an HTTP library nor anything else from elsewhere.
func TestImports(t *testing.T) { depcheck.Only(t, ".") }
