package buildcontext

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/mettel-automation/delivery/ecr/buildcontext/internal/dockerfile"
	"github.com/mettel-automation/delivery/internal/clean"
)

// Base is an image that a Dockerfile takes something from, or an address that it
// adds files from.
type Base struct {
	Image string // or the address; with its variables expanded
	Line  int    // of the Dockerfile, from 1; 0 for what a build argument names
	Text  string // what stands there in place of Image
	Fixed bool   // Image or its instruction says which content it is, see Pinned
}

// Pinned reports whether the Dockerfile says which content it means, so that it
// means the same at all times: an image by a digest ("@sha256:" and 64 hex digits),
// a file by ADD --checksum, a git repository by a commit in full or a --checksum.
func (b Base) Pinned() bool { return b.Fixed }

// Bases returns what the Dockerfile takes from elsewhere, in the order of the first
// mention: the images of FROM, COPY --from and RUN --mount=from and the addresses
// of ADD, in the stages up to in.Target and in those that these take something from;
// and the image of a syntax directive or of the argument BUILDKIT_SYNTAX, which
// reads the Dockerfile for BuildKit. Its own stages and scratch are none. Variables
// have the values of in.Args, those that BuildKit derives from a platform, such as
// TARGETARCH, the values of in.Platform.
//
// What only a base image itself could tell is not seen: what its ONBUILD triggers
// copy from, and addresses in variables of its environment.
//
// It fails with [ErrNoStage] where in.Target is no stage, and with [ErrDockerfile]
// where the Dockerfile cannot be understood; both say where.
func (c *Context) Bases(in Inputs) ([]Base, error) {
	images, err := dockerfile.Images(c.dockerfile.read, in.Target, in.args())
	if err != nil {
		return nil, c.misread(err)
	}
	bases := make([]Base, len(images))
	for i, image := range images {
		bases[i] = Base{Image: image.Name, Line: image.Line, Text: image.Text, Fixed: image.Fixed}
	}
	return bases, nil
}

// Pin returns the context with another Dockerfile, in which each image that in.Bases
// knows has its digest behind it, "python:3.12@sha256:...", so that a builder can use
// no other: [Context.Dockerfile] and [Context.WriteTar] have that one. Files that the
// build copies, and the hash, stay those of the Dockerfile in the directory.
//
// The engine then finds an image only by the digest: one that it has not pulled from
// or pushed to a registry has none and cannot be pinned. Use an Epoch for such ones.
// Where the digest cannot be put behind a name, as behind an address of ADD, the
// error is [ErrDockerfile].
func (c *Context) Pin(in Inputs) (*Context, error) {
	content, err := dockerfile.Pin(c.dockerfile.read, in.args(), in.Bases)
	if err != nil {
		return nil, c.misread(err)
	}
	pinned := *c
	pinned.dockerfile.Content = content
	return &pinned, nil
}

// misread says which file err is about.
func (c *Context) misread(err error) error {
	kind := ErrDockerfile
	if errors.Is(err, dockerfile.ErrNoStage) {
		kind = ErrNoStage
	}
	return fmt.Errorf("read %s: %w: %s", clean.Text(c.dockerfile.Path), kind, clean.Text(err.Error()))
}

// args are all build arguments, with those that BuildKit makes of the platform.
func (in Inputs) args() map[string]string {
	args := platformArgs(in.Platform)
	maps.Copy(args, in.Args)
	return args
}

// platformArgs are the variables that BuildKit makes of the platform "os/arch"
// or "os/arch/variant" to build for.
func platformArgs(platform string) map[string]string {
	args := make(map[string]string)
	if platform == "" {
		return args
	}
	platform = normalPlatform(platform)
	args["TARGETPLATFORM"] = platform
	os, rest, _ := strings.Cut(platform, "/")
	arch, variant, _ := strings.Cut(rest, "/")
	args["TARGETOS"], args["TARGETARCH"], args["TARGETVARIANT"] = os, arch, variant
	return args
}
