package ecr_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/ecr",
		"github.com/aws/smithy-go",
		"github.com/docker/docker", // its api/types, which import the next ones
		"github.com/docker/go-connections",
		"github.com/docker/go-units",
		"github.com/moby/docker-image-spec",
		"github.com/opencontainers/go-digest",
		"github.com/opencontainers/image-spec",
		"github.com/moby/patternmatcher",
		"golang.org/x/sync",
	)
}
