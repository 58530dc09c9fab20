// Package buildkit builds images with BuildKit, through the API of a Docker
// Engine, for package ecr:
//
//	docker, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
//	if err != nil { ... }
//	publisher := ecr.New(api, ecr.Options{Engine: docker, Builder: buildkit.New(docker)})
//
// Against the classic builder it runs stages side by side, sends only the files
// that are needed and have changed since the last build of the same directory, and
// knows RUN --mount=type=secret and type=cache. What it sends are the files of
// [buildcontext.Context], so that an image is built of what its inputs were hashed of.
//
// It is a package of its own because BuildKit is large: a main links it only where
// it imports this. It exports no caches, makes no provenance attestations, builds for
// one platform at a time, and forwards no SSH agent.
package buildkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"

	"github.com/docker/docker/api/types/build"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/secrets/secretsprovider"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
)

// Engine is what building needs of a Docker Engine with BuildKit, that is
// version 18.09 or newer; a [*github.com/docker/docker/client.Client] has it.
type Engine interface {
	ImageBuild(ctx context.Context, context io.Reader, options build.ImageBuildOptions) (build.ImageBuildResponse, error)
	DialHijack(ctx context.Context, url, proto string, meta map[string][]string) (net.Conn, error)
}

// Builder is an [ecr.Builder]. It is safe for concurrent use.
type Builder struct{ engine Engine }

// New returns a Builder that builds in engine.
func New(engine Engine) *Builder { return &Builder{engine: engine} }

// Build is that of [ecr.Builder]. The values of secrets are read when a step
// asks for them, and taken out of the output of steps that print them; a file of a
// secret that is missing is an error before the build begins.
func (b *Builder) Build(ctx context.Context, spec ecr.Build) (string, error) {
	log := newLog(spec)
	vault, err := openVault(spec.Secrets)
	if err != nil {
		return "", log.failure(err)
	}
	log.hide = vault.hide
	sums, err := spec.Context.Sums(ctx)
	if err != nil {
		return "", log.failure(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	link, err := session.NewSession(ctx, sharedKey(spec))
	if err != nil {
		return "", log.failure(err)
	}
	link.Allow(filesync.NewFSSyncProvider(filesync.StaticDirSource{
		"context":    contextFiles{spec.Context, sums},
		"dockerfile": dockerfile(spec.Context),
	}))
	link.Allow(secretsprovider.NewSecretProvider(vault))
	link.Allow(logins(spec.Auths))

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := link.Run(ctx, b.dial); err != nil {
			cancel(fmt.Errorf("open a session with the engine: %w", err))
		}
	}()
	err = b.build(ctx, options(spec, link.ID()), log)
	cancel(nil)      // a dial that still waits
	_ = link.Close() // it has none
	<-ended
	if err != nil {
		return "", log.failure(err)
	}
	return log.image, nil
}

func (b *Builder) build(ctx context.Context, opts build.ImageBuildOptions, log *log) error {
	answer, err := b.engine.ImageBuild(ctx, nil, opts)
	if err == nil {
		err = stream.Read(answer.Body, log.message)
		answer.Body.Close()
	}
	switch {
	case err != nil:
		return stream.Cause(ctx, err)
	case log.image == "":
		return ecr.ErrNoImage
	}
	return nil
}

// dial opens the connection by which the engine asks for files and secrets.
func (b *Builder) dial(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
	return b.engine.DialHijack(ctx, "/session", proto, meta)
}

func options(spec ecr.Build, sessionID string) build.ImageBuildOptions {
	args := make(map[string]*string, len(spec.Args))
	for name, value := range spec.Args {
		args[name] = &value
	}
	return build.ImageBuildOptions{
		Version:       build.BuilderBuildKit,
		RemoteContext: "client-session",
		SessionID:     sessionID,
		BuildID:       sessionID,
		Dockerfile:    dockerfileName,
		Tags:          spec.Tags,
		BuildArgs:     args,
		Labels:        spec.Labels,
		Target:        spec.Target,
		Platform:      spec.Platform,
		NetworkMode:   spec.Network,
		NoCache:       spec.NoCache,
		PullParent:    spec.Pull,
	}
}

// sharedKey names the directory to the engine, which keeps what it was sent of it.
// With another key in each build, the whole context is sent each time.
func sharedKey(spec ecr.Build) string {
	sum := sha256.Sum256([]byte("delivery\x00" + spec.Context.Dir()))
	return hex.EncodeToString(sum[:])
}
