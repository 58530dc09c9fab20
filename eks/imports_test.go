package eks_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/internal/v4a",
		"github.com/aws/aws-sdk-go-v2/service/eks",
		"github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/presigned-url",
		"github.com/aws/aws-sdk-go-v2/service/sts",
		"github.com/aws/smithy-go",
		"go.yaml.in/yaml/v4",
		"k8s.io/client-go",
		// And what client-go itself needs.
		"github.com/davecgh/go-spew",
		"github.com/fxamacker/cbor/v2",
		"github.com/go-logr/logr",
		"github.com/json-iterator/go",
		"github.com/modern-go/concurrent",
		"github.com/modern-go/reflect2",
		"github.com/munnerz/goautoneg",
		"github.com/spf13/pflag",
		"github.com/x448/float16",
		"go.yaml.in/yaml/v2",
		"golang.org/x/net",
		"golang.org/x/oauth2",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
		"golang.org/x/time",
		"gopkg.in/inf.v0",
		"k8s.io/apimachinery",
		"k8s.io/klog/v2",
		"k8s.io/kube-openapi",
		"k8s.io/utils",
		"sigs.k8s.io/json",
		"sigs.k8s.io/randfill",
		"sigs.k8s.io/structured-merge-diff/v6",
		"sigs.k8s.io/yaml",
	)
}
