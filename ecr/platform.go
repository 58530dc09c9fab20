package ecr

import (
	"context"
	"fmt"
	"strings"
)

// checkPlatform fails where the image that the engine has built as id is not for
// the platform of i. The classic builder takes whatever base image the engine has,
// and says nothing.
func (p *Publisher) checkPlatform(ctx context.Context, i PlannedImage, id string) error {
	found, _, err := p.opts.Engine.ImageInspectWithRaw(ctx, id)
	if err != nil {
		return fmt.Errorf("inspect what was built: %w", err)
	}
	built := platform{found.Os, found.Architecture, found.Variant}.normal()
	if wanted := parsePlatform(i.image.Platform); !wanted.allows(built) {
		return fmt.Errorf("built for %s instead of %s: %w", built, wanted, ErrPlatform)
	}
	return nil
}

// platform is what an image runs on.
type platform struct{ os, architecture, variant string }

func parsePlatform(text string) platform {
	os, rest, _ := strings.Cut(text, "/")
	architecture, variant, _ := strings.Cut(rest, "/")
	return platform{os, architecture, variant}.normal()
}

func (p platform) String() string {
	return strings.TrimSuffix(p.os+"/"+p.architecture+"/"+p.variant, "/")
}

// normal spells p as images do, and leaves out the variant that goes without saying.
// Source: containerd, platforms.Normalize.
func (p platform) normal() platform {
	switch p.architecture {
	case "x86_64", "x86-64":
		p.architecture = "amd64"
	case "aarch64":
		p.architecture = "arm64"
	case "i386":
		p.architecture = "386"
	case "armhf":
		p.architecture, p.variant = "arm", "v7"
	case "armel":
		p.architecture, p.variant = "arm", "v6"
	}
	if p.variant != "" && p.variant[0] >= '0' && p.variant[0] <= '9' {
		p.variant = "v" + p.variant
	}
	if p.architecture == "amd64" && p.variant == "v1" || p.architecture == "arm64" && p.variant == "v8" {
		p.variant = ""
	}
	return p
}

// allows reports whether an image of platform built does for p. Many images name no
// variant, so that only two that are named can be told apart.
func (p platform) allows(built platform) bool {
	return p.os == built.os && p.architecture == built.architecture &&
		(p.variant == "" || built.variant == "" || p.variant == built.variant)
}
