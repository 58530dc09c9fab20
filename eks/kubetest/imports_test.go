package kubetest_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports allows what client-go itself pulls in, and no helm: a test of
// what talks to Kubernetes is to stay as light as that.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".", append(depcheck.Kubernetes(),
		"gopkg.in/evanphx/json-patch.v4",
		"k8s.io/apiextensions-apiserver",
	)...)
}
