package buildcontext

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/mettel-automation/delivery/ecr/buildcontext/internal/dockerfile"
	"github.com/mettel-automation/delivery/internal/clean"
)

// Base is an image that a Dockerfile takes something from.
type Base struct {
	Image string // with its variables expanded
	Line  int    // of the Dockerfile, from 1
	Text  string // what stands there in place of Image
}

// Pinned reports whether the Dockerfile names the image by its digest, so that
// it means the same image at all times.
func (b Base) Pinned() bool { return strings.Contains(b.Image, "@sha256:") }

// Bases returns the images that the Dockerfile takes something from, in the order
// of their first mention: by FROM, COPY --from and RUN --mount=from, in the stages up
// to in.Target. Its own stages and scratch are none, nor is the image of a syntax
// directive. Variables have the values of in.Args, those that BuildKit derives
// from a platform, such as TARGETARCH, the values of in.Platform.
//
// It fails with [ErrNoStage] where in.Target is no stage, and with [ErrDockerfile]
// where the Dockerfile cannot be understood; both say where.
func (c *Context) Bases(in Inputs) ([]Base, error) {
	args := platformArgs(in.Platform)
	maps.Copy(args, in.Args)
	images, err := dockerfile.Images(c.dockerfile.Content, in.Target, args)
	if err != nil {
		kind := ErrDockerfile
		if errors.Is(err, dockerfile.ErrNoStage) {
			kind = ErrNoStage
		}
		return nil, fmt.Errorf("read %s: %w: %s", clean.Text(c.dockerfile.Path), kind, clean.Text(err.Error()))
	}
	bases := make([]Base, len(images))
	for i, image := range images {
		bases[i] = Base{Image: image.Name, Line: image.Line, Text: image.Text}
	}
	return bases, nil
}

// platformArgs are the variables that BuildKit makes of the platform "os/arch"
// or "os/arch/variant" to build for.
func platformArgs(platform string) map[string]string {
	args := make(map[string]string)
	if platform == "" {
		return args
	}
	args["TARGETPLATFORM"] = platform
	os, rest, _ := strings.Cut(platform, "/")
	arch, variant, _ := strings.Cut(rest, "/")
	args["TARGETOS"], args["TARGETARCH"], args["TARGETVARIANT"] = os, arch, variant
	return args
}
