package buildkit

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// BuildKit brings gRPC, telemetry and containerd's libraries: that is why this
// is a package of its own, and ecr is without any of them.
func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/smithy-go",
		"github.com/cespare/xxhash/v2",
		"github.com/containerd/containerd/v2",
		"github.com/containerd/continuity",
		"github.com/containerd/log",
		"github.com/containerd/typeurl/v2",
		"github.com/docker/docker",
		"github.com/docker/go-connections",
		"github.com/docker/go-units",
		"github.com/felixge/httpsnoop",
		"github.com/go-logr/logr",
		"github.com/go-logr/stdr",
		"github.com/gogo/protobuf",
		"github.com/golang/protobuf",
		"github.com/google/uuid",
		"github.com/moby/buildkit",
		"github.com/moby/docker-image-spec",
		"github.com/moby/patternmatcher",
		"github.com/opencontainers/go-digest",
		"github.com/opencontainers/image-spec",
		"github.com/pkg/errors",
		"github.com/planetscale/vtprotobuf",
		"github.com/sirupsen/logrus",
		"github.com/tonistiigi/fsutil",
		"github.com/tonistiigi/units",
		"go.opentelemetry.io/auto/sdk",
		"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
		"go.opentelemetry.io/contrib/instrumentation/net/http/httptrace/otelhttptrace",
		"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
		"go.opentelemetry.io/otel",
		"go.opentelemetry.io/otel/metric",
		"go.opentelemetry.io/otel/sdk",
		"go.opentelemetry.io/otel/trace",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sync",
		"golang.org/x/sys",
		"golang.org/x/text",
		"google.golang.org/genproto/googleapis/rpc",
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
	)
}
