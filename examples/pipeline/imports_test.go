package main

import (
	"testing"

	"github.com/mettel-automation/delivery/internal/depcheck"
)

// TestImports keeps out what would more than double the time that it takes to build.
func TestImports(t *testing.T) {
	depcheck.Without(t, ".", "helm.sh/helm", "k8s.io/client-go", "k8s.io/api", "github.com/moby/buildkit",
		"github.com/aws/aws-sdk-go-v2/service/ec2", "google.golang.org/grpc")
}
