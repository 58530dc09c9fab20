package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/docker/docker/client"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/buildkit"
	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/examples/internal/awsenv"
)

// tools are what images are published with.
type tools struct {
	ecr.Options
	api    ecr.API
	engine *client.Client // nil where nothing can be to build
	server *http.Server   // of the registry in memory; nil where there is none
}

// connect returns tools for images. It reaches for neither AWS nor the engine.
func (o options) connect(ctx context.Context, images []ecr.Image) (*tools, error) {
	t := &tools{Options: ecr.Options{
		Registry: o.registry, Parallel: o.parallel, MaxAge: o.maxAge, Force: o.force, Pull: o.pull, Source: o.source, Revision: o.revision,
	}}
	if o.dockerConfig != "" {
		auths, err := readAuths(o.dockerConfig)
		if err != nil {
			return nil, err
		}
		t.Auths = auths
	}
	if o.verb != "plan" {
		engine, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
		if err != nil {
			return nil, fmt.Errorf("configure the Docker Engine (DOCKER_HOST, DOCKER_CERT_PATH): %w", err)
		}
		t.engine, t.Engine = engine, engine
		if o.buildkit {
			t.Builder = buildkit.New(engine)
		}
	}
	if o.local {
		return t, t.serve(ctx, images)
	}
	cfg, err := awsenv.Load(ctx)
	if err != nil {
		return nil, err
	}
	t.api = awsecr.NewFromConfig(cfg)
	return t, nil
}

// serve makes an ECR in memory that has the repositories of images, and serves
// its registry on a free port, which an engine on this machine can reach.
func (t *tools) serve(ctx context.Context, images []ecr.Image) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve a registry: %w", err)
	}
	cloud := ecrtest.New(ecrtest.Options{Host: listener.Addr().String()})
	for _, i := range images {
		cloud.AddRepository(i.Repository)
	}
	t.api = cloud.Client()
	t.server = &http.Server{Handler: cloud.Registry(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = t.server.Serve(listener) }() // until it is closed
	return nil
}

// reach fails where the engine does not answer.
func (t *tools) reach(ctx context.Context) error {
	if _, err := t.engine.Ping(ctx); err != nil {
		return fmt.Errorf("reach the Docker Engine that is to build: %w", err)
	}
	return nil
}

// close frees what connect has taken. What it cannot close ends with the process.
func (t *tools) close() {
	if t.engine != nil {
		_ = t.engine.Close()
	}
	if t.server != nil {
		_ = t.server.Close()
	}
}
