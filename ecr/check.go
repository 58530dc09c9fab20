package ecr

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr/internal/names"
)

var (
	platformName = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`)

	// The first is more than Dockerfiles take after ARG, which refuse to declare
	// some of these names. Source: Dockerfile reference, "ARG".
	argName     = regexp.MustCompile(`^[^\s=[:cntrl:]]+$`)
	labelName   = argName
	networkName = regexp.MustCompile(`^(container:)?[A-Za-z0-9][A-Za-z0-9_.-]*$`) // moby, daemon/names
)

// normalise returns images sorted by module, with their defaults, or all their
// faults. It reads no file.
func normalise(images []Image) ([]Image, error) {
	sorted := slices.Clone(images)
	var faults []fault
	for i := range sorted {
		image := &sorted[i]
		image.Module = cmp.Or(image.Module, image.Repository)
		image.Dockerfile = cmp.Or(image.Dockerfile, "Dockerfile")
		image.Platform = cmp.Or(image.Platform, defaultPlatform)
		image.Tags = slices.Sorted(slices.Values(image.Tags))
		for _, err := range image.check() {
			faults = append(faults, fault{image.name(i), err})
		}
	}
	faults = append(faults, clashes(sorted)...)
	slices.SortStableFunc(sorted, func(a, b Image) int { return cmp.Compare(a.Module, b.Module) })
	return sorted, report(faults)
}

// fault is what is wrong with the description of an image.
type fault struct {
	image string
	err   error
}

// report joins faults, of which those of several images are told once.
func report(faults []fault) error {
	images := make(map[string][]string) // by fault
	for _, f := range faults {
		text := f.err.Error()
		if !slices.Contains(images[text], f.image) {
			images[text] = append(images[text], f.image)
		}
	}
	var errs []error
	for _, f := range faults {
		text := f.err.Error()
		if having := images[text]; having != nil {
			errs = append(errs, invalid(several(having), f.err))
			images[text] = nil
		}
	}
	return errors.Join(errs...)
}

func invalid(image string, err error) error { return fmt.Errorf("%w %s: %w", ErrInvalid, image, err) }

// several lists all as people read them: two of them, where there are many.
func several(all []string) string {
	const listed = 3
	if n := len(all); n > listed {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:listed-1], ", "), n-listed+1)
	}
	return strings.Join(all, ", ")
}

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
	if image.Network != "" && !networkName.MatchString(image.Network) {
		bad("network %q: must be default, none, host, or the name of one of the engine's", image.Network)
	}
	for i, tag := range image.Tags {
		if err := checkTag(tag); err != nil {
			errs = append(errs, err)
		}
		if i > 0 && tag == image.Tags[i-1] {
			bad("tag %q is given twice", tag)
		}
	}
	errs = append(errs, image.checkMaps()...)
	return append(errs, checkSecrets(image.Secrets)...)
}

// checkMaps checks the fields that are maps.
func (image Image) checkMaps() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, base := range slices.Sorted(maps.Keys(image.Bases)) {
		if err := names.CheckDigest(image.Bases[base]); err != nil {
			bad("base %s: digest %q %w", base, image.Bases[base], err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(image.Args)) {
		if !argName.MatchString(name) {
			bad("build argument %q: its name must be of one word without =", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(image.Labels)) {
		switch {
		case name == LabelInputs:
			bad("label %s is for the hash of the inputs", LabelInputs)
		case !labelName.MatchString(name):
			bad("label %q: its name must be of one word without =", name)
		}
	}
	return errs
}

func checkSecrets(secrets []Secret) (errs []error) {
	ids := make(map[string]bool)
	for _, s := range secrets {
		switch {
		case s.ID == "":
			errs = append(errs, errors.New("a secret has no id"))
		case ids[s.ID]:
			errs = append(errs, fmt.Errorf("secret %q is given twice", s.ID))
		case (s.File == "") == (s.Value == nil):
			errs = append(errs, fmt.Errorf("secret %q needs either a file or a value", s.ID))
		}
		ids[s.ID] = true
	}
	return errs
}

// clashes are the faults between images: one name for two of them.
func clashes(images []Image) (faults []fault) {
	modules := make(map[string]bool)
	tags := make(map[[2]string]string) // module by repository and tag
	for i, image := range images {
		if modules[image.Module] {
			remedy := ""
			if image.Module == image.Repository {
				remedy = ": give each image a Module"
			}
			faults = append(faults, fault{image.name(i), errors.New("there is another image of this name" + remedy)})
			continue
		}
		modules[image.Module] = true
		for _, tag := range slices.Compact(slices.Clone(image.Tags)) {
			key := [2]string{image.Repository, tag}
			if other, taken := tags[key]; taken {
				faults = append(faults, fault{image.name(i), fmt.Errorf("tag %q of repository %s is also that of image %s", tag, image.Repository, other)})
			}
			tags[key] = image.Module
		}
	}
	return faults
}
