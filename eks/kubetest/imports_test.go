package kubetest_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports allows what client-go itself pulls in, and no helm: a test of
// what talks to Kubernetes is to stay as light as that.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/davecgh/go-spew",
		"github.com/emicklei/go-restful/v3",
		"github.com/fxamacker/cbor/v2",
		"github.com/go-logr/logr",
		"github.com/go-openapi/jsonpointer",
		"github.com/go-openapi/jsonreference",
		"github.com/go-openapi/swag",
		"github.com/go-openapi/swag/cmdutils",
		"github.com/go-openapi/swag/conv",
		"github.com/go-openapi/swag/fileutils",
		"github.com/go-openapi/swag/jsonutils",
		"github.com/go-openapi/swag/loading",
		"github.com/go-openapi/swag/mangling",
		"github.com/go-openapi/swag/netutils",
		"github.com/go-openapi/swag/pools",
		"github.com/go-openapi/swag/stringutils",
		"github.com/go-openapi/swag/typeutils",
		"github.com/go-openapi/swag/yamlutils",
		"github.com/google/gnostic-models",
		"github.com/google/uuid",
		"github.com/json-iterator/go",
		"github.com/modern-go/concurrent",
		"github.com/modern-go/reflect2",
		"github.com/munnerz/goautoneg",
		"github.com/x448/float16",
		"go.yaml.in/yaml/v2",
		"go.yaml.in/yaml/v3",
		"golang.org/x/net",
		"golang.org/x/oauth2",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
		"golang.org/x/time",
		"google.golang.org/protobuf",
		"gopkg.in/evanphx/json-patch.v4",
		"gopkg.in/inf.v0",
		"k8s.io/api",
		"k8s.io/apiextensions-apiserver",
		"k8s.io/apimachinery",
		"k8s.io/client-go",
		"k8s.io/klog/v2",
		"k8s.io/kube-openapi",
		"k8s.io/utils",
		"sigs.k8s.io/json",
		"sigs.k8s.io/randfill",
		"sigs.k8s.io/structured-merge-diff/v6",
		"sigs.k8s.io/yaml",
	)
}
