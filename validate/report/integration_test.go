//go:build integration

package report

import (
	"os"
	"testing"

	"github.com/mettel-automation/delivery/validate"
)

// TestSARIFSchema holds what is written against the schema of the standard.
func TestSARIFSchema(t *testing.T) {
	schema := os.Getenv("DELIVERY_SARIF_SCHEMA")
	if schema == "" {
		t.Fatal("DELIVERY_SARIF_SCHEMA must name the file sarif-schema-2.1.0.json")
	}
	validateJSON(t, schema, sarif(t, sample(t)))
	validateJSON(t, schema, sarif(t, validate.Result{}))
}
