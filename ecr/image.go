package ecr

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// defaultPlatform is that of ECS tasks that name none.
// Source: ECS developer guide, "Task definition parameters", cpuArchitecture.
const defaultPlatform = "linux/amd64"

// Image is one image that is to be in its repository. Repository and Context must
// be given; the zero value of every other field is its default.
//
// Of its fields, what Context holds, what Dockerfile says, Target, Platform, Network,
// Args, Bases, Epoch, Labels and the ids of Secrets are inputs: where one changes, the
// image is built.
// The values of secrets are none, so that a new one needs a new Epoch.
type Image struct {
	// Module is what events and errors call the image, and must be unique;
	// default Repository.
	Module string
	// Repository is the name of the ECR repository, without a host.
	Repository string
	// Context is the directory that the build may read.
	Context string
	// Dockerfile is the path of the Dockerfile, relative to Context, which it may
	// lie outside of; default "Dockerfile".
	Dockerfile string
	// Target is the stage to build; default the last one.
	Target string
	// Platform is what the image runs on, as os/architecture or
	// os/architecture/variant; default "linux/amd64", whatever the engine runs on.
	Platform string
	// Network is the network of RUN: "none", "host" or one of the engine's;
	// default the engine's own choice.
	Network string
	// Args are the build arguments. They are kept in the history of the image,
	// where whoever pulls it can read them: use Secrets for secrets.
	Args map[string]string
	// Bases are the digests ("sha256:" and 64 hex digits) that stand behind the
	// images that the Dockerfile names by a tag, by that name with its variables
	// expanded.
	// Names that it does not use do not count, so that one map does for all images
	// of a repository. The engine is not told: it must resolve the same names to
	// the same images, which a digest in the Dockerfile itself guarantees.
	Bases map[string]string
	// Epoch is any text that changes when the image must be built although no
	// file has changed, such as "2026-07". It also stands for base images that
	// neither the Dockerfile nor Bases pins.
	Epoch string
	// Secrets are for RUN --mount=type=secret. The classic builder refuses them.
	Secrets []Secret
	// Labels are more labels of the image. What changes with each commit belongs
	// into Options.Revision, which is no input.
	Labels map[string]string
	// Tags are the names that people read, such as "8527fec8-131" and
	// "latest-8527fec8". They are moved to the image.
	Tags []string
}

var (
	platformName = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)
	digestName   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// normalise returns images sorted by module, with their defaults, or all their
// faults. It reads no file.
func normalise(images []Image) ([]Image, error) {
	sorted := slices.Clone(images)
	var errs []error
	for i := range sorted {
		image := &sorted[i]
		image.Module = cmp.Or(image.Module, image.Repository)
		image.Dockerfile = cmp.Or(image.Dockerfile, "Dockerfile")
		image.Platform = cmp.Or(image.Platform, defaultPlatform)
		image.Tags = slices.Sorted(slices.Values(image.Tags))
		for _, err := range image.check() {
			errs = append(errs, invalid(image.name(i), err))
		}
	}
	errs = append(errs, clashes(sorted)...)
	slices.SortStableFunc(sorted, func(a, b Image) int { return cmp.Compare(a.Module, b.Module) })
	return sorted, errors.Join(errs...)
}

func invalid(name string, err error) error { return fmt.Errorf("%w %s: %w", ErrInvalid, name, err) }

// name is what errors call image i, which may have no module.
func (image Image) name(i int) string { return cmp.Or(image.Module, fmt.Sprintf("%d", i+1)) }

func (image Image) check() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := checkRepository(image.Repository); err != nil {
		errs = append(errs, err)
	}
	if image.Context == "" {
		bad("no context directory")
	}
	if !platformName.MatchString(image.Platform) {
		bad("platform %q: must be like linux/amd64 or linux/arm64/v8", image.Platform)
	}
	for i, tag := range image.Tags {
		if err := checkTag(tag); err != nil {
			errs = append(errs, err)
		}
		if i > 0 && tag == image.Tags[i-1] {
			bad("tag %q is given twice", tag)
		}
	}
	for _, base := range slices.Sorted(maps.Keys(image.Bases)) {
		if !digestName.MatchString(image.Bases[base]) {
			bad("base %s: digest %q must be sha256: and 64 hex digits", base, image.Bases[base])
		}
	}
	if _, ours := image.Labels[LabelInputs]; ours {
		bad("label %s is for the hash of the inputs", LabelInputs)
	}
	ids := make(map[string]bool)
	for _, s := range image.Secrets {
		switch {
		case s.ID == "":
			bad("a secret has no id")
		case ids[s.ID]:
			bad("secret %q is given twice", s.ID)
		case (s.File == "") == (s.Value == nil):
			bad("secret %q needs either a file or a value", s.ID)
		}
		ids[s.ID] = true
	}
	return errs
}

// clashes are the faults between images: one name for two of them.
func clashes(images []Image) (errs []error) {
	modules := make(map[string]bool)
	tags := make(map[[2]string]string) // module by repository and tag
	for i, image := range images {
		if modules[image.Module] {
			remedy := ""
			if image.Module == image.Repository {
				remedy = ": give each image a Module"
			}
			errs = append(errs, invalid(image.name(i), errors.New("there is another image of this name"+remedy)))
			continue
		}
		modules[image.Module] = true
		for _, tag := range slices.Compact(slices.Clone(image.Tags)) {
			key := [2]string{image.Repository, tag}
			if other, taken := tags[key]; taken {
				errs = append(errs, invalid(image.name(i), fmt.Errorf("tag %q of repository %s is also that of image %s", tag, image.Repository, other)))
			}
			tags[key] = image.Module
		}
	}
	return errs
}
