package kremock_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/fxamacker/cbor/v2",
		"github.com/go-logr/logr",
		"github.com/golang/mock",
		"github.com/json-iterator/go",
		"github.com/modern-go/concurrent",
		"github.com/modern-go/reflect2",
		"github.com/x448/float16",
		"go.yaml.in/yaml/v2",
		"golang.org/x/net",
		"golang.org/x/text",
		"gopkg.in/inf.v0",
		"k8s.io/apimachinery",
		"k8s.io/klog/v2",
		"k8s.io/kube-openapi",
		"k8s.io/utils",
		"sigs.k8s.io/json",
		"sigs.k8s.io/randfill",
		"sigs.k8s.io/structured-merge-diff/v6",
	)
}
