package enginetest_test

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/docker/docker", // its api/types, which import the others
		"github.com/docker/go-connections",
		"github.com/docker/go-units",
		"github.com/moby/docker-image-spec",
		"github.com/opencontainers/go-digest",
		"github.com/opencontainers/image-spec",
	)
}
