package awsauth_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".", "sigs.k8s.io/yaml", "go.yaml.in/yaml/v2")
}
