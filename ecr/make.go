package ecr

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	dockerimage "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"github.com/mettel-automation/delivery/progress"
)

// LabelInputs is the label that holds the full hash of an image's inputs.
const LabelInputs = "io.github.mettel-automation.delivery.inputs"

// The labels of Options.Source and Options.Revision.
// Source: OCI image specification, "Pre-Defined Annotation Keys".
const (
	labelSource   = "org.opencontainers.image.source"
	labelRevision = "org.opencontainers.image.revision"
)

// make builds image i and pushes it under the tag of its inputs.
func (p *Publisher) make(ctx context.Context, i PlannedImage) obtained {
	ref := i.uri + ":" + i.Tag
	auth := p.tokens.forPush()
	if digest, err := p.elsewhere(ctx, i); err != nil || digest != "" {
		return obtained{digest: digest, outcome: BuiltElsewhere, phase: PhaseBuild, err: err}
	}
	p.emit(i.Module, progress.Running, "building", nil)
	id, err := p.build(ctx, i, ref, auth)
	if err != nil {
		return obtained{phase: PhaseBuild, err: err}
	}
	defer p.untag(ctx, ref)
	if err := p.checkPlatform(ctx, i, id); err != nil {
		return obtained{phase: PhaseBuild, err: err}
	}
	digest, outcome, err := p.send(ctx, i, ref, auth)
	if err != nil {
		return obtained{phase: PhasePush, err: err}
	}
	return obtained{digest: digest, outcome: outcome}
}

// build returns the id of the image in the engine.
func (p *Publisher) build(ctx context.Context, i PlannedImage, ref string, auth credentials) (string, error) {
	auths, err := p.baseAuths(ctx, i, auth)
	if err != nil {
		return "", err
	}
	return p.opts.Builder.Build(ctx, Build{
		Subject: i.Module, Context: i.inputs.files,
		Target: i.image.Target, Platform: i.image.Platform, Network: i.image.Network,
		Args: i.image.Args, Labels: p.labels(i), Secrets: i.image.Secrets, Tags: []string{ref},
		NoCache: i.Digest != "", // its cache would give the same image again
		Pull:    p.opts.Pull,
		Auths:   auths, Progress: p.opts.Progress,
	})
}

// labels are those of the image, the source and revision, and its inputs.
func (p *Publisher) labels(i PlannedImage) map[string]string {
	labels := map[string]string{LabelInputs: i.inputs.hash}
	if p.opts.Source != "" {
		labels[labelSource] = p.opts.Source
	}
	if p.opts.Revision != "" {
		labels[labelRevision] = p.opts.Revision
	}
	maps.Copy(labels, i.image.Labels)
	return labels
}

// baseAuths are the credentials for base images: the caller's own, and where a
// base image is in the registry that i is pushed to, the token of that.
func (p *Publisher) baseAuths(ctx context.Context, i PlannedImage, auth credentials) (map[string]registry.AuthConfig, error) {
	auths := builderAuths(p.opts.Auths)
	host, _, _ := strings.Cut(i.uri, "/")
	for _, base := range i.inputs.bases {
		if _, given := auths[host]; given || !strings.HasPrefix(base.Image, host+"/") {
			continue
		}
		t, err := auth(ctx, false)
		if err != nil {
			return nil, err
		}
		auths[host] = t.config(host)
	}
	return auths, nil
}

// The names of Docker Hub: that of Options.Auths, and those that builders know.
// Source: moby, registry.IndexServer; BuildKit, util/resolver.
const (
	hub         = "docker.io"
	hubBuildKit = "registry-1.docker.io"
	hubClassic  = "https://index.docker.io/v1/"
)

// builderAuths are auths by the names under which builders look for them.
func builderAuths(auths map[string]registry.AuthConfig) map[string]registry.AuthConfig {
	known := make(map[string]registry.AuthConfig, len(auths)+1)
	for host, auth := range auths {
		names := []string{host}
		if host == hub {
			names = []string{hubBuildKit, hubClassic}
		}
		for _, name := range names {
			auth.ServerAddress = name
			known[name] = auth
		}
	}
	return known
}

// send pushes what was built as ref, unless somebody else has pushed the same
// inputs since the plan, and returns the digest that the tag points to.
func (p *Publisher) send(ctx context.Context, i PlannedImage, ref string, auth credentials) (string, Outcome, error) {
	if digest, err := p.elsewhere(ctx, i); err != nil || digest != "" {
		return digest, BuiltElsewhere, err
	}
	p.emit(i.Module, progress.Running, "pushing", nil)
	host, _, _ := strings.Cut(i.uri, "/")
	digest, err := push(ctx, p.opts.Engine, pushOptions{
		ref: ref, subject: i.Module, progress: p.opts.Progress,
		auth: func(ctx context.Context, fresh bool) (string, error) {
			t, err := auth(ctx, fresh)
			if err != nil {
				return "", err
			}
			return registry.EncodeAuthConfig(t.config(host))
		},
	})
	if err == nil {
		return digest, Built, nil
	}
	// The tag may be there all the same: another run was faster and it is
	// immutable, or the answer was lost on its way.
	if ctx.Err() == nil {
		if digest, lookErr := p.elsewhere(ctx, i); lookErr == nil && digest != "" {
			return digest, BuiltElsewhere, nil
		}
	}
	return "", "", err
}

// elsewhere returns the digest of an image with the inputs of i that was pushed
// since the plan was made, or "".
func (p *Publisher) elsewhere(ctx context.Context, i PlannedImage) (string, error) {
	found, err := p.in(i.Repository).Digests(ctx, []string{i.Tag})
	if err != nil {
		return "", fmt.Errorf("look for tag %s: %w", i.Tag, err)
	}
	if digest := found[i.Tag]; digest != i.Digest {
		return digest, nil
	}
	return "", nil
}

// untagPatience is how long the engine may take to forget a name.
const untagPatience = 10 * time.Second

// untag removes the name that an image was pushed by, so that an engine that
// lives on does not gather them: `docker image prune` takes what has none. It
// is done also where ctx has ended; a name that stays does no harm.
func (p *Publisher) untag(ctx context.Context, ref string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), untagPatience)
	defer cancel()
	_, _ = p.opts.Engine.ImageRemove(ctx, ref, dockerimage.RemoveOptions{})
}
