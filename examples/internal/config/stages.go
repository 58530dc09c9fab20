package config

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mettel-automation/delivery/coverage"
)

// Validation says what is checked in modules.
type Validation struct {
	// Checks are the names of checks by the label "kind" of modules: terraform,
	// terraform-fmt, terraform-validate, pep8, eslint, npm, npm=SCRIPT. A module of a
	// kind without checks is not validated.
	Checks map[string][]string `yaml:"checks"`
	// FailOn is the mildest severity that fails: note, which is the default, warning
	// or error.
	FailOn string `yaml:"fail_on"`
	// Baseline is a file of known findings, which do not count.
	Baseline string `yaml:"baseline"`
}

func (f *File) checkValidation() error {
	if v := f.Validation.FailOn; !slices.Contains([]string{"", "note", "warning", "error"}, v) {
		return fmt.Errorf("validation: fail_on %q: want note, warning or error", v)
	}
	return nil
}

// Coverage says how well tests must cover their modules. A module with the label
// "coverage: none" has no tests.
type Coverage struct {
	Minimum *coverage.Percentage `yaml:"minimum"` // default 80
	// Reports is where tests leave their reports: DIR/MODULE.* and the files in
	// DIR/MODULE; default .delivery/coverage.
	Reports string `yaml:"reports"`
}

// Images are the container images that are built.
type Images struct {
	// Prefix begins the names of repositories, before the module; default the project
	// and a slash.
	Prefix string `yaml:"prefix"`
	// Newest is how many images a repository keeps besides those that environments
	// run; default 500.
	Newest int               `yaml:"newest"`
	Epoch  string            `yaml:"epoch"` // see ecr.Image
	Bases  map[string]string `yaml:"bases"` // see ecr.Image
	// Modules are those with an image.
	Modules []Image `yaml:"modules"`
}

// Image is the image of a module; see ecr.Image.
type Image struct {
	Module     string            `yaml:"module"`
	Context    string            `yaml:"context"` // default the module's name
	Dockerfile string            `yaml:"dockerfile"`
	Target     string            `yaml:"target"`
	Platform   string            `yaml:"platform"`
	Network    string            `yaml:"network"`
	Args       map[string]string `yaml:"args"`
	Epoch      string            `yaml:"epoch"`
}

func (i Images) of(module string) (Image, bool) {
	at := slices.IndexFunc(i.Modules, func(m Image) bool { return m.Module == module })
	if at < 0 {
		return Image{}, false
	}
	return i.Modules[at], true
}

// Repository is the ECR repository of a module.
func (f *File) Repository(module string) string {
	if f.Images.Prefix == "" {
		return f.Project + "/" + module
	}
	return f.Images.Prefix + module
}

func (f *File) checkImages() error {
	var errs []error
	known := map[string]bool{}
	for _, m := range f.Modules.Modules {
		known[m.Name] = true
	}
	seen := map[string]bool{}
	for _, image := range f.Images.Modules {
		if !known[image.Module] {
			errs = append(errs, fmt.Errorf("images: %q is no module", image.Module))
		}
		if seen[image.Module] {
			errs = append(errs, fmt.Errorf("images: module %s has two", image.Module))
		}
		seen[image.Module] = true
	}
	return errors.Join(errs...)
}
