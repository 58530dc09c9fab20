// Package docker finds the Docker Engine that builds images.
package docker

import (
	"context"
	"fmt"

	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
)

// Connect returns the engine of the environment variables, such as DOCKER_HOST, once it
// has answered. Its connections end with the process.
func Connect(ctx context.Context) (ecr.Engine, error) {
	engine, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("configure the Docker Engine (DOCKER_HOST, DOCKER_CERT_PATH): %w", err)
	}
	if _, err := engine.Ping(ctx); err != nil {
		return nil, fmt.Errorf("reach the Docker Engine: %w", err)
	}
	return engine, nil
}
